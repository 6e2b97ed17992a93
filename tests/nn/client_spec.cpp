#include "nn/client_spec.h"

#include <gtest/gtest.h>

#include "nn/plan.h"
#include "platform/blake2s.h"
#include "support/toy_network.h"

namespace fcn::nn {
namespace {

using fv::Bytes;
using platform::StatusCode;

ClientSpec pixel_spec() {
  return Plan::create(test::toy_network(), Layout::kPixel).value().spec();
}

// Two uploads and outputs in two answers, as a packed plan may ask for.
ClientSpec packed_spec() {
  ClientSpec spec(fv::Params::create(fv::packed_spec().value()).value());
  spec.layout = Layout::kPacked;
  spec.input = {1, 2, 3};
  spec.input_max = 3;
  spec.outputs = 3;
  spec.output_scale = 0.5;
  spec.network_fingerprint = {77};
  spec.max_components = 4;
  spec.slot_inputs.assign(2, std::vector<std::int32_t>(1024, -1));
  for (int j = 0; j < 12; ++j)
    spec.slot_inputs[static_cast<std::size_t>(j % 2)][static_cast<std::size_t>(j)] = j / 2;
  spec.output_slots = {5, 1024, 0};
  spec.galois_elements = {17, 33, 16369};
  spec.answer_limbs = 2;
  spec.answer_noise = {50.25, 3};
  return spec;
}

void expect_equal(const ClientSpec& x, const ClientSpec& y) {
  EXPECT_EQ(x.layout, y.layout);
  EXPECT_TRUE(x.params == y.params);
  EXPECT_EQ(x.input, y.input);
  EXPECT_EQ(x.input_max, y.input_max);
  EXPECT_EQ(x.outputs, y.outputs);
  EXPECT_EQ(x.output_scale, y.output_scale);
  EXPECT_EQ(x.network_fingerprint, y.network_fingerprint);
  EXPECT_EQ(x.max_components, y.max_components);
  EXPECT_EQ(x.slot_inputs, y.slot_inputs);
  EXPECT_EQ(x.answer_limbs, y.answer_limbs);
  EXPECT_EQ(x.answer_noise.log2_sigma, y.answer_noise.log2_sigma);
  EXPECT_EQ(x.answer_noise.s_degree, y.answer_noise.s_degree);
  EXPECT_EQ(x.output_slots, y.output_slots);
  EXPECT_EQ(x.galois_elements, y.galois_elements);
}

// n = 32768 with all its rotations: 131 kB that validate() finds in order ask for 913 GB.
ClientSpec huge_spec() {
  const auto t = fv::PlaintextModulus::binomial(32768, 16384, 1024).value();
  ClientSpec spec(
      fv::Params::create(fv::make_spec(32768, t, std::vector<unsigned>(16, 50), 50, 0).value()).value());
  spec.layout = Layout::kPacked;
  spec.input = {1, 1, 1};
  spec.input_max = 1;
  spec.outputs = 1;
  spec.slot_inputs.assign(1, std::vector<std::int32_t>(16384, 0));
  spec.output_slots = {0};
  for (std::size_t g = 5; g < 65536; g += 4) spec.galois_elements.push_back(g);
  return spec;
}

TEST(ClientSpec, SizesHaveLimits) {
  const ClientSpec huge = huge_spec();
  ASSERT_TRUE(validate(huge).ok()) << validate(huge).message();
  EXPECT_LT(serialize(huge).size(), 140000u);
  EXPECT_EQ(message_sizes(huge).evaluation_keys, std::size_t{912681140444});
  const platform::Status status = check_message_sizes(huge);
  EXPECT_EQ(status.code(), StatusCode::kOutOfRange);
  EXPECT_EQ(status.message(),
            platform::concat("the client spec asks for evaluation keys of ",
                             message_sizes(huge).evaluation_keys, " bytes; the limit is 1073741824"));
  for (const ClientSpec& spec : {pixel_spec(), packed_spec()}) {
    const MessageSizes sizes = message_sizes(spec);
    EXPECT_TRUE(check_message_sizes(spec).ok());
    EXPECT_TRUE(check_message_sizes(spec, {sizes.evaluation_keys, sizes.request}).ok());
    EXPECT_EQ(check_message_sizes(spec, {sizes.evaluation_keys - 1, sizes.request}).code(),
              StatusCode::kOutOfRange);
    EXPECT_NE(
        check_message_sizes(spec, {sizes.evaluation_keys, sizes.request - 1}).message().find("requests of"),
        std::string::npos);
  }
  // As many ciphertexts as a pixel layout may have.
  ClientSpec many = pixel_spec();
  many.input = {1, 1 << 10, 1 << 10};
  ASSERT_TRUE(validate(many).ok());
  EXPECT_EQ(check_message_sizes(many).code(), StatusCode::kOutOfRange);
}

TEST(ClientSpec, ReadsBackAsWritten) {
  for (const ClientSpec& spec : {pixel_spec(), packed_spec()}) {
    ASSERT_TRUE(validate(spec).ok()) << validate(spec).message();
    const Bytes bytes = serialize(spec);
    const auto read = deserialize_client_spec(bytes);
    ASSERT_TRUE(read.ok()) << read.status().message();
    expect_equal(*&read.value(), spec);
    EXPECT_EQ(serialize(read.value()), bytes);
    EXPECT_EQ(fingerprint(read.value()), fingerprint(spec));
  }
}

TEST(ClientSpec, CountsCiphertexts) {
  EXPECT_EQ(pixel_spec().upload_ciphertexts(), 4u);
  EXPECT_EQ(pixel_spec().answer_ciphertexts(), 2u);
  EXPECT_EQ(packed_spec().upload_ciphertexts(), 2u);
  EXPECT_EQ(packed_spec().answer_ciphertexts(), 2u);  // slot 1024 is the first of the second
}

TEST(ClientSpec, FingerprintDependsOnEveryField) {
  std::vector<Fingerprint> seen = {fingerprint(packed_spec())};
  const auto changed = [&](auto change) {
    ClientSpec spec = packed_spec();
    change(spec);
    seen.push_back(fingerprint(spec));
  };
  changed([](ClientSpec& s) { s.input.height = 3, s.input.width = 2; });
  changed([](ClientSpec& s) { s.input_max = 4; });
  changed([](ClientSpec& s) { s.outputs = 2; });
  changed([](ClientSpec& s) { s.output_scale = 0.25; });
  changed([](ClientSpec& s) { s.network_fingerprint[31] = 1; });
  changed([](ClientSpec& s) { s.max_components = 3; });
  changed([](ClientSpec& s) { s.answer_limbs = 1; });
  changed([](ClientSpec& s) { s.answer_noise.log2_sigma = 50.5; });
  changed([](ClientSpec& s) { s.answer_noise.s_degree = 4; });
  changed([](ClientSpec& s) { s.slot_inputs[1][1000] = 5; });
  changed([](ClientSpec& s) { s.output_slots[2] = 1; });
  changed([](ClientSpec& s) { s.galois_elements.pop_back(); });
  changed([](ClientSpec& s) { s.layout = Layout::kPixel; });
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
}

// A spec whose checksum is right and whose field is wrong: what a forger sends.
TEST(ClientSpec, ForgedFieldsAreRefused) {
  const auto refused = [](const ClientSpec& good, auto change, const std::string& part) {
    ClientSpec spec = good;
    change(spec);
    EXPECT_NE(validate(spec).message().find(part), std::string::npos) << validate(spec).message();
    const auto read = deserialize_client_spec(serialize(spec));
    ASSERT_FALSE(read.ok()) << part;
    EXPECT_EQ(read.status().code(), StatusCode::kCorrupt) << read.status().message();
  };
  const ClientSpec packed = packed_spec(), pixel = pixel_spec();
  refused(
      packed, [](ClientSpec& s) { s.layout = static_cast<Layout>(3); }, "unknown layout 3");
  refused(
      packed, [](ClientSpec& s) { s.input.channels = 0; }, "input shape");
  refused(
      packed, [](ClientSpec& s) { s.input.channels = -1; }, "input shape");
  refused(
      packed,
      [](ClientSpec& s) {
        s.input = {1 << 20, 1 << 20, 1 << 20};
      },
      "input shape");
  refused(
      packed, [](ClientSpec& s) { s.input_max = 0; }, "input_max = 0");
  refused(
      packed, [](ClientSpec& s) { s.input_max = std::int64_t{1} << 31; }, "input_max = 2147483648");
  refused(
      packed, [](ClientSpec& s) { s.outputs = 0; }, "0 outputs");
  refused(
      packed, [](ClientSpec& s) { s.outputs = 4; }, "3 slots for 4 outputs");
  refused(
      packed, [](ClientSpec& s) { s.output_scale = 0; }, "output_scale");
  refused(
      packed, [](ClientSpec& s) { s.output_scale = 0 / 0.0; }, "output_scale");
  refused(
      packed, [](ClientSpec& s) { s.max_components = 2; }, "max_components = 2");
  refused(
      packed, [](ClientSpec& s) { s.max_components = 6; }, "max_components = 6");
  refused(
      packed, [](ClientSpec& s) { s.answer_limbs = 0; }, "answers of 0 primes");
  refused(
      packed, [](ClientSpec& s) { s.answer_limbs = 3; }, "answers of 3 primes, not of 1 to 2");
  refused(
      packed, [](ClientSpec& s) { s.answer_noise.log2_sigma = 96; }, "noise of 2^96");
  refused(
      packed, [](ClientSpec& s) { s.answer_limbs = 1, s.answer_noise.log2_sigma = 46; }, "noise of 2^46");
  refused(
      packed, [](ClientSpec& s) { s.answer_noise.log2_sigma = 1 / 0.0; },
      "noise of the answer is not a number");
  refused(
      packed, [](ClientSpec& s) { s.answer_noise.log2_sigma = 0 / 0.0; },
      "noise of the answer is not a number");
  refused(
      packed, [](ClientSpec& s) { s.slot_inputs[1][3] = 6; }, "a slot holds input 6 of 6");
  refused(
      packed, [](ClientSpec& s) { s.slot_inputs[1][3] = -2; }, "a slot holds input -2");
  refused(
      packed, [](ClientSpec& s) { s.slot_inputs[0].pop_back(); }, "an upload ciphertext of 1023 slots");
  refused(
      packed, [](ClientSpec& s) { s.slot_inputs.clear(); }, "without upload ciphertexts");
  refused(
      packed, [](ClientSpec& s) { s.output_slots[1] = 1u << 31; }, "output slot 2147483648");
  refused(
      packed, [](ClientSpec& s) { s.galois_elements[1] = 17; }, "given twice");
  refused(
      packed, [](ClientSpec& s) { s.galois_elements[1] = 1; }, "Galois element 1 ");
  refused(
      packed, [](ClientSpec& s) { s.galois_elements[1] = 18; }, "Galois element 18 ");
  refused(
      pixel, [](ClientSpec& s) { s.galois_elements = {3}; }, "a pixel layout with");
  refused(
      pixel, [](ClientSpec& s) { s.slot_inputs.assign(1, std::vector<std::int32_t>(s.slots())); },
      "a pixel layout with");
}

TEST(ClientSpec, HugeCountsAreRefused) {
  const Bytes good = serialize(packed_spec());
  const Bytes payload(good.begin() + kMessageHeaderBytes, good.end() - kMessageChecksumBytes);
  int refused = 0;
  for (std::size_t at = 0; at + 4 <= payload.size(); at = at < 200 ? at + 1 : at + 501) {
    Bytes bad = payload;
    std::fill_n(bad.begin() + static_cast<std::ptrdiff_t>(at), 4, std::uint8_t{0xff});
    const Bytes forged = make_message(MessageKind::kClientSpec, platform::blake2s(bad), KeyId{}, bad);
    refused += !deserialize_client_spec(forged).ok();
  }
  EXPECT_GT(refused, 150);
}

TEST(ClientSpec, DamageIsFound) {
  const Bytes good = serialize(pixel_spec());
  for (std::size_t length = 0; length < good.size(); ++length)
    ASSERT_FALSE(deserialize_client_spec(fv::ByteSpan(good).first(length)).ok()) << length;
  for (std::size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 1;
    ASSERT_EQ(deserialize_client_spec(bad).status().code(), StatusCode::kCorrupt) << i;
  }
  // The rest of a spec cut off, with a checksum that fits.
  const Bytes payload(good.begin() + kMessageHeaderBytes, good.end() - kMessageChecksumBytes);
  for (std::size_t length = 0; length < payload.size(); ++length) {
    const auto cut = fv::ByteSpan(payload).first(length);
    ASSERT_FALSE(
        deserialize_client_spec(make_message(MessageKind::kClientSpec, platform::blake2s(cut), KeyId{}, cut))
            .ok())
        << length;
  }
}

}  // namespace
}  // namespace fcn::nn
