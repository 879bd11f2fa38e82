// SPDX-License-Identifier: Apache-2.0
//
// The stacks that tests are written for: how a test file reads in each, and how it is run.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "testgen/run.h"
#include "testgen/test_file.h"

namespace contraflow::testgen {

class Stack {
 public:
  virtual ~Stack() = default;
  virtual std::string ending() const = 0;  // of its files' names: ".pg"
  virtual std::string text(const TestFile& file, const std::string& title) const = 0;
  virtual std::map<std::string, std::string> shared_files() const { return {}; }  // what the test files need beside them
  // Error{environment} with what to install where something is missing.
  virtual void require(pg::Sandbox& sandbox, const std::string& conninfo) const = 0;
  virtual FileRun run(const std::string& conninfo, const std::filesystem::path& file, const std::string& state) const = 0;
};

std::unique_ptr<Stack> pgtap_stack();

// The project whose Vitest and Prisma client the tests use.
struct VitestProject {
  std::filesystem::path root;  // holds package.json and node_modules
  std::string client;          // what the suite imports PrismaClient from: "@prisma/client", or the generated client by its path from `suite`
  std::string extension = {};  // what it imports softDelete from; empty: calls of the client are tested as the statements that they make
};
std::unique_ptr<Stack> vitest_stack(VitestProject project);

}  // namespace contraflow::testgen
