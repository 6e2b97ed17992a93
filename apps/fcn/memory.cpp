#include "memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <string_view>

namespace fcn::apps {

using platform::concat;
using platform::Result;

namespace {

constexpr std::uint64_t kMega = 1000000;

// Keys as the server computes with them: both halves, and the permutation of each Galois key.
std::uint64_t parsed_key_bytes(const nn::ClientSpec& spec) {
  const std::uint64_t each = 2 * sizeof(std::uint64_t) * fv::KeySwitchKey::words(spec.params) +
                             sizeof(std::uint32_t) * spec.params.n();
  return each * (spec.galois_elements.size() + spec.max_components - 2);
}

// Scratch of the largest stage (fv::LinearTransform: inputs, giant steps, outputs, digits), and the
// ciphertexts that the engine keeps.
std::uint64_t run_bytes(const nn::PackedPlan& plan) {
  const std::uint64_t inputs = plan.input().ciphertexts();
  std::uint64_t scratch = 0, widest = inputs;  // in polynomials; in ciphertexts
  for (const nn::PackedStage& stage : plan.stages()) {
    const std::uint64_t limbs = stage.limbs, total = limbs + 1, outputs = stage.transform.outputs(),
                        giants = stage.transform.rotations() + outputs;
    const std::uint64_t of_stage =
        widest * (2 * limbs + limbs * total) + giants * (total + limbs * total) + outputs * 2 * total;
    scratch = std::max(scratch, of_stage);
    widest = outputs;
    for (const nn::PackedStage& other : plan.stages())
      widest = std::max<std::uint64_t>(widest, other.transform.outputs());
  }
  // Inputs, values and sums of two components, masks of one prime, the product of an activation and its
  // extension.
  const std::uint64_t limbs = plan.params().q_count(), kept = (inputs + 2 * widest) * 2 * limbs + 2 * widest;
  return sizeof(std::uint64_t) * plan.params().n() * (scratch + kept + 16 * (limbs + 1));
}

// Values that are alive at a time. They are made on demand, some 512 at once: of what a window moves over,
// the rows that these read and no whole layer.
std::uint64_t run_bytes(const nn::PixelPlan& plan) {
  constexpr std::uint64_t kAtOnce = 512, kGroup = 128;  // as the engine does it
  const auto is_linear = [](const nn::Layer& layer) {
    return layer.kind != nn::LayerKind::kPolynomial && layer.kind != nn::LayerKind::kFlatten;
  };
  const std::vector<nn::Layer>& layers = plan.network().layers;
  const auto stages = static_cast<std::size_t>(std::count_if(layers.begin(), layers.end(), is_linear));
  const bool known = stages == plan.stages().size();
  // Inputs as they arrived and expanded; the sums and powers of a group.
  std::uint64_t components = 3 * plan.network().input.size() + 2 * 3 * kGroup;
  std::size_t stage = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (!is_linear(layers[i])) continue;
    const auto next =
        std::find_if(layers.begin() + static_cast<std::ptrdiff_t>(i) + 1, layers.end(), is_linear);
    const nn::Shape& out = layers[i].out;
    std::uint64_t alive = out.size();
    if (next != layers.end() && next->kernel > 0) {  // its outputs are computed in rows of so many
      const auto columns =
          static_cast<std::uint64_t>(next->out.width) * static_cast<std::uint64_t>(next->out.channels);
      const std::uint64_t rows = static_cast<std::uint64_t>(next->kernel) +
                                 static_cast<std::uint64_t>(next->stride) * (kAtOnce / columns + 2);
      alive = std::min(
          alive, rows * static_cast<std::uint64_t>(out.width) * static_cast<std::uint64_t>(out.channels));
    }
    const bool two = known && plan.stages()[stage].relinearize_output;
    components += alive * (two ? 2 : 3);
    ++stage;
  }
  // A tenth for what is counted in no ciphertext: lists of weights and values, workspaces.
  return sizeof(std::uint64_t) * plan.params().n() * plan.params().q_count() * (components + components / 10);
}

// The number in a file of the system's; none when there is no such file or it says "max".
std::uint64_t limit_in(const std::string& path) {
  std::uint64_t value = 0;
  std::ifstream file(path);
  return file >> value ? value : std::numeric_limits<std::uint64_t>::max();
}

// The limit of the control group and of those it is in: version 2 ("0::/a/b") or 1 ("4:memory:/a/b"). Inside
// a container the group's own folder is often the root of what can be seen.
std::uint64_t control_group_limit() {
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const bool unified = second == first + 1;
    const std::string_view controllers = std::string_view(line).substr(first + 1, second - first - 1);
    if (!unified && controllers.find("memory") == std::string_view::npos) continue;
    const std::string root = unified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    const char* name = unified ? "/memory.max" : "/memory.limit_in_bytes";
    for (std::string path = line.substr(second + 1);;) {
      least = std::min(least, limit_in(root + (path == "/" ? "" : path) + name));
      if (path.empty() || path == "/") break;
      path.resize(path.rfind('/') == std::string::npos ? 0 : path.rfind('/'));
    }
  }
  return least;
}

}  // namespace

std::uint64_t client_memory(const nn::Plan& plan) {
  const nn::ClientSpec& spec = plan.spec();
  const nn::MessageSizes sizes = nn::message_sizes(spec);
  const std::uint64_t keys = parsed_key_bytes(spec),
                      run = std::visit([](const auto&engine) { return run_bytes(engine.plan()); },
                                       plan.engine());
  // A message that grows is there twice for a moment; an answer is, while its frame is put around it.
  const std::uint64_t arriving = sizes.evaluation_keys + std::max<std::uint64_t>(sizes.evaluation_keys, keys);
  const std::uint64_t computing =
      keys + sizes.request + std::max<std::uint64_t>(sizes.request, run) + 2 * sizes.answer;
  return kMega + std::max(arriving, computing);
}

std::uint64_t usable_memory() {
  std::uint64_t least = control_group_limit();
  for (const int resource : {RLIMIT_AS, RLIMIT_DATA}) {
    rlimit limit{};
    if (::getrlimit(static_cast<decltype(RLIMIT_AS)>(resource), &limit) == 0 &&
        limit.rlim_cur != RLIM_INFINITY)
      least = std::min<std::uint64_t>(least, limit.rlim_cur);
  }
  const long pages = ::sysconf(_SC_PHYS_PAGES), page = ::sysconf(_SC_PAGESIZE);
  if (pages > 0 && page > 0)
    least = std::min(least, static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page));
  return least;
}

Result<std::uint64_t> parse_size(const std::string& text) {
  constexpr std::string_view kUnits = "KMGT";
  std::string digits = text;
  unsigned shift = 0;
  if (!digits.empty() && kUnits.find(digits.back()) != std::string_view::npos) {
    shift = 10 * (static_cast<unsigned>(kUnits.find(digits.back())) + 1);
    digits.pop_back();
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || value == 0 ||
      value > std::numeric_limits<std::uint64_t>::max() >> shift) {
    return platform::invalid_argument(concat("\"", text, "\" is no size; 500M, 2G or a number of bytes are"));
  }
  return value << shift;
}

std::string format_megabytes(std::uint64_t bytes) {
  return concat(bytes / kMega + (bytes % kMega != 0), " MB");
}

}  // namespace fcn::apps
