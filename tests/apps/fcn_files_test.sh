#!/bin/sh
# fcn_files_test.sh FCN: the two parties as separate processes on files; every mix-up, damaged and truncated files, full
# disks and permissions give exit code 2, one message with the cause, and no files.
set -eu
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0
fail() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# refused "part of the message" arguments...: exit code 2, one line on stderr, nothing on stdout, no new file.
refused() {
  part=$1
  shift
  code=0
  ls -A >before
  "$program" "$@" >out 2>err || code=$?
  ls -A >after
  [ $code = 2 ] || fail "fcn $*: exit code $code instead of 2"
  grep -qF -e "$part" err || fail "fcn $*: no \"$part\" in: $(cat err)"
  [ "$(wc -l <err)" = 1 ] || fail "fcn $*: not one line: $(cat err)"
  [ ! -s out ] || fail "fcn $*: it wrote to stdout"
  cmp -s before after || fail "fcn $*: it left files behind: $(diff before after)"
}
touch before after out err

# 2 x 2 pixels in [0, 15] -> dense 3 -> square -> dense 2; the last bias makes it another model.
model() {
  cat <<TEXT
fcn-model 1
name toy
input 1 2 2 max 15
scale 1
dense in 1 2 2 out 3 1 1
bias -7 weights 1 0 -4 2
bias 0 weights 0*3 8
bias 1 weights -1*4
polynomial in 3 1 1 out 3 1 1 coefficients 0 0 1
dense in 3 1 1 out 2 1 1
bias 0 weights 1 -2 0
bias $1 weights 0 1 4
end
TEXT
}
model 5 >toy.fcn
model 6 >other.fcn
printf '0 255 100 17\n' >pixels.txt
printf '0 0 0 0\n0 1 0 0.5\n' >two.txt

# The whole way. By hand: pixels 0 15 6 1 -> -7 - 24 + 2, 8, 1 - 22 -> 841, 64, 441 -> 841 - 128, 64 + 1764 + 5.
(umask 000; "$program" spec --model toy.fcn --layout pixel --out spec; "$program" keygen --spec spec --secret alice --keys alice.pub)
"$program" keygen --model toy.fcn --layout pixel --secret bob --keys bob.pub
"$program" keygen --model other.fcn --layout pixel --secret carol --keys carol.pub
[ "$(stat -c %a alice)" = 600 ] || fail "the secret key file has mode $(stat -c %a alice)"
"$program" encrypt --secret alice --input pixels.txt --out request
"$program" infer --model toy.fcn --keys alice.pub --in request --out answer
"$program" decrypt --secret alice --in answer --json >scores
grep -qF '{"label": 1, "scores": [713, 1833], "scale": 1}' scores || fail "wrong scores: $(cat scores)"
"$program" decrypt --secret alice --in answer --out text
[ "$(cat text)" = "1  scores 713.00 1833.00" ] || fail "wrong text: $(cat text)"

# Answers belong to requests.
"$program" decrypt --secret alice --in answer >scores 2>said
[ "$(cat said)" = "fcn decrypt: the answers were not checked against requests (--request FILE)" ] || fail "said: $(cat said)"
"$program" decrypt --secret alice --request request --in answer >checked 2>said
cmp -s scores checked || fail "other scores with --request: $(cat checked)"
[ ! -s said ] || fail "said with --request: $(cat said)"
"$program" encrypt --secret alice --input pixels.txt --out again
cat request again >both
"$program" infer --model toy.fcn --keys alice.pub --in both --out both_answers
"$program" decrypt --secret alice --request both --in both_answers >checked
cat scores scores | cmp -s - checked || fail "two of two: $(cat checked)"
refused "answer: an answer to another request: its request id is" decrypt --secret alice --request again --in answer --out new
refused "both_answers: answer 2 has no request in request" decrypt --secret alice --request request --in both_answers --out new
refused "answer: request 2 of both has no answer" decrypt --secret alice --request both --in answer --out new
cat again request >turned
refused "both_answers: an answer to another request" decrypt --secret alice --request turned --in both_answers --out new
refused "this is an answer, not a request" decrypt --secret alice --request answer --in answer --out new
"$program" inspect request answer | sed -n 's/.*, id //p' >ids
[ "$(uniq ids | wc -l)" = 1 ] && [ "$(wc -l <ids)" = 2 ] || fail "ids of a request and its answer: $(cat ids)"

