// SPDX-License-Identifier: Apache-2.0
//
// An SQL file as psql reads it: statements, COPY data and meta-commands.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace contraflow::catalog {

struct ScriptFile {
  std::string name;  // for messages, and the base of relative includes
  std::string text;
};

enum class ItemKind { statement,
                      meta_command };

struct ScriptItem {
  ItemKind kind{};
  std::shared_ptr<const ScriptFile> file;
  std::size_t begin = 0;           // bytes in file->text: from the first token that is no comment …
  std::size_t end = 0;             // … to before the semicolon
  std::vector<std::string> words;  // statement: the first words, folded; meta-command: its name and arguments
  // COPY … FROM stdin: the data that follows, without the closing `\.`
  bool copies_from_stdin = false;
  std::size_t data_begin = 0;
  std::size_t data_end = 0;

  std::string_view text() const { return std::string_view(file->text).substr(begin, end - begin); }
  std::string_view data() const {
    return std::string_view(file->text).substr(data_begin, data_end - data_begin);
  }
  bool starts_with(std::initializer_list<std::string_view> expected) const;
  Location location() const;
};

// Cuts the text into statements and meta-commands. A quote that is never closed leaves the rest as one
// statement: the server reports it.
std::vector<ScriptItem> split_script(std::shared_ptr<const ScriptFile> file);
// The same, one by one.
void split_script(std::shared_ptr<const ScriptFile> file, const std::function<void(ScriptItem)>& take);

// Reads the file that `\i` or `\ir` names; nothing where there is none.
using ReadInclude = std::function<std::optional<std::string>(const std::string& path)>;

// The same, with `\i` and `\ir` replaced by the contents of what they name. Throws Error{usage} at the
// include where the file does not exist or includes itself.
std::vector<ScriptItem> read_script(std::shared_ptr<const ScriptFile> file, const ReadInclude& read_include);

// Whether only psql itself can run the script: \gset, \if, \set and their like.
bool needs_psql(const std::vector<ScriptItem>& items);
// Whether the meta-command changes only what psql prints, so that it can be left out.
bool is_presentation_only(const ScriptItem& item);

}  // namespace contraflow::catalog
