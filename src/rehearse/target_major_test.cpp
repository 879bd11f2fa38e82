// SPDX-License-Identifier: Apache-2.0
#include "rehearse/target_major.h"

#include <gtest/gtest.h>

#include "base/file.h"

namespace contraflow::rehearse {
namespace {

std::string number(int value) {
  std::string out(1, '\0');
  for (int i = 0; i < 4; ++i) out += static_cast<char>((value >> (8 * i)) & 0xFF);
  return out;
}
std::string text(const std::string& value) { return number(static_cast<int>(value.size())) + value; }

// As pg_dump 15 (format 1.14) and 18 (1.16) begin an archive.
std::string archive(int minor, const std::string& server) {
  std::string out = std::string("PGDMP") + '\x01' + static_cast<char>(minor) + '\0' + '\x04' + '\x08' + '\x01';
  out += minor >= 15 ? std::string(1, '\x01') : number(-1 & 0xFF);
  for (int i = 0; i < 7; ++i) out += number(i);
  return out + text("shop 9.5") + text(server) + text("18.6 (Debian 18.6-1)") + "…";
}

TEST(TargetMajor, IsWhatADumpSays) {
  const TemporaryFolder folder;
  const auto of = [&](const std::string& content) {
    const std::string path = (folder.path() / "dump").string();
    write_file(path, content);
    return target_major(path);
  };
  EXPECT_EQ(of(archive(14, "15.18 (Debian 15.18-0+deb12u1)")), 15);
  EXPECT_EQ(of(archive(16, "18.6")), 18);
  EXPECT_EQ(of(archive(16, "19devel")), 19);
  EXPECT_EQ(of(archive(16, "18.6").substr(0, 60)), std::nullopt);
  EXPECT_EQ(of("PGDMP"), std::nullopt);
  EXPECT_EQ(of("--\n-- PostgreSQL database dump\n--\n\n\\restrict x\n\n-- Dumped from database version 16.4\n-- Dumped by pg_dump version 18.6\n"), 16);
  EXPECT_EQ(of("CREATE TABLE a ();"), std::nullopt);
  std::filesystem::create_directory(folder.path() / "d");
  write_file((folder.path() / "d/toc.dat").string(), archive(16, "17.2"));
  EXPECT_EQ(target_major((folder.path() / "d").string()), 17);
  EXPECT_EQ(target_major("git:HEAD:schema.sql"), std::nullopt);
}

}  // namespace
}  // namespace contraflow::rehearse
