// SPDX-License-Identifier: Apache-2.0
//
// The trigger that carries rows over, in either direction, and the copy of those that are there.
#include "plan/strategies/second_tables.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "catalog/ddl.h"
#include "plan/strategies/column_parts.h"
#include "plan/strategies/enum_labels.h"
#include "plan/strategies/family.h"
#include "plan/strategies/table_parts.h"
#include "sql/expression.h"

namespace contraflow::plan {

using namespace catalog;

// `family` under its spare names: tables, partitions, columns, keys, checks and indexes.
Statements SecondTable::tables(const Family& family, const RelationNames& names, Statements* foreign_keys, bool before) const {
  const Database renamed = under_names(family, names);
  std::set<ObjectId> itself;
  for (const Object* key : references_to_itself(family)) itself.insert(key->id);
  Statements out;
  for (const ObjectId& id : family.relations) {
    const ObjectId spare = table_id(mapped(names, name_of(id)));
    const auto own = [&](const Object& member) { return itself.contains({Kind::constraint, id.schema, id.name, member.id.name, ""}); };
    std::vector<const Object*> members;
    for (const Object* member : Planner::members(renamed, spare)) {
      if (member->id.kind == Kind::statistics) continue;
      const auto* constraint = std::get_if<Constraint>(&member->body);
      if (comes_with_table(*member)) {
        members.push_back(member);
      } else if (foreign_keys && is_foreign_key(*member) && constraint->references && !(constraint->inherited && !constraint->local) &&
                 !own(*member) && !p_.crossing_foreign_keys.contains({Kind::constraint, id.schema, id.name, member->id.name, ""})) {
        Object key = *member;
        if (before) under_old_names(std::get<Constraint>(key.body));
        append(*foreign_keys, create_all(key, renamed));
      }
    }
    append(out, create_with_members(renamed.objects.at(spare), renamed, renamed, members));
  }
  return with_types(std::move(out), &family == &new_ ? new_types_ : old_types_);
}

Statements SecondTable::new_sequences() const {
  Statements out;
  for (const Object* sequence : owned_sequences(p_.to, id_)) {
    if (p_.from.find(sequence->id)) continue;
    Object free = *sequence;
    std::get<Sequence>(free.body).owned_by.reset();
    append(out, create_all(free, p_.to));
  }
  return out;
}

SecondTable::Copy SecondTable::forward_copy() const {
  Copy copy{table(), next(), new_key_, columns_, up_, {}, {}, p_.to};
  copy.columns.insert(copy.columns.end(), new_only_.begin(), new_only_.end());
  copy.values.insert(copy.values.end(), fills_.begin(), fills_.end());
  return copy;
}

SecondTable::Copy SecondTable::back_copy() const {
  Copy copy{table(), retired(), old_key_, {}, {}, old_only_, neutral_, p_.from};
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (down_[i].empty()) continue;
    copy.columns.push_back(columns_[i]);
    copy.values.push_back(down_[i]);
    copy.held.push_back(held_[i]);
  }
  for (const ShadowColumn& column : renamed_) {
    copy.columns.push_back(column.retired_name);
    copy.values.push_back(sql::quote_identifier(column.id.name));
    copy.held.emplace_back();
  }
  copy.may_refuse = old_table_may_refuse();
  return copy;
}

std::string SecondTable::list(const std::vector<std::string>& names, const std::string& prefix) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + prefix + sql::quote_identifier(name);
  return out;
}

std::string SecondTable::insert(const Copy& copy, const std::string& rows, const std::string& lock) {
  std::vector<std::string> columns = copy.columns, values = copy.values;
  columns.insert(columns.end(), copy.constants.begin(), copy.constants.end());
  values.insert(values.end(), copy.constant_values.begin(), copy.constant_values.end());
  return fmt::format("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}{} ON CONFLICT ({})", sql::quote(copy.target), list(columns),
                     contraflow::join(values, ", "), rows, lock, list(copy.key));
}

std::string SecondTable::copy_all(const Copy& copy) {
  std::vector<std::string> columns = copy.columns, values = copy.values;
  columns.insert(columns.end(), copy.constants.begin(), copy.constants.end());
  values.insert(values.end(), copy.constant_values.begin(), copy.constant_values.end());
  return fmt::format("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}", sql::quote(copy.target), list(columns), contraflow::join(values, ", "), sql::quote(copy.source));
}

// The value of the target's column in terms of the source's row.
std::string SecondTable::value_of(const Copy& copy, const std::string& column) {
  const auto it = std::find(copy.columns.begin(), copy.columns.end(), column);
  return copy.values[static_cast<std::size_t>(it - copy.columns.begin())];
}

