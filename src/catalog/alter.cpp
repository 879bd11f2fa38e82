// SPDX-License-Identifier: Apache-2.0
//
// Tables, columns, indexes, and what is switched on and off. Other kinds: alter_objects.cpp.
#include "catalog/alter.h"

#include <fmt/format.h>

#include <stdexcept>

#include "catalog/ddl_parts.h"

namespace contraflow::catalog {

using namespace parts;

namespace {

// SET (a='1') and RESET (b) of storage parameters and the like after `alter`.
Statements set_and_reset(const std::string& alter, const Options& from, const Options& to) {
  Options set;
  std::vector<std::string> reset;
  for (const auto& [name, value] : to)
    if (auto it = from.find(name); it == from.end() || it->second != value) set[name] = value;
  for (const auto& [name, value] : from)
    if (!to.contains(name)) reset.push_back(option_name(name));
  Statements statements;
  if (!reset.empty()) statements.push_back(fmt::format("{} RESET ({})", alter, join(reset)));
  if (!set.empty()) statements.push_back(fmt::format("{} SET ({})", alter, options_list(set)));
  return statements;
}

std::string alter_column(const ObjectId& id) {
  return fmt::format("ALTER TABLE ONLY {} ALTER COLUMN {}", quoted_relation(id),
                     sql::quote_identifier(id.name));
}

const char* enabled_word(char enabled) {
  switch (enabled) {
    case 'O':
      return "ENABLE";
    case 'D':
      return "DISABLE";
    case 'R':
      return "ENABLE REPLICA";
    case 'A':
      return "ENABLE ALWAYS";
    default:
      throw std::logic_error("unknown enabled state");
  }
}

}  // namespace

Statements alter_table_options(const ObjectId& id, const Options& from, const Options& to) {
  return set_and_reset("ALTER TABLE " + quoted_name(id), from, to);
}

Statements alter_index_options(const ObjectId& id, const Options& from, const Options& to) {
  return set_and_reset("ALTER INDEX " + quoted_name(id), from, to);
}

Statements alter_view_options(const ObjectId& id, const Options& from, const Options& to) {
  return set_and_reset("ALTER VIEW " + quoted_name(id), from, to);
}

Statements alter_materialized_view_options(const ObjectId& id, const Options& from, const Options& to) {
  return set_and_reset("ALTER MATERIALIZED VIEW " + quoted_name(id), from, to);
}

Statements alter_column_options(const ObjectId& id, const Options& from, const Options& to) {
  return set_and_reset(alter_column(id), from, to);
}

Statements alter_replica_identity(const ObjectId& id, const Table& to) {
  std::string identity;
  switch (to.replica_identity) {
    case ReplicaIdentity::default_:
      identity = "DEFAULT";
      break;
    case ReplicaIdentity::nothing:
      identity = "NOTHING";
      break;
    case ReplicaIdentity::full:
      identity = "FULL";
      break;
    case ReplicaIdentity::index:
      identity = "USING INDEX " + sql::quote_identifier(to.replica_identity_index);
      break;
  }
  return {fmt::format("ALTER TABLE ONLY {} REPLICA IDENTITY {}", quoted_name(id), identity)};
}

Statements alter_row_security(const ObjectId& id, const Table& from, const Table& to) {
  Statements statements;
  if (from.row_security != to.row_security)
    statements.push_back(fmt::format("ALTER TABLE {} {} ROW LEVEL SECURITY", quoted_name(id),
                                     to.row_security ? "ENABLE" : "DISABLE"));
  if (from.force_row_security != to.force_row_security)
    statements.push_back(fmt::format("ALTER TABLE {} {} ROW LEVEL SECURITY", quoted_name(id),
                                     to.force_row_security ? "FORCE" : "NO FORCE"));
  return statements;
}

Statements alter_column_storage(const ObjectId& id, const Column& to) {
  return {fmt::format("{} SET STORAGE {}", alter_column(id),
                      to.storage.empty() ? default_storage(to) : to.storage)};
}

Statements alter_column_compression(const ObjectId& id, const Column& to) {
  return {fmt::format("{} SET COMPRESSION {}", alter_column(id),
                      to.compression.empty() ? "default" : to.compression)};
}

Statements alter_column_statistics(const ObjectId& id, int target) {
  return {fmt::format("{} SET STATISTICS {}", alter_column(id), target)};
}

Statements alter_index_statistics(const ObjectId& id, const std::map<int, int>& from,
                                  const std::map<int, int>& to) {
  Statements statements;
  auto set = [&](int key, int target) {
    statements.push_back(
        fmt::format("ALTER INDEX {} ALTER COLUMN {} SET STATISTICS {}", quoted_name(id), key, target));
  };
  for (const auto& [key, target] : to)
    if (auto it = from.find(key); it == from.end() || it->second != target) set(key, target);
  for (const auto& [key, target] : from)
    if (!to.contains(key)) set(key, -1);
  return statements;
}

Statements alter_statistics_target(const ObjectId& id, int target) {
  return {fmt::format("ALTER STATISTICS {} SET STATISTICS {}", quoted_name(id), target)};
}

Statements alter_trigger_state(const ObjectId& id, char enabled) {
  // ONLY: a partition's clone has a state of its own.
  return {fmt::format("ALTER TABLE ONLY {} {} TRIGGER {}", quoted_relation(id), enabled_word(enabled),
                      sql::quote_identifier(id.name))};
}

Statements alter_rule_state(const ObjectId& id, char enabled) {
  return {fmt::format("ALTER TABLE {} {} RULE {}", quoted_relation(id), enabled_word(enabled),
                      sql::quote_identifier(id.name))};
}

Statements alter_event_trigger(const ObjectId& id, char enabled) {
  return {fmt::format("ALTER EVENT TRIGGER {} {}", quoted_name(id), enabled_word(enabled))};
}

Statements alter_security_labels(const Object& object, const std::map<std::string, std::string>& from,
                                 const std::map<std::string, std::string>& to) {
  Statements statements;
  auto label = [&](const std::string& provider, const std::string& text) {
    statements.push_back(fmt::format("SECURITY LABEL FOR {} ON {} IS {}", sql::quote_identifier(provider),
                                     reference(object), text));
  };
  for (const auto& [provider, text] : to)
    if (auto it = from.find(provider); it == from.end() || it->second != text)
      label(provider, sql::quote_literal(text));
  for (const auto& [provider, text] : from)
    if (!to.contains(provider)) label(provider, "NULL");
  return statements;
}

}  // namespace contraflow::catalog
