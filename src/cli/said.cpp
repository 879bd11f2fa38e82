// SPDX-License-Identifier: Apache-2.0
#include "cli/said.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "rehearse/run.h"
#include "sql/expression.h"

namespace contraflow::cli {
namespace {

using catalog::Database;
using catalog::Kind;
using catalog::ObjectId;
using lint::Meaning;
using lint::StatementKind;
using sql::QualifiedName;

const catalog::Column* column_in(const Database& database, const QualifiedName& table, const std::string& column) {
  return database.find_body<catalog::Column>(ObjectId{Kind::column, table.schema, table.name, column, ""});
}

// Tables, sequences, types …: whatever lies in a schema under a name of its own.
bool has_object(const Database& database, const QualifiedName& name) {
  return std::any_of(database.objects.begin(), database.objects.end(), [&](const auto& entry) {
    return entry.first.relation.empty() && entry.first.schema == name.schema && entry.first.name == name.name;
  });
}

bool has_member(const Database& database, const QualifiedName& object, const std::string& member) {
  if (column_in(database, object, member)) return true;
  const auto* type = database.find_body<catalog::EnumType>(ObjectId{Kind::enum_type, object.schema, "", object.name, ""});
  return type && std::find(type->labels.begin(), type->labels.end(), member) != type->labels.end();
}

// Follows names through the migration.
class Names {
 public:
  Names(const Database& before, const Database& after) : before_(before), after_(after) {}

  // With its schema: that of the only object that is called so, else public.
  QualifiedName complete(const QualifiedName& written) const {
    if (!written.schema.empty()) return written;
    for (const auto& [current, original] : objects_) {
      if (current.name == written.name) return current;
    }
    for (const Database* database : {&before_, &after_}) {
      if (has_object(*database, {"public", written.name})) break;
      for (const auto& [id, object] : database->objects) {
        if (id.relation.empty() && id.name == written.name && !id.schema.empty()) return {id.schema, id.name};
      }
    }
    return {"public", written.name};
  }
  bool is_new_column(const QualifiedName& table, const std::string& column) const {
    const QualifiedName original = original_of(table);
    const auto it = members_.find({original, column});
    return !column_in(before_, original, it == members_.end() ? column : it->second);
  }

  void rename(const lint::SaidRename& said, const std::string& where, Said& out) {
    if (said.object.name.empty()) {
      if (before_.find(ObjectId{Kind::schema, "", "", said.object.schema, ""})) out.renames.push_back({sql::quote_identifier(said.object.schema), sql::quote_identifier(said.to), where});
      return;
    }
    const QualifiedName current = complete(said.object);
    if (said.member.empty()) {
      const QualifiedName renamed = said.moves ? QualifiedName{said.to, current.name} : QualifiedName{current.schema, said.to};
      const QualifiedName original = original_of(current);
      objects_.erase(current);
      objects_[renamed] = original;
      places_[{original, ""}] = where;
      for (auto* values : {&out.conversions, &out.fills}) {
        for (Said::Value& value : *values) {
          if (value.table == current) value.table = renamed;
        }
      }
      return;
    }
    const QualifiedName original = original_of(current);
    std::string member = said.member;
    if (const auto it = members_.find({original, said.member}); it != members_.end()) {
      member = it->second;
      members_.erase(it);
    }
    members_[{original, said.to}] = member;
    places_[{original, member}] = where;
    for (auto* values : {&out.conversions, &out.fills}) {
      for (Said::Value& value : *values) {
        if (value.table != current) continue;
        if (value.column == said.member) value.column = said.to;
        value.expression = sql::rename_columns(value.expression, {{said.member, said.to}});
      }
    }
  }

  // Of what was there before and is there after: what the migration makes or drops itself has no name to keep.
  void finish(Said& out) const {
    for (const auto& [current, original] : objects_) {
      if (current == original || !has_object(before_, original) || !has_object(after_, current)) continue;
      out.renames.push_back({sql::quote(original), current.schema == original.schema ? sql::quote_identifier(current.name) : sql::quote(current), places_.at({original, ""})});
    }
    for (const auto& [key, original_member] : members_) {
      const auto& [original, member] = key;
      QualifiedName current = original;
      for (const auto& [now, then] : objects_) {
        if (then == original) current = now;
      }
      if (member == original_member || !has_member(before_, original, original_member) || !has_member(after_, current, member)) continue;
      out.renames.push_back({sql::quote(original) + "." + sql::quote_identifier(original_member), sql::quote_identifier(member), places_.at({original, original_member})});
    }
  }

