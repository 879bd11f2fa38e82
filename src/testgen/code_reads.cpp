// SPDX-License-Identifier: Apache-2.0
#include "testgen/code_reads.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "sql/conditions.h"

namespace contraflow::testgen {
namespace {

using sql::Condition;
using Kind = Condition::Kind;

constexpr long long kAbsent = 7'301;  // number of a row that is made up and never written
constexpr int kTries = 400;

bool credential_like(const std::string& column) {
  const std::string word = replace_all(to_lower(column), "_", "");
  for (const char* part : {"email", "username", "login", "phone", "token", "password", "passwd", "secret", "apikey", "session", "oauth", "subject", "externalid", "accountid", "credential", "otp", "handle"}) {
    if (word.find(part) != std::string::npos) return true;
  }
  return false;
}

bool unique_in(const Database& database, const QualifiedName& table, const std::string& column) {
  return std::any_of(database.objects.begin(), database.objects.end(), [&](const auto& entry) {
    const auto* index = std::get_if<catalog::Index>(&entry.second.body);
    return index && index->unique && entry.first.schema == table.schema && index->table == table.name && std::find(index->columns.begin(), index->columns.end(), column) != index->columns.end();
  });
}

bool is_true(const pg::Value& value) { return value && (*value == "t" || *value == "true"); }

// A way to have the statement return something: rows that are changed, and what its parameters are.
struct Trial {
  std::vector<std::string> before, after;
  std::map<int, pg::Value> values;
  const Seed* seed = nullptr;  // of the table with soft delete
};

std::string with_values(const std::string& statement, const std::vector<sql::ParameterPlace>& places, const std::map<int, pg::Value>& values) {
  std::string out;
  std::size_t at = 0;
  for (const sql::ParameterPlace& place : places) {
    out += statement.substr(at, place.begin - at) + literal(values.at(place.number));
    at = place.end;
  }
  return out + statement.substr(at);
}

std::string counted(const std::string& statement) { return fmt::format("SELECT count(*)::text FROM ({}) AS found", statement); }
std::string shown(const std::string& statement) { return fmt::format("SELECT string_agg(found::text, E'\\n' ORDER BY found::text) FROM ({}) AS found", statement); }

// A value in TypeScript, as Prisma's client takes it for a column of this type. Empty: it is not known how.
std::string ts_value(const pg::Value& value, const std::string& type) {
  if (!value) return "null";
  std::string quoted = "'";
  for (const char c : *value) {
    if (static_cast<unsigned char>(c) < 0x20) return {};
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  quoted += "'";
  if (type == "integer" || type == "smallint") return *value;
  if (type == "bigint") return fmt::format("BigInt({})", quoted);
  if (type == "boolean") return is_true(value) ? "true" : "false";
  if (type.starts_with("timestamp") || type == "date") return fmt::format("new Date({})", quoted);
  if (type == "text" || type == "uuid" || type.starts_with("character") || type == "citext" || type.starts_with("numeric")) return quoted;
  return {};
}

}  // namespace

CodeReadTests::CodeReadTests(World& world, const std::vector<CodeRead>& reads) : world_(world) {
  for (const CodeRead& read : reads) prepare(read);
}

void CodeReadTests::left_out(const CodeRead& read, const std::string& why) {
  world_.notes.push_back(fmt::format("{}{}: {}", read.place, read.function.empty() ? "" : " " + read.function, why));
}

void CodeReadTests::prepare(const CodeRead& read) {
  if (!read.reason.empty()) return left_out(read, read.reason);
  const Database& to = world_.desired.database();
  const auto resolve = [&](const QualifiedName& written) -> std::optional<QualifiedName> {
    const QualifiedName name{written.schema.empty() ? "public" : written.schema, written.name};
    return to.find(catalog::relation_id(catalog::Kind::table, name.schema, name.name)) ? std::optional(name) : std::nullopt;
  };
  const auto columns_of = [&](const QualifiedName& written) -> std::optional<std::vector<std::string>> {
    const std::optional<QualifiedName> name = resolve(written);
    if (!name) return std::nullopt;
    std::vector<std::string> out;
    for (const auto& [id, object] : to.objects) {
      if (id.kind == catalog::Kind::column && id.schema == name->schema && id.relation == name->name) out.push_back(id.name);
    }
    return out;
  };
  sql::QueryConditions found;
  try {
    found = sql::conditions_of(read.statement, columns_of);
  } catch (const Error& error) {
    return left_out(read, error.message());
  }
  for (Condition& condition : found.conditions) condition.relation = resolve(condition.relation).value_or(QualifiedName{});
  std::erase_if(found.conditions, [](const Condition& condition) { return condition.relation.name.empty(); });
  const bool keyed = std::any_of(found.conditions.begin(), found.conditions.end(), [&](const Condition& condition) {
    if (condition.kind != Kind::equals || (condition.parameter == 0 && !condition.constant)) return false;
    return credential_like(condition.column) || (condition.relation == read.table && unique_in(to, read.table, condition.column));
  });
  if (!read.sees_deleted && !keyed) return left_out(read, "it is not keyed by a unique or credential-like column, as a login is");
  if (found.writes) return left_out(read, "a part of it writes: a test cannot ask for its rows");
  const bool outer = std::any_of(found.outer.begin(), found.outer.end(), [&](const QualifiedName& name) { return resolve(name) == read.table; });

  // The rows of before, by the names after the plan; those of the table itself first.
  std::map<QualifiedName, const std::vector<Seed>*> seeds;
  State from = 1;
  for (const TablePair& table : world_.shape.tables) {
    const auto rows = world_.seeds.find(table.old_name);
    if (!table.to || !table.from || rows == world_.seeds.end() || rows->second.empty()) continue;
    seeds[table.new_name] = &rows->second;
    const bool concerned = table.new_name == read.table || std::any_of(found.conditions.begin(), found.conditions.end(), [&](const Condition& c) { return c.relation == table.new_name; });
    if (!concerned) continue;
    for (const ColumnPair& pair : table.columns) {
      if (!pair.from && pair.to) from = std::max(from, pair.added);
      if (pair.from && pair.to && (!pair.conversion.empty() || pair.old_name != pair.new_name)) from = std::max(from, std::min(world_.shape.contract, world_.shape.last));
    }
    if (table.old_name != table.new_name) from = std::max(from, std::min(world_.shape.contract, world_.shape.last));
  }
  if (!seeds.contains(read.table)) return left_out(read, fmt::format("{} has no rows to test with", sql::quote(read.table)));
  std::vector<QualifiedName> tables{read.table};
  for (const Condition& condition : found.conditions) {
    if (std::find(tables.begin(), tables.end(), condition.relation) == tables.end() && seeds.contains(condition.relation)) tables.push_back(condition.relation);
  }
  const auto type_of = [&](const Condition& condition) {
    const auto* column = to.find_body<catalog::Column>(catalog::column_id(condition.relation.schema, condition.relation.name, condition.column));
    return column ? column->type : std::string();
  };
  const auto key_of = [&](const QualifiedName& table, const Row& row) {
    std::vector<std::string> parts;
    for (const auto& [id, object] : to.objects) {
      const auto* key = std::get_if<catalog::Constraint>(&object.body);
      if (!key || key->type != catalog::ConstraintType::primary_key || id.schema != table.schema || id.relation != table.name) continue;
      for (const std::string& column : key->columns) parts.push_back(fmt::format("{}::text = {}", sql::quote_identifier(column), literal(row.at(column))));
    }
    if (parts.empty()) {
      for (const auto& [column, value] : row) parts.push_back(fmt::format("{}::text IS NOT DISTINCT FROM {}", sql::quote_identifier(column), literal(value)));
    }
    return join(parts, " AND ");
  };

  const auto trial_of = [&](const std::vector<std::size_t>& chosen, std::size_t guess) {
    static const std::vector<std::string> kGuesses{"1", "a", "true", "2020-01-01", "{}"};
    Trial trial;
    for (std::size_t t = 0; t < tables.size(); ++t) {
      const Seed& seed = (*seeds.at(tables[t]))[chosen[t]];
      if (t == 0) trial.seed = &seed;
      const Row& row = seed.new_row;
      std::map<std::string, std::string> changes;  // column, SQL
      for (const Condition& condition : found.conditions) {
        if (condition.relation != tables[t] || condition.column == read.column || !row.contains(condition.column)) continue;
        const pg::Value& value = row.at(condition.column);
        const std::string type = type_of(condition);
        if (condition.parameter > 0) {
          if (condition.kind != Kind::unequal) trial.values.try_emplace(condition.parameter, value);
          if (condition.kind == Kind::above && type.starts_with("timestamp")) trial.values[condition.parameter] = "1900-01-01";
          if (condition.kind == Kind::below && type.starts_with("timestamp")) trial.values[condition.parameter] = "2999-12-31";
          continue;
        }
        switch (condition.kind) {
          case Kind::equals:
            if (condition.constant && value != *condition.constant) changes[condition.column] = sql::quote_literal(*condition.constant);
            break;
          case Kind::null:
            if (value) changes[condition.column] = "NULL";
            break;
          case Kind::filled:
            if (value) break;
            for (const Seed& other : *seeds.at(tables[t])) {
              if (other.new_row.at(condition.column)) changes[condition.column] = literal(other.new_row.at(condition.column));
            }
            if (!changes.contains(condition.column) && type.starts_with("timestamp")) changes[condition.column] = "'2020-01-01'";
            break;
          case Kind::holds:
            if (!is_true(value)) changes[condition.column] = "true";
            break;
          case Kind::lacks:
            if (is_true(value) || !value) changes[condition.column] = "false";
            break;
          case Kind::above:
            if (type.starts_with("timestamp") || type == "date") changes[condition.column] = "'2999-12-31'";
            break;
          case Kind::below:
            if (type.starts_with("timestamp") || type == "date") changes[condition.column] = "'1900-01-01'";
            break;
          case Kind::unequal: break;
        }
      }
      if (changes.empty()) continue;
      std::vector<std::string> sets, back;
      for (const auto& [column, value] : changes) {
        sets.push_back(fmt::format("{} = {}", sql::quote_identifier(column), value));
        back.push_back(fmt::format("{} = {}", sql::quote_identifier(column), literal(row.at(column))));
      }
      const std::string where = key_of(tables[t], row);
      trial.before.push_back(fmt::format("UPDATE {} SET {} WHERE {}", sql::quote(tables[t]), join(sets, ", "), where));
      trial.after.push_back(fmt::format("UPDATE {} SET {} WHERE {}", sql::quote(tables[t]), join(back, ", "), where));
    }
    for (const sql::ParameterPlace& place : found.places) {
      if (place.limit)
        trial.values[place.number] = "10";
      else if (place.offset)
        trial.values[place.number] = "0";
      else
        trial.values.try_emplace(place.number, kGuesses[guess]);
    }
    return trial;
  };

  // Whether the chosen rows belong together: those of two tables with foreign keys between them must meet by one of them.
  const auto together = [&](const std::vector<std::size_t>& chosen) {
    for (std::size_t a = 0; a < tables.size(); ++a) {
      for (std::size_t b = 0; b < tables.size(); ++b) {
        bool any = false, meets = false;
        for (const auto& [id, object] : to.objects) {
          const auto* key = std::get_if<catalog::Constraint>(&object.body);
          if (a == b || !key || !key->references || QualifiedName{id.schema, id.relation} != tables[a] || *key->references != tables[b]) continue;
          const Row &own = (*seeds.at(tables[a]))[chosen[a]].new_row, &other = (*seeds.at(tables[b]))[chosen[b]].new_row;
          any = true;
          bool equal = true;
          for (std::size_t i = 0; i < key->columns.size(); ++i) equal = equal && own.contains(key->columns[i]) && other.contains(key->referenced_columns[i]) && own.at(key->columns[i]) == other.at(key->referenced_columns[i]);
          meets = meets || equal;
        }
        if (any && !meets) return false;
      }
    }
    return true;
  };

  // The first choice of rows with which it returns something.
  std::optional<Trial> trial;
  std::string statement, live;
  std::vector<std::size_t> chosen(tables.size(), 0);
  // What nothing says a value for is tried with several.
  const bool open = std::any_of(found.places.begin(), found.places.end(), [&](const sql::ParameterPlace& place) {
    return !place.limit && !place.offset && std::none_of(found.conditions.begin(), found.conditions.end(), [&](const Condition& c) { return c.parameter == place.number && c.kind != Kind::unequal; });
  });
  const std::size_t guesses = open ? 5 : 1;
  for (int tries = 0; tries < kTries && !trial; ++tries) {
    for (std::size_t guess = 0; guess < guesses && !trial && together(chosen); ++guess) {
      const Trial attempt = trial_of(chosen, guess);
      statement = with_values(read.statement, found.places, attempt.values);
      const std::optional<pg::Value> rows = world_.desired.after(attempt.before, counted(statement));
      if (!rows || !*rows || **rows == "0") continue;
      trial = attempt;
      live = **rows;
    }
    std::size_t place = 0;
    while (place < chosen.size() && ++chosen[place] == seeds.at(tables[place])->size()) chosen[place++] = 0;
    if (place == chosen.size()) break;
  }
  if (!trial) {
    const std::optional<std::string> refused = world_.desired.refusal(fmt::format("PREPARE contraflow_read AS {}; DEALLOCATE contraflow_read", read.statement));
    return left_out(read, refused ? fmt::format("the schema after the plan refuses the statement ({})", *refused) : "no made-up row was found that it returns");
  }
  Prepared out;
  out.says = fmt::format("{} ({})", read.function.empty() ? "the read" : read.function, read.place);
  out.heading = fmt::format("{}: {}", out.says, sql::quote(read.table));
  out.sees_deleted = read.sees_deleted;
  out.from = from;
  out.before = trial->before;
  out.after = trial->after;
  out.query = counted(statement);
  out.live = live;
  const std::string marked = fmt::format("UPDATE {} SET {} = ", sql::quote(read.table), sql::quote_identifier(read.column)), here = key_of(read.table, trial->seed->new_row);
  out.mark = fmt::format("{}now() WHERE {}", marked, here);
  out.restore = fmt::format("{}NULL WHERE {}", marked, here);
  if (read.sees_deleted) {
    out.deleted = live;
  } else if (outer) {
    // Rows come back without the deleted one, as if it were not there: asked of the server, whose foreign keys look away.
    std::vector<std::string> gone = trial->before;
    gone.push_back("SET LOCAL session_replication_role = replica");
    gone.push_back(fmt::format("DELETE FROM {} WHERE {}", sql::quote(read.table), here));
    const std::optional<pg::Value> with = world_.desired.after(trial->before, shown(statement)), without = world_.desired.after(gone, shown(statement));
    if (!with || !without || !*with || *with == *without) return left_out(read, fmt::format("{} stands on the outer side of a join, and it gives the same without its row", sql::quote(read.table)));
    out.counted = false;
    out.query = *without ? shown(statement) : counted(statement);
    out.live = *without ? **with : live;
    out.deleted = *without ? **without : "0";
  } else {
    // What it gives for somebody who was never there: no rows, or the one row of an aggregate.
    out.deleted = "0";
    std::map<int, pg::Value> absent = trial->values;
    bool known = false;
    for (const QualifiedName& table : tables) {
      const std::optional<Row> row = world_.desired.make(table, kAbsent);
      for (const Condition& condition : found.conditions) {
        if (!row || condition.relation != table || condition.kind != Kind::equals || condition.parameter == 0 || !row->contains(condition.column)) continue;
        absent[condition.parameter] = row->at(condition.column);
        known = true;
      }
    }
    const std::string nobody = with_values(read.statement, found.places, absent);
    const std::optional<pg::Value> rows = known ? world_.desired.after(trial->before, counted(nobody)) : std::nullopt;
    if (rows && *rows && **rows != "0") {
      const std::optional<pg::Value> of_nobody = world_.desired.after(trial->before, shown(nobody)), of_live = world_.desired.after(trial->before, shown(statement));
      if (!of_nobody || !of_live || !*of_nobody || !*of_live || **of_nobody == **of_live) return left_out(read, "it gives the same for somebody who was never there");
      out.counted = false;
      out.query = shown(statement);
      out.live = **of_live;
      out.deleted = **of_nobody;
    }
  }
  if (!read.texts.empty() && out.counted) {
    std::string client = read.texts[0];
    bool known = true;
    for (std::size_t i = 0; i < read.parameters.size(); ++i) {
      const auto condition = std::find_if(found.conditions.begin(), found.conditions.end(), [&](const Condition& c) { return c.parameter == read.parameters[i]; });
      const std::string value = condition == found.conditions.end() ? "" : ts_value(trial->values.at(read.parameters[i]), type_of(*condition));
      known = known && !value.empty();
      client += value + read.texts[i + 1];
    }
    if (known) out.client = client;
  }
  reads_.push_back(std::move(out));
}

void CodeReadTests::write(TestFile& file, State state) const {
  for (const Prepared& read : reads_) {
    if (state < read.from) continue;
    const auto gives = [&](const std::string& value, const std::string& says) { file.found(read.query, value, read.client, fmt::format("{} {}", read.says, says)); };
    file.heading(read.heading);
    for (const std::string& statement : read.before) file.run(statement);
    gives(read.live, "finds a row that is there");
    file.run(read.mark);
    gives(read.deleted, read.sees_deleted ? "still finds the deleted row" : "finds nothing of a deleted row");
    file.run(read.restore);
    gives(read.live, "finds the row again that is restored");
    for (const std::string& statement : read.after) file.run(statement);
  }
}

}  // namespace contraflow::testgen
