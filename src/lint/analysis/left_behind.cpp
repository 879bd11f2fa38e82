// SPDX-License-Identifier: Apache-2.0
//
// Triggers and their functions: what stays behind of them, and what they still read.
#include <algorithm>

#include "base/error.h"
#include "lint/analysis/analyser.h"
#include "lint/analysis/parts.h"
#include "sql/scan.h"

namespace contraflow::lint {
namespace {

// Whether a trigger of the relation runs the function.
bool runs(const Relation& relation, const QualifiedName& function) {
  return std::any_of(relation.trigger_functions.begin(), relation.trigger_functions.end(), [&](const auto& item) { return item.second == function; });
}

// NEW.column or OLD.column anywhere in a PL/pgSQL body but in its comments and constants.
bool reads_field(std::string_view body, const std::string& column) {
  std::vector<sql::Token> tokens;
  try {
    tokens = sql::scan(body);
  } catch (const Error&) {
    return false;  // no body that the server takes either
  }
  std::erase_if(tokens, [](const sql::Token& token) { return token.kind == sql::TokenKind::line_comment || token.kind == sql::TokenKind::block_comment; });
  const auto text = [&](std::size_t i) { return body.substr(tokens[i].begin, tokens[i].end - tokens[i].begin); };
  const auto name = [&](std::size_t i) { return tokens[i].kind == sql::TokenKind::identifier || tokens[i].kind == sql::TokenKind::keyword ? sql::identifier_value(text(i)) : std::string(); };
  for (std::size_t i = 2; i < tokens.size(); ++i) {
    if (text(i - 1) != "." || name(i) != column) continue;
    if (name(i - 2) != "new" && name(i - 2) != "old") continue;
    if (i < 3 || text(i - 3) != ".") return true;  // not x.new.column
  }
  return false;
}

}  // namespace

QualifiedName Analyser::known_function(const QualifiedName& written) const {
  if (!written.schema.empty()) return written;
  for (const std::string& schema : session_.search_path) {
    if (schema_.functions.find({schema, written.name}) != nullptr) return {schema, written.name};
  }
  return {session_.search_path.empty() ? "public" : session_.search_path.front(), written.name};
}

void Analyser::note_trigger(const Target& table, const PgQuery__CreateTrigStmt& statement) {
  const QualifiedName function = known_function(qualified(NodeList(statement.funcname, statement.n_funcname)));
  edit(table).trigger_functions[std::string(text_of(statement.trigname))] = function;
  add_fact(Fact::function_used, Target{}, statement_->offset).key = function;
}

void Analyser::rename_trigger(const Target& table, const std::string& old_name, const std::string& new_name) {
  if (table.known == nullptr || !table.known->user_triggers.contains(old_name)) return;
  Relation& relation = edit(table);
  for (std::set<std::string>* names : {&relation.user_triggers, &relation.disabled_triggers}) {
    if (names->erase(old_name) > 0) names->insert(new_name);
  }
  if (auto item = relation.trigger_functions.extract(old_name)) {
    item.key() = new_name;
    relation.trigger_functions.insert(std::move(item));
  }
}

void Analyser::forget_trigger(const Target& table, const std::string& trigger) {
  Relation& relation = edit(table);
  const auto item = relation.trigger_functions.extract(trigger);
  if (item) function_left(item.mapped(), table, statement_->offset);
}

// DROP FUNCTION: what it was the trigger function of is gone with it (CASCADE), or the statement fails.
void Analyser::forget_function(const QualifiedName& function) {
  schema_.functions.erase(function);
  std::vector<QualifiedName> users;
  for (const QualifiedName* name : schema_.relations.names()) {
    if (runs(*schema_.relations.find(*name), function)) users.push_back(*name);
  }
  for (const QualifiedName& name : users) {
    Relation& relation = schema_.relations.edit(name);
    for (auto item = relation.trigger_functions.begin(); item != relation.trigger_functions.end();) {
      if (item->second != function) {
        ++item;
        continue;
      }
      relation.user_triggers.erase(item->first);
      relation.disabled_triggers.erase(item->first);
      item = relation.trigger_functions.erase(item);
    }
  }
}

// DROP TABLE takes the triggers along and leaves their functions.
void Analyser::functions_left(const Relation& gone, const Target& table, std::size_t offset) {
  std::set<QualifiedName> functions;
  for (const auto& [trigger, function] : gone.trigger_functions) functions.insert(function);
  if (functions.empty()) return;
  edit(table).trigger_functions.clear();
  for (const QualifiedName& function : functions) function_left(function, table, offset);
}

void Analyser::function_left(const QualifiedName& function, const Target& table, std::size_t offset) {
  const auto* overloads = schema_.functions.find(function);
  if (overloads == nullptr) return;  // an extension's, a built-in one: nobody's to drop
  for (const QualifiedName* name : schema_.relations.names()) {
    if (runs(*schema_.relations.find(*name), function)) return;
  }
  Action& action = add_fact(Fact::function_left, table, offset);
  action.object = sql::quote(function);
}

void Analyser::triggers_reading(const Target& table, const std::string& column, const char* happens, std::size_t offset) {
  if (table.known == nullptr || table.is_private) return;
  const auto triggers = table.known->trigger_functions;
  for (const auto& [trigger, function] : triggers) {
    if (table.known->disabled_triggers.contains(trigger) || table.known->disabled_triggers.contains("*")) continue;
    const auto* overloads = schema_.functions.find(function);
    if (overloads == nullptr) continue;
    const bool reads = std::any_of(overloads->begin(), overloads->end(), [&](const Function& one) { return one.arguments.empty() && one.language == "plpgsql" && reads_field(one.body, column); });
    if (!reads) continue;
    const std::vector<const QualifiedName*>& relations = schema_.relations.names();
    const bool shared = std::any_of(relations.begin(), relations.end(), [&, &function = function](const QualifiedName* other) { return *other != table.key && runs(*schema_.relations.find(*other), function); });
    Action& action = add_fact(Fact::trigger_reads_column, table, offset);
    action.object = trigger;
    action.column = column;
    action.what = happens;
    action.from = sql::quote(function);
    if (shared) action.depends = "what the function does for this table: other tables have triggers with it";
  }
}

}  // namespace contraflow::lint
