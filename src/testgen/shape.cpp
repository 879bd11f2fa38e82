// SPDX-License-Identifier: Apache-2.0
#include "testgen/shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "sql/expression.h"

namespace contraflow::testgen {
namespace {

using catalog::Column;
using catalog::Kind;
using catalog::ObjectId;
using catalog::Table;

bool on_table(const plan::Step& step, const TablePair& table) {
  return step.tables.empty() || std::any_of(step.tables.begin(), step.tables.end(), [&](const QualifiedName& name) {
           return name == table.old_name || name == table.new_name;
         });
}

// What stands between `before` and `end` in the statement; empty where it does not.
std::string between(const std::string& text, const std::string& before, const std::string& end) {
  const std::size_t at = text.find(before);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + before.size();
  return text.substr(begin, end.empty() ? std::string::npos : text.find(end, begin) - begin);
}

std::string unquoted(const std::string& identifier) {
  if (identifier.size() < 2 || identifier.front() != '"') return identifier;
  return replace_all(identifier.substr(1, identifier.size() - 2), "\"\"", "\"");
}

// "a = f(b, 'x'), c = d" -> {a: f(b, 'x'), c: d}
std::map<std::string, std::string> split_assignments(const std::string& text) {
  std::map<std::string, std::string> out;
  std::vector<std::string> parts(1);
  int depth = 0;
  char quote = 0;
  for (const char c : text) {
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '(' || c == '[') {
      ++depth;
    } else if (c == ')' || c == ']') {
      --depth;
    } else if (c == ',' && depth == 0) {
      parts.emplace_back();
      continue;
    }
    parts.back() += c;
  }
  for (const std::string& part : parts) {
    const std::size_t at = part.find(" = ");
    if (at != std::string::npos) out[unquoted(std::string(trim(part.substr(0, at))))] = std::string(trim(part.substr(at + 3)));
  }
  return out;
}

std::map<std::string, const Column*> columns_of(const Database& database, const QualifiedName& table) {
  std::map<std::string, const Column*> out;
  const ObjectId first{Kind::column, table.schema, table.name, {}, {}};
  for (auto at = database.objects.lower_bound(first); at != database.objects.end(); ++at) {
    if (at->first.kind != Kind::column || at->first.schema != table.schema || at->first.relation != table.name) break;
    out[at->first.name] = std::get_if<Column>(&at->second.body);
  }
  return out;
}

struct Renames {
  std::map<std::string, std::string> columns;      // as the statements say: a -> b
  std::map<std::string, std::string> assigned;     // backfills: column -> expression
  std::map<std::string, std::string> conversions;  // ALTER COLUMN … TYPE … USING
  std::map<std::string, std::string> fills;        // of rows that hold NULL
};

// The tables from which one inherits columns, which change with their own: not those above a partition.
std::set<QualifiedName> ancestors(const Database& database, const TablePair& table) {
  std::set<QualifiedName> out;
  std::vector<QualifiedName> open{table.old_name};
  while (!open.empty()) {
    const auto* body = database.find_body<Table>({Kind::table, open.back().schema, {}, open.back().name, {}});
    open.pop_back();
    if (!body || body->partition_of) continue;
    for (const QualifiedName& parent : body->inherits) {
      if (out.insert(parent).second) open.push_back(parent);
    }
  }
  return out;
}

Renames renames_of(const plan::Plan& plan, TablePair& table, const std::set<QualifiedName>& above) {
  Renames out;
  for (const plan::Step& step : plan.steps) {
    const bool inherited = std::any_of(step.tables.begin(), step.tables.end(), [&](const QualifiedName& name) { return above.contains(name); });
    if (!on_table(step, table) && !inherited) continue;
    if (step.grade == plan::Grade::data) table.lossy = true;
    if (step.forward.backfill && (step.forward.backfill->table == table.old_name || step.forward.backfill->table == table.new_name || above.contains(step.forward.backfill->table))) {
      const std::string& assignments = step.forward.backfill->assignments;
      // "(a, a__filled) = (SELECT v, v FROM (SELECT (EXPR)::text AS v) AS filled)": the second column remembers which rows were filled
      if (const std::string column = between(assignments, "(", ", "), fill = between(assignments, " FROM (SELECT ", " AS v) AS filled)"); assignments.starts_with('(') && !fill.empty())
        out.fills[unquoted(column)] = fill;
      for (auto& [column, expression] : split_assignments(assignments)) out.assigned[column] = expression;
    }
    for (const std::string& statement : step.forward.statements) {
      const auto names = [&](const QualifiedName& name) { return statement.find(sql::quote(name) + " ") != std::string::npos; };
      const bool here = names(table.old_name) || names(table.new_name) || std::any_of(above.begin(), above.end(), names);
      if (!here) continue;
      // By the name that it has then.
      if (statement.starts_with(fmt::format("ALTER TABLE {} RENAME TO ", sql::quote(table.new_name))) && step.phase == plan::Phase::contract) {
        const std::string name = unquoted(between(statement, " RENAME TO ", ""));
        if (name.ends_with("__retired")) table.followed = {table.new_name.schema, name};
      }
      if (statement.find("CREATE TRIGGER zz_contraflow_sync") != std::string::npos) table.synced = true;
      if (const std::string column = between(statement, " RENAME COLUMN ", " TO "); !column.empty())
        out.columns[unquoted(column)] = unquoted(between(statement, " TO ", ""));
      if (const std::string column = between(statement, " ALTER COLUMN ", " TYPE "); !column.empty()) {
        const std::string expression = between(statement, " USING (", "");
        if (!expression.empty()) out.conversions[unquoted(column)] = expression.substr(0, expression.rfind(')'));
      }
    }
  }
  return out;
}

// The old column whose contents the expression gives: the one that it names.
std::string source_of(const std::string& expression, const std::map<std::string, const Column*>& from) {
  try {
    for (const sql::ColumnReference& reference : sql::columns_in(expression)) {
      if (from.contains(reference.column)) return reference.column;
    }
  } catch (const Error&) {
    // Newer syntax than the parser's: the column is then taken for a new one.
  }
  return {};
}

// What ALTER TYPE … RENAME VALUE makes of the column's contents; empty where its type has no value that the plan renames.
std::string renamed_values(const plan::Plan& plan, const std::string& name, const Column& column) {
  std::string cases;
  const std::string type = column.type_base.ends_with("[]") ? column.type_base.substr(0, column.type_base.size() - 2) : column.type_base;
  for (const auto& [old_label, new_label] : renamed_labels(plan, type)) cases += fmt::format("WHEN {} THEN {} ", sql::quote_literal(old_label), sql::quote_literal(new_label));
  if (cases.empty()) return {};
  const std::string quoted = sql::quote_identifier(name);
  if (column.type.ends_with("[]")) return fmt::format("array(SELECT CASE value {}ELSE value END FROM unnest({}::text::text[]) AS value)::{}", cases, quoted, column.type);
  return fmt::format("(CASE {}::text {}ELSE {}::text END)::{}", quoted, cases, quoted, column.type);
}

void pair_columns(TablePair& table, const plan::Plan& plan, const Shape& shape, const Database& from, const Database& to) {
  const auto old_columns = table.from ? columns_of(from, table.old_name) : std::map<std::string, const Column*>{};
  const auto new_columns = table.to ? columns_of(to, table.new_name) : std::map<std::string, const Column*>{};
  const Renames renames = renames_of(plan, table, ancestors(from, table));
  std::map<std::string, ColumnPair> by_old;
  std::set<std::string> taken;
  for (const auto& [name, column] : old_columns) {
    ColumnPair pair{.from = column, .old_name = name};
    if (const auto same = new_columns.find(name); same != new_columns.end()) {
      pair.to = same->second;
      pair.new_name = name;
    } else if (const auto renamed = renames.columns.find(name); renamed != renames.columns.end() && new_columns.contains(renamed->second)) {
      pair.to = new_columns.at(renamed->second);
      pair.new_name = renamed->second;
    }
    if (const auto fill = renames.fills.find(name); fill != renames.fills.end() && pair.to) pair.fill = fill->second;
    if (const auto direct = renames.conversions.find(name); direct != renames.conversions.end()) pair.conversion = direct->second;
    if (pair.to && renames.columns.contains(name) && renames.columns.at(name) != pair.new_name) pair.retired = renames.columns.at(name);
    by_old[name] = pair;
  }
  // Second columns: filled from the old one, in its place from contract on.
  for (const auto& [column, expression] : renames.assigned) {
    if (old_columns.contains(column)) continue;
    const std::string source = source_of(expression, old_columns);
    if (source.empty()) continue;
    const auto renamed = renames.columns.find(column);
    const std::string becomes = renamed != renames.columns.end() && new_columns.contains(renamed->second) ? renamed->second : column;
    ColumnPair& pair = by_old[source];
    const bool in_its_place = (pair.to == nullptr || pair.new_name == becomes) && new_columns.contains(becomes);
    if (in_its_place || (renamed != renames.columns.end() && pair.new_name == column)) {
      pair.to = new_columns.at(in_its_place ? becomes : pair.new_name);
      if (in_its_place) pair.new_name = becomes;
      pair.beside = column;
      if (expression != sql::quote_identifier(source)) pair.conversion = expression;
      // A copy under a new name is renamed out of the way, and the old column takes its place.
      const auto out_of_the_way = renames.columns.find(expression == sql::quote_identifier(source) ? column : source);
      if (out_of_the_way != renames.columns.end() && out_of_the_way->second != pair.new_name) pair.retired = out_of_the_way->second;
    }
  }
  for (auto& [name, pair] : by_old) {
    if (pair.to && pair.conversion.empty()) {
      pair.conversion = renamed_values(plan, name, *pair.to);
      pair.relabelled = !pair.conversion.empty();
    }
    if (pair.to && !pair.to->type.empty() && pair.conversion.empty() && pair.from->type != pair.to->type) {
      pair.assigned = true;
      pair.conversion = fmt::format("{}::{}", sql::quote_identifier(name), pair.to->type);
    }
    if (pair.to) taken.insert(pair.new_name);
    table.columns.push_back(pair);
  }
  for (const auto& [name, column] : new_columns) {
    if (taken.contains(name)) continue;
    ColumnPair pair{.to = column, .new_name = name};
    pair.added = state_of(plan, &table, {fmt::format("ADD COLUMN IF NOT EXISTS {} ", sql::quote_identifier(name))}, true);
    if (pair.added == 0) pair.added = shape.last;
    if (const auto fill = renames.assigned.find(name); fill != renames.assigned.end()) pair.conversion = fill->second;
    table.columns.push_back(pair);
  }
  std::sort(table.columns.begin(), table.columns.end(), [](const ColumnPair& a, const ColumnPair& b) {
    return (a.from ? a.from->position : 10'000 + a.to->position) < (b.from ? b.from->position : 10'000 + b.to->position);
  });
}

}  // namespace

