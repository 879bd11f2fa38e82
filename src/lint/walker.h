// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "lint/analysis/analyser.h"
#include "lint/check.h"
#include "lint/parse_ahead.h"

namespace contraflow::lint {

// Sizes by what findings call a relation: schema.table, or the table alone where no schema is known.
class Sizes {
 public:
  explicit Sizes(const CheckOptions& options);
  const RelationStats* find(const std::string& relation) const;

 private:
  std::unordered_map<std::string, const RelationStats*> qualified_, bare_;
};

// Goes through the statements of one file after another with what they leave: schema, session, transaction.
class Walker {
 public:
  Walker(const CheckOptions& options, Report& report);

  // The findings go to the report. `parsed` is of the input's file.
  void run(const Input& input, ParseAhead& parsed);

 private:
  struct Savepoint {
    std::string name;
    Transaction transaction;
    Session session;
  };

  void start(const Input& input, const std::vector<catalog::ScriptItem>& items);
  void finish();
  void take_item(const catalog::ScriptItem& item, Parsed parsed);
  // `body`: what a DO block consists of, where that was read ahead.
  void take_statement(const Statement& statement, const std::vector<BodyStatement>* body = nullptr);
  void judge(const Statement& statement);
  void unread(const Statement& statement, const Parsed& parsed);
  void not_understood(const Statement& statement);  // its body
  void run_rules(const Context& context);
  void remember(const std::vector<Action>& actions, const Statement& statement);
  int line_of(std::size_t offset) const;

  // transactions
  bool take_transaction(const PgQuery__TransactionStmt& statement, std::size_t offset);
  void begin(bool explicit_block, std::size_t offset);
  void commit();
  void roll_back();
  void roll_back_to(const std::string& name);
  void release(const std::string& name);
  void keep_errors_of_failing();

  // settings
  bool take_setting(const PgQuery__Node& node);
  void set(const std::string& name, const std::optional<std::string>& value, bool local);
  void take_search_path(const PgQuery__VariableSetStmt& statement);

  // bodies
  bool take_body(const Statement& statement, const std::vector<BodyStatement>* body);
  void run_body(std::string_view text, const std::vector<BodyStatement>& statements, std::optional<std::size_t> text_offset, const Statement& caller);
  void run_script(const std::string& text, std::optional<std::size_t> text_offset, const Statement& caller);
  bool take_plan_call(const PgQuery__FuncCall& call, const Statement& statement);

  const CheckOptions& options_;
  Report& report_;
  Sizes sizes_;
  std::vector<const Rule*> checking_, finishing_;  // those in use that look at statements, and at the end of files
  Schema schema_;
  Session session_, after_commit_, before_begin_;
  std::optional<Transaction> transaction_;
  std::vector<Savepoint> savepoints_;
  FileState file_;
  const Input* input_ = nullptr;
  std::string_view text_;
  std::vector<Finding> findings_;                           // of the file
  std::vector<std::pair<std::size_t, std::size_t>> spans_;  // of its statements
  std::size_t statement_begin_ = 0, statement_end_ = 0;
  std::set<QualifiedName> small_;  // tables that a plan's own check keeps below its limit
  mutable std::vector<std::size_t> line_starts_;
  int depth_ = 0;  // of bodies in bodies
};

// Severity by size, suppressions, lines: what is done to a file's findings when all are there.
void settle(std::vector<Finding>& findings, const Input& input, const CheckOptions& options, const Sizes& sizes, const std::vector<std::pair<std::size_t, std::size_t>>& spans, Report& report);

}  // namespace contraflow::lint
