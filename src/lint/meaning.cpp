// SPDX-License-Identifier: Apache-2.0
#include "lint/meaning.h"

#include <algorithm>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "lint/parse_ahead.h"
#include "lint/plpgsql.h"
#include "lint/tree.h"
#include "sql/expression.h"
#include "sql/plpgsql.h"
#include "sql/scan.h"

namespace contraflow::lint {
namespace {

using sql::QualifiedName;

// The tokens outside of parentheses and brackets.
std::vector<sql::Token> outer_tokens(std::string_view text) {
  std::vector<sql::Token> out;
  int depth = 0;
  for (const sql::Token& token : sql::scan(text)) {
    if (token.kind == sql::TokenKind::line_comment || token.kind == sql::TokenKind::block_comment) continue;
    const std::string_view word = text.substr(token.begin, token.end - token.begin);
    if (word == ")" || word == "]") --depth;
    if (depth == 0) out.push_back(token);
    if (word == "(" || word == "[") ++depth;
  }
  return out;
}

bool is_word(std::string_view text, const sql::Token& token, std::string_view word) {
  return token.kind == sql::TokenKind::keyword && to_lower(text.substr(token.begin, token.end - token.begin)) == word;
}
bool is_symbol(std::string_view text, const sql::Token& token, std::string_view symbol) {
  return text.substr(token.begin, token.end - token.begin) == symbol;
}

// The text between tokens `first` and `last` (exclusive) of the list.
std::string between(std::string_view text, const std::vector<sql::Token>& tokens, std::size_t first, std::size_t last) {
  if (first >= tokens.size()) return {};
  const std::size_t end = last < tokens.size() ? tokens[last].begin : text.size();
  return std::string(trim(text.substr(tokens[first].begin, end - tokens[first].begin)));
}

// `users.email` -> `email`, of the table's name or alias; nothing where the expression reads other rows.
std::optional<std::string> over_own_columns(const std::string& expression, const PgQuery__RangeVar& table) {
  const std::string_view alias = table.alias != nullptr ? text_of(table.alias->aliasname) : text_of(table.relname);
  try {
    for (const sql::ColumnReference& reference : sql::columns_in(expression)) {
      if (reference.in_subquery) return std::nullopt;
    }
    return sql::rewrite_column_references(expression, [&](const sql::ColumnReference& reference) -> std::optional<std::string> {
      if (reference.relation != alias || reference.column == "*") return std::nullopt;
      return sql::quote_identifier(reference.column);
    });
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool has_subquery(const PgQuery__Node* node) {
  bool found = false;
  if (node == nullptr) return false;
  sql::walk(node->base, [&](const ProtobufCMessage& message) {
    found = found || message.descriptor == &pg_query__sub_link__descriptor;
    return !found;
  });
  return found;
}

// A function that may write: any that is not known to only compute.
std::string function_called(const ProtobufCMessage& root) {
  static const std::set<std::string_view> kHarmless = {"version", "now", "current_setting", "current_database", "pg_sleep", "count", "max", "min", "sum", "coalesce", "length",
                                                       "lower", "upper", "to_regclass", "to_regtype", "quote_ident", "quote_literal", "format", "pg_get_userbyid", "concat", "array_agg",
                                                       "string_agg", "has_table_privilege", "obj_description", "pg_relation_size", "pg_table_size", "pg_total_relation_size"};
  std::string found;
  sql::walk(root, [&](const ProtobufCMessage& message) {
    const auto* call = sql::message_as<PgQuery__FuncCall>(message, pg_query__func_call__descriptor);
    if (call == nullptr || !found.empty()) return found.empty();
    const QualifiedName name = qualified(NodeList(call->funcname, call->n_funcname));
    if (!kHarmless.contains(name.name) || (!name.schema.empty() && name.schema != "pg_catalog")) found = name.name;
    return found.empty();
  });
  return found;
}

class Reader {
 public:
  Reader(std::string_view text, const PgQuery__Node& node, bool in_body) : text_(text), node_(node), in_body_(in_body) {}

  Meaning run() {
    switch (node_.node_case) {
      case PG_QUERY__NODE__NODE_TRANSACTION_STMT: transaction(); break;
      case PG_QUERY__NODE__NODE_RENAME_STMT: rename(*node_.rename_stmt); break;
      case PG_QUERY__NODE__NODE_ALTER_OBJECT_SCHEMA_STMT: move(*node_.alter_object_schema_stmt); break;
      case PG_QUERY__NODE__NODE_ALTER_ENUM_STMT: enum_value(*node_.alter_enum_stmt); break;
      case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT: alter_table(*node_.alter_table_stmt); break;
      case PG_QUERY__NODE__NODE_UPDATE_STMT: update(*node_.update_stmt); break;
      case PG_QUERY__NODE__NODE_INSERT_STMT: data("INSERT", "it adds rows"); break;
      case PG_QUERY__NODE__NODE_DELETE_STMT: data("DELETE", "it removes rows"); break;
      case PG_QUERY__NODE__NODE_MERGE_STMT: data("MERGE", "it changes rows"); break;
      case PG_QUERY__NODE__NODE_TRUNCATE_STMT: data("TRUNCATE", "it removes rows"); break;
      case PG_QUERY__NODE__NODE_CALL_STMT: data("CALL", "what a procedure does to rows shows in no schema"); break;
      case PG_QUERY__NODE__NODE_EXECUTE_STMT: data("EXECUTE", "what a prepared statement does to rows shows in no schema"); break;
      case PG_QUERY__NODE__NODE_COPY_STMT:
        if (node_.copy_stmt->is_from != 0) data("COPY", "it adds rows");
        else plain(StatementKind::query, "COPY");
        break;
      case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT:
        if (node_.create_table_as_stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE && node_.create_table_as_stmt->into->skip_data == 0)
          data("CREATE TABLE AS", "the table's rows come from a query: the plan would make it empty");
        break;
      case PG_QUERY__NODE__NODE_SELECT_STMT: select(); break;
      case PG_QUERY__NODE__NODE_VARIABLE_SET_STMT: plain(StatementKind::setting, "SET"); break;
      case PG_QUERY__NODE__NODE_DISCARD_STMT: plain(StatementKind::setting, "DISCARD"); break;
      case PG_QUERY__NODE__NODE_CONSTRAINTS_SET_STMT: plain(StatementKind::setting, "SET CONSTRAINTS"); break;
      case PG_QUERY__NODE__NODE_VARIABLE_SHOW_STMT: plain(StatementKind::query, "SHOW"); break;
      case PG_QUERY__NODE__NODE_EXPLAIN_STMT: plain(StatementKind::query, "EXPLAIN"); break;
      case PG_QUERY__NODE__NODE_VACUUM_STMT: plain(StatementKind::maintenance, node_.vacuum_stmt->is_vacuumcmd != 0 ? "VACUUM" : "ANALYZE"); break;
      case PG_QUERY__NODE__NODE_REINDEX_STMT: plain(StatementKind::maintenance, "REINDEX"); break;
      case PG_QUERY__NODE__NODE_CLUSTER_STMT: plain(StatementKind::maintenance, "CLUSTER"); break;
      case PG_QUERY__NODE__NODE_REFRESH_MAT_VIEW_STMT: plain(StatementKind::maintenance, "REFRESH MATERIALIZED VIEW"); break;
      case PG_QUERY__NODE__NODE_CHECK_POINT_STMT: plain(StatementKind::maintenance, "CHECKPOINT"); break;
      case PG_QUERY__NODE__NODE_LOCK_STMT: plain(StatementKind::maintenance, "LOCK TABLE"); break;
      case PG_QUERY__NODE__NODE_NOTIFY_STMT: plain(StatementKind::maintenance, "NOTIFY"); break;
      case PG_QUERY__NODE__NODE_CREATE_ROLE_STMT: plain(StatementKind::server, "CREATE ROLE"); break;
      case PG_QUERY__NODE__NODE_ALTER_ROLE_STMT:
      case PG_QUERY__NODE__NODE_ALTER_ROLE_SET_STMT: plain(StatementKind::server, "ALTER ROLE"); break;
      case PG_QUERY__NODE__NODE_DROP_ROLE_STMT: plain(StatementKind::server, "DROP ROLE"); break;
      case PG_QUERY__NODE__NODE_GRANT_ROLE_STMT: plain(StatementKind::server, "GRANT of a role"); break;
      case PG_QUERY__NODE__NODE_CREATE_TABLE_SPACE_STMT: plain(StatementKind::server, "CREATE TABLESPACE"); break;
      case PG_QUERY__NODE__NODE_ALTER_DATABASE_SET_STMT: plain(StatementKind::server, "ALTER DATABASE … SET"); break;
      default: break;
    }
    return std::move(out_);
  }

 private:
  void plain(StatementKind kind, std::string verb) {
    out_.kind = kind;
    out_.verb = std::move(verb);
  }
  void data(std::string verb, std::string why) {
    plain(StatementKind::data, std::move(verb));
    out_.why = std::move(why);
  }

  void transaction() {
    switch (node_.transaction_stmt->kind) {
      case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_BEGIN:
      case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START:
      case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT: return plain(StatementKind::transaction, "BEGIN or COMMIT");
      default: return plain(StatementKind::takes_back, "ROLLBACK or SAVEPOINT");
    }
  }

  void rename(const PgQuery__RenameStmt& statement) {
    SaidRename said;
    said.to = text_of(statement.newname);
    switch (statement.rename_type) {
      case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
      case PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE:
      case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE:
      case PG_QUERY__OBJECT_TYPE__OBJECT_INDEX: said.object = qualified(*statement.relation); break;
      case PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN:
        // Of a view: it is made anew.
        if (statement.relation_type != PG_QUERY__OBJECT_TYPE__OBJECT_TABLE && statement.relation_type != PG_QUERY__OBJECT_TYPE__OBJECT_FOREIGN_TABLE) return;
        said.object = qualified(*statement.relation);
        said.member = text_of(statement.subname);
        break;
      case PG_QUERY__OBJECT_TYPE__OBJECT_TYPE:
      case PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN: {
        if (statement.object == nullptr) return;
        const std::vector<std::string> names = names_of_object(*statement.object);
        if (names.empty()) return;
        said.object = {names.size() > 1 ? names[names.size() - 2] : std::string(), names.back()};
        break;
      }
      case PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA: said.object = {std::string(text_of(statement.subname)), ""}; break;
      default: return;  // found by their definitions: constraints, triggers, policies, …
    }
    out_.renames.push_back(std::move(said));
  }

  void move(const PgQuery__AlterObjectSchemaStmt& statement) {
    SaidRename said{.object = {}, .member = {}, .to = std::string(text_of(statement.newschema)), .moves = true};
    if (statement.relation != nullptr) {
      said.object = qualified(*statement.relation);
    } else if ((statement.object_type == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE || statement.object_type == PG_QUERY__OBJECT_TYPE__OBJECT_DOMAIN) && statement.object != nullptr) {
      const std::vector<std::string> names = names_of_object(*statement.object);
      if (names.empty()) return;
      said.object = {names.size() > 1 ? names[names.size() - 2] : std::string(), names.back()};
    } else {
      return;
    }
    out_.renames.push_back(std::move(said));
  }

  void enum_value(const PgQuery__AlterEnumStmt& statement) {
    if (text_of(statement.old_val).empty()) return;  // ADD VALUE
    out_.renames.push_back({qualified(NodeList(statement.type_name, statement.n_type_name)), std::string(text_of(statement.old_val)), std::string(text_of(statement.new_val))});
  }

  void alter_table(const PgQuery__AlterTableStmt& statement) {
    // The tree has no text of expressions: they are cut out of the statement, whose actions stand between outer commas.
    std::optional<std::vector<sql::Token>> tokens;
    for (std::size_t i = 0; i < statement.n_cmds; ++i) {
      const PgQuery__AlterTableCmd& command = *statement.cmds[i]->alter_table_cmd;
      if (command.subtype != PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType || command.def == nullptr || command.def->column_def->raw_default == nullptr) continue;
      if (!tokens) tokens = outer_tokens(text_);
      std::size_t action = 0, at = 0;
      while (at < tokens->size() && action < i) action += is_symbol(text_, (*tokens)[at++], ",") ? 1 : 0;
      while (at < tokens->size() && !is_word(text_, (*tokens)[at], "using")) ++at;
      std::size_t end = at + 1;
      while (end < tokens->size() && !is_symbol(text_, (*tokens)[end], ",")) ++end;
      const auto expression = over_own_columns(between(text_, *tokens, at + 1, end), *statement.relation);
      if (expression) out_.conversions.push_back({qualified(*statement.relation), std::string(text_of(command.name)), *expression});
    }
  }

  void update(const PgQuery__UpdateStmt& statement) {
    data("UPDATE", "");
    if (statement.n_from_clause > 0 || statement.with_clause != nullptr || statement.n_returning_list > 0) {
      out_.why = "it takes values from other tables";
      return;
    }
    if (statement.relation->inh == 0) {
      out_.why = "UPDATE ONLY leaves the rows of child tables alone";
      return;
    }
    const std::string condition = condition_of(statement);
    const std::vector<sql::Token> tokens = outer_tokens(text_);
    std::size_t at = 0;
    while (at < tokens.size() && !is_word(text_, tokens[at], "set")) ++at;
    for (std::size_t i = 0; i < statement.n_target_list; ++i) {
      const PgQuery__ResTarget& target = *statement.target_list[i]->res_target;
      if (target.val == nullptr || target.n_indirection > 0 || target.val->node_case == PG_QUERY__NODE__NODE_MULTI_ASSIGN_REF || target.val->node_case == PG_QUERY__NODE__NODE_SET_TO_DEFAULT ||
          has_subquery(target.val)) {
        out_.fills.clear();
        out_.why = "it sets more than plain columns, or takes values from other tables";
        return;
      }
      while (at < tokens.size() && !is_symbol(text_, tokens[at], "=")) ++at;
      std::size_t end = at + 1;
      while (end < tokens.size() && !is_symbol(text_, tokens[end], ",") && !is_word(text_, tokens[end], "where")) ++end;
      const auto expression = over_own_columns(between(text_, tokens, at + 1, end), *statement.relation);
      if (!expression) {
        out_.fills.clear();
        out_.why = "its expression was not understood";
        return;
      }
      out_.fills.push_back({qualified(*statement.relation), std::string(text_of(target.name)), *expression, !condition.empty()});
      at = end;
    }
    if (statement.where_clause != nullptr && (condition.empty() || out_.fills.size() != 1 || out_.fills[0].column != condition)) {
      out_.fills.clear();
      out_.why = "its WHERE chooses rows by more than the column being NULL";
    }
  }

  // The column of `WHERE column IS NULL`; empty where the condition is another, or none.
  static std::string condition_of(const PgQuery__UpdateStmt& statement) {
    const PgQuery__Node* where = statement.where_clause;
    if (where == nullptr || where->node_case != PG_QUERY__NODE__NODE_NULL_TEST) return {};
    if (where->null_test->nulltesttype != PG_QUERY__NULL_TEST_TYPE__IS_NULL || where->null_test->arg->node_case != PG_QUERY__NODE__NODE_COLUMN_REF) return {};
    return std::string(column_of(where->null_test->arg));
  }

  void select() {
    const PgQuery__SelectStmt& statement = *node_.select_stmt;
    if (statement.into_clause != nullptr && !in_body_) return data("SELECT INTO", "the table's rows come from a query: the plan would make it empty");
    const std::string function = function_called(statement.base);
    if (function == "set_config") return plain(StatementKind::setting, "set_config()");
    if (!function.empty()) return data("SELECT", function + "() may change rows, which shows in no schema");
    plain(StatementKind::query, "SELECT");
  }

  std::string_view text_;
  const PgQuery__Node& node_;
  bool in_body_;
  Meaning out_;
};

std::string body_of(const PgQuery__DoStmt& statement, bool& plpgsql) {
  const NodeList arguments(statement.args, statement.n_args);
  const PgQuery__DefElem* language = option_named(arguments, "language");
  const PgQuery__DefElem* body = option_named(arguments, "as");
  plpgsql = language == nullptr || to_lower(constant_of(language->arg).value_or("")) == "plpgsql";
  return body == nullptr ? std::string() : constant_of(body->arg).value_or("");
}

std::vector<Meaning> read(std::string_view text, int depth) {
  const Parsed parsed = parse_statement(text);
  if (parsed.tree == nullptr) return {Meaning{}};
  const PgQuery__Node& node = parsed.tree->node(0);
  if (node.node_case != PG_QUERY__NODE__NODE_DO_STMT) return {Reader(text, node, depth > 0).run()};
  bool plpgsql = true;
  const std::string body = body_of(*node.do_stmt, plpgsql);
  const std::vector<BodyStatement> statements = plpgsql ? statements_of_body(body) : std::vector<BodyStatement>{};
  std::vector<Meaning> out;
  const auto opaque = [&](const char* why) {
    Meaning meaning;
    meaning.kind = StatementKind::data;
    meaning.verb = "DO";
    meaning.why = why;
    out.push_back(std::move(meaning));
  };
  if (!plpgsql) opaque("what a block in another language than PL/pgSQL does to rows is not known");
  else if (sql::plpgsql_tree(body).empty()) opaque("its body was not understood: what it does to rows is not known");
  for (const BodyStatement& statement : statements) {
    if (statement.unknown || depth > 4) {
      opaque("it runs a statement that is put together at run time, which may change rows");
      continue;
    }
    for (Meaning& meaning : read(statement.text, depth + 1)) {
      // Under IF the row change may not happen; renames and conversions show in the schema whether they did.
      if (statement.conditional && !meaning.fills.empty()) {
        meaning.fills.clear();
        meaning.why = "whether it runs is decided at run time";
      }
      meaning.place_in = "in a DO block";
      out.push_back(std::move(meaning));
    }
  }
  return out;
}

}  // namespace

std::vector<Meaning> meaning_of(std::string_view statement) { return read(statement, 0); }

}  // namespace contraflow::lint