std::vector<std::pair<std::string, std::string>> renamed_labels(const plan::Plan& plan, const std::string& type) {
  const auto text_of = [](std::string_view literal) {
    if (literal.size() < 2 || literal.front() != '\'' || literal.back() != '\'') return std::string();
    return replace_all(literal.substr(1, literal.size() - 2), "''", "'");
  };
  std::vector<std::pair<std::string, std::string>> out;
  const std::string before = fmt::format("ALTER TYPE {} RENAME VALUE ", type);
  for (const plan::Step& step : plan.steps) {
    for (const std::string& statement : step.forward.statements) {
      const std::size_t to = statement.find("' TO '");
      if (statement.starts_with(before) && to != std::string::npos) out.emplace_back(text_of(statement.substr(before.size(), to + 1 - before.size())), text_of(statement.substr(to + 5)));
    }
  }
  return out;
}

State state_of(const plan::Plan& plan, const TablePair* table, const std::vector<std::string>& needles, bool first) {
  State found = 0;
  for (const plan::Step& step : plan.steps) {
    if (table && !on_table(step, *table)) continue;
    std::string text = step.title + "\n" + join(step.forward.statements, "\n");
    if (std::all_of(needles.begin(), needles.end(), [&](const std::string& needle) { return (text + "\n").find(needle) != std::string::npos; })) {
      found = after(step.phase);
      if (first) break;
    }
  }
  return found;
}

