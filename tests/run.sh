#!/usr/bin/env bash
# Builds the project and runs its tests; see --help.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tests/run.sh [--preset NAME]... [--all] [--coverage] [--bench] [--fuzz] [--cross] [--help]

Builds the project under build/ and runs its tests. Starts from a bare Debian 12 or
Ubuntu: what is missing is installed with apt-get, and named. Without options: the
release build.

  --preset NAME  only this build: release, debug, verify, sanitize, quick (the tests with the
                 label quick under the address and undefined-behaviour sanitizers), or tsan
                 (threads and the server under ThreadSanitizer); may be repeated, and runs in
                 the order given
  --all          release, debug, verify, sanitize, then release with the scalar kernels
  --coverage     the share of lines that the tests run (tests/coverage.sh)
  --bench        builds the benchmarks, which tests/bench/run.sh runs (not part of --all)
  --fuzz         hostile bytes for every format: libFuzzer under the sanitizers, FCN_FUZZ_SECONDS
                 (50) seconds a format; skipped where clang cannot be had (not part of --all)
  --cross        for 64-bit ARM under emulation: the quick tests and an encrypted digit
                 (tests/cross.sh --quick aarch64; not part of --all)

Tests on MNIST need its files in the folder FCN_MNIST_DIR; without them they are skipped,
and named at the end.
TEXT
}

say() { echo "run.sh: $*" >&2; }
fail() { say "$*"; exit 2; }

tsan_tests='^(platform/ThreadPool|apps/FcnServe|nn/Roles|nn/(Pixel|Packed)Engine\.SameBits)'

cd "$(dirname "$0")/.."
jobs=$(getconf _NPROCESSORS_ONLN)
runs=()
coverage=no
bench=no
fuzz=no
cross=no
while [ $# -gt 0 ]; do
  case $1 in
    --preset)
      case ${2-} in
        release | debug | verify | sanitize | quick | tsan) runs+=("$2") ;;
        *) fail "--preset takes release, debug, verify, sanitize, quick or tsan, not '${2-}'" ;;
      esac
      shift
      ;;
    --all) runs+=(release debug verify sanitize scalar) ;;
    --coverage) coverage=yes ;;
    --bench) bench=yes ;;
    --fuzz) fuzz=yes ;;
    --cross) cross=yes ;;
    --help) usage; exit 0 ;;
    *) fail "unknown option '$1'; see --help" ;;
  esac
  shift
