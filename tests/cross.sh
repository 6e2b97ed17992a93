#!/usr/bin/env bash
# Builds the project for other processors and runs its tests under emulation; see --help.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tests/cross.sh [--full | --quick] [aarch64 | armv7 | s390x | all]... [--help]

Builds library, tests and a statically linked fcn-mnist for each processor under
build/cross/, and runs the tests and an encrypted digit under qemu. Starts from a bare
Debian 12 or Ubuntu: cross compilers, emulators and what else is missing are installed with
apt-get, and named. Without a name: aarch64.

  aarch64  64-bit ARM, every test: the NEON kernels beside the portable ones
  armv7    32-bit ARM, the quick tests, with the portable kernels
  s390x    big-endian, the quick tests, with the portable kernels
  --full   every test on every processor
  --quick  the quick tests on every processor: kernels, formats, files

What is left out is listed with the reason at the end. Exit code 77: a package is missing
and could not be installed.
TEXT
}

say() { echo "cross.sh: $*" >&2; }
fail() { say "$*"; exit 2; }
cannot_install() { say "$*"; exit 77; }

cd "$(dirname "$0")/.."
jobs=$(getconf _NPROCESSORS_ONLN)
targets=()
extent=
quick_tests=(platform/{bytes,chacha20,checksum,floating_point,wide} ntt/{automorphism,dispatch,monomial,pointwise,sums,transform}
             fv/{rounding_modes,same_bytes,serialization,serialization_damage} nn/model_file)
while [ $# -gt 0 ]; do
  case $1 in
    aarch64 | armv7 | s390x) targets+=("$1") ;;
    all) targets+=(aarch64 armv7 s390x) ;;
    --full | --quick) extent=${1#--} ;;
    --help) usage; exit 0 ;;
    *) fail "unknown argument '$1'; see --help" ;;
  esac
  shift
done
[ ${#targets[@]} -gt 0 ] || targets=(aarch64)

triple() { # target
  case $1 in
    aarch64) echo aarch64-linux-gnu ;;
    armv7) echo arm-linux-gnueabihf ;;
    s390x) echo s390x-linux-gnu ;;
  esac
}
emulator() { # target
  if [ "$1" = armv7 ]; then echo qemu-arm; else echo "qemu-$1"; fi
}

is_quick() { # target
  [ "$extent" = quick ] || { [ -z "$extent" ] && [ "$1" != aarch64 ]; }
}

# Packages that are missing, one a line.
missing_packages() {
  local target
  command -v cmake >/dev/null || echo cmake
  command -v ninja >/dev/null || command -v make >/dev/null || echo make
  [ -f /usr/src/googletest/CMakeLists.txt ] || echo googletest
  for target in "${targets[@]}"; do
    command -v "$(triple "$target")-g++" >/dev/null || echo "g++-$(triple "$target")"
    command -v "$(emulator "$target")" >/dev/null || echo qemu-user
  done | sort -u
}

install_missing() {
  local packages as_root=()
  mapfile -t packages < <(missing_packages)
  [ ${#packages[@]} -gt 0 ] || return 0
  command -v apt-get >/dev/null || cannot_install "please install: ${packages[*]}"
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || cannot_install "as root, run: apt-get install ${packages[*]}"
    as_root=(sudo)
  fi
  say "installing ${packages[*]}"
  "${as_root[@]}" apt-get update -q >&2 || true
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q --yes --no-install-recommends "${packages[@]}" >&2 || true
  mapfile -t packages < <(missing_packages)
  [ ${#packages[@]} = 0 ] || cannot_install "still missing after the installation: ${packages[*]}"
}

# Runs a command that is silent unless it fails.
quietly() { # log, command...
  local log=$1
  shift
  "$@" >"$log" 2>&1 || { cat "$log" >&2; fail "failed: $*"; }
}

build() { # target
  local root=build/cross/$1
  local toolchain=$PWD/platform/toolchains/$(triple "$1").cmake
  mkdir -p "$root"
  if [ ! -f "$root/installed/lib/cmake/GTest/GTestConfig.cmake" ]; then
    say "$1: building GoogleTest"
    quietly "$root/googletest.log" cmake -S /usr/src/googletest -B "$root/googletest" -DCMAKE_BUILD_TYPE=Release \
      -DCMAKE_TOOLCHAIN_FILE="$toolchain" -DBUILD_GMOCK=OFF -DCMAKE_INSTALL_PREFIX="$PWD/$root/installed"
    quietly "$root/googletest.log" cmake --build "$root/googletest" --parallel "$jobs" --target install
  fi
  say "$1: building $root/fcn"
  quietly "$root/configure.log" cmake -S . -B "$root/fcn" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_TOOLCHAIN_FILE="$toolchain" -DFCN_STATIC_PROGRAMS=ON \
    -DGTest_DIR="$PWD/$root/installed/lib/cmake/GTest"
  local only=()
  ! is_quick "$1" || only=(--target fcn-mnist "${quick_tests[@]/#*\//test_}")
  cmake --build "$root/fcn" --parallel "$jobs" "${only[@]}"
}

summary=()
failed=0
run_tests() { # target
  local build=build/cross/$1/fcn only=()
  local log=$build/ctest.log
  ! is_quick "$1" || only=(-R "^($(IFS='|'; echo "${quick_tests[*]}|fv/vector_instructions"))\$")
  say "$1: testing under $(emulator "$1")"
  ctest --test-dir "$build" --output-on-failure --no-tests=error -j "$jobs" "${only[@]}" | tee "$log" || failed=1
  summary+=("$1: $(grep -E 'tests passed' "$log" || echo 'no test ran')")
  summary+=("$(grep -E '^Total Test time' "$log" || true)")
  summary+=("$(awk -f tests/report_skips.awk "$build/Testing/Temporary/LastTest.log")")
  ! is_quick "$1" || summary+=("  left out, since emulation is slow (--full runs them): all tests but ${quick_tests[*]}")
}

run_digit() { # target
  say "$1: an encrypted digit, by the statically linked program"
  "$(emulator "$1")" "build/cross/$1/fcn/apps/fcn-mnist" demo --count 1 --threads "$jobs" || failed=1
}

install_missing
if [ -z "${CMAKE_GENERATOR-}" ] && command -v ninja >/dev/null; then export CMAKE_GENERATOR=Ninja; fi
for target in "${targets[@]}"; do
  build "$target"
  run_tests "$target"
  run_digit "$target"
done
echo
for line in "${summary[@]}"; do [ -z "$line" ] || echo "$line"; done
exit $failed