 private:
  QualifiedName original_of(const QualifiedName& current) const {
    const auto it = objects_.find(current);
    return it == objects_.end() ? current : it->second;
  }

  const Database& before_;
  const Database& after_;
  std::map<QualifiedName, QualifiedName> objects_;                        // now -> before
  std::map<std::pair<QualifiedName, std::string>, std::string> members_;  // object before, member now -> member before
  std::map<std::pair<QualifiedName, std::string>, std::string> places_;
};

std::string todo_for_data(const std::string& verb) {
  if (verb.starts_with("UPDATE"))
    return "run it by itself once expand has run, in batches by the key; where it gives the rows of a column their first value, --fill TABLE.COLUMN=EXPR makes it a step; "
           "--data by-hand writes the plan without it";
  if (verb.starts_with("INSERT") || verb.starts_with("COPY")) return "run it by itself once expand has run; --data by-hand writes the plan without it";
  if (verb.starts_with("DELETE") || verb.starts_with("TRUNCATE")) return "run it by itself, in batches by the key, when no deployed version needs the rows; --data by-hand writes the plan without it";
  return "run it by itself at its place between the phases; --data by-hand writes the plan without it";
}

std::string todo_for_left_out(const Meaning& meaning) {
  if (meaning.kind == StatementKind::server) return "roles and settings of the whole server are no part of a schema: run it by itself before the plan";
  if (meaning.kind == StatementKind::setting) return "the plan's files have their own timeouts and qualified names";
  if (meaning.verb == "REINDEX") return "run REINDEX … CONCURRENTLY by itself, outside any transaction";
  if (meaning.verb == "LOCK TABLE") return "the plan asks for each lock for a moment only";
  if (meaning.verb == "REFRESH MATERIALIZED VIEW") return "run it by itself after the phase that fills its tables, CONCURRENTLY where it has a unique index";
  if (meaning.verb == "CLUSTER") return "it rewrites the table under ACCESS EXCLUSIVE: run it in a maintenance window, or use pg_repack";
  if (meaning.verb == "VACUUM" || meaning.verb == "ANALYZE") return "run it by itself after the backfill phase";
  return "run it by itself after the plan";
}

}  // namespace

Said what_is_said(const rehearse::Script& script, const Database& before, const Database& after) {
  Said out;
  Names names(before, after);
  for (std::size_t i = 0; i < script.items.size(); ++i) {
    const catalog::ScriptItem& item = script.items[i];
    if (item.kind != catalog::ItemKind::statement) continue;
    const rehearse::Place place = rehearse::place_of(item);
    const std::string where = fmt::format("{}:{}", place.file, place.line);
    for (const Meaning& meaning : lint::meaning_of(item.text())) {
      SaidStatement statement{place, meaning.verb, meaning.why, ""};
      statement.place.statement = rehearse::title_of(item.text());
      if (!meaning.place_in.empty()) statement.verb += " " + meaning.place_in;
      switch (meaning.kind) {
        case StatementKind::transaction: out.transaction.insert(i); break;
        case StatementKind::takes_back: out.takes_back = true; break;
        case StatementKind::query:
        case StatementKind::schema: break;
        case StatementKind::setting:
        case StatementKind::maintenance:
        case StatementKind::server:
          statement.todo = todo_for_left_out(meaning);
          out.left_out.push_back(statement);
          break;
        case StatementKind::data:
          statement.todo = todo_for_data(meaning.verb);
          if (meaning.fills.empty()) out.data.push_back(statement);
          for (const lint::SaidFill& fill : meaning.fills) {
            const QualifiedName table = names.complete(fill.table);
            out.fills.push_back({table, fill.column, fill.expression, fill.only_null, names.is_new_column(table, fill.column), statement});
          }
          break;
      }
      for (const lint::SaidConversion& conversion : meaning.conversions) {
        const QualifiedName table = names.complete(conversion.table);
        out.conversions.push_back({table, conversion.column, conversion.expression, false, names.is_new_column(table, conversion.column), statement});
      }
      for (const lint::SaidRename& rename : meaning.renames) names.rename(rename, where, out);
    }
  }
  names.finish(out);
  return out;
}

namespace {

// What the rows get from `fill` in the plan, or why no step would do what it does.
struct Decision {
  enum class Kind { fill,
                    conversion,
                    done,
                    no } kind = Kind::no;
  std::string why;
};

Decision decide(const Said::Value& fill, const Database& from, const Database& to) {
  const catalog::Column* old_column = column_in(from, fill.table, fill.column);
  const catalog::Column* new_column = column_in(to, fill.table, fill.column);
  if (!new_column) return {Decision::Kind::no, "the column is not in the schema after the migration"};
  if (new_column->generated != catalog::Generated::none) return {Decision::Kind::no, "the column is generated after the migration"};
  if (!old_column) {
    const std::string& value = new_column->default_expression;
    if (value.empty()) return {Decision::Kind::fill, {}};
    // ADD COLUMN … DEFAULT of a constant gives it to the rows that are there (documentation, ALTER TABLE, Notes).
    if (value == fill.expression || value.starts_with(fill.expression + "::")) return {Decision::Kind::done, {}};
    return {Decision::Kind::no, fmt::format("the new column's default, {}, gives the rows that are there another value", value)};
  }
  if (fill.new_column) {
    if (old_column->type != new_column->type) return {Decision::Kind::conversion, {}};
    return {Decision::Kind::no, "it fills a column that takes the place of one of the same type"};
  }
  if (!fill.only_null) return {Decision::Kind::no, "it overwrites values that are there"};
  if (!old_column->not_null && new_column->not_null) return {Decision::Kind::fill, {}};
  return {Decision::Kind::no, "the column was there and takes NULL after the migration, too: no change of the schema needs it"};
}

}  // namespace

std::vector<std::string> take_over(Said& said, const Database& from, const Database& to, plan::Options& options) {
  std::vector<std::string> taken;
  const auto key_of = [](const Said::Value& value) { return fmt::format("{}.{}.{}", value.table.schema, value.table.name, value.column); };
  const auto at = [](const Said::Value& value) { return fmt::format("{}:{}", value.statement.place.file, value.statement.place.line); };
  for (const Said::Value& conversion : said.conversions) {
    const catalog::Column* old_column = column_in(from, conversion.table, conversion.column);
    const catalog::Column* new_column = column_in(to, conversion.table, conversion.column);
    if (!old_column || !new_column || old_column->type == new_column->type) continue;
    if (options.conversion.emplace(key_of(conversion), conversion.expression).second)
      taken.push_back(fmt::format("{}: USING {} converts {}", at(conversion), conversion.expression, key_of(conversion)));
  }
  std::set<std::string> filled;
  for (const Said::Value& fill : said.fills) {
    Decision decision = decide(fill, from, to);
    if (!filled.insert(key_of(fill)).second) decision = {Decision::Kind::no, "the column is filled by more than one statement"};
    const std::string key = key_of(fill);
    switch (decision.kind) {
      case Decision::Kind::fill:
        if (options.fill.emplace(key, fill.expression).second) taken.push_back(fmt::format("{}: UPDATE becomes a batched backfill: {} = {}", at(fill), key, fill.expression));
        break;
      case Decision::Kind::conversion:
        if (options.conversion.emplace(key, fill.expression).second) taken.push_back(fmt::format("{}: UPDATE becomes the conversion of {}: {}", at(fill), key, fill.expression));
        break;
      case Decision::Kind::done: taken.push_back(fmt::format("{}: UPDATE is the default of the new column {}, which its rows have at once", at(fill), key)); break;
      case Decision::Kind::no: {
        if (options.fill.contains(key) || options.conversion.contains(key)) break;  // the user said how
        SaidStatement statement = fill.statement;
        statement.why = decision.why;
        said.data.push_back(std::move(statement));
        break;
      }
    }
  }
  std::stable_sort(said.data.begin(), said.data.end(), [](const SaidStatement& a, const SaidStatement& b) { return a.place.line < b.place.line; });
  // A statement that sets several columns is one, unless they fail for different reasons.
  const auto same = [](const SaidStatement& a, const SaidStatement& b) { return a.place.line == b.place.line && a.place.file == b.place.file && a.place.statement == b.place.statement && a.why == b.why; };
  said.data.erase(std::unique(said.data.begin(), said.data.end(), same), said.data.end());
  return taken;
}

}  // namespace contraflow::cli
