// SPDX-License-Identifier: Apache-2.0
//
// Statements inside of statements: DO blocks, functions that are called, and what a plan's files hand to their own procedures.
#include <algorithm>

#include "base/text.h"
#include "lint/plpgsql.h"
#include "lint/routine.h"
#include "lint/walker.h"
#include "sql/plpgsql.h"

namespace contraflow::lint {
namespace {

constexpr int kDeepest = 8;

// Where a constant's text stands in the statement, if it stands there as it is.
std::optional<std::size_t> place_in(const Statement& statement, std::string_view text) {
  if (!statement.exact_places || text.empty()) return std::nullopt;
  const std::size_t at = statement.text.find(text);
  if (at == std::string_view::npos) return std::nullopt;
  return statement.offset + at;
}

// A body without SQL statements, or one that cannot be read?
bool is_understood(std::string_view body) { return trim(body).empty() || !sql::plpgsql_tree(body).empty(); }

}  // namespace

bool Walker::take_body(const Statement& statement, const std::vector<BodyStatement>* body) {
  const PgQuery__Node& node = *statement.node;
  if (depth_ >= kDeepest) return false;
  if (node.node_case == PG_QUERY__NODE__NODE_DO_STMT) {
    const auto text = do_body(node);
    if (!text) return false;
    const std::vector<BodyStatement> now = body != nullptr ? std::vector<BodyStatement>() : statements_of_body(*text);
    const std::vector<BodyStatement>& read = body != nullptr ? *body : now;
    if (read.empty() && !is_understood(*text)) return not_understood(statement), true;
    run_body(*text, read, place_in(statement, *text), statement);
    return true;
  }
  const PgQuery__FuncCall* call = nullptr;
  if (node.node_case == PG_QUERY__NODE__NODE_CALL_STMT) call = node.call_stmt->funccall;
  if (node.node_case == PG_QUERY__NODE__NODE_SELECT_STMT && node.select_stmt->n_target_list == 1 && node.select_stmt->n_from_clause == 0) {
    const PgQuery__Node* value = node.select_stmt->target_list[0]->res_target->val;
    if (value != nullptr && value->node_case == PG_QUERY__NODE__NODE_FUNC_CALL) call = value->func_call;
  }
  if (call == nullptr) return false;
  if (take_plan_call(*call, statement)) return true;
  QualifiedName name = qualified(NodeList(call->funcname, call->n_funcname));
  if (name.schema.empty()) name.schema = session_.search_path.empty() ? "public" : session_.search_path.front();
  const auto* overloads = schema_.functions.find(name);
  if (overloads == nullptr) return false;
  const auto function = std::find_if(overloads->begin(), overloads->end(), [&](const Function& f) { return takes(f, call->n_args); });
  if (function == overloads->end() || (function->language != "plpgsql" && function->language != "sql")) return false;
  const Function copy = *function;
  const std::optional<std::size_t> offset = copy.has_offset ? std::optional(copy.offset) : std::nullopt;  // known from --schema: only the call has a place
  if (copy.language == "sql") run_script(copy.body, offset, statement);
  else if (const std::vector<BodyStatement> read = statements_of_body(copy.body); read.empty() && !is_understood(copy.body)) not_understood(statement);
  else run_body(copy.body, read, offset, statement);
  return true;
}

void Walker::not_understood(const Statement& statement) {
  Parsed parsed;
  parsed.error = "its body is no PL/pgSQL that PostgreSQL 15 reads";
  unread(statement, parsed);
}

void Walker::run_body(std::string_view text, const std::vector<BodyStatement>& statements, std::optional<std::size_t> text_offset, const Statement& caller) {
  const bool own = !transaction_;
  if (own) begin(false, caller.offset);
  ++depth_;
  for (const BodyStatement& inner : statements) {
    Statement statement;
    statement.text = inner.text;
    statement.offset = caller.offset;
    statement.exact_places = false;
    statement.conditional = inner.conditional || caller.conditional;
    if (text_offset && inner.offset) {
      statement.offset = *text_offset + *inner.offset;
      statement.exact_places = true;
    } else if (text_offset) {
      // EXECUTE: its line is known.
      std::size_t at = 0;
      for (std::size_t line = 1; line < inner.line; ++line) at = text.find('\n', at) == std::string_view::npos ? at : text.find('\n', at) + 1;
      while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
      statement.offset = *text_offset + at;
    }
    if (inner.unknown) {
      std::vector<Action> actions(1);
      actions[0].locks = false;
      actions[0].fact = Fact::executes_unknown;
      actions[0].reason = inner.text;
      actions[0].offset = statement.offset;
      actions[0].versions = options_.majors;
      run_rules(Context{statement, actions, session_, transaction_ ? &*transaction_ : nullptr, file_, schema_, options_.majors});
      continue;
    }
    Parsed parsed = parse_statement(inner.text);
    if (parsed.tree == nullptr) continue;
    statement.node = &parsed.tree->node(0);
    statement.newer = std::move(parsed.newer);
    if (statement.node->node_case == PG_QUERY__NODE__NODE_TRANSACTION_STMT) {
      // COMMIT in a procedure: what follows is a new transaction.
      if (own) {
        commit();
        begin(false, caller.offset);
      }
      continue;
    }
    take_statement(statement);
  }
  --depth_;
  if (own && transaction_) commit();
}

// Several SQL statements in one text: one transaction.
void Walker::run_script(const std::string& text, std::optional<std::size_t> text_offset, const Statement& caller) {
  const bool own = !transaction_;
  if (own) begin(false, caller.offset);
  ++depth_;
  const auto file = std::make_shared<catalog::ScriptFile>(catalog::ScriptFile{file_.name, text});
  for (const catalog::ScriptItem& item : catalog::split_script(file)) {
    if (item.kind != catalog::ItemKind::statement) continue;
    Statement statement;
    statement.text = item.text();
    statement.exact_places = text_offset.has_value();
    statement.offset = text_offset ? *text_offset + item.begin : caller.offset;
    statement.conditional = caller.conditional;
    Parsed parsed = parse_statement(statement.text);
    if (parsed.tree == nullptr) {
      unread(statement, parsed);
      continue;
    }
    statement.node = &parsed.tree->node(0);
    statement.newer = std::move(parsed.newer);
    take_statement(statement);
  }
  --depth_;
  if (own && transaction_) commit();
}

// pg_temp.brief(statements, small_tables) of a plan's files: tried with a short lock_timeout, in one transaction; tables in the second argument are
// measured again before. pg_temp.backfill works in batches of its own; pg_temp.expect_none reads.
bool Walker::take_plan_call(const PgQuery__FuncCall& call, const Statement& statement) {
  const QualifiedName name = qualified(NodeList(call.funcname, call.n_funcname));
  if (name.schema != "pg_temp") return false;
  if (name.name == "backfill" || name.name == "expect_none") return true;
  if (name.name != "brief" || call.n_args == 0) return false;
  const auto text = constant_of(call.args[0]);
  if (!text) return false;
  if (call.n_args > 1 && call.args[1]->node_case == PG_QUERY__NODE__NODE_A_ARRAY_EXPR) {
    for (std::size_t i = 0; i < call.args[1]->a_array_expr->n_elements; ++i) {
      const auto table = constant_of(call.args[1]->a_array_expr->elements[i]);
      if (!table) continue;
      const std::size_t dot = table->find('.');
      const auto bare = [](std::string part) { return part.size() > 1 && part.front() == '"' ? part.substr(1, part.size() - 2) : part; };
      if (dot != std::string::npos) small_.insert({bare(table->substr(0, dot)), bare(table->substr(dot + 1))});
    }
  }
  const Session before = session_, before_commit = after_commit_;
  session_.lock_timeout_ms = after_commit_.lock_timeout_ms = 70;
  run_script(*text, place_in(statement, *text), statement);
  session_ = before;
  after_commit_ = before_commit;
  small_.clear();
  return true;
}

}  // namespace contraflow::lint
