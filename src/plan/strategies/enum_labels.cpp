// SPDX-License-Identifier: Apache-2.0
#include "plan/strategies/enum_labels.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/strategies/replace.h"
#include "sql/scan.h"

namespace contraflow::plan {

using namespace catalog;

LabelConversion convert_labels(const Planner& p, const LabelSource& read, const ObjectId& type, const std::string& target, const std::string& plain) {
  const ObjectId& column = read.column;
  const std::string& name = read.expression;
  const bool array = read.array;
  LabelConversion out;
  const auto& old_labels = std::get<EnumType>(p.from.objects.at(type).body).labels;
  const auto& new_labels = std::get<EnumType>(p.to.objects.at(type).body).labels;
  const auto given = p.options.enum_map.find(type.schema + "." + type.name);
  std::string cases, elements = name + "::text[]";
  for (const std::string& label : old_labels) {
    if (std::find(new_labels.begin(), new_labels.end(), label) != new_labels.end()) continue;
    const std::string* replacement = nullptr;
    if (given != p.options.enum_map.end()) {
      if (auto it = given->second.find(label); it != given->second.end()) replacement = &it->second;
    }
    if (replacement) {
      cases += fmt::format(" WHEN {} THEN {}", sql::quote_literal(label), sql::quote_literal(*replacement));
      elements = fmt::format("array_replace({}, {}, {})", elements, sql::quote_literal(label), sql::quote_literal(*replacement));
      out.grade = Grade::data;
      out.notes.push_back(fmt::format("rows of {} that hold '{}' become '{}' and stay so after a rollback", describe(column), label, *replacement));
      continue;
    }
    const std::string table = sql::quote(QualifiedName{column.schema, column.relation});
    out.preconditions.push_back({fmt::format("rows of {} that hold the removed value '{}' in {}", table, label, name),
                                 fmt::format("SELECT count(*) FROM {} WHERE {} = {}", table, sql::quote_literal(label),
                                             array ? fmt::format("ANY ({}::text[])", name) : name + "::text"),
                                 fmt::format("say what they become: --map {}.{}=NEW", type.name, label)});
  }
  out.merges = !cases.empty();
  if (cases.empty()) {
    out.expression = plain;
  } else if (array) {
    out.expression = fmt::format("{}::{}", elements, target);
  } else {
    out.expression = fmt::format("(CASE {}::text{} ELSE {}::text END)::{}", name, cases, name, target);
  }
  return out;
}

std::optional<ObjectId> exchanged_enum_of(const Planner& p, const ObjectId& column) {
  const auto *before = p.from.find_body<Column>(column), *after = p.to.find_body<Column>(column);
  if (!before || !after || before->type != after->type) return std::nullopt;
  for (const ObjectId& type : p.from.objects.at(column).depends_on) {
    if (type.kind != Kind::enum_type || !is_exchanged_type(p, type)) continue;
    if (before->type == quoted_name(type) || before->type == quoted_name(type) + "[]") return type;
  }
  return std::nullopt;
}

QualifiedName name_beside(const Planner& p, const ObjectId& type) { return {type.schema, p.spare_relation(type.schema, type.name, "new")}; }
QualifiedName name_retired(const Planner& p, const ObjectId& type) { return {type.schema, p.spare_relation(type.schema, type.name, "old")}; }

Statements with_types(Statements statements, const std::map<QualifiedName, QualifiedName>& types) {
  if (types.empty()) return statements;
  for (std::string& statement : statements) {
    const std::vector<sql::Token> tokens = sql::scan(statement);
    const auto text = [&](std::size_t i) { return i < tokens.size() ? statement.substr(tokens[i].begin, tokens[i].end - tokens[i].begin) : std::string(); };
    std::string out;
    std::size_t done = 0;
    for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
      if (text(i + 1) != "." || text(i + 3) == "." || text(i + 3) == "(" || (i > 0 && text(i - 1) == ".")) continue;
      for (const auto& [from, to] : types) {
        if (text(i) != sql::quote_identifier(from.schema) || text(i + 2) != sql::quote_identifier(from.name)) continue;
        out += statement.substr(done, tokens[i].begin - done) + sql::quote(to);
        done = tokens[i + 2].end;
        break;
      }
    }
    statement = out + statement.substr(done);
  }
  return statements;
}

ObjectId root_of(const Database& database, ObjectId table) {
  while (true) {
    const auto* body = database.find_body<Table>(table);
    if (!body || !body->partition_of) return table;
    table = table_id(*body->partition_of);
  }
}

}  // namespace contraflow::plan
