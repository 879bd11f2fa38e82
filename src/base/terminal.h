// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace contraflow {

enum class ColorMode { automatic,
                       always,
                       never };

enum class Style { bold,
                   dim,
                   red,
                   yellow,
                   green,
                   blue,
                   cyan };

bool is_terminal(int descriptor);

// Whether to colour what goes to `descriptor`: as asked; else only a terminal that is not TERM=dumb, and not
// with NO_COLOR (any value that is not empty, no-color.org).
bool wants_color(ColorMode mode, int descriptor);

// Columns of the terminal, 80 where it is none.
int terminal_width(int descriptor);

// Text in a style, or plain where `enabled` is false: callers pass what wants_color() said.
std::string styled(std::string_view text, Style style, bool enabled);

}  // namespace contraflow
