// SPDX-License-Identifier: Apache-2.0
#include "cli/console.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.h"

namespace contraflow::cli {
namespace {

[[noreturn]] void output_failed() {
  const int error = errno;
  if (error == EPIPE) throw BrokenPipe{};
  throw Error(ErrorCode::environment,
              fmt::format("cannot write to standard output: {}", std::strerror(error)));
}

}  // namespace

Console::Console(std::FILE* out, std::FILE* err, ColorMode mode) : out_(out), err_(err) { use_color(mode); }

void Console::use_color(ColorMode mode) {
  color_out_ = wants_color(mode, ::fileno(out_));
  color_err_ = wants_color(mode, ::fileno(err_));
}

bool Console::interactive() const { return is_terminal(STDIN_FILENO) && is_terminal(::fileno(err_)); }

void Console::print(std::string_view text) {
  progress({});
  if (std::fwrite(text.data(), 1, text.size(), out_) != text.size()) output_failed();
}

void Console::flush() {
  if (std::fflush(out_) != 0) output_failed();
}

void Console::note(std::string_view text) { error_text(fmt::format("{}\n", text)); }

void Console::warning(std::string_view text) {
  note(fmt::format("{} {}", styled("warning:", Style::yellow, color_err_), text));
}

void Console::progress(std::string_view text) {
  // A program that shows progress itself (contraflow mcp) asks for lines.
  static const bool lines = std::getenv("CONTRAFLOW_PROGRESS_LINES") != nullptr;
  if (lines && !text.empty()) fmt::print(err_, "progress: {}\n", text);
  if (lines) return;
  if (!is_terminal(::fileno(err_)) || (text.empty() && !progress_shown_)) return;
  fmt::print(err_, "\r\x1b[K{}", text);
  std::fflush(err_);
  progress_shown_ = !text.empty();
}

void Console::error_text(std::string_view text) {
  progress({});
  std::fwrite(text.data(), 1, text.size(), err_);  // where standard error is gone nobody can be told
  std::fflush(err_);
}

}  // namespace contraflow::cli
