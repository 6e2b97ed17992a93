#include "training.h"

#include <algorithm>
#include <cmath>

#include "accuracy.h"
#include "float_network.h"
#include "internal/school.h"
#include "quantization.h"

namespace fcn::nn {

using platform::concat;
using platform::invalid_argument;
using platform::Result;
using platform::Status;

namespace {

Status check_images(const FloatNetwork& network, const Dataset& images, const TrainOptions& options) {
  const Shape in = network.layers.front().geometry.in;
  const std::size_t count = images.count(), classes = network.layers.back().geometry.out.size();
  if (in.channels != 1 || images.height < in.height || images.width < in.width) {
    return invalid_argument(concat("images of ", images.height, " x ", images.width,
                                   " do not fit a network that reads ", in.channels, " x ", in.height, " x ",
                                   in.width));
  }
  const std::size_t size = static_cast<std::size_t>(images.height) * static_cast<std::size_t>(images.width);
  if (images.pixels.size() != count * size) {
    return invalid_argument(concat(images.pixels.size(), " pixels are not ", count, " images of ", size));
  }
  if (options.held_out >= count || count - options.held_out < internal::kBatch) {
    return invalid_argument(concat(count, " images of which ", options.held_out,
                                   " are held out leave less than a batch of ", internal::kBatch));
  }
  for (const std::uint8_t label : images.labels) {
    if (label >= classes) return invalid_argument(concat("label ", +label, " is not below ", classes));
  }
  return {};
}

Status check_stages(const std::vector<TrainStage>& stages, bool has_teachers) {
  if (stages.empty()) return invalid_argument("there are no stages");
  if (stages.front().distill != 0 && !has_teachers)
    return invalid_argument("the first stage has no teacher to learn from");
  for (const TrainStage& stage : stages) {
    if (stage.epochs < 1)
      return invalid_argument(concat("stage ", stage.name, " has ", stage.epochs, " epochs"));
    if (!(stage.fix >= 0 && stage.fix <= 1 && stage.distill >= 0 && stage.distill <= 1)) {
      return invalid_argument(concat("stage ", stage.name, ": a share is not in [0, 1]"));
    }
  }
  return {};
}

Status check_recipe(const LayerRecipe& recipe, std::size_t weights) {
  if (!(recipe.keep > 0 && recipe.keep <= 1))
    return invalid_argument(concat("keep = ", recipe.keep, " is not in (0, 1]"));
  if (recipe.levels < 1 || recipe.levels > 16) {
    return invalid_argument(concat("levels = ", recipe.levels, " is not in 1 .. 16"));
  }
  if (recipe.integer_bits != 0 && (recipe.integer_bits < 2 || recipe.integer_bits > 16)) {
    return invalid_argument(concat("integer_bits = ", recipe.integer_bits, " is neither 0 nor in 2 .. 16"));
  }
  if (recipe.groups.empty()) return {};
  if (recipe.groups.size() != weights)
    return invalid_argument(concat(recipe.groups.size(), " groups for ", weights, " weights"));
  const std::uint32_t last = *std::max_element(recipe.groups.begin(), recipe.groups.end());
  if (last >= weights)
    return invalid_argument(concat("group ", last, " of a layer of ", weights, " weights"));
  return {};
}

Status check_options(const FloatNetwork& network, const TrainOptions& options) {
  if (options.input_max < 1 || options.input_max > 255) {
    return invalid_argument(concat("input_max = ", options.input_max, " is not in 1 .. 255"));
  }
  std::size_t linear = 0;
  for (const FloatLayer& layer : network.layers) linear += layer.weight_count > 0;
  if (options.layers.size() != linear) {
    return invalid_argument(concat(options.layers.size(), " layer recipes for ", linear, " linear layers"));
  }
  linear = 0;
  for (const FloatLayer& layer : network.layers) {
    if (layer.weight_count > 0)
      FCN_RETURN_IF_ERROR(check_recipe(options.layers[linear++], layer.weight_count));
  }
  if (options.stages.empty() || options.stages.back().fix != 1) {
    return invalid_argument("the last stage must fix all weights");
  }
  for (const TeacherRecipe& teacher : options.teachers) {
    if (teacher.input_max < 1 || teacher.input_max > 255) {
      return invalid_argument(concat("a teacher's input_max = ", teacher.input_max, " is not in 1 .. 255"));
    }
    FCN_RETURN_IF_ERROR(check_stages(teacher.stages, false));
  }
  return check_stages(options.stages, !options.teachers.empty());
}

}  // namespace

Result<TrainedModel> train_network(const std::string& name, const std::vector<Layer>& geometry,
                                   const Dataset& images, const TrainOptions& options,
                                   const EpochCallback& callback, const Progress& progress) {
  FCN_ASSIGN_OR_RETURN(FloatNetwork network,
                       make_float_network(geometry, {options.activation, options.batch_norm}));
  FCN_RETURN_IF_ERROR(check_images(network, images, options));
  FCN_RETURN_IF_ERROR(check_options(network, options));
  FCN_ASSIGN_OR_RETURN(std::vector<internal::Course> courses,
                       internal::plan_courses(std::move(network), options));
  for (const internal::Course& course : courses)
    FCN_RETURN_IF_ERROR(check_images(course.network, images, options));
  internal::School school(name, images, options, std::move(courses));
  FCN_RETURN_IF_ERROR(school.run(callback, progress));

  const internal::Trainer& trainer = school.trainer();
  TrainedModel model;
  model.epochs = school.reports();
  FCN_ASSIGN_OR_RETURN(model.network, export_network(trainer.network(), trainer.best(), trainer.grids(),
                                                     options.input_max, name));
  if (options.held_out > 0) {
    platform::ThreadPool pool(options.threads);
    FCN_ASSIGN_OR_RETURN(
        const std::size_t correct,
        count_correct(model.network, images, images.count() - options.held_out, options.held_out, pool));
    model.held_out_accuracy = static_cast<double>(correct) / static_cast<double>(options.held_out);
  }
  for (const Layer& layer : model.network.layers) {
    if (layer.weights.empty()) continue;
    const auto zeros = std::count(layer.weights.begin(), layer.weights.end(), 0);
    model.nonzero_weights.push_back(layer.weights.size() - static_cast<std::size_t>(zeros));
  }
  return model;
}

}  // namespace fcn::nn
