// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "base/terminal.h"

namespace contraflow::cli {

// The reader of standard output went away (`contraflow … | head`): the run ends quietly.
struct BrokenPipe {};

// Where a command writes. What machines or people asked for goes to standard output; progress, notes and
// errors to standard error, so that a pipe carries nothing but the result.
class Console {
 public:
  Console(std::FILE* out, std::FILE* err, ColorMode mode = ColorMode::automatic);

  void use_color(ColorMode mode);
  bool color_out() const { return color_out_; }
  bool color_err() const { return color_err_; }
  bool terminal_out() const { return is_terminal(::fileno(out_)); }
  int width_out() const { return terminal_width(::fileno(out_)); }
  bool interactive() const;  // whether a person can be asked: standard input and standard error are terminals

  // Throws BrokenPipe, or Error{environment} where the text cannot be written (a full disk).
  void print(std::string_view text);
  void flush();
  void note(std::string_view text);     // one line to standard error
  void warning(std::string_view text);  // "warning: …"
  // A line that the next one replaces; nothing where standard error is no terminal. Empty: clears it.
  void progress(std::string_view text);
  void error_text(std::string_view text);  // as it is

 private:
  std::FILE* out_;
  std::FILE* err_;
  bool color_out_ = false;
  bool color_err_ = false;
  bool progress_shown_ = false;
};

}  // namespace contraflow::cli
