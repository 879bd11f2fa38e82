// SPDX-License-Identifier: Apache-2.0
#include "rehearse/demands.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "pg/connection.h"
#include "sql/name.h"

namespace contraflow::rehearse {
namespace {

using catalog::Column;
using catalog::Constraint;
using catalog::ConstraintType;
using catalog::Database;
using catalog::Index;
using catalog::Kind;
using catalog::ObjectId;
using sql::QualifiedName;

constexpr int kSamples = 3;
constexpr std::size_t kLongestValue = 60;

class Search {
 public:
  Search(const std::string& conninfo, const Database& before, const Database& after, bool samples)
      : connection_(conninfo, "contraflow rows"), before_(before), after_(after), samples_(samples) {
    // A look at the data explains a failure; it must not take longer than what failed.
    connection_.execute("SET statement_timeout = '60s'");
  }

  std::vector<std::string> run() {
    for (const auto& [id, object] : after_.objects) {
      if (const auto* column = std::get_if<Column>(&object.body)) look(id, *column);
      if (const auto* constraint = std::get_if<Constraint>(&object.body)) look(id, *constraint);
      if (const auto* index = std::get_if<Index>(&object.body)) look(id, *index);
    }
    return std::move(found_);
  }

 private:
  bool has_columns(const std::string& schema, const std::string& table, const std::vector<std::string>& names) const {
    return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
      return before_.find(ObjectId{Kind::column, schema, table, name, ""}) != nullptr;
    });
  }

  // What a person finds the row by: the primary key, else its place.
  std::string key_of(const QualifiedName& table) const {
    for (const auto& [id, object] : before_.objects) {
      const auto* constraint = std::get_if<Constraint>(&object.body);
      if (constraint && constraint->type == ConstraintType::primary_key && id.schema == table.schema && id.relation == table.name)
        return list(constraint->columns, "");
    }
    return "ctid";
  }

  static std::string list(const std::vector<std::string>& columns, const std::string& prefix) {
    std::vector<std::string> out;
    for (const std::string& column : columns) out.push_back(prefix + sql::quote_identifier(column));
    return join(out, ", ");
  }

  // `noun` and `what`: "row", "of public.users whose email is NULL"; `from`: what follows FROM, of which each row is one violation; `key`: what names such a row.
  void count(const char* noun, const std::string& what, const std::string& from, const std::string& key) {
    try {
      const pg::Result counted = connection_.query("SELECT count(*) FROM " + from);
      const long long rows = counted.integer(0, 0);
      if (rows == 0) return;
      std::string line = count_of(rows, noun) + " " + what;
      if (samples_) {
        const pg::Result some = connection_.query(fmt::format("SELECT {} FROM {} LIMIT {}", key, from, kSamples));
        std::vector<std::string> shown;
        for (int row = 0; row < some.rows(); ++row) {
          std::vector<std::string> values;
          for (int column = 0; column < some.columns(); ++column) {
            std::string value = some.is_null(row, column) ? "NULL" : some.string(row, column);
            if (value.size() > kLongestValue) value = shortened(value);
            values.push_back(some.column_name(column) + " = " + value);
          }
          shown.push_back(join(values, ", "));
        }
        line += fmt::format("; for instance {}{}", join(shown, "; "), rows > kSamples ? "; …" : "");
      }
      found_.push_back(line);
    } catch (const pg::ServerError& error) {
      // What the schema before cannot express (an operator or a type of the migration's own) is not counted here.
      if (error.sqlstate() == "57014") found_.push_back(fmt::format("{}s {}: not counted, looking took longer than a minute", noun, what));
    }
  }

