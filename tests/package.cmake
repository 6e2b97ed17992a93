# The library from outside: what leaves it, and projects that use it in every way.
set(FCN_PACKAGE_DIR ${CMAKE_CURRENT_LIST_DIR}/package)
if(NOT CMAKE_CXX_FLAGS MATCHES "fsanitize" AND NOT FCN_COVERAGE)
  add_test(NAME package/symbols COMMAND sh ${FCN_PACKAGE_DIR}/symbols.sh ${CMAKE_NM} $<TARGET_FILE:fcn>)
endif()

# One build of the project is enough for these, which make builds of their own.
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT CMAKE_CROSSCOMPILING AND FCN_THREADS AND NOT FCN_COVERAGE)
  foreach(way installed pkg-config readme subdirectory fetch)
    add_test(NAME package/${way}
             COMMAND ${FCN_PACKAGE_DIR}/run.sh ${way} ${CMAKE_CURRENT_BINARY_DIR}/package/${way} ${PROJECT_SOURCE_DIR}
                     ${PROJECT_BINARY_DIR})
    list(APPEND package_tests package/${way})
  endforeach()
  foreach(what memory size)
    add_test(NAME package/small_${what}
             COMMAND ${FCN_PACKAGE_DIR}/small.sh ${what} ${CMAKE_CURRENT_BINARY_DIR}/package/small_${what}
                     ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
    list(APPEND package_tests package/small_${what})
  endforeach()
  set_tests_properties(${package_tests} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 1200 LABELS slow PROCESSORS 2)
endif()
