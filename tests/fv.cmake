# The oracles of fv once, for all of its tests.
set(FCN_TESTS_DIR ${PROJECT_SOURCE_DIR}/tests)
add_library(fv_test_support STATIC ${FCN_TESTS_DIR}/support/big_int.cpp
            ${FCN_TESTS_DIR}/support/schoolbook_fv.cpp)
target_link_libraries(fv_test_support PRIVATE fcn::fcn fcn_build_flags)
target_include_directories(fv_test_support PRIVATE ${PROJECT_SOURCE_DIR} ${FCN_TESTS_DIR})

function(fcn_fv_test name)
  fcn_test(fv ${name})
  target_link_libraries(test_${name} PRIVATE fv_test_support)
endfunction()

fcn_fv_test(base_converter)
fcn_fv_test(big_int)
fcn_fv_test(encryption)
fcn_fv_test(key_switching)
fcn_fv_test(noise)
fcn_fv_test(params)
fcn_fv_test(plaintext_modulus)
fcn_fv_test(product)
fcn_fv_test(ring_facts)
fcn_fv_test(scaling)
fcn_fv_test(noise_chain)
