#!/bin/sh
# table_test.sh FCN_MNIST: the table on tiny networks and six images made here, and one message with the cause for bad input.
set -eu
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0
fail() {
  echo "FAILED: $1"
  cat out err
  failures=$((failures + 1))
}

# Six images: grey everywhere, in six steps; labels 0 to 5.
mkdir mnist models
printf '\0\0\10\3\0\0\0\6\0\0\0\34\0\0\0\34' >mnist/t10k-images-idx3-ubyte
for grey in 000 063 125 200 300 377; do
  head -c 784 /dev/zero | tr '\000' "\\$grey" >>mnist/t10k-images-idx3-ubyte
done
printf '\0\0\10\1\0\0\0\6\0\1\2\3\4\5' >mnist/t10k-labels-idx1-ubyte

# model NAME SIDE: x = four pixels' sum - 3; scores i x + 2 (i x)^2 ..., over a window of SIDE x SIDE.
model() {
  {
    echo "fcn-model 1"
    echo "name $1"
    echo "input 1 $2 $2 max 3"
    echo "scale 1"
    echo "dense in 1 $2 $2 out 2 1 1"
    echo "bias -3 weights 1 2 0 -1 1 0*$(($2 * $2 - 5))"
    echo "bias 1 weights 0 0 0 5 1 0*$(($2 * $2 - 5))"
    echo "polynomial in 2 1 1 out 2 1 1 coefficients 0 0 1"
    echo "dense in 2 1 1 out 10 1 1"
    for i in 0 1 2 3 4 5 6 7 8 9; do echo "bias $i weights $i -1"; done
    echo "end"
  } >"models/$1.fcn"
}
for name in faster_cryptonets cryptonets cryptodl_1; do model $name 28; done
model cryptodl_2 27

run() {
  wanted=$1
  shift
  code=0
  "$program" table --mnist mnist --models models "$@" >out 2>err || code=$?
  [ $code = "$wanted" ] || fail "table $*: exit code $code instead of $wanted"
}
shows() { grep -qF -e "$1" "${2:-out}" || fail "no \"$1\" in ${2:-out}"; }

run 0 --images 2 --threads 2 --markdown table.md --json
for part in '"systems": [' '"name": "faster-cryptonets"' '"name": "cryptonets"' '"name": "cryptodl-1"' \
  '"name": "cryptodl-2"' '"images": 2' '"agree_with_integer": 2' '"test_images": 6' '"threads": 2' \
  '"pt_ct_mults": 25,' '"total": 51,' '"pt_ct_mults": 296842,' '"key_switching": "' '"remarks": ['; do
  shows "$part"
done
shows "is less accurate than its aim"
[ "$(grep -c '"agree_with_integer": 2' out)" = 4 ] || fail "not every system agrees with the integer network"
# The sliding window adds its places: four times the squares.
[ "$(grep -c '"ct_ct_mults": 8,' out)" = 1 ] || fail "cryptodl-2 does not slide"
for part in '| faster-cryptonets | paper | 3,995 | 38,302 | 23,952 | 945 | 67,194 |' '|  | fcn |' '46.10e6' '---:|' \
  "to the last bit: faster-cryptonets 2 of 2, cryptonets 2 of 2, cryptodl-1 2 of 2, cryptodl-2 2 of 2."; do
  shows "$part" table.md
done

run 0 --quick
shows "cryptodl-2 1 of 1"
shows "--quick left out"
shows "99.13 %"
if grep -q "less accurate" out; then fail "a quick table judges"; fi

run 2 --images 0
shows "--images takes an integer from 1 to 10000" err
run 2 --markdown absent/table.md --images 1
shows "absent/table.md" err
printf 'x' >>models/cryptonets.fcn
run 2
shows "cryptonets.fcn" err
rm models/cryptodl_1.fcn
model cryptonets 28
run 2
shows "models/cryptodl_1.fcn" err
code=0
"$program" table --mnist absent >out 2>err || code=$?
[ $code = 2 ] || fail "a folder without MNIST is accepted"
shows "absent" err

[ $failures = 0 ] || exit 1
echo "table: as promised"
