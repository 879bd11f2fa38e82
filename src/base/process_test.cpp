// SPDX-License-Identifier: Apache-2.0
#include "base/process.h"

#include <gtest/gtest.h>

#include "base/error.h"

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

TEST(RunProcess, MissingProgramIsAnError) {
  EXPECT_THROW(run_process({"no-such-program-here"}), Error);
  EXPECT_FALSE(find_program("no-such-program-here"));
  EXPECT_TRUE(find_program("sh"));
}

}  // namespace
}  // namespace contraflow
