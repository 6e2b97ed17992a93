#!/bin/sh
# activation_test.sh FCN_MNIST: what `activation` prints and draws, and one message with the cause for bad input.
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

# expect CODE "part of the message" flags...: the exit code, and the part on stdout for 0, on stderr for others.
expect() {
  wanted=$1 part=$2
  shift 2
  code=0
  "$program" activation "$@" >out 2>err || code=$?
  if [ "$wanted" = 0 ]; then said=out silent=err; else said=err silent=out; fi
  if [ $code != "$wanted" ] || ! grep -qF -e "$part" $said || [ -s $silent ]; then
    fail "activation $*: exit code $code instead of $wanted, or no \"$part\""
  fi
}
accepted() { expect 0 "$@"; }
refused() { expect 2 "$@"; }
shows() { grep -qF -e "$1" "${2:-out}" || fail "no \"$1\" in ${2:-out}"; }

accepted "usage: fcn-mnist activation" --help
accepted "0.120503 x^2 + 0.5 x + 0.153614" --function swish --interval -4,4 --degree 2
shows "drawn: swish.svg"
shows "1/8 x^2 + 1/2 x + 1/8"
shows "of 6859 polynomials measured"
shows "Swish-AQ is not the optimum: its error is 1.635 times the least"
for part in "<svg " "least maximum" "least squares" "swish on [-4, 4]" ">x</text>" ">value</text>" "error: function" \
  "Swish-AQ, max error 0.322" "</svg>"; do
  shows "$part" swish.svg
done
[ "$(grep -c "<polyline" swish.svg)" = 14 ] || fail "swish.svg lacks curves"
if grep -qE "nan|inf" swish.svg; then fail "swish.svg has a point nowhere"; fi

accepted "Swish-AQ is the optimum" --function relu --svg curves.svg
shows "<svg " curves.svg
if [ -e relu.svg ]; then fail "a picture beside the one asked for"; fi
accepted "Swish-AQ is the optimum" --function relu --svg none
if [ -e relu.svg ] || [ -e none ]; then fail "a picture that was not wanted"; fi
accepted "Swish-AQ, 1/8 x^2 + 1/2 x + 1/4, is not admissible here" --function relu --exponents -2,2
accepted '"swish_aq_is_optimal": true' --function=relu --weight none --json
for key in function low high degree weight minimax least_squares unconstrained power_of_two coefficients max_error \
  rms_error admissible measured pruned bounds swish_aq swish_aq_error_ratio; do
  shows "\"$key\": "
done
accepted '"weight": "normal"' --function tanh --degree 3 --weight normal --json

printf '# |x|\n-1 1\r\n0, 0\n\n1,\t1\n' >samples
accepted "table on [-1, 1], degree 2" --samples samples --interval -1,1
shows "x^2 + 0.125" # the minimax quadratic of |x|
refused "--samples samples is a function of its own: leave out --function relu" --samples samples --function relu
: >empty
refused "--samples empty is a function of its own" --samples empty --function relu
refused "a table of 0 samples" --samples empty
refused "samples from -1 to 1 do not cover the interval [-1, 2]" --samples samples --interval -1,2
printf '0 0\n1 one\n' >words
refused "words, line 2: \"1 one\" is not two numbers" --samples words
printf '0 0\n1 1\n0.5 1\n' >unsorted
refused "sample 3 is unsorted" --samples unsorted --interval 0,1
refused "none.txt" --samples none.txt

refused "--function NAME or --samples FILE is needed"
refused 'unknown function "gelu"; known are relu' --function gelu
refused "is empty" --function relu --interval 4,-4
refused "is not finite" --function relu --interval nan,4
refused "is not finite" --function relu --interval 0,inf
refused '--interval takes two numbers LOW,HIGH, not "4"' --function relu --interval 4
refused '--exponents takes two integers MIN,MAX, not "1,x"' --function relu --exponents 1,x
refused "exponents 3 to 1: no polynomial is admissible" --function relu --exponents 3,1
refused "--degree takes an integer from 1 to 4" --function relu --degree 5
refused "--weight takes none or normal" --function relu --weight heavy
refused "absent/relu.svg" --function relu --svg absent/relu.svg
refused "is empty" --function relu --interval 1,1 --svg left.svg
if [ -e left.svg ]; then fail "a refused search left a picture"; fi

[ $failures = 0 ] || exit 1
echo "activation: as promised"
