#include "table_report.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "json.h"
#include "terminal.h"

namespace fcn::apps {
namespace {

using platform::concat;

constexpr std::size_t kColumns = 13;
using Row = std::array<std::string, kColumns>;

const Row kTitles = {"system",      "row",        "PT-CT adds", "CT-CT adds", "PT-CT mults",
                     "CT-CT mults", "total HOPs", "relin.",     "enc + dec",  "inference",
                     "accuracy",    "message",    "parameters"};

template <class... Values>
std::string format(const char* pattern, Values... values) {
  char text[120];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

// The table prints large counts with three digits.
std::string paper_count(std::uint64_t count) {
  if (count == 0) return "-";
  return count < 1000000 ? format_count(count) : format("%.2fe6", static_cast<double>(count) / 1e6);
}

Row paper_row(const nn::System& system) {
  const nn::PaperRow& paper = system.paper;
  return {system.name,
          "paper",
          paper_count(paper.counts.pt_ct_adds),
          paper_count(paper.counts.ct_ct_adds),
          paper_count(paper.counts.pt_ct_mults),
          paper_count(paper.counts.ct_ct_mults),
          paper_count(paper.total),
          "-",
          format("%.1f s", paper.encrypt_decrypt_seconds),
          format("%.1f s", paper.inference_seconds),
          format("%.2f %%", paper.accuracy_percent),
          format("%.1f MB", paper.message_megabytes),
          paper.scheme};
}

Row our_row(const SystemResult& result) {
  const nn::OpCounts& counts = result.counts;
  const bool run = result.images != 0;
  const std::size_t message = result.upload_bytes + result.download_bytes;
  return {"",
          "fcn",
          format_count(counts.pt_ct_adds),
          format_count(counts.ct_ct_adds),
          format_count(counts.pt_ct_mults),
          format_count(counts.ct_ct_mults),
          format_count(counts.total()),
          format_count(counts.relinearizations),
          run ? format_seconds(result.encrypt_seconds + result.decrypt_seconds) : "not run",
          run ? format_seconds(result.infer_seconds) : "not run",
          format("%.2f %%", result.accuracy_percent()),
          run ? format_bytes(message) : "not run",
          format("n = %zu, %.0f-bit q of %zu prime%s", result.n, result.log2_q, result.primes,
                 result.primes == 1 ? "" : "s")};
}

std::vector<Row> rows_of(const std::vector<SystemResult>& results) {
  std::vector<Row> rows;
  for (const SystemResult& result : results) {
    rows.push_back(paper_row(result.system));
    rows.push_back(our_row(result));
  }
  return rows;
}

void add_counts(JsonWriter& json, const nn::OpCounts& counts, std::uint64_t total, bool measured) {
  json.begin_object("hops");
  json.add("pt_ct_adds", counts.pt_ct_adds);
  json.add("ct_ct_adds", counts.ct_ct_adds);
  json.add("pt_ct_mults", counts.pt_ct_mults);
  json.add("ct_ct_mults", counts.ct_ct_mults);
  json.add("total", total);
  if (measured) {
    json.add("relinearizations", counts.relinearizations);
    json.add("rotations", counts.rotations);
  }
  json.end_object();
}

void add_system(JsonWriter& json, const SystemResult& result) {
  const nn::PaperRow& paper = result.system.paper;
  json.begin_object();
  json.add("name", result.system.name);
  json.add("accuracy_percent", result.accuracy_percent());
  json.add("correct", result.correct);
  json.add("test_images", result.test_images);
  json.add("images", result.images);
  json.add("agree_with_integer", result.exact);
  add_counts(json, result.counts, result.counts.total(), true);
  json.add("encrypt_ms", 1e3 * result.encrypt_seconds);
  json.add("infer_ms", 1e3 * result.infer_seconds);
  json.add("decrypt_ms", 1e3 * result.decrypt_seconds);
  json.add("upload_bytes", result.upload_bytes);
  json.add("download_bytes", result.download_bytes);
  json.add("key_bytes", result.key_bytes);
  json.add("n", result.n);
  json.add("log2_q", result.log2_q);
  json.add("primes", result.primes);
  json.add("key_switching", result.key_switching);
  json.add("log2_failure", result.log2_failure);
  json.add("threads", result.threads);
  json.add("isa", result.isa);
  json.add("peak_rss_bytes", result.peak_rss_bytes);
  json.begin_object("paper");
  json.add("accuracy_percent", paper.accuracy_percent);
  add_counts(json, paper.counts, paper.total, false);
  json.add("encrypt_decrypt_ms", 1e3 * paper.encrypt_decrypt_seconds);
  json.add("infer_ms", 1e3 * paper.inference_seconds);
  json.add("message_bytes", 1e6 * paper.message_megabytes);
  json.add("scheme", paper.scheme);
  json.end_object();
  json.end_object();
}

}  // namespace

std::string table_markdown(const std::vector<SystemResult>& results,
                           const std::vector<std::string>& remarks) {
  const auto line = [](const Row& row) {
    std::string text = "|";
    for (const std::string& cell : row) text += " " + cell + " |";
    return text + "\n";
  };
  std::string text = line(kTitles) + "|";
  for (std::size_t c = 0; c < kColumns; ++c) text += c >= 2 && c + 1 < kColumns ? "---:|" : "---|";
  text += "\n";
  for (const Row& row : rows_of(results)) text += line(row);
  for (const std::string& remark : remarks) text += "\n" + remark + "\n";
  return text;
}

std::string table_text(const std::vector<SystemResult>& results, const std::vector<std::string>& remarks) {
  std::vector<Row> rows = rows_of(results);
  rows.insert(rows.begin(), kTitles);
  std::array<std::size_t, kColumns> widths{};
  for (const Row& row : rows) {
    for (std::size_t c = 0; c < kColumns; ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  std::string text;
  for (const Row& row : rows) {
    for (std::size_t c = 0; c < kColumns; ++c) {
      const std::string space(widths[c] - row[c].size(), ' ');
      const bool left = c < 2 || c + 1 == kColumns;
      text += left ? row[c] + space : space + row[c];
      text += c + 1 < kColumns ? "  " : "";
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += "\n";
  }
  for (const std::string& remark : remarks) text += "\n" + remark;
  return text + "\n";
}

std::string table_json(const std::vector<SystemResult>& results, const std::vector<std::string>& remarks) {
  JsonWriter json;
  json.begin_array("systems");
  for (const SystemResult& result : results) add_system(json, result);
  json.end_array();
  json.begin_array("remarks");
  for (const std::string& remark : remarks) json.add(remark);
  json.end_array();
  return std::move(json).finish();
}

}  // namespace fcn::apps
