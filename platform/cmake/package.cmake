# What users of the library see: headers by the names <fcn/ROOM/NAME.h> and <fcn/fcn.h>, the installed package, pkg-config's file.
# Included at the end of the top CMakeLists.txt.

# The public headers of a room lie directly in it; a header whose source is not part of this build is left out.
set(forwarding ${PROJECT_BINARY_DIR}/include)
foreach(room platform ntt fv nn)
  get_target_property(sources fcn_${room} SOURCES)
  file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${room}/*.h)
  foreach(header IN LISTS headers)
    cmake_path(GET header STEM name)
    set(folder fcn/${room})
    if(name STREQUAL fcn)  # the C interface
      set(folder fcn)
    endif()
    if(EXISTS ${PROJECT_SOURCE_DIR}/${room}/${name}.cpp AND NOT ${name}.cpp IN_LIST sources)
      continue()
    endif()
    # Within a build tree a header of one line stands for each, so that private headers stay out of reach.
    file(CONFIGURE OUTPUT ${forwarding}/${folder}/${name}.h CONTENT "#include \"${header}\"\n")
    if(FCN_INSTALL)
      install(FILES ${header} DESTINATION include/${folder})
    endif()
  endforeach()
endforeach()

if(NOT FCN_INSTALL)
  return()
endif()

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/fcn)
install(TARGETS fcn EXPORT fcnTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT fcnTargets NAMESPACE fcn:: DESTINATION ${package_dir})

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/fcnConfig.cmake.in ${PROJECT_BINARY_DIR}/fcnConfig.cmake
                              INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/fcnConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/fcnConfig.cmake ${PROJECT_BINARY_DIR}/fcnConfigVersion.cmake
        DESTINATION ${package_dir})

# The archive is static, so those who link it need what it needs: threads always, C++'s own libraries where the
# linking language is not C++ (pkg-config --static).
set(FCN_PC_THREADS ${CMAKE_THREAD_LIBS_INIT})
set(FCN_PC_RUNTIME ${CMAKE_CXX_IMPLICIT_LINK_LIBRARIES})
list(FILTER FCN_PC_RUNTIME INCLUDE REGEX "^(stdc\\+\\+|c\\+\\+|m)$")
list(REMOVE_DUPLICATES FCN_PC_RUNTIME)
list(TRANSFORM FCN_PC_RUNTIME PREPEND -l)
string(REPLACE ";" " " FCN_PC_RUNTIME "${FCN_PC_RUNTIME}")
file(RELATIVE_PATH FCN_PC_UP /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(${CMAKE_CURRENT_LIST_DIR}/fcn.pc.in ${PROJECT_BINARY_DIR}/fcn.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/fcn.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
