#!/bin/sh
# cli_test.sh FCN_MNIST: bad input to the built program gives exit code 2, one message with the cause, and no files.
set -eu
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset FCN_MNIST_DIR
cd "$work"
failures=0

# expect CODE "part of the message" arguments...: the exit code, and the part on stdout for 0, on stderr for others.
expect() {
  wanted=$1 part=$2
  shift 2
  code=0
  "$program" "$@" >out 2>err || code=$?
  if [ "$wanted" = 0 ]; then said=out silent=/dev/null; else said=err silent=out; fi
  if [ $code != "$wanted" ] || ! grep -qF -e "$part" $said || [ -s $silent ]; then
    echo "FAILED: fcn-mnist $*: exit code $code instead of $wanted, or no \"$part\" in:"
    cat err out
    failures=$((failures + 1))
  fi
}
accepted() { expect 0 "$@"; }
refused() { expect 2 "$@"; }

accepted "usage: fcn-mnist [command]" --help
for command in demo eval inspect train; do accepted "--help" $command --help; done
accepted "faster-cryptonets" inspect

# Usage.
refused 'unknown command "evaluate"' evaluate
refused "unknown flag --modle" inspect --modle=x
refused 'unexpected word "x"' inspect x
refused "--layout takes pixel or packed, not \"cube\"" eval --layout cube
refused 'no kernels named "mmx"; available:' eval --isa mmx
refused "--images takes an integer from 1" eval --images 0
refused "--count takes an integer from 1" --count none
refused "--threads needs a value" demo --threads
if "$program" inspect >/dev/full 2>err; then
  echo "FAILED: a full disk went unnoticed"
  failures=$((failures + 1))
fi

# Models.
refused "$work/none.fcn" inspect --model "$work/none.fcn"
printf 'fcn-model 1\nname cut\ninput 1 2 2 max 15\n' >cut.fcn
refused "cut.fcn, line 4" inspect --model cut.fcn
printf 'P5 not a model\n' >other.fcn
refused "other.fcn, line 1" inspect --model other.fcn
# toy NAME INPUTS WEIGHT: a model whose second layer expects INPUTS values and holds WEIGHT.
toy() {
  cat >"$1" <<END
fcn-model 1
name toy
input 1 2 2 max 15
scale 1
dense in 1 2 2 out 3 1 1
bias 0 weights 1 0 -4 2
bias 0 weights 0*3 8
bias 1 weights -1*4
polynomial in 3 1 1 out 3 1 1 coefficients 0 0 0 0 0 0 1
dense in $2 1 1 out 1 1 1
bias 0 weights $3 $3 $3
end
END
}
toy chain.fcn 2 1
refused "chain.fcn" inspect --model chain.fcn
toy range.fcn 3 2147483647
sed -i '/^polynomial/{p;p;p}' range.fcn # the sixth power of the sixth power of the sixth ...
refused "layer 4 (polynomial): values may need more than 1000 bits" inspect --model range.fcn

# Images.
refused "nothing.png" demo --image nothing.png
printf 'P5 30 30 255\nshort' >short.pgm
refused "short.pgm: the PGM file is truncated" demo --image short.pgm
{ printf 'P5 30 30 255\n'; head -c 900 /dev/zero; } >blank.pgm
refused "blank.pgm: the image is blank" demo --image=blank.pgm
echo "GIF89a" >some.gif
refused "some.gif: not a known image format" demo --image some.gif

# MNIST: two images with the labels 1 and 0.
idx() { # NAME LABELS MAGIC COUNT BYTES
  mkdir -p "$1"
  { printf "$3"; printf "\\000\\000\\000\\00$4\\000\\000\\000\\034\\000\\000\\000\\034"; head -c "$5" /dev/zero; } \
    >"$1/t10k-images-idx3-ubyte"
  printf "\\000\\000\\010\\001\\000\\000\\000\\00$2\\001\\000\\001" | head -c $((8 + $2)) >"$1/t10k-labels-idx1-ubyte"
}
idx good 2 '\000\000\010\003' 2 1568
idx truncated 2 '\000\000\010\003' 2 1500
idx magic 2 '\000\000\010\004' 2 1568
idx labels 3 '\000\000\010\003' 2 1568
mkdir empty
refused "apps/download_mnist.sh" eval
refused "--mnist names absent" eval --mnist absent
refused "empty/t10k-images-idx3-ubyte" eval --mnist empty
refused "truncated/t10k-images-idx3-ubyte" eval --mnist truncated
refused "magic/t10k-images-idx3-ubyte" eval --mnist magic
refused "labels/t10k-labels-idx1-ubyte" eval --mnist labels
refused "--images 3: good holds 2 test images" eval --mnist good --images 3
export FCN_MNIST_DIR=absent
refused "FCN_MNIST_DIR names absent" eval
unset FCN_MNIST_DIR

toy small.fcn 3 1
cp small.fcn small6.fcn
sed -i 's/coefficients .*/coefficients 0 0 1/' small.fcn
sed 's/1 2 2/1 1 4/' small.fcn >line.fcn # a square window would slide over the image
refused "the image has 784 pixels, the model reads 4" eval --images 1 --mnist good --model line.fcn

# Training writes nothing when it cannot begin.
refused "--out FILE is needed" train --mnist good
refused "there is no folder absent" train --mnist good --out absent/model.fcn
refused "--out empty is a folder" train --mnist good --out empty
refused "--diagonals 12 is not a multiple of 8" train --mnist good --out model.fcn --structured diagonals --diagonals 12
refused "is for faster-cryptonets, not cryptonets" train --mnist good --out model.fcn --system cryptonets --structured diagonals
refused "good/train-images-idx3-ubyte" train --mnist good --out model.fcn
if [ -e model.fcn ] || [ -n "$(ls -A empty)" ]; then
  echo "FAILED: a refused training left a file"
  failures=$((failures + 1))
fi

# A blank image is as good as any for the exactness of an encrypted run; and the result has every key.
accepted '"agree_with_integer": 1' eval --mnist good --images 1 --threads 2 --isa scalar --json
for key in images correct agree_with_integer encrypt_ms infer_ms decrypt_ms upload_bytes download_bytes key_bytes \
  hops pt_ct_adds ct_ct_adds pt_ct_mults ct_ct_mults total relinearizations rotations n log2_q log2_failure threads \
  isa peak_rss_bytes; do
  grep -q "\"$key\": " out || { echo "FAILED: eval --json lacks $key"; failures=$((failures + 1)); }
done
accepted '"agree_with_integer": 1' eval --layout packed --mnist good --images 1 --json
grep -q '"infer_p99_ms": ' out || { echo "FAILED: eval --json lacks infer_p99_ms"; failures=$((failures + 1)); }
accepted "4 phases of 5 copies, 4 ciphertexts" inspect --layout packed
accepted ", 1 ciphertexts" inspect --layout packed --input-ciphertexts 1
refused "no layout of the input takes 1000 ciphertexts" inspect --layout packed --input-ciphertexts 1000
refused "takes degree 2 at most" inspect --layout packed --model small6.fcn
# A black bar on white paper is a 1.
{ printf 'P2\n# a bar\n40 60\n1\n'
  awk 'BEGIN { for (y = 0; y < 60; ++y) for (x = 0; x < 40; ++x) print !(x > 17 && x < 23 && y > 9 && y < 50) }'; } >bar.pgm
accepted "read as 1" demo --image bar.pgm

[ $failures = 0 ] || exit 1
echo "bad input is refused"
