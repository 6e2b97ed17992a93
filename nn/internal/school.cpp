#include "school.h"

#include <cstring>

#include "../../platform/file.h"

namespace fcn::nn::internal {
namespace {

using platform::ByteReader;
using platform::ByteWriter;
using platform::concat;
using platform::Result;
using platform::Status;
using platform::StatusCode;

constexpr char kMagic[8] = {'f', 'c', 'n', '-', 't', 'r', 'n', '\n'};
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kMaxBytes = std::size_t{1} << 30;
constexpr std::size_t kProgressSteps = 1000;  // of an epoch

void write_text(ByteWriter& out, const std::string& text) {
  out.u32(static_cast<std::uint32_t>(text.size()));
  for (const char c : text) out.u8(static_cast<std::uint8_t>(c));
}

Status read_text(ByteReader& in, std::string& text, const char* what) {
  std::uint32_t size = 0;
  FCN_RETURN_IF_ERROR(in.u32(size, what));
  if (size > in.remaining()) return platform::corrupt(concat(what, " is longer than the file"));
  text.clear();
  for (std::uint32_t i = 0; i < size; ++i) {
    std::uint8_t c = 0;
    FCN_RETURN_IF_ERROR(in.u8(c, what));
    text += static_cast<char>(c);
  }
  return {};
}

void write_double(ByteWriter& out, double value) {
  out.u64(std::bit_cast<std::uint64_t>(value));
}
Status read_double(ByteReader& in, double& value, const char* what) {
  std::uint64_t bits = 0;
  FCN_RETURN_IF_ERROR(in.u64(bits, what));
  value = std::bit_cast<double>(bits);
  return {};
}

void write_report(ByteWriter& out, const EpochReport& report) {
  write_text(out, report.stage);
  out.u32(static_cast<std::uint32_t>(report.epoch));
  write_double(out, report.loss);
  write_double(out, report.held_out_accuracy);
  for (const std::uint64_t count :
       {std::uint64_t{report.nonzero_weights}, report.counts.pt_ct_adds, report.counts.ct_ct_adds,
        report.counts.pt_ct_mults, report.counts.ct_ct_mults})
    out.u64(count);
}

Status read_report(ByteReader& in, EpochReport& report) {
  std::uint32_t epoch = 0;
  std::uint64_t nonzero = 0;
  FCN_RETURN_IF_ERROR(read_text(in, report.stage, "a stage's name"));
  FCN_RETURN_IF_ERROR(in.u32(epoch, "an epoch"));
  report.epoch = static_cast<int>(epoch);
  FCN_RETURN_IF_ERROR(read_double(in, report.loss, "a loss"));
  FCN_RETURN_IF_ERROR(read_double(in, report.held_out_accuracy, "an accuracy"));
  FCN_RETURN_IF_ERROR(in.u64(nonzero, "a number of weights"));
  report.nonzero_weights = nonzero;
  for (std::uint64_t* count : {&report.counts.pt_ct_adds, &report.counts.ct_ct_adds,
                               &report.counts.pt_ct_mults, &report.counts.ct_ct_mults})
    FCN_RETURN_IF_ERROR(in.u64(*count, "a count"));
  return {};
}

// Everything about a course that decides what it computes.
void describe_geometry(ByteWriter& out, const FloatNetwork& network) {
  for (const FloatLayer& layer : network.layers) {
    const Layer& g = layer.geometry;
    for (const int value : {static_cast<int>(g.kind), g.in.channels, g.in.height, g.in.width, g.out.channels,
                            g.out.height, g.out.width, g.kernel, g.stride, g.padding, int{layer.normalized}})
      out.u32(static_cast<std::uint32_t>(value));
  }
  write_floats(out, network.activation);
}

void describe_plan(ByteWriter& out, const Curriculum& plan) {
  out.u64(plan.seed);
  out.u32(static_cast<std::uint32_t>(plan.input_max));
  for (const LayerRecipe& recipe : plan.layers) {
    write_floats(out, {recipe.keep});
    for (const int value : {recipe.levels, recipe.integer_bits, int{recipe.bias}})
      out.u32(static_cast<std::uint32_t>(value));
    for (const std::uint32_t group : recipe.groups) out.u32(group);
  }
  for (const TrainStage& stage : plan.stages) {
    write_text(out, stage.name);
    write_floats(out, {stage.rate_begin, stage.rate_end, stage.fix, stage.distill});
    for (const int value : {stage.epochs, int{stage.augment}, int{stage.prune}, int{stage.straight_through}})
      out.u32(static_cast<std::uint32_t>(value));
  }
}

}  // namespace

Result<std::vector<Course>> plan_courses(FloatNetwork network, const TrainOptions& options) {
  std::vector<Course> courses;
  for (const TeacherRecipe& teacher : options.teachers) {
    FCN_ASSIGN_OR_RETURN(FloatNetwork big,
                         make_float_network(teacher.geometry, {options.activation, teacher.batch_norm}));
    std::size_t linear = 0;
    for (const FloatLayer& layer : big.layers) linear += layer.weight_count > 0;
    // Seeds of their own, far from those that a person would choose next.
    const std::uint64_t seed = options.seed + ((courses.size() + 1) << 48);
    courses.push_back(
        {std::move(big), {seed, teacher.input_max, std::vector<LayerRecipe>(linear), teacher.stages, {}}});
  }
  courses.push_back(
      {std::move(network), {options.seed, options.input_max, options.layers, options.stages, {}}});
  return courses;
}

School::School(const std::string& name, const Dataset& images, const TrainOptions& options,
               std::vector<Course> courses)
    : name_(name), images_(images), options_(options), courses_(std::move(courses)) {
  for (const Course& course : courses_) {
    for (const TrainStage& stage : course.curriculum.stages) epochs_ += stage.epochs;
  }
}

void School::start_course() {
  Curriculum curriculum = courses_[course_].curriculum;
  if (course_ + 1 == courses_.size()) curriculum.teachers = teachers_;
  trainer_ = std::make_unique<Trainer>(courses_[course_].network, images_, options_, std::move(curriculum));
}

void School::finish_teacher() {
  FoldedNetwork folded = fold_batch_norm(trainer_->network(), trainer_->effective());
  teachers_.push_back(
      {std::move(folded.network), std::move(folded.parameters), courses_[course_].curriculum.input_max});
  ++course_;
  start_course();
}

std::string School::stage_name(std::size_t course, const std::string& stage) const {
  if (course + 1 == courses_.size()) return stage;
  return courses_.size() == 2 ? "teacher: " + stage : concat("teacher ", course + 1, ": ", stage);
}

Status School::run(const EpochCallback& callback, const Progress& progress) {
  start_course();
  if (options_.resume) FCN_RETURN_IF_ERROR(resume());
  while (true) {
    if (trainer_->finished()) {
      if (course_ + 1 == courses_.size()) return {};
      finish_teacher();
      continue;
    }
    EpochReport report;
    const std::size_t done = reports_.size() * kProgressSteps;
    const auto batch_done = [&](const std::string& stage, float share) {
      if (progress)
        progress(stage_name(course_, stage), done + static_cast<std::size_t>(share * kProgressSteps),
                 static_cast<std::size_t>(epochs_) * kProgressSteps);
    };
    FCN_RETURN_IF_ERROR(trainer_->run_epoch(report, batch_done));
    report.stage = stage_name(course_, report.stage);
    report.epoch = static_cast<int>(reports_.size()) + 1;
    report.epochs = epochs_;
    reports_.push_back(report);
    FCN_RETURN_IF_ERROR(save());
    if (callback) callback(report);
  }
}

// What results depend on beside the architecture, and the number of threads does not change.
std::uint64_t School::fingerprint() const {
  ByteWriter out;
  for (const Course& course : courses_) describe_plan(out, course.curriculum);
  const Distortion& d = options_.distortion;
  write_floats(out, {d.shift, d.rotation, d.scale, d.shear, d.elastic});
  out.u64(options_.held_out);
  out.u64(platform::checksum64(images_.pixels));
  out.u64(platform::checksum64(images_.labels));
  return platform::checksum64(out.data());
}

Status School::save() const {
  if (options_.checkpoint.empty()) return {};
  ByteWriter out, geometry;
  for (const char c : kMagic) out.u8(static_cast<std::uint8_t>(c));
  out.u32(kVersion);
  write_text(out, name_);
  for (const Course& course : courses_) describe_geometry(geometry, course.network);
  out.u64(platform::checksum64(geometry.data()));
  out.u64(fingerprint());
  out.u64(course_);
  for (const Teacher& teacher : teachers_) write_floats(out, teacher.parameters);
  out.u64(reports_.size());
  for (const EpochReport& report : reports_) write_report(out, report);
  trainer_->save(out);
  out.u64(platform::checksum64(out.data()));
  return platform::write_file(options_.checkpoint, out.data());
}

Status School::resume() {
  FCN_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> bytes,
                       platform::read_file(options_.checkpoint, kMaxBytes));
  if (bytes.size() < sizeof kMagic || std::memcmp(bytes.data(), kMagic, sizeof kMagic) != 0)
    return platform::corrupt(concat(options_.checkpoint, " is no checkpoint of a training"));
  constexpr std::size_t kSumBytes = 8;
  if (bytes.size() < sizeof kMagic + kSumBytes)
    return platform::corrupt(concat(options_.checkpoint, " is cut short"));
  const std::span<const std::uint8_t> body = std::span(bytes).first(bytes.size() - kSumBytes);
  std::uint64_t sum = 0;
  FCN_RETURN_IF_ERROR(ByteReader(std::span(bytes).last(kSumBytes)).u64(sum, "the checksum"));
  if (sum != platform::checksum64(body))
    return platform::corrupt(concat(options_.checkpoint, " is damaged: its checksum does not fit"));
  ByteReader in(body.subspan(sizeof kMagic));
  return read(in).with_context(options_.checkpoint);
}

