#!/usr/bin/env bash
# What the client for small machines needs; see --help.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tests/package/small.sh memory WORK SOURCE BUILD
       tests/package/small.sh size WORK SOURCE

Builds the library with FCN_CLIENT_ONLY and the program small/client.c.

  memory  keys, an encryption and a decryption against the server of the whole library in
          BUILD; at most 256 KB in all, 16 KB of them stack, no allocation after set-up
  size    its code for AArch64: at most 150 KB without the C and C++ libraries

Both look for divisions, whose time tells of the numbers (small/division.allowed): a compiler
that saves space divides where others multiply.
TEXT
}
fail() { echo "$*" >&2; exit 1; }

[ "${1-}" != --help ] || { usage; exit 0; }
[ $# -ge 3 ] || { usage >&2; exit 2; }
what=$1 work=$2 source=$3 build=${4-}
small=$(cd "$(dirname "$0")" && pwd)/small
rm -rf "$work"
mkdir -p "$work"

client_library() { # objdump, then options of cmake: the library, installed in $work/client
  local objdump=$1
  shift
  {
    cmake -S "$source" -B "$work/build" -DFCN_CLIENT_ONLY=ON -DFCN_THREADS=OFF -DCMAKE_BUILD_TYPE=MinSizeRel \
      "-DCMAKE_CXX_FLAGS=-fno-exceptions -fno-rtti -fno-asynchronous-unwind-tables" "$@"
    cmake --build "$work/build" --parallel "$(getconf _NPROCESSORS_ONLN)"
    cmake --install "$work/build" --prefix "$work/client"
  } >"$work/log" 2>&1 || { tail -n 40 "$work/log" >&2; fail "the client's library does not build"; }
  archive=$(find "$work/client" -name libfcn.a)
  "$source/tests/support/forbidden_instructions.sh" division "$objdump" "$small/division.allowed" "$archive"
}

case $what in
  memory)
    [ -n "$build" ] || { usage >&2; exit 2; }
    client_library "${OBJDUMP:-objdump}"
    cmake --install "$build" --prefix "$work/whole" >>"$work/log"
    "${CC:-cc}" -std=gnu11 -Os -Wall -Wextra -I "$work/client/include" "$small/measure.c" "$archive" -lstdc++ -lm \
      -o "$work/client_measured"
    "${CXX:-c++}" -std=c++20 -O1 -I "$work/whole/include" "$small/server.cpp" "$(find "$work/whole" -name libfcn.a)" \
      -pthread -o "$work/server"
    cd "$work"
    model=$source/apps/models/faster_cryptonets.fcn
    ./server spec "$model" spec worst_spec
    echo "n = 2048, t = X - 2, one prime of 50 bits:"
    ./client_measured new worst_spec worst_key worst_keys worst_request
    echo "the parameters of the model:"
    ./client_measured new spec key keys request
    ./server infer "$model" keys request answer >expected
    ./client_measured read key request answer >scores
    cmp expected scores
    echo "$(wc -l <scores) scores, equal to those of the network in the clear"
    ;;
  size)
    cross=aarch64-linux-gnu
    command -v $cross-g++ >/dev/null || { echo "skipped: $cross-g++ is not installed"; exit 77; }
    client_library $cross-objdump -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 -DCMAKE_CXX_COMPILER=$cross-g++
    $cross-gcc -std=gnu11 -Os -ffunction-sections -I "$work/client/include" -c "$small/client.c" -o "$work/client.o"
    for runtime in "" -static-libstdc++; do
      $cross-g++ $runtime -static-libgcc -Wl,--gc-sections "$work/client.o" "$archive" -o "$work/program$runtime"
    done
    $cross-size "$work/program" "$work/program-static-libstdc++"
    text=$($cross-size "$work/program" | awk 'NR == 2 { print $1 }')
    echo "text of the client: $text bytes"
    [ "$text" -le $((150 * 1024)) ] || fail "more than 150 KB"
    ;;
  *) usage >&2; exit 2 ;;
esac
