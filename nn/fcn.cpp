#include "fcn.h"

// The variable of FCN_RETURN_IF_ERROR has the name of fcn.h's type.
#pragma GCC diagnostic ignored "-Wshadow"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>

#include "../platform/floating_point.h"
#include "../platform/secure_wipe.h"
#include "client_stream.h"
#include "quantize_pixels.h"
#if !defined(FCN_CLIENT_ONLY)
#include "model_file.h"
#include "plain_run.h"
#include "server.h"
#endif

// The opaque handles of fcn.h.
struct fcn_client {
  fcn::nn::Client client;
};
#if !defined(FCN_CLIENT_ONLY)
struct fcn_model {
  fcn::nn::Network network;
};
struct fcn_plan {
  fcn::nn::Plan plan;
};
struct fcn_server {
  fcn::nn::Server server;
};
#endif

namespace fcn::nn {
namespace {

using platform::concat;
using platform::invalid_argument;
using platform::Result;
using platform::Status;
using platform::StatusCode;

static_assert(FCN_OUT_OF_MEMORY == static_cast<int>(StatusCode::kOutOfMemory) &&
              FCN_CORRUPT == static_cast<int>(StatusCode::kCorrupt) &&
              FCN_OK == static_cast<int>(StatusCode::kOk));
static_assert(FCN_INTERNAL == FCN_OUT_OF_MEMORY + 1);  // no StatusCode
static_assert(FCN_LAYOUT_PIXEL == static_cast<int>(Layout::kPixel) &&
              FCN_LAYOUT_PACKED == static_cast<int>(Layout::kPacked));

fcn_status to_c(fcn_code code, const char* message) noexcept {
  fcn_status out{};
  out.code = code;
  std::snprintf(out.message, sizeof out.message, "%s", message);
  return out;
}
fcn_status to_c(const Status& status) noexcept {
  return to_c(static_cast<fcn_code>(status.code()), status.message().c_str());
}

// Where every function that can fail enters the library. No exception, where there are any, leaves a C function; and
// everything computes in the environment that doubles need (body calls into other files: floating_point.h).
template <class Body>
fcn_status guarded(Body body) noexcept {
  const platform::FloatingPointEnvironment nearest;
#if defined(__cpp_exceptions)
  try {
    return to_c(body());
  } catch (const std::bad_alloc&) {
    return to_c(FCN_OUT_OF_MEMORY, "no memory");
  } catch (const std::exception& exception) {
    fcn_status out{};
    out.code = FCN_INTERNAL;
    std::snprintf(out.message, sizeof out.message, "an exception: %s", exception.what());
    return out;
  } catch (...) {
    return to_c(FCN_INTERNAL, "an exception that is no std::exception");
  }
#else
  return to_c(body());
#endif
}

// kInvalidArgument naming the first argument that is null.
struct Argument {
  const char* name;
  bool is_null;
};
template <class... Arguments>
Status check_not_null(Arguments... arguments) {
  for (const Argument& argument : {arguments...}) {
    if (argument.is_null) return invalid_argument(concat(argument.name, " is null"));
  }
  return {};
}
#define FCN_ARGUMENT(name)   \
  Argument {                 \
#name, (name) == nullptr \
  }

// The functions of a struct that is there, checked before any work is done.
Status check_callbacks(const fcn_allocator* allocator) {
  if (allocator == nullptr) return {};
  return check_not_null(FCN_ARGUMENT(allocator->allocate), FCN_ARGUMENT(allocator->release));
}
Status check_callbacks(const fcn_random* random) {
  return random == nullptr ? Status() : check_not_null(FCN_ARGUMENT(random->fill));
}

Status check_input_count(std::size_t count, std::size_t inputs) {
  if (count == inputs) return {};
  return invalid_argument(concat("the network reads ", inputs, " inputs, not ", count));
}

Result<fv::ByteSpan> bytes_of(const char* name, const void* data, std::size_t size) {
  if (data == nullptr && size != 0) return invalid_argument(concat(name, " is null"));
  return fv::ByteSpan(static_cast<const std::uint8_t*>(data), size);
}

void* standard_allocate(void*, std::size_t size) {
  return std::malloc(size);
}
void standard_release(void*, void* memory, std::size_t) {
  std::free(memory);
}

// A copy of bytes in the allocator's memory.
Status give(std::span<const std::uint8_t> bytes, const fcn_allocator* allocator, fcn_bytes* out) {
  const fcn_allocator own =
      allocator != nullptr ? *allocator : fcn_allocator{standard_allocate, standard_release, nullptr};
  void* memory = own.allocate(own.user, bytes.size());
  if (memory == nullptr)
    return platform::out_of_memory(concat("the allocator has no ", bytes.size(), " bytes"));
  std::copy(bytes.begin(), bytes.end(), static_cast<std::uint8_t*>(memory));
  *out = {static_cast<std::uint8_t*>(memory), bytes.size(), own};
  return {};
}

// A handle that holds the value of a result.
template <class Handle, class Value>
Status give_handle(Result<Value> made, Handle** out) {
  if (!made.ok()) return made.status();
  Handle* handle = new (std::nothrow) Handle{std::move(made).value()};
  if (handle == nullptr) return platform::out_of_memory("no memory for a handle");
  *out = handle;
  return {};
}

// The client keeps the caller's functions, not the struct that they came in.
platform::RandomSource source_of(const fcn_random* random) {
  return random == nullptr ? platform::RandomSource{} : platform::RandomSource{random->fill, random->user};
}

fcn_info info_of(const ClientSpec& spec) {
  const MessageSizes sizes = message_sizes(spec);
  fcn_info info{};
  info.layout = static_cast<fcn_layout>(spec.layout);
  info.channels = static_cast<std::size_t>(spec.input.channels);
  info.height = static_cast<std::size_t>(spec.input.height);
  info.width = static_cast<std::size_t>(spec.input.width);
  info.inputs = spec.input.size();
  info.input_max = spec.input_max;
  info.outputs = spec.outputs;
  info.output_scale = spec.output_scale;
  info.evaluation_keys_size = sizes.evaluation_keys;
  info.request_size = sizes.request;
  info.answer_size_max = sizes.answer;
  return info;
}

bool write_to(void* user, std::span<const std::uint8_t> bytes) {
  const auto* sink = static_cast<const fcn_sink*>(user);
  return sink->write(sink->user, bytes.data(), bytes.size()) == 0;
}
bool read_from(void* user, std::span<std::uint8_t> bytes) {
  const auto* source = static_cast<const fcn_source*>(user);
  return source->read(source->user, bytes.data(), bytes.size()) == 0;
}

std::span<std::uint8_t> workspace_of(void* workspace, std::size_t size) {
  return {static_cast<std::uint8_t*>(workspace), workspace == nullptr ? 0 : size};
}

// From a request, or its first FCN_REQUEST_HEADER_SIZE bytes.
static_assert(FCN_REQUEST_HEADER_SIZE == kMessageHeaderBytes);
Result<RequestId> id_of_request(const void* request, std::size_t size) {
  FCN_ASSIGN_OR_RETURN(const fv::ByteSpan bytes, bytes_of("request", request, size));
  return request_id(bytes);
}

Status check_room(std::size_t scores, std::size_t room) {
  if (scores == room) return {};
  return invalid_argument(concat("room for ", room, " scores; there are ", scores));
}

Status copy_scores(const std::vector<std::int64_t>& scores, std::int64_t* out, std::size_t count) {
  FCN_RETURN_IF_ERROR(check_room(scores.size(), count));
  std::copy(scores.begin(), scores.end(), out);
  return {};
}

}  // namespace
}  // namespace fcn::nn

