#!/bin/sh
# Builds the seven stage programs of the FHE benchmarking suite (workload ML inference) and puts them into a folder:
#   apps/fhe_benchmark/build.sh [FOLDER]      default: build/fhe_benchmark/bin; the harness wants submission/build
# Starts from a bare Debian 12 or Ubuntu: a compiler and cmake are installed where they are missing.
set -eu

fail() {
  echo "build.sh: $*" >&2
  exit 2
}

clone=$(cd "$(dirname "$0")/../.." && pwd)
build=$clone/build/fhe_benchmark
folder=${1:-$build/bin}

packages=
command -v "${CXX:-c++}" >/dev/null 2>&1 || packages="$packages g++"
command -v cmake >/dev/null 2>&1 || packages="$packages cmake"
command -v ninja >/dev/null 2>&1 || command -v make >/dev/null 2>&1 || packages="$packages make"
if [ -n "$packages" ]; then
  command -v apt-get >/dev/null 2>&1 || fail "please install:$packages"
  as_root=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || fail "as root, run: apt-get install$packages"
    as_root=sudo
  fi
  echo "build.sh: installing$packages" >&2
  $as_root apt-get update -q >&2
  # shellcheck disable=SC2086 # words on purpose
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q --yes --no-install-recommends $packages >&2
fi

cmake -S "$clone" -B "$build" -DCMAKE_BUILD_TYPE=Release -DFCN_BUILD_TESTS=OFF >&2 || fail "cmake could not configure"
cmake --build "$build" --target fhe_benchmark --parallel "$(getconf _NPROCESSORS_ONLN)" >&2 || fail "the build failed"
mkdir -p "$folder"
cp "$build"/apps/fhe_benchmark/* "$folder"/
echo "$folder"
