#!/usr/bin/env bash
# Builds the benchmarks, runs them all and prints one table; see --help.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: tests/bench/run.sh [--filter REGEX] [--repetitions N] [--images N] [--help]

Builds the bench preset, runs every benchmark of ntt, fv and platform, and whole encrypted
images, on one core, and prints one table: the least processor time of N repetitions on each
instruction set, and how many times faster than the scalar kernels that is.

  --filter REGEX   only benchmarks whose name matches (op/isa/n/log2q); no images unless it
                   matches "image"
  --repetitions N  of each benchmark (5)
  --images N       encrypted images for each layout and instruction set (3)
TEXT
}

say() { echo "run.sh: $*" >&2; }
fail() { say "$*"; exit 2; }

filter=. repetitions=5 images=3
while [ $# -gt 0 ]; do
  case $1 in
    --filter) filter=${2:?}; shift ;;
    --repetitions) repetitions=${2:?}; shift ;;
    --images) images=${2:?}; shift ;;
    --help) usage; exit 0 ;;
    *) fail "unknown option '$1'; see --help" ;;
  esac
  shift
done
[[ $repetitions =~ ^[1-9][0-9]*$ && $images =~ ^[1-9][0-9]*$ ]] || fail "--repetitions and --images take a number from 1 on"

cd "$(dirname "$0")/../.."
./tests/run.sh --bench >&2
programs=build/bench/tests
rows=$(mktemp) errors=$(mktemp)
trap 'rm -f "$rows" "$errors"' EXIT

for program in ntt_bench fv_bench platform_bench; do
  say "running $program"
  "$programs/$program" --benchmark_filter="$filter" --benchmark_repetitions="$repetitions" \
    --benchmark_min_time=0.02 --benchmark_color=false 2>/dev/null |
    awk -v room="${program%_bench}" \
      '$5 ~ /^[mun]?s$/ && $1 !~ /_(mean|median|stddev|cv|min)$/ {
        if (sub("/(manual|real)_time$", "", $1)) { $4 = $2; $5 = $3 }
        print room "." $1, $4, $5
      }' >>"$rows"
done

# Milliseconds of one field of eval's JSON, as a row.
field() { # step, layout, isa
  sed -n 's|^ *"'"$1"'_ms": \([0-9.e+-]*\),*$|'"image_$1_$2/$3/-/-"' \1 ms|p'
}
if [[ image =~ $filter ]]; then
  for layout in pixel packed; do
    for isa in avx512 avx2 neon scalar; do
      say "running whole images, $layout layout, $isa"
      json=$(build/bench/apps/fcn-mnist eval --layout "$layout" --images "$images" --threads 1 --isa "$isa" --json 2>"$errors") || {
        say "left out: $(tail -n 1 "$errors")"
        continue
      }
      for step in encrypt infer decrypt; do field "$step" "$layout" "$isa" <<<"$json" >>"$rows"; done
    done
  done
fi

awk '
  {
    split($1, part, "/")
    scale = $3 == "ns" ? 1e-3 : $3 == "ms" ? 1e3 : $3 == "s" ? 1e6 : 1
    known = part[2] ~ /^(scalar|avx|neon)/
    row = known ? part[1] " " part[3] " " part[4] : $1 " - -"
    isa = known ? part[2] : "any"
    if (!(row in seen)) { seen[row] = 1; order[++count] = row }
    if (!(isa in names)) { names[isa] = 1; columns[++width] = isa }
    at = row SUBSEP isa
    if (!(at in least) || $2 * scale < least[at]) least[at] = $2 * scale
  }
  END {
    printf "%-28s %6s %6s", "room.operation, microseconds", "n", "log2 q"
    for (c = 1; c <= width; ++c) printf " %20s", columns[c]
    printf "\n"
    for (r = 1; r <= count; ++r) {
      split(order[r], part, " ")
      printf "%-28s %6s %6s", part[1], part[2], part[3]
      for (c = 1; c <= width; ++c) {
        at = order[r] SUBSEP columns[c]
        cell = ""
        if (at in least) {
          cell = sprintf("%.*f", least[at] < 100 ? 2 : 0, least[at])
          scalar = least[order[r] SUBSEP "scalar"]
          if (columns[c] != "scalar" && scalar > 0) cell = cell sprintf(" (%.1fx)", scalar / least[at])
        }
        printf " %20s", cell
      }
      printf "\n"
    }
  }' "$rows"