using namespace fcn::nn;  // NOLINT: the functions below are C's and have no namespace
using fcn::platform::Result;
using fcn::platform::Status;
using fcn::platform::ThreadPool;

extern "C" {

void fcn_bytes_free(fcn_bytes* bytes) {
  if (bytes == nullptr || bytes->data == nullptr) return;
  fcn::platform::secure_wipe(bytes->data, bytes->size);
  if (bytes->allocator.release != nullptr)
    bytes->allocator.release(bytes->allocator.user, bytes->data, bytes->size);
  *bytes = {};
}

const char* fcn_version(void) {
  return FCN_VERSION;
}

// The client.

fcn_status fcn_client_create(const void* spec, size_t spec_size, const fcn_random* random,
                             fcn_client** client) {
  return guarded([&]() -> Status {
    FCN_RETURN_IF_ERROR(check_not_null(FCN_ARGUMENT(client)));
    FCN_RETURN_IF_ERROR(check_callbacks(random));
    FCN_ASSIGN_OR_RETURN(const fcn::fv::ByteSpan bytes, bytes_of("spec", spec, spec_size));
    FCN_ASSIGN_OR_RETURN(ClientSpec parsed, deserialize_client_spec(bytes));
    return give_handle(Client::create(std::move(parsed), source_of(random)), client);
  });
}

fcn_status fcn_client_load(const void* key_file, size_t key_file_size, const fcn_random* random,
                           fcn_client** client) {
  return guarded([&]() -> Status {
    FCN_RETURN_IF_ERROR(check_not_null(FCN_ARGUMENT(client)));
    FCN_RETURN_IF_ERROR(check_callbacks(random));
    FCN_ASSIGN_OR_RETURN(const fcn::fv::ByteSpan bytes, bytes_of("key_file", key_file, key_file_size));
    return give_handle(deserialize_client_key(bytes, source_of(random)), client);
  });
}

fcn_status fcn_client_save(const fcn_client* client, const fcn_allocator* allocator, fcn_bytes* key_file) {
  return guarded([&]() -> Status {
    FCN_RETURN_IF_ERROR(check_not_null(FCN_ARGUMENT(client), FCN_ARGUMENT(key_file)));
    FCN_RETURN_IF_ERROR(check_callbacks(allocator));
    FCN_ASSIGN_OR_RETURN(const auto bytes, serialize_client_key(client->client));
    return give({bytes.data(), bytes.size()}, allocator, key_file);
  });
}

fcn_info fcn_client_info(const fcn_client* client) {
  return info_of(client->client.spec());
}
void fcn_client_free(fcn_client* client) {
  delete client;
}

fcn_status fcn_client_evaluation_keys(fcn_client* client, const fcn_allocator* allocator, fcn_bytes* keys) {
  return guarded([&]() -> Status {
    FCN_RETURN_IF_ERROR(check_not_null(FCN_ARGUMENT(client), FCN_ARGUMENT(keys)));
    FCN_RETURN_IF_ERROR(check_callbacks(allocator));
    FCN_ASSIGN_OR_RETURN(const auto bytes, client->client.evaluation_keys());
    return give(bytes, allocator, keys);
  });
}

fcn_status fcn_client_encrypt(fcn_client* client, const int64_t* inputs, size_t count, unsigned threads,
                              const fcn_allocator* allocator, fcn_bytes* request) {
  return guarded([&]() -> Status {
    FCN_RETURN_IF_ERROR(check_not_null(FCN_ARGUMENT(client), FCN_ARGUMENT(inputs), FCN_ARGUMENT(request)));
    FCN_RETURN_IF_ERROR(check_callbacks(allocator));
    ThreadPool pool(threads);
    FCN_ASSIGN_OR_RETURN(const auto bytes, client->client.encrypt({inputs, count}, pool));
    return give(bytes, allocator, request);
  });
}

fcn_status fcn_client_encrypt_pixels(fcn_client* client, const uint8_t* pixels, size_t count,
                                     unsigned threads, const fcn_allocator* allocator, fcn_bytes* request) {
  return guarded([&]() -> Status {
    FCN_RETURN_IF_ERROR(check_not_null(FCN_ARGUMENT(client), FCN_ARGUMENT(pixels), FCN_ARGUMENT(request)));
    FCN_RETURN_IF_ERROR(check_callbacks(allocator));
    FCN_RETURN_IF_ERROR(check_input_count(count, client->client.spec().input.size()));
    std::vector<std::int64_t> inputs = quantize_pixels({pixels, count}, client->client.spec().input_max);
    const fcn::platform::WipeAtExit wipe(inputs);
    ThreadPool pool(threads);
    FCN_ASSIGN_OR_RETURN(const auto bytes, client->client.encrypt(inputs, pool));
    return give(bytes, allocator, request);
  });
}

fcn_status fcn_client_decrypt(fcn_client* client, const void* answer, size_t answer_size, int64_t* scores,
                              size_t count) {
  return guarded([&]() -> Status {
    FCN_RETURN_IF_ERROR(check_not_null(FCN_ARGUMENT(client), FCN_ARGUMENT(scores)));
    FCN_ASSIGN_OR_RETURN(const fcn::fv::ByteSpan bytes, bytes_of("answer", answer, answer_size));
    ThreadPool pool(1);
    FCN_ASSIGN_OR_RETURN(auto values, client->client.decrypt(bytes, pool));
    const fcn::platform::WipeAtExit wipe(values);
    return copy_scores(values, scores, count);
  });
}

fcn_status fcn_client_decrypt_for(const fcn_client* client, const void* request, size_t request_size,
                                  const void* answer, size_t answer_size, int64_t* scores, size_t count) {
  return guarded([&]() -> Status {
    FCN_RETURN_IF_ERROR(check_not_null(FCN_ARGUMENT(client), FCN_ARGUMENT(scores)));
    FCN_ASSIGN_OR_RETURN(const RequestId id, id_of_request(request, request_size));
    FCN_ASSIGN_OR_RETURN(const fcn::fv::ByteSpan bytes, bytes_of("answer", answer, answer_size));
    ThreadPool pool(1);
    FCN_ASSIGN_OR_RETURN(const auto values, client->client.decrypt_for(id, bytes, pool));
    return copy_scores(values, scores, count);
  });
}

fcn_status fcn_client_decrypt_wide_for(const fcn_client* client, const void* request, size_t request_size,
                                       const void* answer, size_t answer_size, uint64_t* words,
                                       size_t count) {
  return guarded([&]() -> Status {
    FCN_RETURN_IF_ERROR(check_not_null(FCN_ARGUMENT(client), FCN_ARGUMENT(words)));
    FCN_ASSIGN_OR_RETURN(const RequestId id, id_of_request(request, request_size));
    FCN_ASSIGN_OR_RETURN(const fcn::fv::ByteSpan bytes, bytes_of("answer", answer, answer_size));
    ThreadPool pool(1);
    FCN_ASSIGN_OR_RETURN(const auto values, client->client.decrypt_wide_for(id, bytes, pool));
    FCN_RETURN_IF_ERROR(check_room(values.size(), count));
    for (const WideInteger& value : values) {
      words = std::copy(value.words().begin(), value.words().end(), words);
    }
    return {};
  });
}

size_t fcn_client_workspace_size(const fcn_client* client) {
  return stream_workspace_bytes(client->client.spec());
}

fcn_status fcn_client_write_evaluation_keys(fcn_client* client, void* workspace, size_t workspace_size,
                                            fcn_sink sink) {
  return guarded([&]() -> Status {
    FCN_RETURN_IF_ERROR(check_not_null(FCN_ARGUMENT(client), FCN_ARGUMENT(sink.write)));
    return write_evaluation_keys(client->client, workspace_of(workspace, workspace_size), {write_to, &sink});
  });
}

fcn_status fcn_client_write_request(fcn_client* client, const int64_t* inputs, size_t count, void* workspace,
                                    size_t workspace_size, fcn_sink sink) {
  return guarded([&]() -> Status {
    FCN_RETURN_IF_ERROR(check_not_null(FCN_ARGUMENT(client), FCN_ARGUMENT(inputs), FCN_ARGUMENT(sink.write)));
    return write_request(client->client, {inputs, count}, workspace_of(workspace, workspace_size),
                         {write_to, &sink});
  });
}

fcn_status fcn_client_read_answer(fcn_client* client, fcn_source source, void* workspace,
                                  size_t workspace_size, int64_t* scores, size_t count) {
  return guarded([&]() -> Status {
    FCN_RETURN_IF_ERROR(
        check_not_null(FCN_ARGUMENT(client), FCN_ARGUMENT(scores), FCN_ARGUMENT(source.read)));
    return read_answer(client->client, {read_from, &source}, workspace_of(workspace, workspace_size),
                       {scores, count});
  });
}

fcn_status fcn_client_read_answer_for(const fcn_client* client, const void* request, size_t request_size,
                                      fcn_source source, void* workspace, size_t workspace_size,
                                      int64_t* scores, size_t count) {
  return guarded([&]() -> Status {
    FCN_RETURN_IF_ERROR(check_not_null(FCN_ARGUMENT(client), FCN_ARGUMENT(scores)));
    FCN_ASSIGN_OR_RETURN(const RequestId id, id_of_request(request, request_size));
    return read_answer_for(client->client, id, {read_from, &source}, workspace_of(workspace, workspace_size),
                           {scores, count});
  });
}

#if !defined(FCN_CLIENT_ONLY)

// The network and the server.

fcn_status fcn_model_load_file(const char* path, fcn_model** model) {
  return guarded([&]() -> Status {
    FCN_RETURN_IF_ERROR(check_not_null(FCN_ARGUMENT(path), FCN_ARGUMENT(model)));
    return give_handle(load_model(path), model);
  });
}

fcn_status fcn_model_load(const void* data, size_t size, fcn_model** model) {
  return guarded([&]() -> Status {
    FCN_RETURN_IF_ERROR(check_not_null(FCN_ARGUMENT(data), FCN_ARGUMENT(model)));
    return give_handle(parse_model(std::string(static_cast<const char*>(data), size), "model in memory"),
                       model);
  });
}

fcn_status fcn_model_save(const fcn_model* model, const fcn_allocator* allocator, fcn_bytes* bytes) {
  return guarded([&]() -> Status {
    FCN_RETURN_IF_ERROR(check_not_null(FCN_ARGUMENT(model), FCN_ARGUMENT(bytes)));
    FCN_RETURN_IF_ERROR(check_callbacks(allocator));
    const std::string text = format_model(model->network);
    return give({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, allocator, bytes);
  });
}

void fcn_model_free(fcn_model* model) {
  delete model;
}

fcn_status fcn_model_run(const fcn_model* model, const int64_t* inputs, size_t input_count, int64_t* scores,
                         size_t score_count) {
  return guarded([&]() -> Status {
    FCN_RETURN_IF_ERROR(check_not_null(FCN_ARGUMENT(model), FCN_ARGUMENT(inputs), FCN_ARGUMENT(scores)));
    FCN_RETURN_IF_ERROR(check_input_count(input_count, model->network.input.size()));
    FCN_ASSIGN_OR_RETURN(const auto values, plain_run(model->network, {inputs, inputs + input_count}));
    return copy_scores(values, scores, score_count);
  });
}

fcn_status fcn_plan_create(const fcn_model* model, fcn_layout layout, fcn_plan** plan) {
  return guarded([&]() -> Status {
    FCN_RETURN_IF_ERROR(check_not_null(FCN_ARGUMENT(model), FCN_ARGUMENT(plan)));
    if (layout != FCN_LAYOUT_PIXEL && layout != FCN_LAYOUT_PACKED)
      return fcn::platform::invalid_argument(
          fcn::platform::concat("unknown layout ", static_cast<int>(layout)));
    return give_handle(Plan::create(model->network, static_cast<Layout>(layout)), plan);
  });
}

fcn_info fcn_plan_info(const fcn_plan* plan) {
  return info_of(plan->plan.spec());
}

fcn_status fcn_plan_spec(const fcn_plan* plan, const fcn_allocator* allocator, fcn_bytes* spec) {
  return guarded([&]() -> Status {
    FCN_RETURN_IF_ERROR(check_not_null(FCN_ARGUMENT(plan), FCN_ARGUMENT(spec)));
    FCN_RETURN_IF_ERROR(check_callbacks(allocator));
    return give(serialize(plan->plan.spec()), allocator, spec);
  });
}

void fcn_plan_free(fcn_plan* plan) {
  delete plan;
}

fcn_status fcn_server_create(const fcn_plan* plan, const void* keys, size_t keys_size, fcn_server** server) {
  return guarded([&]() -> Status {
    FCN_RETURN_IF_ERROR(check_not_null(FCN_ARGUMENT(plan), FCN_ARGUMENT(server)));
    FCN_ASSIGN_OR_RETURN(const fcn::fv::ByteSpan bytes, bytes_of("keys", keys, keys_size));
    return give_handle(Server::create(plan->plan, bytes), server);
  });
}

fcn_status fcn_server_infer(const fcn_server* server, const void* request, size_t request_size,
                            unsigned threads, const fcn_allocator* allocator, fcn_bytes* answer) {
  return guarded([&]() -> Status {
    FCN_RETURN_IF_ERROR(check_not_null(FCN_ARGUMENT(server), FCN_ARGUMENT(answer)));
    FCN_RETURN_IF_ERROR(check_callbacks(allocator));
    FCN_ASSIGN_OR_RETURN(const fcn::fv::ByteSpan bytes, bytes_of("request", request, request_size));
    ThreadPool pool(threads);
    FCN_ASSIGN_OR_RETURN(const auto out, server->server.infer(bytes, pool));
    return give(out, allocator, answer);
  });
}

void fcn_server_free(fcn_server* server) {
  delete server;
}

#endif

}  // extern "C"
