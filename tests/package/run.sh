#!/usr/bin/env bash
# Uses fcn from outside in one of the ways that a project may; see --help.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tests/package/run.sh WAY WORK SOURCE [BUILD]

Builds the outside project of this folder against fcn and runs its programs. WORK: a
folder that is made anew. SOURCE: fcn's sources. BUILD: a build of them to install.

  installed     cmake --install, find_package; with and without exceptions, LTO, clang
  pkg-config    the same installation, by compiler commands of one line; C and C++
  subdirectory  add_subdirectory: the library for size, without exceptions, RTTI, threads
  fetch         FetchContent, a debug build, clang where it is installed
  readme        the code in README.md is that of the examples
TEXT
}
fail() { echo "$*" >&2; exit 1; }
skip() { echo "skipped: $*"; exit 77; }

[ "${1-}" != --help ] || { usage; exit 0; }
[ $# -ge 3 ] || { usage >&2; exit 2; }
way=$1 work=$2 source=$3 build=${4-}
here=$(cd "$(dirname "$0")" && pwd)
model=$here/toy.fcn
jobs=$(getconf _NPROCESSORS_ONLN)
rm -rf "$work"
mkdir -p "$work"
exec 3>&1 >"$work/log" 2>&1 # what the tools say is shown when something fails
trap 'result=$?; [ $result = 0 ] || tail -n 60 "$work/log" >&3' EXIT

# outside NAME OPTIONS...: configures and builds the outside project.
outside() {
  local dir=$work/$1
  shift
  cmake -S "$here" -B "$dir" "$@"
  cmake --build "$dir" --parallel "$jobs"
  # Toy, by hand: the image is 0 1 4 9, the dense layer gives -5 72 -13, squares 25 5184 169.
  "$dir/example_c" "$model" | grep -x 'output 1: 5865'
  "$dir/example_cpp" "$model" | grep -x 'output 1: 5865'
  "$dir/load_plugin" "$dir/plugin.so" "$model"
  # The shared object offers its own function; names of fcn stay inside, and what C++ adds is weak.
  local exported
  exported=$(nm -D --defined-only "$dir/plugin.so" | awk '$2 !~ /[WVwvu]/ { print $3 }')
  [ "$exported" = plugin_requests_fit ] || fail "plugin.so exports $exported"
  ! nm -D --defined-only "$dir/plugin.so" | grep -E ' (fcn_|_ZT?[VIS]?N?K?3fcn)' || fail "plugin.so exports names of fcn"
}

install_to() {
  [ -n "$build" ] || fail "this way needs BUILD"
  cmake --install "$build" --prefix "$1"
  ! find "$1" -path '*internal*' | grep . || fail "private files were installed"
}

case $way in
  installed)
    install_to "$work/prefix"
    mv "$work/prefix" "$work/moved" # an installation is found where it lies, not where it was made
    find=(-DFCN_FROM=package "-DCMAKE_PREFIX_PATH=$work/moved")
    sh "$here/symbols.sh" nm "$(find "$work/moved" -name libfcn.a)"
    ! grep -rF -e "$source" -e internal/ -e -Wall -e -ffp-contract -e -std= "$(dirname "$(find "$work/moved" -name fcnConfig.cmake)")" ||
      fail "the package exports flags or paths of its sources"
    outside plain "${find[@]}"
    outside bare "${find[@]}" "-DCMAKE_CXX_FLAGS=-fno-exceptions -fno-rtti -Os -fvisibility=hidden"
    outside lto "${find[@]}" -DCMAKE_INTERPROCEDURAL_OPTIMIZATION=ON
    if command -v clang++ clang; then
      outside clang "${find[@]}" -DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++
    fi
    # Every public header compiles alone, twice, and as strictly as its users may like.
    (cd "$work/moved/include" && find fcn -name '*.h' -print0) | xargs -0 -P "$jobs" -I HEADER sh -ec '
      printf "#include <HEADER>\n#include <HEADER>\n" |
        "$1" -std=c++20 -fsyntax-only -Wall -Wextra -Wpedantic -Werror -I "$2" -x c++ -' sh \
      "${CXX:-c++}" "$work/moved/include"
    echo '#include <fcn/fcn.h>' | "${CC:-cc}" -std=c11 -fsyntax-only -Wall -Wextra -Wpedantic -Werror \
      -I "$work/moved/include" -x c -
    ;;
  pkg-config)
    command -v pkg-config || skip "pkg-config is not installed" >&3
    install_to "$work/prefix"
    PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name fcn.pc)")
    export PKG_CONFIG_PATH
    # shellcheck disable=SC2046 # words are meant to be split
    "${CC:-cc}" -std=c11 "$here/example.c" -o "$work/example_c" $(pkg-config --cflags --libs --static fcn)
    # shellcheck disable=SC2046
    "${CXX:-c++}" -std=c++20 "$here/example.cpp" -o "$work/example_cpp" $(pkg-config --cflags --libs fcn)
    "$work/example_c" "$model"
    "$work/example_cpp" "$model"
    ;;
  subdirectory)
    outside bare -DFCN_FROM=subdirectory "-DFCN_SOURCE=$source" -DFCN_THREADS=OFF \
      "-DCMAKE_CXX_FLAGS=-fno-exceptions -fno-rtti" -DCMAKE_BUILD_TYPE=MinSizeRel
    sh "$here/symbols.sh" nm "$work/bare/fcn/libfcn.a"
    ! nm --undefined-only "$work/bare/fcn/libfcn.a" | grep -E 'U (.*pthread|__cxa_throw|_Unwind|_ZTI)' ||
      fail "threads, exceptions or RTTI are needed"
    ! grep -r pthread "$work/bare/CMakeFiles" --include=link.txt || fail "threads are linked"
    ;;
  fetch)
    compiler=()
    if command -v clang++ clang; then compiler=(-DCMAKE_C_COMPILER=clang -DCMAKE_CXX_COMPILER=clang++); fi
    outside fetched -DFCN_FROM=fetch "-DFCN_SOURCE=$source" -DCMAKE_BUILD_TYPE=Debug "${compiler[@]}"
    ;;
  readme)
    # Each block of code in README.md stands, line for line, in the example of its language, which the other ways run.
    squeeze() { sed 's/^ *//'; }
    for language in c cpp; do
      example=$(squeeze <"$here/example.$language")
      blocks=0 block=
      while IFS= read -r line; do
        case $line in
          "\`\`\`$language") block=$'\n' ;;
          "\`\`\`"*)
            [ -z "$block" ] || [[ $'\n'$example$'\n' == *"$block"* ]] || fail "not in example.$language:$block"
            [ -z "$block" ] || blocks=$((blocks + 1))
            block=
            ;;
          *) [ -z "$block" ] || block+=$line$'\n' ;;
        esac
      done < <(squeeze <"$source/README.md")
      [ $blocks -gt 0 ] || fail "README.md has no code in $language"
    done
    ;;
  *) fail "unknown way '$way'" ;;
esac
