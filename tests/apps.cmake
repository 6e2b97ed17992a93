# The pieces of fcn-mnist and fcn, and the programs themselves on bad input.
if(TARGET fcn_mnist_parts)
  foreach(name committed_models demo_images digit_renderer drawn_training flags image_file json mnist_folder
          mnist_normalize pixel_text terminal trial)
    fcn_test(apps ${name})
    target_link_libraries(test_${name} PRIVATE fcn_mnist_parts)
  endforeach()
  target_compile_definitions(test_committed_models PRIVATE FCN_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  fcn_runnable(fcn_mnist fcn-mnist)
  fcn_runnable(fcn_cli fcn-cli)
  foreach(name fcn_memory fcn_query fcn_scores fcn_serve fcn_service fcn_strangers fcn_streams)
    fcn_test(apps ${name})
    target_link_libraries(test_${name} PRIVATE fcn_parts)
  endforeach()
  foreach(name fcn_query fcn_serve fcn_strangers)  # they start the program
    target_compile_definitions(test_${name} PRIVATE FCN_PROGRAM="${fcn_cli}")
    add_dependencies(test_${name} fcn-cli)
  endforeach()
  add_test(NAME apps/fcn_files COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/apps/fcn_files_test.sh ${fcn_cli})
  set_tests_properties(apps/fcn_files PROPERTIES TIMEOUT 900)
  add_test(NAME apps/cli COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/apps/cli_test.sh ${fcn_mnist})
  add_test(NAME apps/table COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/apps/table_test.sh ${fcn_mnist})
  add_test(NAME apps/activation COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/apps/activation_test.sh ${fcn_mnist})
endif()

if(CMAKE_CROSSCOMPILING)
  fcn_skipped_test(apps/fhe_benchmark "its script runs programs of the build machine alone")
  fcn_skipped_test(apps/embed_text "it tests the build machine, not the target")
  fcn_skipped_test(apps/download_mnist "it tests the build machine, not the target")
elseif(TARGET fcn_mnist_parts)
  add_test(NAME apps/fhe_benchmark
           COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/apps/fhe_benchmark_test.sh $<TARGET_FILE_DIR:client_key_generation>
                   $<TARGET_FILE:fcn-cli>)
  set_tests_properties(apps/fhe_benchmark PROPERTIES TIMEOUT 900)
  add_test(NAME apps/embed_text
           COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/apps/embed_text_test.sh ${CMAKE_COMMAND}
                   ${PROJECT_SOURCE_DIR}/apps/embed_text.cmake ${CMAKE_CXX_COMPILER})
  add_test(NAME apps/download_mnist COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/apps/download_mnist_test.sh
                                            ${PROJECT_SOURCE_DIR}/apps/download_mnist.sh)
  set_tests_properties(apps/download_mnist PROPERTIES SKIP_RETURN_CODE 77)
endif()

if(TARGET fcn-cli AND CMAKE_BUILD_TYPE STREQUAL "Release" AND CMAKE_SYSTEM_NAME STREQUAL "Linux" AND CMAKE_READELF
   AND NOT FCN_STATIC_PROGRAMS AND NOT CMAKE_CXX_FLAGS MATCHES "fsanitize")
  foreach(program fcn-cli fcn-mnist)
    add_test(NAME apps/hardened/${program}
             COMMAND sh ${CMAKE_CURRENT_SOURCE_DIR}/apps/hardened_test.sh ${CMAKE_READELF} $<TARGET_FILE:${program}>)
  endforeach()
endif()
