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
printf 'short' >"$work/other"
"$cmake" -DINPUTS="$work/other;$work/text" -DOUTPUT="$work/embedded.cpp" -P "$script"
cat >"$work/print.cpp" <<'END'
#include <cstdio>
#include <string_view>
namespace fcn::apps {
struct EmbeddedModel {
  std::string_view file_name;
  const std::string_view* pieces;
  std::size_t count;
};
extern const EmbeddedModel kEmbeddedModels[];
extern const std::size_t kEmbeddedModelCount;
}
int main(int, char** words) {
  for (std::size_t m = 0; m < fcn::apps::kEmbeddedModelCount; ++m) {
    const fcn::apps::EmbeddedModel& model = fcn::apps::kEmbeddedModels[m];
    if (model.file_name != words[1]) continue;
    for (std::size_t i = 0; i < model.count; ++i) std::fwrite(model.pieces[i].data(), 1, model.pieces[i].size(), stdout);
  }
}
END
"$compiler" -std=c++20 "$work/print.cpp" "$work/embedded.cpp" -o "$work/print"
for name in text other; do
  "$work/print" "$name" >"$work/out"
  cmp "$work/$name" "$work/out"
done
echo "embedded text is the text"
