#!/bin/sh
# Builds fcn-mnist and runs its demo; starts from a bare Debian 12 or Ubuntu. Arguments go to the demo (try --help).
set -eu

say() { echo "demo.sh: $*" >&2; }
fail() {
  say "$*"
  exit 2
}

clone=$(cd "$(dirname "$0")/.." && pwd)
build=$clone/build/demo

# Packages for what is missing: a C++20 compiler, cmake, a build tool, libpng.
packages=
command -v "${CXX:-c++}" >/dev/null 2>&1 || packages="$packages g++"
command -v cmake >/dev/null 2>&1 || packages="$packages cmake"
command -v ninja >/dev/null 2>&1 || command -v make >/dev/null 2>&1 || packages="$packages make"
if [ -z "$(find /usr/include /usr/local/include -maxdepth 2 -name png.h 2>/dev/null)" ]; then
  packages="$packages libpng-dev"
fi
if [ -n "$packages" ] && command -v apt-get >/dev/null 2>&1; then
  as_root=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || fail "as root, run: apt-get install$packages"
    as_root=sudo
  fi
  say "installing$packages"
  log=$(mktemp)
  # shellcheck disable=SC2086 # words on purpose
  if ! { $as_root apt-get update && $as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends $packages; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    fail "apt-get could not install$packages"
  fi
  rm -f "$log"
elif [ "$packages" = " libpng-dev" ]; then
  say "libpng is missing: PNG images will not be read, PGM images will"
elif [ -n "$packages" ]; then
  fail "please install:$packages"
fi

if [ ! -f "$build/CMakeCache.txt" ]; then
  set_generator="-GUnix Makefiles"
  if command -v ninja >/dev/null 2>&1; then set_generator=-GNinja; fi
fi
mkdir -p "$build"
say "configuring build/demo"
cmake -S "$clone" -B "$build" ${set_generator+"$set_generator"} -DCMAKE_BUILD_TYPE=Release -DFCN_BUILD_TESTS=OFF \
  >"$build/configure.log" 2>&1 || {
  tail -n 30 "$build/configure.log" >&2
  rm -f "$build/CMakeCache.txt"
  fail "cmake could not configure the build"
}

say "building fcn-mnist"
# The last line of the build's output is shown on a terminal, all of it is kept in build.log.
show() { cat >/dev/null; }
if [ -t 2 ]; then
  show() { awk '{ printf "\r\033[K%s", substr($0, 1, 76); fflush() } END { printf "\r\033[K" }' >&2; }
fi
rm -f "$build/failed"
{ cmake --build "$build" --target fcn-mnist --parallel "$(getconf _NPROCESSORS_ONLN)" 2>&1 || : >"$build/failed"; } |
  tee "$build/build.log" | show
if [ -f "$build/failed" ]; then
  tail -n 30 "$build/build.log" >&2
  fail "the build failed; all of its output is in $build/build.log"
fi

exec "$build/apps/fcn-mnist" demo "$@"
