// SPDX-License-Identifier: Apache-2.0
#include "base/late_library.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace contraflow {
namespace {

TEST(LateLibrary, GivesAFunctionThatCanBeCalled) {
  const auto length = reinterpret_cast<unsigned long (*)(const char*)>(late_function("libc.so.6", "libc6", "strlen"));
  EXPECT_EQ(length("four"), 4U);
}

TEST(LateLibrary, SaysWhatIsMissingAndThePackageThatHasIt) {
  try {
    late_function("libnot_there.so.7", "libnot-there7", "f");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::environment);
    EXPECT_NE(error.message().find("libnot_there.so.7"), std::string::npos);
    EXPECT_EQ(error.hint(), "install it: apt install libnot-there7");
  }
  try {
    late_function("libc.so.6", "libc6", "no_such_function");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "libc.so.6 has no function no_such_function");
  }
}

}  // namespace
}  // namespace contraflow