# Scores beyond 62 bits: 255^8 and 1 - 255^8.
cat >deep.fcn <<TEXT
fcn-model 1
name deep
input 1 1 2 max 255
scale 1
polynomial in 1 1 2 out 1 1 2 coefficients 0 0 1
polynomial in 1 1 2 out 1 1 2 coefficients 0 0 1
polynomial in 1 1 2 out 1 1 2 coefficients 0 0 1
dense in 1 1 2 out 2 1 1
bias 0 weights 1 0
bias 1 weights -1 0
end
TEXT
printf '255 0\n' >white.txt
"$program" keygen --model deep.fcn --layout pixel --secret deep --keys deep.pub
"$program" encrypt --secret deep --input white.txt --out - |
  "$program" infer --model deep.fcn --keys deep.pub --in - --out deep_answer
"$program" decrypt --secret deep --in deep_answer --json >checked 2>said
grep -qF '{"label": 0, "scores": [17878103347812890625, -17878103347812890624], "scale": 1}' checked ||
  fail "wide scores: $(cat checked said)"
"$program" decrypt --secret deep --in deep_answer >checked 2>said
grep -qF '0  scores 17878103347812890624.00 -17878103347812890624.00' checked || fail "wide text: $(cat checked said)"

# Streams, through pipes alone: three inputs, three answers in order.
"$program" encrypt --secret alice --input pixels.txt --input - --out - <two.txt |
  "$program" infer --model toy.fcn --keys alice.pub --in - --out - |
  "$program" decrypt --secret alice --in - --json >scores
cut -d'"' -f5 scores >lists
printf ': [713, 1833], \n: [49, 9], \n' >expected  # all black: -7, 0, 1 -> 49, 0, 1
sed -n 1,2p lists | cmp -s - expected || fail "wrong stream: $(cat scores)"
[ "$(wc -l <scores)" = 3 ] || fail "not three answers"
"$program" keygen --model toy.fcn --layout pixel --secret - --keys dave.pub >dave
[ -s dave ] && [ -s dave.pub ] || fail "keygen does not write to stdout"
"$program" decrypt --secret - --in answer <alice >scores
grep -qF '1833.00' scores || fail "a secret key is not read from stdin"

# The packed layout, which is the default: the server finds it by the keys.
"$program" keygen --model toy.fcn --secret erin --keys erin.pub
"$program" encrypt --secret erin --input pixels.txt --out - |
  "$program" infer --model toy.fcn --keys erin.pub --in - --out - |
  "$program" decrypt --secret erin --in - --json >scores
grep -qF '"scores": [713, 1833]' scores || fail "wrong packed scores: $(cat scores)"
"$program" inspect erin | grep -qF "layout packed" || fail "inspect does not say packed"

# What inspect says, and that it does not say the secret (two bits a coefficient, at the file's end).
"$program" inspect spec alice alice.pub request answer toy.fcn >said
for part in "spec: a client spec" "alice: a client's secret key" "alice.pub: evaluation keys" "request: a request" \
  "answer: an answer" "toy.fcn: a model" "t = X - 2" "n = 2048" "layout pixel"; do
  grep -qF -e "$part" said || fail "inspect does not say $part"
done
tail -c 48 alice | head -c 16 | od -An -tx1 | tr -d ' \n' >secret_digits
! grep -qF -f secret_digits said || fail "inspect shows the secret"
"$program" encrypt --secret alice --input two.txt --out two
"$program" inspect two | grep -qF "a request and 1 more" || fail "inspect does not count"