Status School::read(ByteReader& in) {
  std::uint32_t version = 0;
  FCN_RETURN_IF_ERROR(in.u32(version, "version"));
  if (version != kVersion)
    return Status(StatusCode::kMismatch,
                  concat("a checkpoint of version ", version, "; this program reads version ", kVersion));
  std::string name;
  FCN_RETURN_IF_ERROR(read_text(in, name, "the network's name"));
  ByteWriter geometry;
  for (const Course& course : courses_) describe_geometry(geometry, course.network);
  std::uint64_t architecture = 0, plan = 0, course = 0, reports = 0;
  FCN_RETURN_IF_ERROR(in.u64(architecture, "the architecture"));
  if (name != name_ || architecture != platform::checksum64(geometry.data())) {
    return Status(StatusCode::kMismatch,
                  concat("a checkpoint of the network ", name, " of another architecture than ", name_));
  }
  FCN_RETURN_IF_ERROR(in.u64(plan, "the options"));
  if (plan != fingerprint())
    return Status(StatusCode::kMismatch, "a checkpoint of a training with other options, seed or images");
  FCN_RETURN_IF_ERROR(in.u64(course, "the network in training"));
  if (course >= courses_.size())
    return platform::corrupt(concat("network ", course, " of ", courses_.size()));
  while (course_ < course) {
    finish_teacher();
    FCN_RETURN_IF_ERROR(read_floats(in, teachers_.back().parameters, "a teacher"));
    start_course();
  }
  FCN_RETURN_IF_ERROR(in.u64(reports, "the number of epochs"));
  if (reports > static_cast<std::uint64_t>(epochs_))
    return platform::corrupt(concat(reports, " epochs of ", epochs_));
  for (std::uint64_t i = 0; i < reports; ++i) {
    EpochReport report;
    FCN_RETURN_IF_ERROR(read_report(in, report));
    report.epochs = epochs_;
    reports_.push_back(std::move(report));
  }
  FCN_RETURN_IF_ERROR(trainer_->load(in));
  return in.finish("the checkpoint");
}

}  // namespace fcn::nn::internal
