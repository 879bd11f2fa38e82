// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/text.h"
#include "lint/walker.h"

namespace contraflow::lint {

bool Walker::take_transaction(const PgQuery__TransactionStmt& statement, std::size_t offset) {
  const std::string name(text_of(statement.savepoint_name));
  switch (statement.kind) {
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_BEGIN:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START:
      if (transaction_ && !transaction_->explicit_block) {
        file_.block_in_runner = offset;
        file_.has_block_in_runner = true;
      }
      if (!transaction_) begin(true, offset);
      return true;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT:
      if (transaction_) {
        if (!transaction_->explicit_block && !file_.has_block_in_runner) {
          file_.block_in_runner = offset;
          file_.has_block_in_runner = true;
        }
        commit();
      }
      if (statement.chain != 0) begin(true, offset);
      return true;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK:
      if (transaction_) roll_back();
      if (statement.chain != 0) begin(true, offset);
      return true;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_PREPARE:
      if (transaction_) commit();
      return true;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_SAVEPOINT:
      if (transaction_) {
        savepoints_.push_back({name, *transaction_, session_});
        schema_.mark();
      }
      return true;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_RELEASE: release(name); return true;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_TO: roll_back_to(name); return true;
    default: return true;
  }
}

void Walker::begin(bool explicit_block, std::size_t offset) {
  transaction_.emplace();
  transaction_->explicit_block = explicit_block;
  transaction_->line = line_of(offset);
  transaction_->offset = offset;
  before_begin_ = session_;
  schema_.mark();
}

// BEGIN … COMMIT around a statement that the server refuses there never takes effect: of what stands beside it, only what is an error as well is worth a word
// before that is mended.
void Walker::keep_errors_of_failing() {
  std::erase_if(findings_, [&](const Finding& finding) {
    if (finding.offset < transaction_->offset || finding.severity == Severity::error) return false;
    std::erase_if(file_.once, [&](const auto& said) { return said.first == finding.rule; });  // what is said once a file is said later
    return true;
  });
}

void Walker::commit() {
  for (std::size_t i = 0; i < savepoints_.size(); ++i) schema_.keep();
  savepoints_.clear();
  schema_.keep();
  transaction_.reset();
  session_ = after_commit_;  // SET LOCAL ends
}

void Walker::roll_back() {
  for (std::size_t i = 0; i < savepoints_.size(); ++i) schema_.undo();
  savepoints_.clear();
  schema_.undo();
  transaction_.reset();
  session_ = after_commit_ = before_begin_;
}

void Walker::roll_back_to(const std::string& name) {
  const auto found = std::find_if(savepoints_.rbegin(), savepoints_.rend(), [&](const Savepoint& savepoint) { return savepoint.name == name; });
  if (found == savepoints_.rend()) return;
  const auto keep = static_cast<std::size_t>(savepoints_.rend() - found);
  while (savepoints_.size() > keep) {
    schema_.undo();
    savepoints_.pop_back();
  }
  schema_.undo();
  schema_.mark();  // the savepoint stays
  transaction_ = savepoints_.back().transaction;
  session_ = savepoints_.back().session;
}

void Walker::release(const std::string& name) {
  const auto found = std::find_if(savepoints_.rbegin(), savepoints_.rend(), [&](const Savepoint& savepoint) { return savepoint.name == name; });
  if (found == savepoints_.rend()) return;
  const auto keep = static_cast<std::size_t>(savepoints_.rend() - found) - 1;
  while (savepoints_.size() > keep) {
    schema_.keep();
    savepoints_.pop_back();
  }
}

namespace {

std::optional<std::string> value_of(const PgQuery__VariableSetStmt& statement) {
  if (statement.kind != PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE || statement.n_args == 0) return std::nullopt;
  return constant_of(statement.args[0]);
}

}  // namespace

void Walker::set(const std::string& name, const std::optional<std::string>& value, bool local) {
  const auto apply = [&](Session& session) {
    const auto time = value ? Session::milliseconds(*value) : std::nullopt;
    if (name == "lock_timeout") session.lock_timeout_ms = time;
    else if (name == "statement_timeout") session.statement_timeout_ms = time;
    else if (name == "timezone") session.time_zone = value;
  };
  apply(session_);
  if (!local || !transaction_) apply(after_commit_);
}

void Walker::take_search_path(const PgQuery__VariableSetStmt& statement) {
  std::vector<std::string> path;
  for (std::size_t i = 0; i < statement.n_args; ++i) {
    const std::string text = constant_of(statement.args[i]).value_or("");
    for (const std::string& part : split(text, ',')) {
      std::string name(trim(part));
      if (name.size() > 1 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
      if (!name.empty() && name != "$user" && name != "pg_catalog") path.push_back(name);
    }
  }
  if (statement.kind != PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE) path = {"public"};
  session_.search_path = path;
  session_.search_path_set = true;
  if (statement.is_local == 0 || !transaction_) after_commit_.search_path = path;
}

bool Walker::take_setting(const PgQuery__Node& node) {
  if (node.node_case == PG_QUERY__NODE__NODE_VARIABLE_SET_STMT) {
    const PgQuery__VariableSetStmt& statement = *node.variable_set_stmt;
    const std::string name = to_lower(text_of(statement.name));
    if (statement.kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL) session_ = after_commit_ = {};
    else if (name == "search_path") take_search_path(statement);
    else set(name, value_of(statement), statement.is_local != 0);
    return true;
  }
  // SELECT set_config('lock_timeout', '2s', false), as pg_dump and some runners write it.
  if (node.node_case != PG_QUERY__NODE__NODE_SELECT_STMT || node.select_stmt->n_target_list != 1 || node.select_stmt->n_from_clause != 0) return false;
  const PgQuery__Node* value = node.select_stmt->target_list[0]->res_target->val;
  if (value == nullptr || value->node_case != PG_QUERY__NODE__NODE_FUNC_CALL || value->func_call->n_args != 3) return false;
  const PgQuery__FuncCall& call = *value->func_call;
  if (qualified(NodeList(call.funcname, call.n_funcname)).name != "set_config") return false;
  const std::string name = to_lower(constant_of(call.args[0]).value_or(""));
  const auto text = constant_of(call.args[1]);
  const bool local = constant_of(call.args[2]).value_or("false") == "true";
  if (name == "search_path" && text) {
    session_.search_path.clear();
    for (const std::string& part : split(*text, ',')) {
      if (!trim(part).empty()) session_.search_path.emplace_back(trim(part));
    }
    if (!local || !transaction_) after_commit_.search_path = session_.search_path;
  } else {
    set(name, text, local);
  }
  return true;
}

}  // namespace contraflow::lint
