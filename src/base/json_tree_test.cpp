// SPDX-License-Identifier: Apache-2.0
#include "base/json_tree.h"

#include <gtest/gtest.h>

namespace contraflow {
namespace {

TEST(JsonTree, MembersAndElementsInTheirOrder) {
  const std::string text = R"( {"a": [1, "two", {"b": true}, []], "c" : {} , "query":"x"} )";
  const auto tree = JsonTree::read(text);
  ASSERT_TRUE(tree);
  const JsonTree::Node* a = tree->member(tree->root(), "a");
  ASSERT_NE(a, nullptr);
  const JsonTree::Node* element = tree->first(*a);
  EXPECT_EQ(tree->number(element), 1U);
  element = tree->next(*element);
  EXPECT_EQ(tree->string(element), "two");
  EXPECT_FALSE(tree->number(element));
  element = tree->next(*element);
  EXPECT_EQ(tree->member(*element, "b")->text, "true");
  element = tree->next(*element);
  EXPECT_EQ(element->kind, JsonTree::Kind::array);
  EXPECT_EQ(tree->first(*element), nullptr);
  EXPECT_EQ(tree->next(*element), nullptr);
  EXPECT_EQ(tree->next(*a)->key, "c");
  EXPECT_EQ(tree->string(tree->member(tree->root(), "query")), "x");
  EXPECT_EQ(tree->member(tree->root(), "d"), nullptr);
}

TEST(JsonTree, EscapesOfStrings) {
  const std::string text = R"(["a\n\"b\"\\ \/ \u00e9 \u20ac \ud83d\ude00 é", -1, 1.5])";
  const auto tree = JsonTree::read(text);
  ASSERT_TRUE(tree);
  const JsonTree::Node* element = tree->first(tree->root());
  EXPECT_EQ(tree->string(element), "a\n\"b\"\\ / é € 😀 é");
  EXPECT_FALSE(tree->number(tree->next(*element)));
  EXPECT_FALSE(tree->number(tree->next(*tree->next(*element))));
}

TEST(JsonTree, WhatIsNoJson) {
  for (const char* text : {"", " ", "{", "[", "[1", "[1,", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "\"open", "\"open\\", "[1]x", "]", "{\"a\":1]", ",", "[,1]", "{,}"}) {
    EXPECT_FALSE(JsonTree::read(text)) << text;
  }
}

TEST(JsonTree, DeepNestingTakesNoStack) {
  const std::string text = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  EXPECT_TRUE(JsonTree::read(text));
}

}  // namespace
}  // namespace contraflow