# Mix-ups.
infer() { refused "$1" infer --model "$2" --keys "$3" --in "$4" --out new; }
infer "alice: this is a client's secret key, not a request" toy.fcn alice.pub alice
infer "alice: this is a client's secret key, not evaluation keys" toy.fcn alice request
infer "request: a request of another key" toy.fcn bob.pub request
infer "evaluation keys for another model" other.fcn alice.pub request
infer "request: a request for another model" toy.fcn erin.pub request
infer "request: a request for another model" other.fcn carol.pub request
infer "answer: this is an answer, not a request" toy.fcn alice.pub answer
infer "pixels.txt: not an fcn file" toy.fcn alice.pub pixels.txt
infer "alice.pub, line 1" alice.pub alice.pub request
infer "cannot open none" toy.fcn none request
infer "stdin is empty" toy.fcn alice.pub - </dev/null
refused "request: this is a request, not an answer" decrypt --secret alice --in request
refused "answer: an answer of another key" decrypt --secret bob --in answer
refused "answer: an answer for another model" decrypt --secret carol --in answer
refused "alice.pub: this is evaluation keys, not a client's secret key" decrypt --secret alice.pub --in answer
refused "this is a request, not a client spec" keygen --spec request --secret new --keys new.pub
refused "alice exists already" keygen --spec spec --secret alice --keys new.pub
refused "pixels.txt: not an fcn file" inspect pixels.txt
refused "alice: \"FCN" encrypt --secret alice --input alice --out new
printf '1 2 3\n' >few.txt
refused "few.txt: 3 numbers are no whole images of 4" encrypt --secret alice --input few.txt --out new
printf '1 2 x 4\n' >word.txt
refused 'word.txt: "x" is not a number' encrypt --secret alice --input word.txt --out new
printf '1 2 3 256\n' >high.txt
refused "high.txt: there are numbers above 255" encrypt --secret alice --input high.txt --out new
printf 'P5\n28 28\n255\n' >cut.pgm
refused "cut.pgm" encrypt --secret alice --input cut.pgm --out new
refused "--secret is missing" decrypt --in answer
refused "unknown command" frobnicate
refused "--layout takes" spec --layout cube --out new

# Secret keys that others may use.
for mode in 644 640 604 620 601; do
  chmod $mode alice
  refused "WARNING: others can use the secret key file alice (mode 0$mode)" decrypt --secret alice --in answer
  refused "--allow-shared-secret" inspect alice
done
shared_works() { # secret
  "$program" decrypt --allow-shared-secret --secret $1 --in answer | grep -qF "1833.00" || fail "decrypt refuses $1"
  "$program" encrypt --allow-shared-secret --secret $1 --input pixels.txt --out - >new && "$program" inspect new |
    grep -qF "a request" || fail "encrypt refuses $1"
  "$program" inspect --allow-shared-secret $1 | grep -qF "a client's secret key" || fail "inspect refuses $1"
  rm new
}
for mode in 440 444 644 640; do
  chmod $mode alice
  shared_works alice
  refused "WARNING: others can use the secret key file" decrypt --secret - --in answer <alice
  "$program" decrypt --allow-shared-secret --secret - --in answer <alice >scores || fail "a redirected secret is refused"
done
# shellcheck disable=SC2002
cat alice | "$program" decrypt --secret - --in answer >scores || fail "a piped secret is refused"
for mode in 620 602; do # somebody else may have put it there
  chmod $mode alice
  refused "WARNING: others can write the secret key file alice (mode 0$mode)" decrypt --allow-shared-secret --secret alice \
    --in answer
done
chmod 600 alice
if [ "$(id -u)" = 0 ]; then
  chown 12345 alice
  refused "WARNING: the secret key file alice belongs to user 12345" decrypt --secret alice --in answer
  shared_works alice
  chown 0 alice
  if command -v setpriv >/dev/null; then # root's key, readable by a group: a mounted secret
    chmod 755 .
    cp alice mounted && chmod 440 mounted && chgrp 2000 mounted
    as_user() { setpriv --reuid 1000 --regid 1000 --groups 2000 "$@"; }
    as_user "$program" decrypt --secret mounted --in answer 2>err && fail "a shared secret is used"
    grep -qF -e "--allow-shared-secret" err || fail "no word of the flag: $(cat err)"
    as_user "$program" decrypt --allow-shared-secret --secret mounted --in answer >scores || fail "a mounted secret is refused"
    chmod 700 .
    rm -f mounted
  fi
fi

# Outputs that would destroy a secret key, or are the same file as another one of the command. The keys stay as they are.
ln alice hard && ln -s alice soft && ln -s none dangling && mkdir folder
cp alice alice.copy
keeps() { # "part of the message" command...
  refused "$@"
  for key in alice bob; do "$program" inspect $key >said && grep -qF "secret key" said || fail "$* destroyed $key"; done
  cmp -s alice alice.copy || fail "$* changed alice"
}
for name in alice ./alice folder/../alice hard soft "$PWD/alice"; do
  keeps "--out and --secret are both" encrypt --secret alice --input pixels.txt --out $name
  keeps "--out and --secret are both" decrypt --secret alice --in answer --out $name
  keeps "secret key" infer --model toy.fcn --keys alice.pub --in request --out $name
  keeps "secret key" spec --model toy.fcn --out $name
  keeps "secret key" encrypt --secret bob --input pixels.txt --out $name
  keeps "secret key" keygen --spec spec --secret new --keys $name
