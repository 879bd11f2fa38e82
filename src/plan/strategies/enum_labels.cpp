// SPDX-License-Identifier: Apache-2.0
#include "plan/strategies/enum_labels.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/strategies/replace.h"
#include "sql/scan.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

// What --map says of the labels that go, in the order of the old type.
std::vector<std::pair<std::string, std::string>> mapped_labels(const Planner& p, const ObjectId& type) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto given = p.options.enum_map.find(type.schema + "." + type.name);
  if (given == p.options.enum_map.end()) return out;
  const auto& new_labels = std::get<EnumType>(p.to.objects.at(type).body).labels;
  for (const std::string& label : std::get<EnumType>(p.from.objects.at(type).body).labels) {
    if (std::find(new_labels.begin(), new_labels.end(), label) != new_labels.end()) continue;
    if (auto it = given->second.find(label); it != given->second.end()) out.emplace_back(label, it->second);
  }
  return out;
}

// The labels read as others, of one value or of an array's elements; `plain` where there are none.
std::string relabelled(const std::vector<std::pair<std::string, std::string>>& labels, const std::string& read, bool array, const std::string& target, const std::string& plain) {
  if (labels.empty()) return plain;
  std::string cases, elements = read + "::text[]";
  for (const auto& [label, other] : labels) {
    cases += fmt::format(" WHEN {} THEN {}", sql::quote_literal(label), sql::quote_literal(other));
    elements = fmt::format("array_replace({}, {}, {})", elements, sql::quote_literal(label), sql::quote_literal(other));
  }
  return array ? fmt::format("{}::{}", elements, target) : fmt::format("(CASE {0}::text{1} ELSE {0}::text END)::{2}", read, cases, target);
}

// The label as which `label`, which is new, goes back: the first one that became it. Null where it was there before, or nothing became it.
const std::string* origin_of(const Planner& p, const ObjectId& type, const std::vector<std::pair<std::string, std::string>>& mapped, const std::string& label) {
  const auto& old_labels = std::get<EnumType>(p.from.objects.at(type).body).labels;
  if (std::find(old_labels.begin(), old_labels.end(), label) != old_labels.end()) return nullptr;
  const auto first = std::find_if(mapped.begin(), mapped.end(), [&](const auto& pair) { return pair.second == label; });
  return first == mapped.end() ? nullptr : &first->first;
}

// Rows that hold a label which the old type has not, and which no label became.
std::vector<Precondition> without_way_back(const Planner& p, const LabelSource& read, const ObjectId& type, const std::vector<std::pair<std::string, std::string>>& mapped) {
  std::vector<Precondition> out;
  const auto& old_labels = std::get<EnumType>(p.from.objects.at(type).body).labels;
  const std::string table = sql::quote(QualifiedName{read.column.schema, read.column.relation}), name = read.afterwards.empty() ? read.expression : read.afterwards;
  for (const std::string& label : std::get<EnumType>(p.to.objects.at(type).body).labels) {
    if (std::find(old_labels.begin(), old_labels.end(), label) != old_labels.end() || origin_of(p, type, mapped, label)) continue;
    const std::string holds = fmt::format("{} = {}", sql::quote_literal(label), read.array ? fmt::format("ANY ({}::text[])", name) : name + "::text");
    out.push_back({fmt::format("rows of {} that hold '{}' in {}, a value that {} has only from this plan on", table, label, name, describe(type)),
                   fmt::format("SELECT count(*) FROM {} WHERE {}", table, holds),
                   fmt::format("give them a value that it had before: UPDATE {} SET {} = … WHERE {}; then roll back again", table, sql::quote_identifier(read.column.name), holds)});
  }
  return out;
}

}  // namespace

std::string convert_labels_back(const Planner& p, const LabelSource& read, const ObjectId& type, const std::string& target, const std::string& plain) {
  const auto mapped = mapped_labels(p, type);
  std::vector<std::pair<std::string, std::string>> back;
  for (const auto& [label, replacement] : mapped) {
    if (const std::string* origin = origin_of(p, type, mapped, replacement); origin && *origin == label) back.emplace_back(replacement, label);
  }
  return relabelled(back, read.expression, read.array, target, plain);
}

LabelConversion convert_labels(const Planner& p, const LabelSource& read, const ObjectId& type, const std::string& target, const std::string& plain) {
  const ObjectId& column = read.column;
  const std::string& name = read.expression;
  const bool array = read.array;
  LabelConversion out;
  const auto& old_labels = std::get<EnumType>(p.from.objects.at(type).body).labels;
  const auto& new_labels = std::get<EnumType>(p.to.objects.at(type).body).labels;
  const auto mapped = mapped_labels(p, type);
  for (const std::string& label : old_labels) {
    if (std::find(new_labels.begin(), new_labels.end(), label) != new_labels.end()) continue;
    if (const auto it = std::find_if(mapped.begin(), mapped.end(), [&](const auto& pair) { return pair.first == label; }); it != mapped.end()) {
      const std::string* origin = origin_of(p, type, mapped, it->second);
      if (origin && *origin == label) continue;  // comes back as it was
      out.merges = true;
      out.grade = Grade::data;
      out.notes.push_back(origin ? fmt::format("rows of {} that hold '{}' become '{}', as do those that hold '{}', and are such after a rollback", describe(column), label, it->second, *origin)
                                 : fmt::format("rows of {} that hold '{}' become '{}' and stay so after a rollback", describe(column), label, it->second));
      continue;
    }
    const std::string table = sql::quote(QualifiedName{column.schema, column.relation});
    out.preconditions.push_back({fmt::format("rows of {} that hold the removed value '{}' in {}", table, label, name),
                                 fmt::format("SELECT count(*) FROM {} WHERE {} = {}", table, sql::quote_literal(label),
                                             array ? fmt::format("ANY ({}::text[])", name) : name + "::text"),
                                 fmt::format("say what they become: --map {}.{}=NEW", type.name, label)});
  }
  out.expression = relabelled(mapped, name, array, target, plain);
  out.undo_preconditions = without_way_back(p, read, type, mapped);
  return out;
}

std::optional<ObjectId> exchanged_type_of(const Planner& p, const ObjectId& column) {
  const auto *before = p.from.find_body<Column>(column), *after = p.to.find_body<Column>(column);
  if (!before || !after || before->type != after->type) return std::nullopt;
  for (const ObjectId& type : p.from.objects.at(column).depends_on) {
    if ((type.kind != Kind::enum_type && type.kind != Kind::domain) || !is_exchanged_type(p, type)) continue;
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