Shape shape_of(const plan::Plan& plan, const Database& from, const Database& to) {
  Shape out;
  for (const plan::Phase phase : plan::kPhases) {
    if (plan.in_phase(phase).empty()) continue;
    out.phases.push_back(phase);
    out.last = after(phase);
    if (phase >= plan::Phase::contract) out.contract = std::min(out.contract, after(phase));
  }
  std::map<QualifiedName, QualifiedName> renamed;
  std::set<QualifiedName> touched;
  for (const plan::Step& step : plan.steps) {
    touched.insert(step.tables.begin(), step.tables.end());
    for (const std::string& statement : step.forward.statements) {
      if (statement.starts_with("ALTER SCHEMA ") && step.phase >= plan::Phase::contract) {  // its tables come along
        const std::string schema = unquoted(between(statement, "ALTER SCHEMA ", " RENAME TO ")), becomes = unquoted(between(statement, " RENAME TO ", ""));
        for (const auto& [id, object] : from.objects) {
          if (id.kind == Kind::table && id.schema == schema && to.find({Kind::table, becomes, {}, id.name, {}})) renamed[{schema, id.name}] = {becomes, id.name};
        }
      }
      if (!statement.starts_with("ALTER TABLE ")) continue;
      if (const std::size_t moves = statement.find(" SET SCHEMA "); moves != std::string::npos) {
        for (const auto& [id, object] : from.objects) {
          const QualifiedName old_name{id.schema, id.name};
          if (id.kind != Kind::table || to.find(id) || statement.substr(12, moves - 12) != sql::quote(old_name)) continue;
          // The same step may give it another name there.
          QualifiedName name{unquoted(statement.substr(moves + 12)), id.name};
          const std::string before = fmt::format("ALTER TABLE {} RENAME TO ", sql::quote(name));
          for (const std::string& other : step.forward.statements) {
            if (other.starts_with(before)) name.name = unquoted(other.substr(before.size()));
          }
          if (to.find({Kind::table, name.schema, {}, name.name, {}})) renamed[old_name] = name;
        }
        continue;
      }
      for (const auto& [id, object] : from.objects) {
        if (id.kind != Kind::table || to.find(id)) continue;
        const std::string before = fmt::format("ALTER TABLE {} RENAME TO ", sql::quote(QualifiedName{id.schema, id.name}));
        if (!statement.starts_with(before)) continue;
        const QualifiedName name{id.schema, unquoted(statement.substr(before.size()))};
        if (to.find({Kind::table, name.schema, {}, name.name, {}})) renamed[{id.schema, id.name}] = name;
      }
    }
  }
  // Tables whose columns have an enum that changes are changed with it.
  const auto differs = [&](const QualifiedName& a, const QualifiedName& b) {
    const auto left = columns_of(from, a), right = columns_of(to, b);
    return left.size() != right.size() || !std::equal(left.begin(), left.end(), right.begin(), [](const auto& x, const auto& y) { return x.first == y.first && *x.second == *y.second; });
  };
  std::set<QualifiedName> new_names;
  for (const auto& [id, object] : from.objects) {
    const auto* table = std::get_if<Table>(&object.body);
    if (!table || table->partition_of) continue;
    TablePair pair{.from = table, .old_name = {id.schema, id.name}};
    pair.new_name = renamed.contains(pair.old_name) ? renamed.at(pair.old_name) : pair.old_name;
    pair.to = to.find_body<Table>({Kind::table, pair.new_name.schema, {}, pair.new_name.name, {}});
    if (!pair.to) pair.new_name = pair.old_name;
    if (pair.new_name != pair.old_name) {
      pair.renamed = state_of(plan, nullptr, {fmt::format("ALTER TABLE {} RENAME TO ", sql::quote(pair.old_name))}, true);
      if (pair.renamed == 0) pair.renamed = state_of(plan, nullptr, {fmt::format("ALTER TABLE {} SET SCHEMA ", sql::quote(pair.old_name))}, true);
    }
    new_names.insert(pair.new_name);
    pair.changed = touched.contains(pair.old_name) || touched.contains(pair.new_name) || !pair.to || differs(pair.old_name, pair.new_name);
    out.tables.push_back(pair);
  }
  for (const auto& [id, object] : to.objects) {
    const auto* table = std::get_if<Table>(&object.body);
    if (!table || table->partition_of || new_names.contains({id.schema, id.name})) continue;
    TablePair pair{.to = table, .old_name = {id.schema, id.name}, .new_name = {id.schema, id.name}, .changed = true};
    pair.created = state_of(plan, nullptr, {fmt::format("CREATE TABLE {} ", sql::quote(pair.new_name))}, true);
    if (pair.created == 0) pair.created = out.last;
    // It takes rows when it has its partitions.
    if (table->partitioned) pair.created = std::max(pair.created, state_of(plan, nullptr, {fmt::format(" {} ATTACH PARTITION ", sql::quote(pair.new_name))}));
    out.tables.push_back(pair);
  }
  for (TablePair& table : out.tables) {
    pair_columns(table, plan, out, from, to);
    for (const plan::Step& step : plan.steps) {
      for (const std::string& statement : step.forward.statements) {
        // The one that is made beside it takes its name in the end.
        const std::string end = fmt::format(" RENAME TO {}", sql::quote_identifier(table.new_name.name));
        if (table.from == nullptr || !statement.starts_with("ALTER TABLE ") || !statement.ends_with("__next" + end)) continue;
        const std::string named = statement.substr(12, statement.size() - 12 - end.size());
        const std::string schema = sql::quote_identifier(table.new_name.schema) + ".";
        if (named.starts_with(schema)) table.next = {table.new_name.schema, unquoted(named.substr(schema.size()))};
      }
    }
    if (table.next.name.empty()) table.followed = {};
  }
  for (TablePair& table : out.tables) {
    // A new enum label reaches tables that no step names.
    for (const ColumnPair& column : table.columns) {
      if (!column.to) continue;
      for (const auto& [id, object] : to.objects) {
        if (id.kind != Kind::enum_type || sql::quote(QualifiedName{id.schema, id.name}) != column.to->type_base) continue;
        const auto* before = from.find_body<catalog::EnumType>(id);
        if (!before || before->labels != std::get<catalog::EnumType>(object.body).labels) table.changed = true;
      }
    }
  }
  return out;
}