done
keeps "bob is a client's secret key, which cannot be made again" keygen --spec spec --secret new --keys bob
keeps "--secret and --keys are both new;" keygen --spec spec --secret new --keys new
keeps "which are one file" keygen --spec spec --secret new --keys ./new
keeps "which are one file" keygen --spec spec --secret none --keys dangling
keeps "--secret and --keys are both stdout" keygen --spec spec --secret - --keys -
keeps "which are one file" keygen --spec spec --secret - --keys /dev/stdout
keeps "--out and --keys are both alice.pub" infer --model toy.fcn --keys alice.pub --in request --out alice.pub
keeps "--out and --in are both request" infer --model toy.fcn --keys alice.pub --in request --out request
keeps "--out and --in are both answer" decrypt --secret alice --in answer --out answer
keeps "--out and --input are both pixels.txt" encrypt --secret alice --input pixels.txt --out pixels.txt
keeps "--keys and --spec are both spec" keygen --spec spec --secret new --keys spec
keeps "--out and --model are both toy.fcn" spec --model toy.fcn --out toy.fcn
keeps "which are one file" encrypt --secret - --input pixels.txt --out alice <alice
code=0
"$program" encrypt --secret alice --input pixels.txt --out - 2>err >>alice || code=$?
[ $code = 2 ] && cmp -s alice alice.copy || fail "a secret key was appended to: $code $(cat err)"
rm hard soft dangling alice.copy
rmdir folder

# Outputs that a rename cannot replace.
mkdir d && : >d/real && ln -s d/real link
"$program" spec --model toy.fcn --layout pixel --out link || fail "a link is refused"
[ -L link ] && cmp -s spec d/real || fail "a link was replaced, not followed"
mkfifo pipe
cat pipe >through &
"$program" spec --model toy.fcn --layout pixel --out pipe || fail "a pipe is refused"
wait
cmp -s spec through || fail "a pipe got other bytes"
[ -p pipe ] || fail "a pipe was replaced"
{ echo begun; "$program" spec --model toy.fcn --layout pixel --out /dev/stdout; echo end; } >through
{ echo begun; cat spec; echo end; } | cmp -s - through || fail "/dev/stdout is not written in its place"
: >mounted && : >beneath
if [ "$(id -u)" = 0 ] && mount --bind beneath mounted 2>/dev/null; then
  "$program" spec --model toy.fcn --layout pixel --out mounted || fail "a mount point is refused"
  cmp -s spec beneath || fail "a mount point is not written"
  [ "$(ls -A | grep -c mounted)" = 1 ] || fail "a mount point leaves files: $(ls -A)"
  umount mounted
fi
rm -r d link pipe through mounted beneath

# A spec that asks for more than the client is willing to make.
refused "the client spec asks for evaluation keys of" keygen --max-bytes 1000 --spec spec --secret new --keys new.pub
refused "--max-bytes sets another" keygen --max-bytes 1000 --spec spec --secret new --keys new.pub

# Too little memory, wherever it runs out: exit code 2, a sentence, no files.
if (ulimit -v 400000 && "$program" --help >/dev/null 2>&1); then # the address sanitizer reserves terabytes
  done_with=0
  limit=8000
  while [ $done_with = 0 ] && [ $limit -lt 400000 ]; do
    code=0
    ls -A >before
    (ulimit -v $limit; exec "$program" keygen --model toy.fcn --secret new --keys new.pub) >out 2>err || code=$?
    if [ $code = 0 ]; then
      done_with=$limit
      [ -s new ] && [ -s new.pub ] || fail "keygen with $limit kB says it is done"
      rm -f new new.pub
    elif (ulimit -v $limit; exec "$program" --help) >/dev/null 2>&1; then # else not even the program fits
      ls -A >after
      [ $code = 2 ] && [ "$(wc -l <err)" = 1 ] || fail "keygen with $limit kB: exit code $code, $(cat err)"
      grep -qF "memory" err || fail "keygen with $limit kB: $(cat err)"
      cmp -s before after || fail "keygen with $limit kB left $(diff before after)"
    fi
    limit=$((limit + 500))
  done
  [ $done_with != 0 ] || fail "keygen needs more than 400 MB"
