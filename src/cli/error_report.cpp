// SPDX-License-Identifier: Apache-2.0
#include "cli/error_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"

namespace contraflow::cli {
namespace {

constexpr std::size_t kMaxShown = 110;  // characters of a source line
constexpr std::string_view kPassword = "password";

// Takes the first line off a text, without its line end.
std::string_view take_line(std::string_view& text) {
  const std::size_t newline = text.find('\n');
  std::string_view line = text.substr(0, newline);
  text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// The part of a long line around the column, and where the column is in it (in characters, from 0).
struct Excerpt {
  std::string_view before, text, after;  // the ends: "…" where something was cut off
  std::size_t column;
};

Excerpt excerpt_of(std::string_view line, int column_from_1) {
  const std::size_t column = column_from_1 > 0 ? static_cast<std::size_t>(column_from_1 - 1) : 0;
  if (line.size() <= kMaxShown) return {"", line, "", column};
  const std::size_t length = count_characters(line);
  if (length <= kMaxShown) return {"", line, "", column};
  const std::size_t first = column > kMaxShown / 2 ? std::min(column - kMaxShown / 2, length) : 0;
  const std::size_t begin = byte_of_character(line, first);
  const std::size_t end = byte_of_character(line, first + kMaxShown);
  const std::string_view after = end < line.size() ? "…" : "";
  if (first == 0) return {"", line.substr(begin, end - begin), after, column};
  return {"…", line.substr(begin, end - begin), after, column - first};
}

bool at_word_start(std::string_view text, std::size_t at) {
  return at == 0 || std::string_view(" \t\n'\"([{,;&?").find(text[at - 1]) != std::string_view::npos;
}

// scheme://user:SECRET@host
void hide_in_uris(std::string& text) {
  for (std::size_t at = 0; (at = text.find("://", at)) != std::string::npos;) {
    at += 3;
    const std::size_t end = std::min(text.find_first_of(" \t\n\"'/", at), text.size());
    const std::size_t host = text.rfind('@', end);
    const std::size_t colon = text.find(':', at);
    if (host == std::string::npos || host < at || colon == std::string::npos || colon > host) continue;
    text.replace(colon + 1, host - colon - 1, "***");
  }
}

// password=SECRET, password='SEC RET', ?password=SECRET
void hide_in_settings(std::string& text) {
  for (std::size_t at = 0; (at = text.find(kPassword, at)) != std::string::npos;) {
    const std::size_t name = at;
    at += kPassword.size();
    std::size_t value = text.find_first_not_of(' ', at);
    if (!at_word_start(text, name) || value == std::string::npos || text[value] != '=') continue;
    value = std::min(text.find_first_not_of(' ', value + 1), text.size());
    std::size_t end = std::min(text.find_first_of(" \t\n&\"'", value), text.size());
    if (value < text.size() && text[value] == '\'') {
      end = value + 1;
      while (end < text.size() && text[end] != '\'') end += text[end] == '\\' ? 2U : 1U;
      end = std::min(end + 1, text.size());
    }
    text.replace(value, end - value, "***");
    at = value + 3;
  }
}

}  // namespace

std::string hide_passwords(std::string_view text) {
  std::string out(text);
  hide_in_uris(out);
  hide_in_settings(out);
  return out;
}

void ReportText::styled(std::string_view text, Style style) {
  if (color_) {
    out_ += contraflow::styled(text, style, true);
  } else {
    out_ += text;
  }
}

std::string_view ReportText::title(std::string_view label, Style style, std::string_view message) {
  styled(label, style);
  styled(":", Style::bold);
  out_ += ' ';
  styled(take_line(message), Style::bold);
  out_ += '\n';
  return message;
}

void ReportText::place(const Place& place) {
  const std::string number = place.source_line.empty() ? std::string() : std::to_string(place.line);
  margin_ = number.size();
  margin();
  styled(" -->", Style::blue);
  out_.append(" ").append(place.file.empty() ? "<input>" : place.file);
  if (place.line > 0) out_.append(":").append(std::to_string(place.line));
  if (place.line > 0 && place.column > 0) out_.append(":").append(std::to_string(place.column));
  out_ += '\n';
  if (number.empty()) return;
  const Excerpt excerpt = excerpt_of(place.source_line, place.column);
  out_ += ' ';
  margin();
  out_ += ' ';
  styled("|", Style::blue);
  out_ += "\n ";
  styled(number, Style::blue);
  out_ += ' ';
  styled("|", Style::blue);
  out_.append(" ").append(excerpt.before);
  const std::size_t shown = out_.size();
  out_ += excerpt.text;
  for (std::size_t tab = shown; (tab = out_.find('\t', tab)) != std::string::npos;) out_[tab] = ' ';  // one character stays one column
  const std::size_t before = display_width(excerpt.before) + display_width(std::string_view(out_).substr(shown, byte_of_character(excerpt.text, excerpt.column)));
  out_.append(excerpt.after).append("\n");
  if (place.column <= 0) return;
  out_ += ' ';
  margin();
  out_ += ' ';
  styled("|", Style::blue);
  out_ += ' ';
  out_.append(before, ' ');
  styled("^", Style::red);
  out_ += '\n';
}

void ReportText::note(std::string_view name, std::string_view text) {
  do {
    const std::string_view line = take_line(text);
    if (name.empty() && line.empty()) continue;
    out_ += ' ';
    margin();
    out_ += ' ';
    styled("=", Style::blue);
    out_.append(" ").append(name).append(line).append("\n");
    name = {};
  } while (!text.empty());
}

void ReportText::hint(std::string_view text) {
  for (bool first = true; !text.empty(); first = false) {
    const std::string_view line = take_line(text);
    out_ += ' ';
    margin();
    if (first) {
      out_ += ' ';
      styled("=", Style::blue);
      out_ += ' ';
      styled("help:", Style::cyan);
      out_ += ' ';
    } else {
      out_ += "         ";
    }
    out_.append(line).append("\n");
  }
}

void ReportText::end() {
  const std::string_view written = std::string_view(out_).substr(begin_);
  if (written.find("://") == std::string_view::npos && written.find(kPassword) == std::string_view::npos) return;
  out_.replace(begin_, std::string::npos, hide_passwords(written));
}

std::string render_error(const Error& error, bool color) {
  const std::string label = error.sqlstate().empty() ? "error" : fmt::format("error[{}]", error.sqlstate());
  std::string out;
  ReportText report(out, color);
  const std::string_view rest = report.title(label, Style::red, error.message());
  if (error.location()) report.place(*error.location());
  report.note({}, rest);
  report.hint(error.hint());
  report.end();
  return out;
}

}  // namespace contraflow::cli
