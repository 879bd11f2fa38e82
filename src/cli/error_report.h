// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/terminal.h"

namespace contraflow::cli {

// An error as people read it: what, where (file, line, column, the source line with a caret), what to do.
std::string render_error(const Error& error, bool color);

// Where a report points: what a Location says, of strings that others hold.
struct Place {
  Place(const Location& location) : file(location.file), line(location.line), column(location.column), source_line(location.source_line) {}
  Place(std::string_view in_file, int at_line, int at_column, std::string_view text) : file(in_file), line(at_line), column(at_column), source_line(text) {}

  std::string_view file;
  int line = 0;  // 0: not known, as in Location
  int column = 0;
  std::string_view source_line;
};

// `label: message` with a place, notes and a hint, for errors and findings alike, written behind what a text holds: thousands go into one.
// The parts are called in the order in which they stand here.
class ReportText {
 public:
  ReportText(std::string& out, bool color) : out_(out), begin_(out.size()), color_(color) {}
  // The label and the message's first line. Returns its other lines, which are a note.
  std::string_view title(std::string_view label, Style style, std::string_view message);
  void place(const Place& place);
  void note(std::string_view name, std::string_view text);  // a line for each of `text`, the first behind `name`
  void hint(std::string_view text);
  void end();  // hides the passwords in all of it

 private:
  void styled(std::string_view text, Style style);
  void margin() { out_.append(margin_, ' '); }

  std::string& out_;
  std::size_t begin_;
  bool color_;
  std::size_t margin_ = 0;  // as wide as the line's number
};

// Replaces the passwords of connection URIs and connection strings by "***": the last net below the places
// that build messages.
std::string hide_passwords(std::string_view text);

}  // namespace contraflow::cli
