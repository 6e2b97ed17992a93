#!/bin/sh
# fhe_benchmark_test.sh STAGES FCN: plays the harness of the FHE benchmarking suite on a few images, and compares with the
# pixel layout of the program fcn and, where FCN_MNIST_DIR is set, with MNIST's labels.
set -eu
stages=$1 fcn=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# The harness's order. The input comes after the keys.
play() { # size, its name, text of pixels
  mkdir -p "datasets/$2/intermediate" io
  "$stages/client_key_generation" "$1"
  "$stages/server_preprocess_model" 2>said
  cp "$3" "datasets/$2/intermediate/test_pixels.txt"
  for stage in client_preprocess_input client_encode_encrypt_input server_encrypted_compute client_decrypt_decode \
    client_postprocess; do
    "$stages/$stage" "$1"
  done
  for folder in public_keys secret_key ciphertexts_upload ciphertexts_download; do
    [ -n "$(ls -A "io/$2/$folder")" ] || fail "$2: io/$2/$folder is empty"
  done
}

# Strokes of different slants and widths, in the scale that the first argument names: 0..1 or normalised.
draw() { # scale, images
  awk -v scale="$1" -v images="$2" 'BEGIN {
    for (i = 0; i < images; ++i) {
      line = ""
      for (y = 0; y < 28; ++y) for (x = 0; x < 28; ++x) {
        far = x - 13.5 - (13.5 - y) * (i % 5) / 8
        ink = y >= 4 && y < 24 && far * far < 2 + i % 3 ? 1 : 0
        if (i % 4 == 3 && (y < 7 && y >= 4 && x > 6 && x < 18)) ink = 1
        value = scale == "unit" ? sprintf("%.4f", ink) : sprintf("%.4f", (ink - 0.1307) / 0.3081)
        line = line (line == "" ? "" : " ") value
      }
      print line
    }
  }'
}

# What the pixel layout says, image by image.
"$fcn" keygen --layout pixel --secret key --keys keys
by_pixels() { "$fcn" encrypt --secret key --input "$1" --out - | "$fcn" infer --keys keys --in - --out - |
  "$fcn" decrypt --secret key --in - | cut -d' ' -f1; }

draw unit 1 >one.txt
draw unit 3 >raw.txt
draw normalized 3 >normalized.txt
play 0 single one.txt
[ "$(cat io/single/encrypted_model_predictions.txt)" = 1 ] || fail "an upright stroke is not read as 1"
play 1 small raw.txt
by_pixels raw.txt >expected
cmp -s expected io/small/encrypted_model_predictions.txt || fail "raw pixels: not what the pixel layout says"
cp io/small/encrypted_model_predictions.txt raw_answer
cp normalized.txt datasets/small/intermediate/test_pixels.txt # another run with the same keys
for stage in client_preprocess_input client_encode_encrypt_input server_encrypted_compute client_decrypt_decode \
  client_postprocess; do "$stages/$stage" 1; done
cmp -s raw_answer io/small/encrypted_model_predictions.txt || fail "normalised pixels give other labels"
[ "$(wc -l <io/small/encrypted_model_predictions.txt)" = 3 ] || fail "not a line for each image"
[ "$(stat -c %a io/small/secret_key/client_key)" = 600 ] || fail "others can read the secret key"

# Bad input: exit code 2, one line that names the file.
refused() { # part of the message, stage, arguments
  part=$1 stage=$2 code=0
  shift 2
  "$stages/$stage" "$@" 2>err || code=$?
  [ $code = 2 ] || fail "$stage $*: exit code $code"
  grep -qF -e "$part" err && [ "$(wc -l <err)" = 1 ] || fail "$stage $*: no \"$part\" in: $(cat err)"
}
refused "usage: client_key_generation SIZE" client_key_generation
refused "usage: client_key_generation SIZE" client_key_generation 4
refused "cannot open io/medium/secret_key/client_key" client_encode_encrypt_input 2
printf '1 2 3\n' >datasets/small/intermediate/test_pixels.txt
refused "test_pixels.txt: 3 numbers are no whole images of 784" client_preprocess_input 1
printf '1 2 x\n' >datasets/small/intermediate/quantized_pixels.txt
refused "quantized_pixels.txt, line 1" client_encode_encrypt_input 1
cp io/single/ciphertexts_upload/requests io/small/ciphertexts_upload/requests
refused "io/small/ciphertexts_upload/requests: request 1: a request of another key" server_encrypted_compute 1
head -c 1000 io/single/ciphertexts_download/answers >io/small/ciphertexts_download/answers
refused "io/small/ciphertexts_download/answers: an answer is truncated" client_decrypt_decode 1

# MNIST's first 15 test images, normalised.
if [ -f "${FCN_MNIST_DIR-}/t10k-images-idx3-ubyte" ]; then
  od -An -v -tu1 -w784 -j16 -N$((15 * 784)) "$FCN_MNIST_DIR/t10k-images-idx3-ubyte" |
    awk '{ for (i = 1; i <= NF; ++i) printf "%.6f%s", ($i / 255 - 0.1307) / 0.3081, i == NF ? "\n" : " " }' >mnist.txt
  od -An -v -tu1 -w1 -j8 -N15 "$FCN_MNIST_DIR/t10k-labels-idx1-ubyte" | tr -d ' ' >labels
  play 1 small mnist.txt
  right=$(paste -d' ' labels io/small/encrypted_model_predictions.txt | awk '$1 == $2 { ++n } END { print n + 0 }')
  [ "$right" -ge 14 ] || fail "$right of 15 MNIST images are read right"
  echo "$right of 15 MNIST images are read right"
fi

[ $failures = 0 ] || exit 1
echo "the stages agree with the pixel layout, and bad input is refused"
