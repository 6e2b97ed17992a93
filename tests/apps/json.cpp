#include "apps/json.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <limits>

namespace fcn::apps {
namespace {

TEST(Json, ObjectsNestAndKeepTheirOrder) {
  JsonWriter json;
  json.add("images", 100);
  json.begin_object("hops");
  json.add("total", std::uint64_t{18446744073709551615u});
  json.add("low", std::int64_t{-9223372036854775807 - 1});
  json.end_object();
  json.add("isa", "avx2");
  json.add("exact", true);
  EXPECT_EQ(std::move(json).finish(),
            "{\n"
            "  \"images\": 100,\n"
            "  \"hops\": {\n"
            "    \"total\": 18446744073709551615,\n"
            "    \"low\": -9223372036854775808\n"
            "  },\n"
            "  \"isa\": \"avx2\",\n"
            "  \"exact\": true\n"
            "}\n");
}

TEST(Json, ArraysHoldObjectsAndStrings) {
  JsonWriter json;
  json.begin_array("systems");
  json.begin_object();
  json.add("n", 1);
  json.end_object();
  json.begin_object();
  json.end_object();
  json.add("a \"word\"");
  json.end_array();
  json.add("last", 2);
  EXPECT_EQ(std::move(json).finish(),
            "{\n"
            "  \"systems\": [\n"
            "    {\n"
            "      \"n\": 1\n"
            "    },\n"
            "    {\n"
            "    },\n"
            "    \"a \\\"word\\\"\"\n"
            "  ],\n"
            "  \"last\": 2\n"
            "}\n");
}

TEST(Json, StringsAreEscaped) {
  EXPECT_EQ(JsonWriter::quoted("plain"), "\"plain\"");
  EXPECT_EQ(JsonWriter::quoted("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(JsonWriter::quoted(std::string("\0\x1f\n\t", 4)), "\"\\u0000\\u001f\\u000a\\u0009\"");
  EXPECT_EQ(JsonWriter::quoted("\x7f\xc3\xa9"), "\"\x7f\xc3\xa9\"");
}

TEST(Json, DoublesReadBackAsTheyWere) {
  for (const double value : {0.0, 0.1, 1.0 / 3, 123456.789, 1e-300, 1.7976931348623157e308, -2.5, 5e-324}) {
    JsonWriter json;
    json.add("x", value);
    const std::string text = std::move(json).finish();
    EXPECT_EQ(std::strtod(text.c_str() + text.find(": ") + 2, nullptr), value) << text;
  }
}

TEST(Json, WhatJsonCannotSayIsNull) {
  for (const double value :
       {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
        std::numeric_limits<double>::quiet_NaN()}) {
    JsonWriter json;
    json.add("x", value);
    EXPECT_EQ(std::move(json).finish(), "{\n  \"x\": null\n}\n");
  }
}

}  // namespace
}  // namespace fcn::apps
