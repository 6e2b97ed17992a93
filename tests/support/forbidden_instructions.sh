#!/bin/sh
# Instructions that code on secrets must not use; see --help.
set -eu

usage() {
  cat <<'TEXT'
usage: tests/support/forbidden_instructions.sh division | vectors OBJDUMP ALLOWED OBJECT...

Disassembles the objects (or archives) and fails on

  division  divisions and square roots, whose time depends on the numbers
  vectors   these, loads and stores at addresses from a vector, compressed and expanded
            memory, and whatever moves a vector or a mask into a general register or the
            flags: from there alone it could reach a branch or an address

but where ALLOWED names the function. Its lines are "COUNT PATTERN": at most COUNT such
instructions ("-": any number) in the functions whose demangled name matches the regular
expression, spaces included; "#" begins a comment, which gives the reason.
TEXT
}

[ "${1-}" != --help ] || { usage; exit 0; }
[ $# -ge 4 ] || { usage >&2; exit 2; }
rule=$1 objdump=$2 allowed=$3
shift 3
listing=$(mktemp)
trap 'rm -f "$listing"' EXIT
"$objdump" --disassemble --demangle --no-show-raw-insn --wide "$@" >"$listing"

awk -v rule="$rule" '
# x86: AT&T syntax, the destination last; AArch64: the destination first.
function divides(op) {
  return op ~ /^(i?div[bwlq]?|v?(div|sqrt)[sp][sd]|udiv|sdiv|fdiv|fsqrt|frecpe|frsqrte)$/
}
function general(register) {
  return register ~ /^(%[re]?[abcd]x|%[re]?[sd]i|%[re]?[bs]p|%[abcd]l|%r[0-9]+[dwb]?|[wx][0-9]+)$/
}
function vector(register) { # its number, or -1
  sub(/\{.*/, "", register)
  sub(/[.\[].*/, "", register)
  if (register !~ /^(%[xyz]mm[0-9]+|[vqdsh][0-9]+)$/) return -1
  gsub(/[^0-9]/, "", register)
  return register + 0
}
function leaves_vectors(op) {
  if (op ~ /^v?p?(gather|scatter)/ || op ~ /^v(pcompress|pexpand|compress|expand)/ && operands ~ /\(/) return 1
  if (op ~ /^(k(or)?test[bwdq]|vp?testp[sd]|v?ptest|v?u?comis[sdh]|fc?cmpe?)$/) return 1
  if (op ~ /^v?p?movmsk/) return 1
  if (op ~ /^(kmov[bwdq]|v?mov[dq]|v?pextr[bwdq]|v?extractps|v?cvtt?s[sd]2u?si[lq]?)$/ && general(part[parts]))
    return op !~ /^v/ || !spilled[vector(part[parts - 1])]
  if (op ~ /^(umov|smov|fmov|fcvt[a-z]+|mov)$/ && general(part[1]) && vector(part[2]) >= 0) return !spilled[vector(part[2])]
  return 0
}
# Compilers keep general registers in vectors, too: those whose last write, in the order of the text, came from there.
function follow_spills(op,    to) {
  to = vector(part[arm ? 1 : parts])
  if (to < 0 || op ~ /^st/) return
  spilled[to] = general(part[arm ? 2 : 1]) && op ~ /^(v?mov[dq]|fmov)$/
  if (op ~ /^(vmovdq[au](32|64)?|mov)$/) spilled[to] = spilled[vector(part[arm ? 2 : 1])]
  if (op ~ /^vpinsr[dq]$/) spilled[to] = general(part[2]) && spilled[vector(part[3])]
}
FILENAME == ARGV[1] {
  sub(/#.*/, "")
  sub(/[ \t]+$/, "")
  if (NF == 0) next
  most[++patterns] = $1
  sub(/^[^ ]+ +/, "")
  pattern[patterns] = $0
  next
}
/file format/ { arm = $NF ~ /aarch64/; object = $1; sub(/:$/, "", object); next }
/^[0-9a-f]+ <.*>:$/ {
  name = $0
  sub(/^[0-9a-f]+ </, "", name)
  sub(/>:$/, "", name)
  split("", spilled)
  ++functions
  next
}
/^ *[0-9a-f]+:\t/ {
  ++instructions
  line = $0
  sub(/^ *[0-9a-f]+:\t/, "", line)
  op = line
  sub(/[ \t].*/, "", op)
  operands = line
  sub(/^[^ \t]+[ \t]*/, "", operands)
  sub(/[ \t]*(#|\/\/|<).*/, "", operands)
  memory = operands
  gsub(/\([^)]*\)/, "()", memory)  # the commas of an address
  gsub(/ /, "", memory)
  parts = split(memory, part, /,/)
  forbidden = divides(op) || rule == "vectors" && leaves_vectors(op)
  follow_spills(op)
  if (!forbidden) next
  for (i = 1; i <= patterns && name !~ pattern[i]; ++i) continue
  used[i] = 1
  if (i <= patterns && (most[i] == "-" || ++found[object, name, i] <= most[i] + 0)) { ++excused; next }
  print object ": " name ": " line
  ++bad
}
END {
  for (i = 1; i <= patterns; ++i) if (!(i in used)) unused = unused "\n  " pattern[i]
  print functions + 0 " functions of " instructions + 0 " instructions: " bad + 0 " forbidden, " excused + 0 " allowed"
  if (unused != "") print "not needed here:" unused
  if (functions == 0 || instructions == 0) { print "nothing was disassembled"; exit 1 }
  exit bad > 0
}' "$allowed" "$listing"