Statements SecondTable::start_sync(const Copy& copy) const {
  if (at_once_) return {};
  std::string same_key, changed_key;
  for (const std::string& name : copy.key) {
    const std::string old_value = sql::qualify_columns(value_of(copy, name), "OLD", id_.name), new_value = sql::qualify_columns(value_of(copy, name), "NEW", id_.name);
    same_key += fmt::format("{}{} = {}", same_key.empty() ? "" : " AND ", sql::quote_identifier(name), old_value);
    changed_key += fmt::format("{}{} IS DISTINCT FROM {}", changed_key.empty() ? "" : " OR ", old_value, new_value);
  }
  std::string updates;
  for (const std::string& name : copy.columns) {
    const auto* column = copy.target_schema.find_body<Column>(column_id(id_.schema, id_.name, name));
    if ((column && column->identity == Identity::always) || std::find(copy.key.begin(), copy.key.end(), name) != copy.key.end()) continue;
    updates += fmt::format("{}{} = excluded.{}", updates.empty() ? "" : ", ", sql::quote_identifier(name), sql::quote_identifier(name));
  }
  const std::string target = sql::quote(copy.target), source = sql::quote(copy.source);
  constexpr std::string_view kRefused = "EXCEPTION WHEN data_exception OR integrity_constraint_violation OR undefined_object THEN";
  std::string declared, converted;
  Copy kept = copy;
  for (std::size_t i = 0; i < copy.held.size(); ++i) {
    if (copy.held[i].empty()) continue;
    kept.values[i] = fmt::format("contraflow_held_{}", i + 1);
    declared += fmt::format("{}  {} {};\n", declared.empty() ? "DECLARE\n" : "", kept.values[i], copy.held[i]);
    // NULL rather than a failed statement of the application's.
    converted += fmt::format("    BEGIN\n      {} := {};\n    {}\n    END;\n", kept.values[i], sql::qualify_columns(copy.values[i], "NEW", id_.name), kRefused);
  }
  const std::string writes = fmt::format(
      "  IF TG_OP = 'DELETE' THEN\n    DELETE FROM {0} WHERE {1};\n    RETURN NULL;\n  END IF;\n"
      "  IF TG_OP = 'UPDATE' THEN\n    IF {2} THEN\n      DELETE FROM {0} WHERE {1};\n    END IF;\n  END IF;\n"
      "  {3} {4};\n",
      target, same_key, changed_key, insert(kept, "(SELECT NEW.*) AS source", ""), updates.empty() ? "DO NOTHING" : "DO UPDATE SET " + updates);
  std::string body = fmt::format("{}BEGIN\n  IF TG_OP = 'TRUNCATE' THEN\n    TRUNCATE {};\n    RETURN NULL;\n  END IF;\n", declared, target);
  if (!converted.empty()) body += fmt::format("  IF TG_OP <> 'DELETE' THEN\n{}  END IF;\n", converted);
  if (copy.may_refuse) {
    // A row that the target cannot hold at all is missing there, and so is what it was before.
    body += fmt::format("  BEGIN\n  {0}  {1}\n    IF TG_OP <> 'INSERT' THEN\n      BEGIN\n        DELETE FROM {2} WHERE {3};\n      {1}\n      END;\n    END IF;\n  END;\n", replace_all(writes, "\n", "\n  "), kRefused, target,
                        same_key);
  } else {
    body += writes;
  }
  body += "  RETURN NULL;\nEND\n";
  Statements out = stop_sync();
  out.pop_back();  // the function is replaced, not dropped
  // It writes a table that the application has no privileges on; a column called old, new or found is the column.
  out.push_back(fmt::format("CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$\n#variable_conflict use_column\n{}$function$",
                            function_name(), body));
  out.push_back(fmt::format("CREATE TRIGGER {} AFTER INSERT OR UPDATE OR DELETE ON {} FOR EACH ROW {}EXECUTE FUNCTION {}()", row_trigger(), source,
                            // What only gives the second name its value is copied afterwards.
                            renamed_.empty() ? "" : "WHEN (current_setting('contraflow.backfill', true) IS DISTINCT FROM 'on') ", function_name()));
  out.push_back(fmt::format("CREATE TRIGGER {} AFTER TRUNCATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION {}()", kTruncate, source, function_name()));
  return out;
}

Statements SecondTable::stop_sync() const {
  if (at_once_) return {};
  const std::string source = sql::quote(table());
  return {fmt::format("DROP TRIGGER IF EXISTS {} ON {}", row_trigger(), source), fmt::format("DROP TRIGGER IF EXISTS {} ON {}", kTruncate, source),
          fmt::format("DROP FUNCTION IF EXISTS {}()", function_name())};
}

Action SecondTable::copy_rows(const Copy& copy, bool forward, const std::string& todo) const {
  std::vector<std::string> key = usable_key(p_, copy.source);
  for (std::string& column : key) {
    if (forward) column = old_name(column);
  }
  // The rows are kept from changing until the copy is committed: what the trigger then writes finds it there.
  Action action;
  action.mode = Mode::batched;
  action.todo = todo;
  action.backfill = Backfill{copy.source, std::move(key), insert(copy, "{rows}", " FOR SHARE") + " DO NOTHING", ""};
  return action;
}

