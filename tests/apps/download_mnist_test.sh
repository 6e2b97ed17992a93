#!/bin/sh
# download_mnist_test.sh SCRIPT: the download from file:// mirrors, good and damaged. Exit 77 where MNIST or curl is absent.
set -eu
script=$1
command -v curl >/dev/null 2>&1 || { echo "skipped: curl is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() {
  echo "FAILED: $*"
  exit 1
}
names="train-images-idx3-ubyte train-labels-idx1-ubyte t10k-images-idx3-ubyte t10k-labels-idx1-ubyte"

# A mirror with other files: exit 2, the file and the sums named, nothing left behind.
mkdir "$work/bad"
for name in $names; do echo wrong | gzip >"$work/bad/$name.gz"; done
code=0
FCN_MNIST_URL="file://$work/bad" "$script" "$work/out" 2>"$work/log" || code=$?
[ $code = 2 ] || fail "a damaged mirror gave exit code $code"
grep -q "train-images-idx3-ubyte: the SHA-256 sum is" "$work/log" || fail "the wrong sum is not reported"
[ -z "$(ls -A "$work/out")" ] || fail "a damaged mirror left $(ls -A "$work/out")"

# A mirror without files, and one whose file is cut off.
code=0
FCN_MNIST_URL="file://$work/none" "$script" "$work/out" 2>"$work/log" || code=$?
[ $code = 2 ] || fail "an empty mirror gave exit code $code"
grep -q "could not be downloaded" "$work/log" || fail "an empty mirror is not reported"
code=0
"$script" --nonsense 2>"$work/log" || code=$?
[ $code = 2 ] || fail "an unknown flag gave exit code $code"
"$script" --help | grep -q "usage: " || fail "no help"

clone=$(dirname "$script")/..
mnist=${FCN_MNIST_DIR:-$clone/data/mnist}
[ -d "$mnist" ] || mnist=$clone/../shared/data/mnist
[ -f "$mnist/train-images-idx3-ubyte" ] || { echo "skipped: no MNIST to serve from a good mirror"; exit 77; }
mkdir "$work/good"
for name in $names; do gzip -1 -c "$mnist/$name" >"$work/good/$name.gz"; done
head -c 1000 "$work/good/t10k-labels-idx1-ubyte.gz" >"$work/bad/t10k-labels-idx1-ubyte.gz"
# The second mirror stands in for a broken first one.
FCN_MNIST_URL="file://$work/bad file://$work/good" "$script" "$work/out" >"$work/log" 2>&1 || fail "$(cat "$work/log")"
for name in $names; do cmp "$mnist/$name" "$work/out/$name"; done
[ "$(ls -A "$work/out" | wc -l)" = 4 ] || fail "left behind: $(ls -A "$work/out")"
# Run again: everything is there, no mirror is asked.
FCN_MNIST_URL="file://$work/none" "$script" "$work/out" >"$work/log" 2>&1 || fail "a second run asked the mirror"
[ "$(grep -c "already there" "$work/log")" = 4 ] || fail "a second run did not see the files"
echo "downloads are verified"