namespace {

// What is NOT VALID is so for the rows of before alone: for new ones it says the same.
std::string_view for_new_rows(std::string_view definition) {
  constexpr std::string_view kNotValid = " NOT VALID";
  if (definition.ends_with(kNotValid)) definition.remove_suffix(kNotValid.size());
  return definition;
}

void add_side(std::vector<Rule>& out, const TablePair& table, const QualifiedName& name, const Database& database, bool old_side) {
  for (const auto& [id, object] : database.objects) {
    if (const auto* constraint = std::get_if<catalog::Constraint>(&object.body)) {
      if (id.schema != name.schema || id.relation != name.name || !constraint->enforced) continue;
      Rule rule{.name = id.name, .definition = constraint->definition, .expression = constraint->expression, .columns = constraint->columns, .old_side = old_side};
      switch (constraint->type) {
        case catalog::ConstraintType::check: rule.kind = Rule::Kind::check; break;
        case catalog::ConstraintType::primary_key:
        case catalog::ConstraintType::unique: rule.kind = Rule::Kind::unique; break;
        case catalog::ConstraintType::foreign_key: rule.kind = Rule::Kind::foreign_key; break;
        case catalog::ConstraintType::exclusion: rule.kind = Rule::Kind::exclusion; break;
        case catalog::ConstraintType::not_null:
        case catalog::ConstraintType::trigger: continue;
      }
      out.push_back(rule);
    } else if (const auto* index = std::get_if<catalog::Index>(&object.body)) {
      if (id.schema != name.schema || index->table != name.name || !index->unique || !index->constraint.empty()) continue;
      out.push_back({.kind = Rule::Kind::unique, .name = id.name, .definition = index->definition, .columns = index->columns, .by_index = true, .old_side = old_side});
    }
  }
  for (const ColumnPair& pair : table.columns) {
    const Column* column = old_side ? pair.from : pair.to;
    if (!column || !column->not_null || column->generated != catalog::Generated::none || column->identity != catalog::Identity::none) continue;
    const std::string& column_name = old_side ? pair.old_name : pair.new_name;
    out.push_back({.kind = Rule::Kind::not_null, .name = column_name, .definition = column_name + " NOT NULL", .columns = {column_name}, .old_side = old_side});
  }
}

// The state from which the column may hold NULL: a step on a parent does it for its children as well.
State not_null_goes(const plan::Plan& plan, const TablePair& table, const std::string& quoted) {
  State found = state_of(plan, &table, {fmt::format("ALTER COLUMN {} DROP NOT NULL", quoted)}, true);
  for (const char* only : {"ONLY ", ""}) {
    const State by_parent = state_of(plan, nullptr, {fmt::format("ALTER TABLE {}{} ALTER COLUMN {} DROP NOT NULL", only, sql::quote(table.old_name), quoted)}, true);
    if (by_parent != 0) found = found == 0 ? by_parent : std::min(found, by_parent);
  }
  return found;
}

}  // namespace

