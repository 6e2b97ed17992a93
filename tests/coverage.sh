#!/usr/bin/env bash
# The share of lines that the tests run, room by room; see --help.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tests/coverage.sh [--lines] [--no-build] [--help]

Builds the coverage preset with g++, runs the tests, and prints for platform, ntt and fv
how many lines the tests ran, by gcov. Fails when a room stays below 95 %.

  --lines     also prints each line that was not run
  --no-build  uses the counts of the last run
TEXT
}

say() { echo "coverage.sh: $*" >&2; }

cd "$(dirname "$0")/.."
lines=0
build=yes
for option in "$@"; do
  case $option in
    --lines) lines=1 ;;
    --no-build) build=no ;;
    --help) usage; exit 0 ;;
    *) say "unknown option '$option'; see --help"; exit 2 ;;
  esac
done

jobs=$(getconf _NPROCESSORS_ONLN)
compiler=${CXX:-g++}
gcov=${GCOV:-gcov}
command -v "$gcov" >/dev/null || { say "gcov is missing (it comes with g++)"; exit 2; }
if [ $build = yes ]; then
  if [ -z "${CMAKE_GENERATOR-}" ] && command -v ninja >/dev/null; then export CMAKE_GENERATOR=Ninja; fi
  cmake --preset coverage -DCMAKE_CXX_COMPILER="$compiler" >/dev/null
  cmake --build --preset coverage --parallel "$jobs"
  find build/coverage -name '*.gcda' -delete
  ctest --test-dir build/coverage --output-on-failure --no-tests=error -j "$jobs" || { say "tests failed"; exit 1; }
fi

# gcov prints every source of an object file with "count:line:text", where ##### or ===== stands for 0 and - for
# no code. A line counts as run when any program ran it, in any instance of a template.
# Sources are absolute, or relative to the build where a compiler cache made them so.
root=$PWD/
(cd build/coverage && find . -name '*.gcno' -print0 | sort -z | xargs -0 "$gcov" --stdout 2>/dev/null) |
  awk -v show="$lines" -v root="$root" '
    {
      first = index($0, ":")
      second = index(substr($0, first + 1), ":") + first
      count = substr($0, 1, first - 1)
      line = substr($0, first + 1, second - first - 1) + 0
      gsub(/[ *]/, "", count)
    }
    first == 0 { next }
    line == 0 {
      if (substr($0, second + 1, 7) == "Source:") {
        file = substr($0, second + 8)
        if (index(file, root) == 1) file = substr(file, length(root) + 1)
        sub(/^(\.\.\/)+/, "", file)
        room = file ~ /^(platform|ntt|fv)\// ? substr(file, 1, index(file, "/") - 1) : ""
      }
      next
    }
    room == "" || count == "-" { next }
    {
      key = file ":" line
      if (!(key in seen)) { seen[key] = 0; ++total[room]; text[key] = substr($0, second + 1) }
      if (count !~ /^[#=]+$/ && !seen[key]) { seen[key] = 1; ++run[room] }
    }
    END {
      if (show) {
        sorter = "sort -t: -k1,1 -k2,2n"
        for (key in seen) if (!seen[key]) print key ": " text[key] | sorter
        close(sorter)
      }
      printf "%-10s %7s %7s %8s\n", "room", "lines", "run", "share"
      rooms = split("platform ntt fv", order, " ")
      for (i = 1; i <= rooms; ++i) {
        r = order[i]
        share = total[r] ? 100 * run[r] / total[r] : 0
        printf "%-10s %7d %7d %7.1f%%\n", r, total[r], run[r], share
        if (share < 95) { print "too low: " r " is below 95 %"; low = 1 }
      }
      exit low
    }'