done
if [ ${#runs[@]} = 0 ] && [ $coverage$bench$fuzz$cross = nononono ]; then runs=(release); fi

# Packages that are missing, one a line.
missing_packages() {
  local compiler=${CXX:-c++}
  command -v "$compiler" >/dev/null || echo g++
  command -v cmake >/dev/null || echo cmake
  command -v ninja >/dev/null || command -v make >/dev/null || echo make
  has_header gtest/gtest.h || echo libgtest-dev
  has_header png.h || echo libpng-dev
  [ $bench = no ] || has_header benchmark/benchmark.h || echo libbenchmark-dev
}

# Whether clang++ links fuzzers, whose run-time library is a package of its own.
can_fuzz() {
  echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }' |
    clang++ -fsanitize=fuzzer,address,undefined -x c++ - -o /dev/null 2>/dev/null
}

# Packages without which a part is skipped, and says so.
optional_packages() {
  local version
  [ ${#runs[@]} = 0 ] || { command -v valgrind >/dev/null && has_header valgrind/memcheck.h; } || echo valgrind
  [ $fuzz = yes ] && ! can_fuzz || return 0
  command -v clang++ >/dev/null || echo clang
  version=$(clang++ -dumpversion 2>/dev/null || apt-cache depends clang 2>/dev/null | sed -n 's/.*Depends: clang-//p')
  echo "libclang-rt-${version%%.*}-dev"
}

has_header() { echo "#include <$1>" | "${CXX:-c++}" -E -x c++ - >/dev/null 2>&1; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install() { # packages
  say "installing $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q --yes --no-install-recommends "$@" >&2
}

install_missing() {
  local packages package
  mapfile -t packages < <(missing_packages)
  if [ ${#packages[@]} -gt 0 ]; then
    command -v apt-get >/dev/null || fail "please install: ${packages[*]}"
    [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || fail "as root, run: apt-get install ${packages[*]}"
    as_root apt-get update -q >&2
    install "${packages[@]}"
    mapfile -t packages < <(missing_packages)
    [ ${#packages[@]} = 0 ] || fail "still missing after the installation: ${packages[*]}"
  fi
  mapfile -t packages < <(optional_packages)
  [ ${#packages[@]} -gt 0 ] && command -v apt-get >/dev/null || return 0
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null || return 0
  as_root apt-get update -q >&2 || true
  mapfile -t packages < <(optional_packages)  # the lists may be new
  for package in "${packages[@]}"; do
    install "$package" || say "$package could not be installed: a test may be skipped"
  done
}

under=()  # the command that builds and tests run under, if any
build() { # preset, then arguments of cmake --build
  say "building build/$1"
  mkdir -p "build/$1"
  cmake --preset "$1" >"build/$1/configure.log" 2>&1 || {
    cat "build/$1/configure.log" >&2
    fail "cmake could not configure build/$1"
  }
  "${under[@]}" cmake --build --preset "$1" --parallel "$jobs" "${@:2}"
}

summary=()
failed=0
minutes() { # since a value of SECONDS
  echo "$(((SECONDS - $1 + 30) / 60)) min"
}
begin=0  # of the part that runs
run_tests() { # title, preset, then arguments of ctest
  local title=$1 preset=$2 log=build/$2/ctest.log
  shift 2
  say "testing: $title"
  local result=0
  "${under[@]}" ctest --test-dir "build/$preset" --output-on-failure --no-tests=error -j "$jobs" "$@" | tee "$log" ||
    result=$?
  [ $result = 0 ] || failed=1
  summary+=("$title, $(minutes "$begin"): $(grep -E 'tests passed' "$log" || echo 'no test ran')")
  summary+=("$(grep -E '^Total Test time' "$log" || true)")
  summary+=("$(awk -f tests/report_skips.awk "build/$preset/Testing/Temporary/LastTest.log")")
}

# One fuzzer a processor at a time. What makes one fail stays in build/fuzz/found.
fuzz_formats() {
  build fuzz || return 1
  local seconds=${FCN_FUZZ_SECONDS:-50} folder=build/fuzz/corpus program target
  mkdir -p build/fuzz/found
  build/fuzz/tests/fuzz_seeds "$folder" || return 1
  for program in build/fuzz/tests/fuzz_*; do
    target=${program##*/fuzz_}
    [ "$target" = seeds ] || [ ! -x "$program" ] || echo "$target"
  done | xargs -P "$jobs" -I{} sh -c '
    build/fuzz/tests/fuzz_{} -max_total_time='"$seconds"' -max_len=65536 -timeout=60 -rss_limit_mb=4096 -verbosity=0 \
      -print_final_stats=1 -artifact_prefix=build/fuzz/found/{}- '"$folder"'/{} >build/fuzz/{}.log 2>&1 &&
      echo "fuzzed {}: $(sed -n "s/^stat::number_of_executed_units: *//p" build/fuzz/{}.log) inputs, nothing found" ||
      { tail -n 40 build/fuzz/{}.log; echo "FAILED: fuzz {}"; exit 1; }'
}

install_missing
if [ -z "${FCN_MNIST_DIR-}" ] && [ -d ../shared/data/mnist ]; then
  FCN_MNIST_DIR=$(cd ../shared/data/mnist && pwd)
  export FCN_MNIST_DIR
fi
if [ -z "${CMAKE_GENERATOR-}" ] && command -v ninja >/dev/null; then export CMAKE_GENERATOR=Ninja; fi

# First, since its compiler serves a test of the release build.
if [ $cross = yes ]; then
  begin=$SECONDS result=0
  ./tests/cross.sh --quick aarch64 || result=$?
  case $result in
    0) summary+=("aarch64, emulated, $(minutes "$begin"): the quick tests and an encrypted digit passed") ;;
    77) summary+=("skipped: aarch64, for which the packages could not be installed") ;;
    *) summary+=("aarch64, emulated: FAILED"); failed=1 ;;
  esac
fi
if [ $fuzz = yes ]; then
  begin=$SECONDS
  if ! can_fuzz; then
    summary+=("skipped: the fuzzers, which need clang++ and its libclang-rt-VERSION-dev")
  elif fuzz_formats; then
    summary+=("fuzzers, ${FCN_FUZZ_SECONDS:-50} s for each format, $(minutes "$begin"): nothing found")
  else
    summary+=("fuzzers: FAILED, see build/fuzz"); failed=1
  fi
fi
if [ $coverage = yes ]; then
  ./tests/coverage.sh || failed=1
fi
for run in "${runs[@]}"; do
  begin=$SECONDS
  case $run in
    scalar) build release; FCN_TEST_ISA=scalar run_tests "release, scalar kernels" release ;;
    quick)
      build sanitize --target quick_tests
      run_tests "sanitizers, quick tests" sanitize --label-regex '^quick$'
      ;;
    tsan)
      # Where Linux may put a program today, older run-times of ThreadSanitizer have memory of their own.
      if setarch -R true 2>/dev/null; then under=(setarch -R); fi
      build tsan
      run_tests "ThreadSanitizer, threads and server" tsan --tests-regex "$tsan_tests"
      under=()
      ;;
    *) build "$run"; run_tests "$run" "$run" ;;
  esac
done
[ $bench = no ] || build bench --target ntt_bench fv_bench platform_bench fcn-mnist

if [ ${#summary[@]} -gt 0 ]; then
  echo
  for line in "${summary[@]}"; do [ -z "$line" ] || echo "$line"; done
fi
exit $failed