std::size_t SecondTable::make() {
  Statements foreign_keys;
  Statements forward = new_sequences();
  append(forward, with_sequences_as_they_are(tables(new_, next_, &foreign_keys, true)));
  Statements back = stop_sync();
  back.push_back("DROP TABLE IF EXISTS " + sql::quote(next()));
  for (const Object* sequence : owned_sequences(p_.to, id_)) {
    if (!p_.from.find(sequence->id)) append(back, drop(*sequence));
  }
  const ObjectId next_id = table_id(next());
  Operation& create = add(Phase::expand, "make a second table for", brief(std::move(forward), all_of({reason_.old_form, absent(next_id)})),
                          brief(std::move(back), reason_.old_form));
  create.step.preconditions = preconditions_;
  after_renames(create);
  create.step.notes.push_back(fmt::format(
      "{} is exchanged for a second table, because {}; what the new one demands, it demands of the application's rows from "
      "expand on",
      describe(id_), reason_.why));
  std::string later;
  for (const Object* member : new_.members) {
    if (member->id.kind != Kind::column || member->id.relation != id_.name || member->id.schema != id_.schema || p_.from.find(member->id)) continue;
    later += (later.empty() ? "" : ", ") + sql::quote_identifier(member->id.name);
  }
  if (!later.empty() && !at_once_) p_.notes.push_back(fmt::format("new columns of {} come only in contract, with the second table: until then the next version must do without {}", describe(id_), later));
  if (p_.options.synchronise == Synchronise::application && !at_once_) {
    p_.notes.push_back(fmt::format("{} is kept in step with its second table by triggers, whatever --strategy says: no application writes two tables row by row", describe(id_)));
  }
  for (const Object* member : new_.members) {
    if (!crosses(*member)) create.needs.insert(member->depends_on.begin(), member->depends_on.end());
  }
  for (const ObjectId& id : new_.relations) create.needs.insert(p_.to.objects.at(id).depends_on.begin(), p_.to.objects.at(id).depends_on.end());
  for (const ObjectId& id : new_.ids()) create.needs.erase(id);
  std::erase_if(create.needs, [&](const ObjectId& id) { return id.kind == Kind::column && old_column_name(p_, id) != id.name; });  // has its old name: under_old_names()
  for (const auto& [type, beside] : new_types_) {
    for (const Kind kind : {Kind::enum_type, Kind::domain}) create.needs.erase(ObjectId{kind, type.schema, "", type.name, ""});  // it is made of those beside
  }
  for (const Object* sequence : owned_sequences(p_.to, id_)) {
    create.needs.erase(sequence->id);
    if (!p_.from.find(sequence->id)) create.provides.insert(sequence->id);
  }
  for (auto it = create.needs.begin(); it != create.needs.end();) {
    // Rules, policies and triggers come with the exchange; what they need may come until then.
    it = Planner::is_relation(it->kind) && it->kind != Kind::table ? create.needs.erase(it) : std::next(it);
  }
  std::size_t last = p_.operations.size() - 1;
  for (const std::string& statement : foreign_keys) {
    Operation& key = add(Phase::expand, "add a foreign key to the second table for", brief({statement}, all_of({reason_.old_form, foreign_key_absent(statement)})), Action{});
    key.after.push_back(last);
    last = p_.operations.size() - 1;
  }
  if (at_once_) return last;
  Operation& sync = add(Phase::expand, "keep in step with its second table:", brief(start_sync(forward_copy()), all_of({reason_.old_form, exists(next_id)})), Action{});
  sync.after.push_back(last);
  sync.step.effects = {{table(), effects::LockMode::share_row_exclusive, effects::Work::none}};
  return p_.operations.size() - 1;
}

// `ALTER TABLE [ONLY] next ADD CONSTRAINT name …`: done when the constraint is there.
std::string SecondTable::foreign_key_absent(const std::string& statement) const {
  for (const Object* member : new_.members) {
    if (!is_foreign_key(*member)) continue;
    const std::string add = fmt::format(" ADD CONSTRAINT {} ", sql::quote_identifier(member->id.name));
    const ObjectId spare{Kind::constraint, id_.schema, mapped(next_, {member->id.schema, member->id.relation}).name, member->id.name, ""};
    if (statement.find(add) != std::string::npos && statement.find(sql::quote(QualifiedName{spare.schema, spare.relation})) != std::string::npos) {
      return all_of({exists(table_id({spare.schema, spare.relation})), absent(spare)});
    }
  }
  return {};
}

std::size_t SecondTable::fill(std::size_t made) {
  if (at_once_) return made;
  Operation& copy = add(Phase::backfill, "copy the rows of", copy_rows(forward_copy(), true, all_of({reason_.old_form, exists(table_id(next()))})), Action{});
  copy.after.push_back(made);
  if (both_filled_) copy.after.push_back(*both_filled_);
  copy.step.effects = {{table(), effects::LockMode::row_share, effects::Work::none}};
  const std::size_t copied = p_.operations.size() - 1;
  const std::size_t referring = refer_to_itself(copied);
  Operation& analyze = add(Phase::backfill, "collect statistics of the second table for", scan({"ANALYZE (SKIP_LOCKED) " + sql::quote(next())}, exists(table_id(next()))), Action{});
  analyze.after.push_back(referring);
  return p_.operations.size() - 1;
}

}  // namespace contraflow::plan
