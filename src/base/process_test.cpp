// SPDX-License-Identifier: Apache-2.0
#include "base/process.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"

namespace contraflow {
namespace {

TEST(RunProcess, CapturesBothStreamsAndTheExitCode) {
  const ProcessResult result = run_process({"sh", "-c", "cat; echo oops >&2; exit 3"}, {.input = "hello"});
  EXPECT_EQ(result.output, "hello");
  EXPECT_EQ(result.error_output, "oops\n");
  EXPECT_EQ(result.exit_code, 3);
  EXPECT_FALSE(result.succeeded());
}

TEST(RunProcess, LargeStreamsDoNotDeadlock) {
  const std::string megabytes(3 << 20, 'x');
  const ProcessResult result = run_process({"tee", "/dev/stderr"}, {.input = megabytes});
  EXPECT_EQ(result.output.size(), megabytes.size());
  EXPECT_EQ(result.error_output.size(), megabytes.size());
  EXPECT_TRUE(run_process({"true"}, {.input = megabytes}).succeeded()) << "input that nobody reads";
}

TEST(RunProcess, EnvironmentAndFolder) {
  const ProcessResult result =
      run_process({"sh", "-c", "echo $COLOUR; pwd"}, {.environment = {{"COLOUR", "red"}}, .folder = "/"});
  EXPECT_EQ(result.output, "red\n/\n");
}

TEST(RunProcess, StopsAtTheTimeout) {
  const ProcessResult result = run_process({"sleep", "30"}, {.timeout = std::chrono::milliseconds(50)});
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.exit_code, 128 + 9);
}

TEST(RunProcess, ConfinedItStartsNothingAndWritesNoFile) {
  const TemporaryFolder folder;
  const std::string file = (folder.path() / "x").string();
  for (const std::string& script : {"echo said; : > " + file, "echo said; (: ; :) && cat /dev/null && touch " + file, "echo said; ls | tee " + file}) {
    const ProcessResult free = run_process({"sh", "-c", script});
    EXPECT_TRUE(std::filesystem::remove(file)) << script << free.error_output;
    const ProcessResult result = run_process({"sh", "-c", script}, {.environment = {{"COLOUR", "red"}}, .folder = "/", .confined = true});
    EXPECT_FALSE(result.succeeded()) << script;
    EXPECT_EQ(result.output, "said\n") << result.error_output;
    EXPECT_FALSE(std::filesystem::exists(file)) << script;
  }
  EXPECT_EQ(run_process({"sh", "-c", "echo $COLOUR; pwd"}, {.environment = {{"COLOUR", "red"}}, .folder = "/", .confined = true}).output, "red\n/\n");
  EXPECT_THROW(run_process({"no-such-program-here"}, {.confined = true}), Error);
}

TEST(RunProcess, MissingProgramIsAnError) {
  EXPECT_THROW(run_process({"no-such-program-here"}), Error);
  EXPECT_FALSE(find_program("no-such-program-here"));
  EXPECT_TRUE(find_program("sh"));
}

}  // namespace
}  // namespace contraflow
