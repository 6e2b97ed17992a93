# The oracles of fv once, for all of its tests.
set(FCN_TESTS_DIR ${PROJECT_SOURCE_DIR}/tests)
add_library(fv_test_support STATIC ${FCN_TESTS_DIR}/support/big_int.cpp
            ${FCN_TESTS_DIR}/support/schoolbook_fv.cpp)
target_link_libraries(fv_test_support PRIVATE fcn::fcn fcn_build_flags)
target_include_directories(fv_test_support PRIVATE ${PROJECT_SOURCE_DIR} ${FCN_TESTS_DIR})

function(fcn_fv_test name)
  fcn_test(fv ${name})
  if(TARGET test_${name})
    target_link_libraries(test_${name} PRIVATE fv_test_support)
  endif()
endfunction()

fcn_fv_test(base_converter)
fcn_fv_test(big_int)
fcn_fv_test(encoding)
fcn_fv_test(encryption)
fcn_fv_test(evaluation)
fcn_fv_test(key_switching)
fcn_fv_test(linear_transform)
fcn_fv_test(monomial_sum)
fcn_fv_test(noise)
fcn_fv_test(noise_tail)
fcn_fv_test(rotation_noise)
fcn_fv_test(params)
fcn_fv_test(plaintext_modulus)
fcn_fv_test(product)
fcn_fv_test(product_rounding)
fcn_fv_test(ring_facts)
fcn_fv_test(rounding_modes)
fcn_fv_test(same_bytes)
fcn_fv_test(sampling)
fcn_fv_test(scaling)
fcn_fv_test(noise_chain)
fcn_fv_test(serialization)
fcn_fv_test(serialization_damage)
fcn_fv_test(slots)
fcn_fv_test(tiny_ring)
fcn_fv_test(types)

# Branches and addresses that depend on secrets: seen by Valgrind, which is skipped where it is missing or cannot run, and
# by comparing the instructions of runs with several secrets.
add_library(secret_operations STATIC ${FCN_TESTS_DIR}/support/secret_operations.cpp)
target_link_libraries(secret_operations PUBLIC fcn::fcn PRIVATE fcn_build_flags)
target_include_directories(secret_operations PUBLIC ${PROJECT_SOURCE_DIR} ${FCN_TESTS_DIR})
add_executable(test_constant_time ${FCN_TESTS_DIR}/fv/constant_time.cpp)
target_link_libraries(test_constant_time PRIVATE secret_operations fcn_build_flags)
if(NOT CMAKE_CROSSCOMPILING AND NOT CMAKE_CXX_FLAGS MATCHES "fsanitize" AND NOT FCN_COVERAGE
   AND CMAKE_BUILD_TYPE MATCHES "^Rel")  # without optimisation ten times as many steps
  fcn_test(fv constant_time_trace ${FCN_TESTS_DIR}/support/instruction_trace.cpp)
  target_link_libraries(test_constant_time_trace PRIVATE secret_operations ${CMAKE_DL_LIBS})
endif()
find_program(FCN_VALGRIND valgrind)
if(FCN_VALGRIND AND NOT CMAKE_CROSSCOMPILING AND NOT CMAKE_CXX_FLAGS MATCHES "fsanitize")
  add_test(NAME fv/constant_time COMMAND ${FCN_VALGRIND} --quiet $<TARGET_FILE:test_constant_time>)
else()
  add_test(NAME fv/constant_time COMMAND test_constant_time)
endif()
set_tests_properties(fv/constant_time PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600)

# What Valgrind cannot run is read: in the files for AVX-512 and NEON no value in a vector reaches a branch or an address.
# In optimised builds; without optimisation intrinsics themselves go through memory and registers.
if(CMAKE_OBJDUMP AND FCN_NTT_INSTRUCTION_SETS AND NOT CMAKE_CXX_FLAGS MATCHES "fsanitize" AND NOT FCN_COVERAGE
   AND NOT FCN_VERIFY AND CMAKE_BUILD_TYPE MATCHES "^Rel")
  add_test(NAME fv/vector_instructions
           COMMAND ${FCN_TESTS_DIR}/support/forbidden_instructions.sh vectors ${CMAKE_OBJDUMP}
                   ${FCN_TESTS_DIR}/fv/vector_instructions.allowed
                   "$<FILTER:$<TARGET_OBJECTS:fcn_platform>;$<TARGET_OBJECTS:fcn_ntt>,INCLUDE,_(avx512|neon)[.]cpp>"
           COMMAND_EXPAND_LISTS)
endif()