  static std::string shortened(const std::string& value) {
    std::size_t end = kLongestValue;
    while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0U) == 0x80U) --end;  // not within a character
    return value.substr(0, end) + "…";
  }

  void look(const ObjectId& id, const Column& now) {
    const auto* then = before_.find_body<Column>(id);
    if (!then) return;
    const QualifiedName table{id.schema, id.relation};
    const std::string column = sql::quote_identifier(id.name);
    if (now.not_null && !then->not_null)
      count("row", fmt::format("of {} whose {} is NULL", sql::quote(table), column),
            fmt::format("{} WHERE {} IS NULL", sql::quote(table), column), key_of(table));
    if (now.type != then->type && now.generated == catalog::Generated::none) refused(table, id.name, now.type);
  }

  // By the type's input function, one distinct value after another: a literal is what an assignment takes, its length checks included.
  void refused(const QualifiedName& table, const std::string& name, const std::string& type) {
    const std::string column = sql::quote_identifier(name);
    try {
      connection_.execute(fmt::format("DROP TABLE IF EXISTS pg_temp.contraflow_try; CREATE TEMP TABLE contraflow_try (v {})", type));
      connection_.execute(
          "CREATE OR REPLACE FUNCTION pg_temp.contraflow_refused(value text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN "
          "EXECUTE pg_catalog.format('INSERT INTO pg_temp.contraflow_try VALUES (%L)', value); RETURN false; EXCEPTION WHEN OTHERS THEN RETURN true; END $$");
    } catch (const pg::ServerError&) {
      return;  // the type is the migration's own
    }
    count("value", fmt::format("of {}.{} that {} does not take", sql::quote(table), column, type),
          fmt::format("(SELECT DISTINCT {0}::text AS {0} FROM {1} WHERE {0} IS NOT NULL) AS each_value WHERE pg_temp.contraflow_refused({0})", column, sql::quote(table)), column);
  }

  void duplicates(const QualifiedName& table, const std::vector<std::string>& columns, const std::string& predicate, bool nulls_not_distinct) {
    if (columns.empty() || !has_columns(table.schema, table.name, columns)) return;
    std::vector<std::string> conditions;
    if (!predicate.empty()) conditions.push_back("(" + predicate + ")");
    if (!nulls_not_distinct)
      for (const std::string& column : columns) conditions.push_back(sql::quote_identifier(column) + " IS NOT NULL");
    const std::string key = list(columns, "");
    count("value", fmt::format("of ({}) that more than one row of {} has", key, sql::quote(table)),
          fmt::format("(SELECT {0}, count(*) AS rows FROM {1}{2} GROUP BY {0} HAVING count(*) > 1) AS duplicates", key, sql::quote(table),
                      conditions.empty() ? "" : " WHERE " + join(conditions, " AND ")),
          key + ", rows");
  }

  void look(const ObjectId& id, const Constraint& now) {
    const auto* then = before_.find_body<Constraint>(id);
    if ((then && then->definition == now.definition && then->validated) || !now.validated) return;
    const QualifiedName table{id.schema, id.relation};
    if (!before_.find(ObjectId{Kind::table, id.schema, "", id.relation, ""})) return;
    switch (now.type) {
      case ConstraintType::primary_key:
      case ConstraintType::unique:
        duplicates(table, now.columns, "", now.nulls_not_distinct);
        return;
      case ConstraintType::check:
        if (has_columns(table.schema, table.name, now.columns))
          count("row", fmt::format("of {} that {} refuses", sql::quote(table), sql::quote_identifier(id.name)),
                fmt::format("{} WHERE NOT ({})", sql::quote(table), now.expression), key_of(table));
        return;
      case ConstraintType::foreign_key: {
        if (!now.references || !has_columns(table.schema, table.name, now.columns) ||
            !has_columns(now.references->schema, now.references->name, now.referenced_columns))
          return;
        std::vector<std::string> conditions, same;
        for (std::size_t i = 0; i < now.columns.size() && i < now.referenced_columns.size(); ++i) {
          conditions.push_back("child." + sql::quote_identifier(now.columns[i]) + " IS NOT NULL");
          same.push_back(fmt::format("parent.{} = child.{}", sql::quote_identifier(now.referenced_columns[i]), sql::quote_identifier(now.columns[i])));
        }
        count("row", fmt::format("of {} whose ({}) is not in {}", sql::quote(table), list(now.columns, ""), sql::quote(*now.references)),
              fmt::format("{} AS child WHERE {} AND NOT EXISTS (SELECT FROM {} AS parent WHERE {})", sql::quote(table), join(conditions, " AND "),
                          sql::quote(*now.references), join(same, " AND ")),
              list(now.columns, "child."));
        return;
      }
      default:
        return;  // exclusion constraints and what is none
    }
  }

  void look(const ObjectId& id, const Index& now) {
    if (!now.unique || !now.constraint.empty() || before_.find_body<Index>(id)) return;
    if (std::find(now.columns.begin(), now.columns.end(), "") != now.columns.end()) return;
    duplicates({id.schema, now.table}, now.columns, now.predicate, now.nulls_not_distinct);
  }

  pg::Connection connection_;
  const Database& before_;
  const Database& after_;
  bool samples_;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> violations(const std::string& conninfo, const Database& before, const Database& after, bool samples) {
  return Search(conninfo, before, after, samples).run();
}

std::set<ObjectId> columns_made_not_null(const Database& before, const Database& after) {
  std::set<ObjectId> out;
  for (const auto& [id, object] : before.objects) {
    const auto* column = std::get_if<Column>(&object.body);
    const auto* then = after.find_body<Column>(id);
    if (column && then && !column->not_null && then->not_null) out.insert(id);
  }
  return out;
}

void empty_tables(const std::string& conninfo) {
  pg::Connection connection(conninfo, "contraflow rows");
  const pg::Result tables = connection.query(
      "SELECT pg_catalog.string_agg(c.oid::pg_catalog.regclass::text, ', ') FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
      " WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'contraflow')");
  if (!tables.is_null(0, 0)) connection.execute("TRUNCATE " + tables.string(0, 0));
}

}  // namespace contraflow::rehearse