std::vector<Rule> rules_of(const TablePair& table, const plan::Plan& plan, const Shape& shape, const Database& from, const Database& to) {
  std::vector<Rule> old_rules, new_rules;
  if (table.from) add_side(old_rules, table, table.old_name, from, true);
  if (table.to) add_side(new_rules, table, table.new_name, to, false);
  const auto same = [&](const Rule& a, const Rule& b) {
    if (a.kind != b.kind) return false;
    if (a.kind == Rule::Kind::not_null) {
      return std::any_of(table.columns.begin(), table.columns.end(), [&](const ColumnPair& pair) { return pair.from && pair.to && pair.old_name == a.name && pair.new_name == b.name; });
    }
    return a.name == b.name && for_new_rows(a.definition) == for_new_rows(b.definition);
  };
  // A rule that only says the same of other names or types (a renamed column, a second column) holds in both shapes.
  const auto rewritten = [&](const Rule& a, const Rule& b) {
    if (a.kind != b.kind || a.kind == Rule::Kind::not_null || a.columns.size() != b.columns.size() || a.by_index != b.by_index) return false;
    if (a.name != b.name && table.new_name == table.old_name) return false;
    bool moved = table.new_name != table.old_name && a.definition == b.definition;
    for (std::size_t i = 0; i < a.columns.size(); ++i) {
      const auto pair = std::find_if(table.columns.begin(), table.columns.end(), [&](const ColumnPair& p) { return p.from && p.old_name == a.columns[i]; });
      if (pair == table.columns.end() || pair->new_name != b.columns[i]) return false;
      moved = moved || pair->old_name != pair->new_name || pair->from->type != pair->to->type;
    }
    return moved;
  };
  const auto either = [&](const Rule& a, const Rule& b) { return same(a, b) || rewritten(a, b); };
  std::vector<Rule> out;
  for (Rule rule : old_rules) {
    const bool stays = std::any_of(new_rules.begin(), new_rules.end(), [&](const Rule& other) { return either(rule, other); });
    if (!stays) {
      const std::string quoted = sql::quote_identifier(rule.name);
      if (rule.kind == Rule::Kind::not_null)
        rule.until = not_null_goes(plan, table, quoted);
      else if (rule.by_index)
        rule.until = state_of(plan, &table, {"DROP INDEX", quoted}, true);
      else
        rule.until = state_of(plan, &table, {fmt::format("DROP CONSTRAINT IF EXISTS {}\n", quoted)}, true);
      if (rule.until == 0) rule.until = std::min(shape.contract, shape.last);
    }
    rule.until = std::min(rule.until, shape.contract);  // from there on it is said of the new shape
    out.push_back(rule);
  }
  for (Rule rule : new_rules) {
    const bool stayed = std::any_of(old_rules.begin(), old_rules.end(), [&](const Rule& other) { return either(other, rule); });
    const State shape_from = table.from ? (shape.contract == 99 ? shape.last : shape.contract) : table.created;
    if (stayed) {
      if (shape.contract == 99 && table.from) continue;  // the old side says it in every state
      rule.from = shape_from;
    } else if (rule.kind == Rule::Kind::not_null && !table.next.name.empty()) {
      rule.from = shape_from;
    } else if (rule.kind == Rule::Kind::not_null) {
      const std::string quoted = sql::quote_identifier(rule.name);
      rule.from = std::max(state_of(plan, &table, {fmt::format("ALTER COLUMN {} SET NOT NULL", quoted)}),
                           state_of(plan, &table, {fmt::format("ADD COLUMN IF NOT EXISTS {} ", quoted)}));
    } else {
      const std::string quoted = sql::quote_identifier(rule.name);
      rule.from = rule.by_index ? state_of(plan, &table, {"UNIQUE INDEX", quoted}) : state_of(plan, &table, {fmt::format("ADD CONSTRAINT {} ", quoted)});
    }
    if (rule.from == 0) rule.from = shape_from;
    out.push_back(rule);
  }
  return out;
}

}  // namespace contraflow::testgen
