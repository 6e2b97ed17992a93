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
foreach(name IN LISTS FCN_NTT_INSTRUCTION_SETS)
  string(TOLOWER ${name} isa)
  foreach(level 0 3)
    add_library(ntt_${isa}_O${level} OBJECT ${FCN_NTT_${name}_SOURCES})
    target_compile_features(ntt_${isa}_O${level} PRIVATE cxx_std_20)
    target_compile_options(ntt_${isa}_O${level} PRIVATE ${FCN_NTT_${name}_FLAGS} -O${level})
    add_test(NAME ntt/no_shared_symbols/${isa}_O${level}
             COMMAND ${CMAKE_COMMAND} -DNM=${CMAKE_NM} -DISA=${isa}
                     "-DOBJECTS=$<TARGET_OBJECTS:ntt_${isa}_O${level}>"
                     -P ${CMAKE_CURRENT_LIST_DIR}/ntt/no_shared_symbols.cmake)
  endforeach()
endforeach()
