#!/bin/sh
# hardened_test.sh READELF PROGRAM: the program has a stack protector, checked functions of the C library, a
# relocatable address, and no table of functions that stays writable.
set -u
readelf=$1 program=$2
failed=0
expect() { # what, pattern, text
  echo "$3" | grep -Eq "$2" || { echo "FAILED: $program has no $1"; failed=1; }
}
dynamic=$("$readelf" --dynamic --wide "$program")
symbols=$("$readelf" --dyn-syms --wide "$program")
expect "position-independent code" 'Type: +DYN' "$("$readelf" --file-header "$program")"
expect "read-only relocations" 'GNU_RELRO' "$("$readelf" --program-headers --wide "$program")"
expect "binding at its start" 'BIND_NOW|FLAGS.* NOW' "$dynamic"
expect "stack protector" '__stack_chk_fail' "$symbols"
expect "checked functions" '_chk@' "$symbols"
exit $failed
