// SPDX-License-Identifier: Apache-2.0
#include "base/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace contraflow {
namespace {

TEST(Terminal, AFileIsNoTerminal) {
  const int file = ::open("/dev/null", O_RDONLY);
  EXPECT_FALSE(is_terminal(file));
  EXPECT_FALSE(wants_color(ColorMode::automatic, file));
  EXPECT_TRUE(wants_color(ColorMode::always, file));
  EXPECT_EQ(terminal_width(file), 80);
  ::close(file);
}

TEST(Terminal, StylesOnlyWhenEnabled) {
  EXPECT_EQ(styled("error", Style::red, false), "error");
  EXPECT_EQ(styled("error", Style::red, true), "\x1b[1;31merror\x1b[0m");
}

}  // namespace
}  // namespace contraflow
