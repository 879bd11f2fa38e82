// SPDX-License-Identifier: Apache-2.0
#include "lint/analysis/analyser.h"

#include <algorithm>

#include "base/text.h"

namespace contraflow::lint {

namespace {
constexpr std::size_t kUsualActions = 4;  // of one statement, at most
}

std::vector<Action> Analyser::analyse(const Statement& statement) {
  statement_ = &statement;
  actions_.clear();
  actions_.reserve(kUsualActions);
  const PgQuery__Node& node = *statement.node;
  switch (node.node_case) {
    case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT: alter_table(*node.alter_table_stmt); break;
    case PG_QUERY__NODE__NODE_ALTER_TABLE_MOVE_ALL_STMT: move_all(*node.alter_table_move_all_stmt); break;
    case PG_QUERY__NODE__NODE_ALTER_DOMAIN_STMT: alter_domain(*node.alter_domain_stmt); break;
    case PG_QUERY__NODE__NODE_CREATE_STMT: create_table(*node.create_stmt); break;
    case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT: create_table_as(*node.create_table_as_stmt); break;
    case PG_QUERY__NODE__NODE_VIEW_STMT: create_view(*node.view_stmt); break;
    case PG_QUERY__NODE__NODE_CREATE_DOMAIN_STMT: create_domain(*node.create_domain_stmt); break;
    case PG_QUERY__NODE__NODE_CREATE_ENUM_STMT: create_enum(*node.create_enum_stmt); break;
    case PG_QUERY__NODE__NODE_ALTER_ENUM_STMT: alter_enum(*node.alter_enum_stmt); break;
    case PG_QUERY__NODE__NODE_CREATE_FUNCTION_STMT: create_function(*node.create_function_stmt); break;
    case PG_QUERY__NODE__NODE_DEFINE_STMT: create_operator(*node.define_stmt); break;
    case PG_QUERY__NODE__NODE_CREATE_TRIG_STMT: create_trigger(*node.create_trig_stmt); break;
    case PG_QUERY__NODE__NODE_CREATE_POLICY_STMT: add(effects::Operation::policy, target(*node.create_policy_stmt->table), statement.offset); break;
    case PG_QUERY__NODE__NODE_ALTER_POLICY_STMT: add(effects::Operation::policy, target(*node.alter_policy_stmt->table), statement.offset); break;
    case PG_QUERY__NODE__NODE_RULE_STMT: add(effects::Operation::create_rule, target(*node.rule_stmt->relation), statement.offset); break;
    case PG_QUERY__NODE__NODE_INDEX_STMT: create_index(*node.index_stmt); break;
    case PG_QUERY__NODE__NODE_REINDEX_STMT: reindex(*node.reindex_stmt); break;
    case PG_QUERY__NODE__NODE_CLUSTER_STMT: cluster(*node.cluster_stmt); break;
    case PG_QUERY__NODE__NODE_VACUUM_STMT: vacuum(*node.vacuum_stmt); break;
    case PG_QUERY__NODE__NODE_REFRESH_MAT_VIEW_STMT: refresh(*node.refresh_mat_view_stmt); break;
    case PG_QUERY__NODE__NODE_DROP_STMT: drop(*node.drop_stmt); break;
    case PG_QUERY__NODE__NODE_RENAME_STMT: rename(*node.rename_stmt); break;
    case PG_QUERY__NODE__NODE_ALTER_OBJECT_SCHEMA_STMT: set_schema(*node.alter_object_schema_stmt); break;
    case PG_QUERY__NODE__NODE_UPDATE_STMT: update_rows(*node.update_stmt->relation, node.update_stmt->where_clause, Fact::whole_update); break;
    case PG_QUERY__NODE__NODE_DELETE_STMT: update_rows(*node.delete_stmt->relation, node.delete_stmt->where_clause, Fact::whole_delete); break;
    case PG_QUERY__NODE__NODE_INSERT_STMT: insert_rows(*node.insert_stmt); break;
    case PG_QUERY__NODE__NODE_TRUNCATE_STMT: truncate(*node.truncate_stmt); break;
    case PG_QUERY__NODE__NODE_SELECT_STMT: sequences_set(*node.select_stmt); break;
    case PG_QUERY__NODE__NODE_ALTER_SEQ_STMT:
      if (option_named({node.alter_seq_stmt->options, node.alter_seq_stmt->n_options}, "restart") != nullptr) sequence_set(*node.alter_seq_stmt->sequence);
      break;
    case PG_QUERY__NODE__NODE_CREATE_SEQ_STMT:
      if (option_named({node.create_seq_stmt->options, node.create_seq_stmt->n_options}, "start") != nullptr) sequence_set(*node.create_seq_stmt->sequence);
      break;
    case PG_QUERY__NODE__NODE_COPY_STMT:
      if (node.copy_stmt->is_from != 0 && node.copy_stmt->relation != nullptr) edit(target(*node.copy_stmt->relation)).has_data_here = true;
      break;
    case PG_QUERY__NODE__NODE_LOCK_STMT: {
      const auto mode = static_cast<effects::LockMode>(node.lock_stmt->mode);  // lockdefs.h numbers them in the same order
      for (std::size_t i = 0; i < node.lock_stmt->n_relations; ++i) {
        if (node.lock_stmt->relations[i]->node_case != PG_QUERY__NODE__NODE_RANGE_VAR) continue;
        if (!effects::blocks_writes(mode)) continue;
        Action& action = add(effects::Operation::lock_table, target(*node.lock_stmt->relations[i]->range_var), statement.offset);
        action.what = effects::lock_name(mode);
      }
      break;
    }
    default: break;
  }
  if (transaction_ != nullptr && !transaction_->enum_values.empty()) enum_values_used(node.base);
  return std::move(actions_);
}

Analyser::Target Analyser::target(const QualifiedName& written) const {
  Target out;
  out.key = out.shown = written;
  if (written.schema.empty()) {
    out.key.schema = session_.search_path.empty() ? "public" : session_.search_path.front();
    if (schema_.relations.find({"pg_temp", written.name}) != nullptr) out.key.schema = "pg_temp";
    else {
      for (const std::string& schema : session_.search_path) {
        if (schema_.relations.find({schema, written.name}) == nullptr) continue;
        out.key.schema = schema;
        break;
      }
    }
  }
  out.known = schema_.relations.find(out.key);
  if (schema_.complete && out.known != nullptr) out.shown = out.key;
  out.is_private = out.key.schema == "pg_temp" || (out.known != nullptr && (out.known->created_here || out.known->temporary));
  return out;
}

Analyser::Target Analyser::target(const PgQuery__RangeVar& relation) const {
  Target out = target(qualified(relation));
  out.only = relation.inh == 0;
  return out;
}

Analyser::Target Analyser::refreshed(const Target& old) const {
  Target out = old;
  out.known = schema_.relations.find(old.key);
  return out;
}

QualifiedName Analyser::complete_type(const QualifiedName& written) const {
  if (!written.schema.empty()) return written;
  for (const std::string& schema : session_.search_path) {
    if (schema_.types.find({schema, written.name}) != nullptr) return {schema, written.name};
  }
  return {session_.search_path.empty() ? "public" : session_.search_path.front(), written.name};
}

std::string Analyser::type_of(const PgQuery__TypeName& type) const {
  std::string text = type_text(type);
  const std::string base = base_of(text);
  if (is_built_in_type(base)) return text;
  const QualifiedName written = qualified(NodeList(type.names, type.n_names));
  const QualifiedName full = complete_type(written);
  if (schema_.types.find(full) != nullptr) text.replace(0, base.size(), sql::quote(full));
  return text;
}

const Type* Analyser::find_type(std::string_view type) const {
  if (type.ends_with("[]")) return nullptr;
  const std::string base = base_of(type);
  if (is_built_in_type(base)) return nullptr;
  if (const std::size_t dot = base.find('.'); base.find('"') == std::string::npos) {
    const Type* known = dot == std::string::npos ? schema_.types.find(complete_type({"", base})) : schema_.types.find({base.substr(0, dot), base.substr(dot + 1)});
    if (known != nullptr) return known;
  }
  for (const QualifiedName* name : schema_.types.names()) {
    if (name->name == base || sql::quote(*name) == base) return schema_.types.find(*name);
  }
  return nullptr;
}

Action& Analyser::add(effects::Operation operation, const Target& target, std::size_t offset) {
  Action& action = actions_.emplace_back();
  action.operation = operation;
  action.relation = target.shown;
  action.key = target.key;
  action.is_private = target.is_private;
  action.offset = offset;
  action.versions = majors_;
  return action;
}

Action& Analyser::add_fact(Fact fact, const Target& target, std::size_t offset) {
  Action& action = add(effects::Operation::alter_column, target, offset);
  action.locks = false;
  action.fact = fact;
  return action;
}

Action& Analyser::add_fact(Fact fact, std::size_t offset) { return add_fact(fact, Target{}, offset); }

void Analyser::narrow(Action& action, int since, int before) {
  action.versions = action.versions.within({since, before == 0 ? kNewestMajor : before - 1});
}

}  // namespace contraflow::lint
