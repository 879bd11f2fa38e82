// SPDX-License-Identifier: Apache-2.0
#include "lint/journaled.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace contraflow::lint {
namespace {

using Objects = Journaled<int>;

std::string names(const Objects& objects) {
  std::string out;
  for (const sql::QualifiedName* name : objects.names()) out += sql::quote(*name) + " ";
  return out;
}

std::string changed(Objects& objects) {
  std::set<std::string> all;
  objects.take_changed([&](const sql::QualifiedName& name, int value) { EXPECT_TRUE(all.insert(sql::quote(name) + "=" + std::to_string(value) + " ").second) << "twice"; });
  std::string out;
  for (const std::string& one : all) out += one;
  return out;
}

TEST(Journaled, NamesAreInOrderWhateverComesAndGoes) {
  Objects objects;
  for (const char* name : {"c", "a", "b"}) objects.edit({"s", name}) = 1;
  objects.edit({"r", "z"}) = 1;
  EXPECT_EQ(names(objects), "r.z s.a s.b s.c ");
  objects.erase({"s", "b"});
  objects.edit({"s", "bb"}) = 1;
  EXPECT_EQ(names(objects), "r.z s.a s.bb s.c ");
  objects.mark();
  objects.erase({"s", "a"});
  objects.edit({"s", "d"}) = 1;
  EXPECT_EQ(names(objects), "r.z s.bb s.c s.d ");
  objects.undo();
  EXPECT_EQ(names(objects), "r.z s.a s.bb s.c ");
}

TEST(Journaled, UndoPutsBackWhatTheMarkFound) {
  Objects objects;
  objects.edit({"", "x"}) = 1;
  objects.mark();
  objects.edit({"", "x"}) = 2;
  objects.mark();
  objects.edit({"", "x"}) = 3;
  objects.keep();
  EXPECT_EQ(*objects.find({"", "x"}), 3);
  objects.undo();
  EXPECT_EQ(*objects.find({"", "x"}), 1);
}

TEST(Journaled, WhatChangedIsSaidOnce) {
  Objects objects;
  objects.edit({"", "x"}) = 1;
  objects.edit({"", "y"}) = 1;
  objects.edit({"", "x"}) = 2;
  EXPECT_EQ(changed(objects), "x=2 y=1 ");
  EXPECT_EQ(changed(objects), "");
  objects.mark();
  objects.edit({"", "x"}) = 3;
  objects.erase({"", "y"});
  objects.edit({"", "y"}) = 4;
  EXPECT_EQ(changed(objects), "x=3 y=4 ");
  objects.undo();
  EXPECT_EQ(changed(objects), "x=2 y=1 ");
}

}  // namespace
}  // namespace contraflow::lint