fi

# The two files of keygen: both or none, whatever ends it.
refused "keys.pub" keygen --spec spec --secret new --keys none/keys.pub
for signal in INT TERM HUP KILL; do
  # shellcheck disable=SC2016
  timeout -s $signal 0.05 sh -c 'while :; do "$0" keygen --spec spec --secret new --keys new.pub && rm new new.pub; done' \
    "$program" 2>/dev/null || :
  sleep 0.1
  [ -z "$(ls -A | grep tmp)" ] || fail "SIG$signal left $(ls -A | grep tmp)"
  rm -f new new.pub
done

# Truncated and damaged files. request is some 42 kB, answer 42 kB, alice.pub 42 kB.
refuse_damage() { # file, name of the damaged copy, command...
  good=$1 bad=$2
  shift 2
  size=$(wc -c <$good)
  at=0
  while [ $at -lt "$size" ]; do
    head -c $at $good >$bad
    chmod 600 $bad
    refused "$bad" "$@"
    { head -c $at $good; printf '\377'; tail -c +$((at + 2)) $good; } >$bad
    # 0xff may be what was there
    cmp -s $good $bad || refused "$bad" "$@"
    at=$((at + size / 4 + 1))
  done
  { cat $good; printf x; } >$bad
  refused "$bad" "$@"
}
: >bad
refuse_damage request bad infer --model toy.fcn --keys alice.pub --in bad --out new
refuse_damage alice.pub bad infer --model toy.fcn --keys bad --in request --out new
refuse_damage answer bad decrypt --secret alice --in bad --out new
refuse_damage alice bad decrypt --secret bad --in answer --out new
refuse_damage spec bad keygen --spec bad --secret new --keys new.pub

# A length of 2^39 in a header of 80 bytes: refused at once, in little memory.
{ head -c 72 request; printf '\0\0\0\0\200\0\0\0'; tail -c +81 request; } >bad
limit=400000
(ulimit -v $limit && "$program" --help >/dev/null 2>&1) || limit=unlimited # the address sanitizer reserves terabytes
(ulimit -v $limit; refused "bad: a request that claims" infer --model toy.fcn --keys alice.pub --in bad --out new
  exit $failures) || failures=$((failures + 1))
refused "bad: a request that claims" inspect bad

# Disks that are full, folders that are missing, outputs that are devices.
for command in "encrypt --secret alice --input pixels.txt" "infer --model toy.fcn --keys alice.pub --in request" \
  "decrypt --secret alice --in answer" "spec --model toy.fcn"; do
  code=0
  # shellcheck disable=SC2086
  "$program" $command --out - >/dev/full 2>err || code=$?
  [ $code = 2 ] && grep -qF "No space left" err || fail "a full disk went unnoticed by $command: $code $(cat err)"
  # shellcheck disable=SC2086
  refused "No such file or directory" $command --out none/new
  code=0
  # shellcheck disable=SC2086
  "$program" $command --out /dev/full 2>err || code=$?
  [ $code = 2 ] && grep -qF "No space left" err || fail "a full device went unnoticed by $command: $code $(cat err)"
  # shellcheck disable=SC2086
  "$program" $command --out /dev/null || fail "$command does not write to a device"
  [ -c /dev/null ] || fail "$command replaced a device"
done
code=0
"$program" inspect request >/dev/full 2>err || code=$?
[ $code = 2 ] || fail "a full disk went unnoticed by inspect"
refused "No such file or directory" keygen --model toy.fcn --secret new --keys none/new
if [ "$(id -u)" != 0 ]; then
  : >locked && chmod 000 locked
  refused "Permission denied" decrypt --secret alice --in locked
elif mkdir small && mount -t tmpfs -o size=16k tmpfs small 2>/dev/null; then
  code=0
  "$program" encrypt --secret alice --input pixels.txt --out small/request 2>err || code=$?
  [ $code = 2 ] && grep -qF "No space left" err || fail "a full disk went unnoticed: $code $(cat err)"
  [ -z "$(ls -A small)" ] || fail "a full disk left $(ls -A small)"
  umount small
fi

[ $failures = 0 ] || exit 1
echo "the two parties agree, and bad files are refused"
