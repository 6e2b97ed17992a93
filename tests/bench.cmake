# Speed. fcn_bench(name): tests/bench/<name>.cpp as one program.
find_package(benchmark REQUIRED)

function(fcn_bench name)
  add_executable(${name} bench/${name}.cpp ${ARGN})
  target_link_libraries(${name} PRIVATE fcn::fcn fcn_build_flags benchmark::benchmark_main)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
endfunction()

fcn_bench(fv_bench)
fcn_bench(ntt_bench)
fcn_bench(platform_bench)
