#!/bin/sh
# cli_test.sh FCN_MNIST: bad input to the built program gives exit code 2, one message with the cause, and no files.
set -eu
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset FCN_MNIST_DIR
cd "$work"
failures=0

# refused "part of the message" arguments...: exit code 2, the message on stderr, nothing on stdout.
refused() {
  part=$1
  shift
  code=0
  "$program" "$@" >out 2>err || code=$?
  if [ $code != 2 ] || ! grep -qF -e "$part" err || [ -s out ]; then
    echo "FAILED: fcn-mnist $*: exit code $code instead of 2, or no \"$part\" in:"
    cat err out
    failures=$((failures + 1))
  fi
}
# accepted "part of stdout" arguments...: exit code 0.
accepted() {
  part=$1
  shift
  code=0
  "$program" "$@" >out 2>err || code=$?
  if [ $code != 0 ] || ! grep -qF -e "$part" out; then
    echo "FAILED: fcn-mnist $*: exit code $code instead of 0, or no \"$part\" in:"
    cat err out
    failures=$((failures + 1))
  fi
}

accepted "usage: fcn-mnist [command]" --help
accepted "usage: fcn-mnist inspect" inspect --help
accepted "faster-cryptonets" inspect
refused 'unknown command "evaluate"' evaluate
refused 'unknown flag --modle' inspect --modle=x
refused 'unexpected word "x"' inspect x

# Models.
refused "$work/none.fcn" inspect --model "$work/none.fcn"
printf 'fcn-model 1\nname cut\ninput 1 2 2 max 15\n' >cut.fcn
refused "cut.fcn, line 4" inspect --model cut.fcn
printf 'P5 not a model\n' >other.fcn
refused "other.fcn" inspect --model other.fcn
cat >chain.fcn <<END
fcn-model 1
name shapes that do not chain
input 1 2 2 max 15
scale 1
dense in 1 2 2 out 3 1 1
bias 0 weights 1 0 -4 2
bias 0 weights 0*3 8
bias 1 weights -1*4
dense in 2 1 1 out 1 1 1
bias 0 weights 1 -2
end
END
refused "chain.fcn" inspect --model chain.fcn

[ $failures = 0 ] || exit 1
echo "bad input is refused"
