fcn_test(ntt automorphism)
fcn_test(ntt dispatch)
fcn_test(ntt double_bounds)
fcn_test(ntt modulus)
fcn_test(ntt monomial)
fcn_test(ntt pointwise)
fcn_test(ntt primes)
fcn_test(ntt sums)
fcn_test(ntt transform)

# The files with flags of their own, without and with optimisation, whatever this build is.
if(FCN_HAVE_AVX2)
  foreach(level 0 3)
    add_library(ntt_avx2_O${level} OBJECT ${FCN_NTT_AVX2_SOURCES})
    target_compile_features(ntt_avx2_O${level} PRIVATE cxx_std_20)
    target_compile_options(ntt_avx2_O${level} PRIVATE ${FCN_NTT_AVX2_FLAGS} -O${level})
    add_test(NAME ntt/no_shared_symbols/avx2_O${level}
             COMMAND ${CMAKE_COMMAND} -DNM=${CMAKE_NM} -DISA=avx2 "-DOBJECTS=$<TARGET_OBJECTS:ntt_avx2_O${level}>"
                     -P ${CMAKE_CURRENT_LIST_DIR}/ntt/no_shared_symbols.cmake)
  endforeach()
endif()
