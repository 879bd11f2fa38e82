// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalog/source_script.h"
#include "lint/plpgsql.h"
#include "lint/statement.h"
#include "sql/parse_tree.h"

namespace contraflow::lint {

// A statement's tree; many statements may share one.
struct Parsed {
  std::shared_ptr<const sql::ParseTree> tree;
  std::size_t index = 0;                           // which statement of the tree
  std::size_t text_begin = 0;                      // where the statement begins in the parsed text
  std::optional<std::vector<BodyStatement>> body;  // of a DO block in PL/pgSQL
  std::vector<Newer> newer;
  std::string error;             // why there is no tree
  std::size_t error_offset = 0;  // in the statement
};

// Splits a file, and parses its statements in order on several threads, a window ahead of who takes them, so that a file of any length needs little memory. Who
// splits and takes is one of the threads: the others parse what is split already, and it parses where it would have to wait.
class ParseAhead {
 public:
  ParseAhead(std::shared_ptr<const catalog::ScriptFile> file, unsigned threads);
  // Takes what parse_all() gave for the items.
  ParseAhead(std::vector<catalog::ScriptItem> items, std::vector<Parsed> parsed);
  ~ParseAhead();
  const std::vector<catalog::ScriptItem>& items() const;
  Parsed take();  // the next statement's

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Every statement among the items, which are those of one file, on this thread.
std::vector<Parsed> parse_all(const std::vector<catalog::ScriptItem>& items);

// One statement by itself; without its body, if it is a DO block.
Parsed parse_statement(std::string_view text);

// The PL/pgSQL that a DO block holds; nothing where the statement is none, or is in another language.
std::optional<std::string> do_body(const PgQuery__Node& node);

}  // namespace contraflow::lint
