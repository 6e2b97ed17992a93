#!/bin/sh
# Downloads the four MNIST files and checks their SHA-256 sums. See --help.
set -eu

usage() {
  cat <<END
usage: apps/download_mnist.sh [DIR]

Downloads the MNIST files into DIR (default: data/mnist in this clone), uncompressed, and verifies their
SHA-256 sums. Files that are there and correct are kept. Needs curl or wget, gzip and sha256sum (or shasum).

FCN_MNIST_URL: a mirror's address to use instead of the built-in ones; NAME.gz of each file is fetched below it.
END
}

fail() {
  echo "download_mnist.sh: $*" >&2
  exit 2
}

sums='ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db train-images-idx3-ubyte
65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5 train-labels-idx1-ubyte
0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7 t10k-images-idx3-ubyte
ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2 t10k-labels-idx1-ubyte'
mirrors=${FCN_MNIST_URL:-"https://ossci-datasets.s3.amazonaws.com/mnist
https://storage.googleapis.com/cvdf-datasets/mnist"}

case ${1:-} in
  -h | --help) usage; exit 0 ;;
  -*) fail "unknown flag $1; see --help" ;;
esac
[ $# -le 1 ] || fail "unexpected word \"$2\"; see --help"

if command -v curl >/dev/null 2>&1; then
  fetch() { curl --fail --silent --show-error --location --connect-timeout 20 --output "$2" "$1"; }
elif command -v wget >/dev/null 2>&1; then
  fetch() { wget --quiet --timeout=20 --tries=2 --output-document="$2" "$1"; }
else
  fail "neither curl nor wget is installed"
fi
if command -v sha256sum >/dev/null 2>&1; then
  sum_of() { sha256sum "$1" | cut -d ' ' -f 1; }
elif command -v shasum >/dev/null 2>&1; then
  sum_of() { shasum -a 256 "$1" | cut -d ' ' -f 1; }
else
  fail "neither sha256sum nor shasum is installed"
fi

clone=$(cd "$(dirname "$0")/.." && pwd)
folder=${1:-$clone/data/mnist}
mkdir -p "$folder" || fail "the folder $folder cannot be made"
aside=$(mktemp -d "$folder/.download.XXXXXX") || fail "the folder $folder cannot be written"
trap 'rm -rf "$aside"' EXIT
trap 'exit 2' HUP INT TERM

# get NAME SUM: the file from the first mirror that has the right bytes, renamed into place when it is complete.
get() {
  for mirror in $mirrors; do
    echo "$1: from $mirror" >&2
    fetch "${mirror%/}/$1.gz" "$aside/$1.gz" || continue
    gzip -dc "$aside/$1.gz" >"$aside/$1" || continue
    found=$(sum_of "$aside/$1")
    if [ "$found" = "$2" ]; then
      mv "$aside/$1" "$folder/$1" || fail "$folder/$1 cannot be written"
      return 0
    fi
    echo "$1: the SHA-256 sum is $found, not $2" >&2
  done
  return 1
}

echo "$sums" | {
  while read -r sum name; do
    if [ -f "$folder/$name" ] && [ "$(sum_of "$folder/$name")" = "$sum" ]; then
      echo "$name: already there" >&2
    else
      get "$name" "$sum" </dev/null || fail "$name could not be downloaded from any mirror"
    fi
  done
}
echo "MNIST is in $folder, all four SHA-256 sums are right"
