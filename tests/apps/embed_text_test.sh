#!/bin/sh
# embed_text_test.sh CMAKE SCRIPT COMPILER: a text that would trip a careless quoter comes out of the program as it was.
set -eu
cmake=$1 script=$2 compiler=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

i=0
while [ $i -lt 500 ]; do
  printf 'line %d: "quotes" \\backslash \\n [brackets] a;b;;c ${name} @name@ # 0*3 -4 %% <tab\t>\n' $i
  i=$((i + 1))
done >"$work/text"
"$cmake" -DINPUT="$work/text" -DOUTPUT="$work/embedded.cpp" -P "$script"
cat >"$work/print.cpp" <<'END'
#include <cstdio>
#include <string_view>
namespace fcn::apps {
extern const std::string_view kEmbeddedModel[];
extern const std::size_t kEmbeddedModelPieces;
}
int main() {
  for (std::size_t i = 0; i < fcn::apps::kEmbeddedModelPieces; ++i) {
    std::fwrite(fcn::apps::kEmbeddedModel[i].data(), 1, fcn::apps::kEmbeddedModel[i].size(), stdout);
  }
}
END
"$compiler" -std=c++20 "$work/print.cpp" "$work/embedded.cpp" -o "$work/print"
"$work/print" >"$work/out"
cmp "$work/text" "$work/out"
echo "embedded text is the text"
