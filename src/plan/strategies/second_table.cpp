// SPDX-License-Identifier: Apache-2.0
#include "plan/strategies/second_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "catalog/alter.h"
#include "catalog/ddl.h"
#include "effects/type_change.h"
#include "plan/strategies/column_parts.h"
#include "plan/strategies/conversion.h"
#include "plan/strategies/family.h"
#include "plan/strategies/reference_parts.h"
#include "plan/strategies/table_parts.h"
#include "sql/expression.h"

namespace contraflow::plan {

using namespace catalog;

namespace {

class SecondTable {
 public:
  SecondTable(Planner& planner, const ObjectId& table, const ExchangeReason& reason)
      : p_(planner), id_(table), reason_(reason), old_(planner.from, table), new_(planner.to, table) {}

  TableExchange plan() {
    choose_names();
    choose_columns();
    if (old_key_.empty() || new_key_.empty()) {
      p_.refuse(fmt::format("{} changes online only through a second table, which needs a primary key or a UNIQUE constraint, not deferrable, in both "
                            "schemas over columns of both: give it one first, or --allow-blocking rewrite", describe(id_)));
    }
    take();
    collect_references();
    collect_crossing();
    collect_publications();
    const std::size_t made = make();
    const std::size_t filled = fill(made);
    exchange(filled);
    purge();
    return std::move(out_);
  }

 private:
  Planner& p_;
  ObjectId id_;
  ExchangeReason reason_;
  Family old_, new_;
  RelationNames next_, retired_;                       // spare names of the new family before the exchange, of the old one after it
  std::vector<std::string> columns_, up_, down_;  // shared columns, and their values in the other table
  std::vector<std::string> new_only_, fills_;     // columns of the new table that are given a value
  std::vector<std::string> old_only_, neutral_;
  std::vector<std::string> new_key_, old_key_;
  std::vector<const Object*> references_;  // foreign keys of other tables
  std::vector<const Object*> old_crossing_, new_crossing_;  // its own, to columns that change their type in other tables
  Statements leave_publications_, join_publications_;
  TableExchange out_;

  QualifiedName table() const { return name_of(id_); }
  QualifiedName next() const { return next_.at(table()); }
  QualifiedName retired() const { return retired_.at(table()); }

  void choose_names() {
    const std::vector<QualifiedName> coming = new_.names();
    for (const QualifiedName& name : coming) {
      if (name == table() || taken(name)) next_.emplace(name, QualifiedName{name.schema, p_.spare_relation(name.schema, name.name, "next")});
    }
    for (const QualifiedName& name : old_.names()) {
      if (name == table() || std::find(coming.begin(), coming.end(), name) != coming.end()) {
        retired_.emplace(name, QualifiedName{name.schema, p_.spare_relation(name.schema, name.name, "retired")});
      }
    }
  }
  bool taken(const QualifiedName& name) const {
    const std::vector<QualifiedName> leaving = old_.names();
    return std::find(leaving.begin(), leaving.end(), name) != leaving.end();
  }

  void choose_columns() {
    for (const Object* member : Planner::members(p_.to, id_)) {
      const auto* column = std::get_if<Column>(&member->body);
      if (!column || column->generated != Generated::none) continue;
      const auto* before = p_.from.find_body<Column>(member->id);
      const auto given = p_.options.fill.find(fmt::format("{}.{}.{}", member->id.schema, member->id.relation, member->id.name));
      const std::string quoted = sql::quote_identifier(member->id.name);
      if (before) {
        columns_.push_back(member->id.name);
        std::string up = forward_conversion(p_, member->id, before->type, column->type).expression;
        if (given != p_.options.fill.end() && !before->not_null) up = fmt::format("coalesce({}, {})", up, given->second);
        up_.push_back(std::move(up));
        const Conversion down = back_conversion(p_, member->id, column->type, before->type);
        down_.push_back(before->generated == Generated::none ? down.expression : std::string());
        if (down.loses) out_.grade = Grade::data;
      } else if (given != p_.options.fill.end()) {
        new_only_.push_back(member->id.name);
        fills_.push_back(given->second);
      } else if (column->not_null && column->default_expression.empty() && column->identity == Identity::none) {
        p_.refuse(fmt::format("{} is NOT NULL and new, in a table that is exchanged for a second one: say what its rows hold with --fill {}.{}=EXPR", describe(member->id),
                              member->id.relation, member->id.name));
      }
    }
    for (const Object* member : Planner::members(p_.from, id_)) {
      const auto* column = std::get_if<Column>(&member->body);
      if (!column || column->generated != Generated::none || p_.to.find(member->id)) continue;
      out_.grade = Grade::data;
      if (!column->not_null || !column->default_expression.empty() || column->identity != Identity::none) continue;
      const std::string neutral = neutral_value(p_.from, *column);
      if (neutral.empty()) {
        p_.refuse(fmt::format("{} is NOT NULL and goes, in a table that is exchanged for a second one: drop its NOT NULL first", describe(member->id)));
        continue;
      }
      old_only_.push_back(member->id.name);
      neutral_.push_back(neutral);
    }
    new_key_ = key_of(p_.to, p_.from);
    old_key_ = key_of(p_.from, p_.to);
  }

  // Columns of a unique constraint of `database` that the other schema has too; the primary key before others.
  std::vector<std::string> key_of(const Database& database, const Database& other) const {
    std::vector<std::string> out;
    for (const Object* member : Planner::members(database, id_)) {
      const auto* constraint = std::get_if<Constraint>(&member->body);
      if (!constraint || (constraint->type != ConstraintType::primary_key && constraint->type != ConstraintType::unique) || constraint->deferrable) continue;
      const bool usable = std::all_of(constraint->columns.begin(), constraint->columns.end(), [&](const std::string& name) {
        const auto* here = database.find_body<Column>(column_id(id_.schema, id_.name, name));
        const auto* there = other.find_body<Column>(column_id(id_.schema, id_.name, name));
        return here && there && here->not_null && here->generated == Generated::none;
      });
      if (!usable) continue;
      if (constraint->type == ConstraintType::primary_key) return constraint->columns;
      if (out.empty()) out = constraint->columns;
    }
    return out;
  }

  void take() {
    for (const Family* family : {&old_, &new_}) {
      for (const ObjectId& id : family->ids()) {
        p_.done.insert(id);
        p_.claim(id, Aspect::not_null_name);
        out_.touches.insert(id);
      }
    }
    // A sequence that only the old table owns goes with it.
    for (const Object* sequence : owned_sequences(p_.from, id_)) {
      if (!p_.to.find(sequence->id)) p_.done.insert(sequence->id);
    }
    for (const Object* sequence : owned_sequences(p_.to, id_)) {
      if (!p_.from.find(sequence->id)) p_.done.insert(sequence->id);
    }
    const std::set<ObjectId> family = old_.ids();
    for (const ObjectId& id : family) {
      auto it = p_.dependents.find(id);
      if (it == p_.dependents.end()) continue;
      for (const ObjectId& dependent : it->second) {
        if (family.contains(dependent) || (dependent.kind != Kind::column && dependent.kind != Kind::table)) continue;
        p_.refuse(fmt::format("{} is of the row type of {}, which is exchanged for a second table", describe(dependent), describe(id_)));
      }
    }
  }

  void collect_references() {
    const std::set<ObjectId> family = old_.ids();
    for (const ObjectId& id : family) {
      auto it = p_.dependents.find(id);
      if (it == p_.dependents.end()) continue;
      for (const ObjectId& dependent : it->second) {
        const Object* object = p_.from.find(dependent);
        if (!object || !is_foreign_key(*object) || family.contains(dependent) || out_.carried.contains(dependent)) continue;
        if (!p_.to.find(dependent)) continue;  // it goes before the exchange
        const auto& key = std::get<Constraint>(object->body);
        if (key.inherited && !key.local) {  // goes with its parent's
          out_.carried.insert(dependent);
          continue;
        }
        if (p_.altered.contains(dependent)) {
          p_.refuse(fmt::format("{} changes together with {}, which it references and which is exchanged for a second table: make two plans", describe(dependent), describe(id_)));
        }
        out_.carried.insert(dependent);
        references_.push_back(object);
        for (const std::string& column : key.columns) {
          if (changes_type(column_id(dependent.schema, dependent.relation, column))) cross(dependent, column_id(dependent.schema, dependent.relation, column));
        }
      }
    }
  }

  bool changes_type(const ObjectId& column) const {
    const auto *before = p_.from.find_body<Column>(column), *after = p_.to.find_body<Column>(column);
    return before && after && before->type != after->type;
  }
  // It, or the key of the parent whose copy it is.
  bool crosses(const Object& member) const {
    if (!is_foreign_key(member)) return false;
    const auto& key = std::get<Constraint>(member.body);
    return p_.crossing_foreign_keys.contains(member.id) || std::any_of(new_crossing_.begin(), new_crossing_.end(), [&](const Object* other) {
      return key.inherited && std::get<Constraint>(other->body).definition == key.definition;
    });
  }
  void cross(const ObjectId& key, const ObjectId& column) {
    p_.crossing_foreign_keys.insert(key);
    out_.joined.insert(column);
  }

  // Its foreign keys to columns that change their type: neither table of the two can have them while both types are about.
  void collect_crossing() {
    for (const auto& [family, crossing] : {std::pair{&old_, &old_crossing_}, std::pair{&new_, &new_crossing_}}) {
      for (const Object* member : family->of_kinds({Kind::constraint})) {
        const auto& key = std::get<Constraint>(member->body);
        if (key.type != ConstraintType::foreign_key || !key.references || (key.inherited && !key.local) || family->ids().contains(table_id(*key.references))) continue;
        bool crosses = false;
        for (const std::string& name : key.referenced_columns) {
          const ObjectId column = column_id(key.references->schema, key.references->name, name);
          if (!changes_type(column)) continue;
          crosses = true;
          cross(member->id, column);
        }
        if (crosses) crossing->push_back(member);
      }
    }
  }

  void collect_publications() {
    for (const auto& [id, object] : p_.from.objects) {
      const auto* publication = std::get_if<Publication>(&object.body);
      if (!publication || p_.altered.contains(id) || !p_.to.find(id)) continue;
      for (const PublicationTable& member : publication->tables) {
        if (member.table != table()) continue;
        Publication without = *publication;
        std::erase(without.tables, member);
        if (auto leave = alter_publication(id, *publication, without)) append(leave_publications_, *leave);
        if (auto join = alter_publication(id, without, *publication)) append(join_publications_, *join);
      }
    }
  }

  // ---- the two tables, made empty

  // `family` under its spare names: tables, partitions, columns, keys, checks and indexes.
  Statements tables(const Family& family, const RelationNames& names, Statements* foreign_keys) const {
    const Database renamed = under_names(family, names);
    Statements out;
    for (const ObjectId& id : family.relations) {
      const ObjectId spare = table_id(mapped(names, name_of(id)));
      std::vector<const Object*> members;
      for (const Object* member : Planner::members(renamed, spare)) {
        if (member->id.kind == Kind::statistics) continue;
        const auto* constraint = std::get_if<Constraint>(&member->body);
        if (comes_with_table(*member)) {
          members.push_back(member);
        } else if (foreign_keys && is_foreign_key(*member) && constraint->references && !(constraint->inherited && !constraint->local) &&
                   !p_.crossing_foreign_keys.contains({Kind::constraint, id.schema, id.name, member->id.name, ""})) {
          append(*foreign_keys, create_all(*member, renamed));
        }
      }
      append(out, create_with_members(renamed.objects.at(spare), renamed, renamed, members));
    }
    return out;
  }

  Statements new_sequences() const {
    Statements out;
    for (const Object* sequence : owned_sequences(p_.to, id_)) {
      if (p_.from.find(sequence->id)) continue;
      Object free = *sequence;
      std::get<Sequence>(free.body).owned_by.reset();
      append(out, create_all(free, p_.to));
    }
    return out;
  }

  // ---- keeping them equal

  struct Copy {
    QualifiedName source, target;
    const std::vector<std::string>& key;       // of the target
    std::vector<std::string> columns, values;  // of the target, over the source's
    std::vector<std::string> constants, constant_values;  // for new rows only
    const Database& target_schema;
  };
  Copy forward_copy() const {
    Copy copy{table(), next(), new_key_, columns_, up_, {}, {}, p_.to};
    copy.columns.insert(copy.columns.end(), new_only_.begin(), new_only_.end());
    copy.values.insert(copy.values.end(), fills_.begin(), fills_.end());
    return copy;
  }
  Copy back_copy() const {
    Copy copy{table(), retired(), old_key_, {}, {}, old_only_, neutral_, p_.from};
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (down_[i].empty()) continue;
      copy.columns.push_back(columns_[i]);
      copy.values.push_back(down_[i]);
    }
    return copy;
  }

  static std::string list(const std::vector<std::string>& names, const std::string& prefix = {}) {
    std::string out;
    for (const std::string& name : names) out += (out.empty() ? "" : ", ") + prefix + sql::quote_identifier(name);
    return out;
  }

  static std::string insert(const Copy& copy, const std::string& rows, const std::string& lock) {
    std::vector<std::string> columns = copy.columns, values = copy.values;
    columns.insert(columns.end(), copy.constants.begin(), copy.constants.end());
    values.insert(values.end(), copy.constant_values.begin(), copy.constant_values.end());
    return fmt::format("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {}{} ON CONFLICT ({})", sql::quote(copy.target), list(columns),
                       contraflow::join(values, ", "), rows, lock, list(copy.key));
  }

  // The value of the target's column in terms of the source's row.
  static std::string value_of(const Copy& copy, const std::string& column) {
    const auto it = std::find(copy.columns.begin(), copy.columns.end(), column);
    return copy.values[static_cast<std::size_t>(it - copy.columns.begin())];
  }

  std::string function_name() const { return sql::quote(QualifiedName{id_.schema, sql::truncate_identifier("contraflow_sync_" + id_.name)}); }

  Statements start_sync(const Copy& copy) const {
    std::string same_key, changed_key;
    for (const std::string& name : copy.key) {
      const std::string old_value = sql::qualify_columns(value_of(copy, name), "OLD"), new_value = sql::qualify_columns(value_of(copy, name), "NEW");
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
    const std::string body = fmt::format(
        "BEGIN\n"
        "  IF TG_OP = 'TRUNCATE' THEN\n    TRUNCATE {0};\n    RETURN NULL;\n  END IF;\n"
        "  IF TG_OP = 'DELETE' THEN\n    DELETE FROM {0} WHERE {1};\n    RETURN NULL;\n  END IF;\n"
        "  IF TG_OP = 'UPDATE' THEN\n    IF {2} THEN\n      DELETE FROM {0} WHERE {1};\n    END IF;\n  END IF;\n"
        "  {3} {4};\n"
        "  RETURN NULL;\nEND\n",
        target, same_key, changed_key, insert(copy, "(SELECT NEW.*) AS source", ""), updates.empty() ? "DO NOTHING" : "DO UPDATE SET " + updates);
    Statements out = stop_sync();
    out.pop_back();  // the function is replaced, not dropped
    // It writes a table that the application has no privileges on.
    out.push_back(fmt::format("CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$\n{}$function$",
                              function_name(), body));
    out.push_back(fmt::format("CREATE TRIGGER {} AFTER INSERT OR UPDATE OR DELETE ON {} FOR EACH ROW EXECUTE FUNCTION {}()", kRows, source, function_name()));
    out.push_back(fmt::format("CREATE TRIGGER {} AFTER TRUNCATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION {}()", kTruncate, source, function_name()));
    return out;
  }
  Statements stop_sync() const {
    const std::string source = sql::quote(table());
    return {fmt::format("DROP TRIGGER IF EXISTS {} ON {}", kRows, source), fmt::format("DROP TRIGGER IF EXISTS {} ON {}", kTruncate, source),
            fmt::format("DROP FUNCTION IF EXISTS {}()", function_name())};
  }
  static constexpr std::string_view kRows = "zz_contraflow_sync", kTruncate = "zz_contraflow_truncate";

  Action copy_rows(const Copy& copy, const std::string& todo) const {
    // The rows are kept from changing until the copy is committed: what the trigger then writes finds it there.
    Action action;
    action.mode = Mode::batched;
    action.todo = todo;
    action.backfill = Backfill{copy.source, usable_key(p_, copy.source), insert(copy, "{rows}", " FOR SHARE") + " DO NOTHING", ""};
    return action;
  }

  // ---- the operations

  Operation& add(Phase phase, const std::string& verb, Action forward, Action undo) {
    Operation& operation = p_.add(phase, verb, id_, std::move(forward), std::move(undo));
    operation.groupable = false;
    operation.step.tables = {table()};
    return operation;
  }

  std::size_t make() {
    Statements foreign_keys;
    Statements forward = new_sequences();
    append(forward, tables(new_, next_, &foreign_keys));
    Statements back = stop_sync();
    back.push_back("DROP TABLE IF EXISTS " + sql::quote(next()));
    for (const Object* sequence : owned_sequences(p_.to, id_)) {
      if (!p_.from.find(sequence->id)) append(back, drop(*sequence));
    }
    const ObjectId next_id = table_id(next());
    Operation& create = add(Phase::expand, "make a second table for", brief(std::move(forward), all_of({reason_.old_form, absent(next_id)})),
                            brief(std::move(back), reason_.old_form));
    create.step.notes.push_back(fmt::format("{} is exchanged for a second table, because {}; what the new one demands, it demands of the application's rows from "
                                            "expand on", describe(id_), reason_.why));
    if (p_.options.synchronise == Synchronise::application) {
      p_.notes.push_back(fmt::format("{} is kept in step with its second table by triggers, whatever --strategy says: no application writes two tables row by row", describe(id_)));
    }
    for (const Object* member : new_.members) {
      if (!crosses(*member)) create.needs.insert(member->depends_on.begin(), member->depends_on.end());
    }
    for (const ObjectId& id : new_.relations) create.needs.insert(p_.to.objects.at(id).depends_on.begin(), p_.to.objects.at(id).depends_on.end());
    for (const ObjectId& id : new_.ids()) create.needs.erase(id);
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
    Operation& sync = add(Phase::expand, "keep in step with its second table:", brief(start_sync(forward_copy()), all_of({reason_.old_form, exists(next_id)})), Action{});
    sync.after.push_back(last);
    sync.step.effects = {{table(), effects::LockMode::share_row_exclusive, effects::Work::none}};
    return p_.operations.size() - 1;
  }

  // `ALTER TABLE [ONLY] next ADD CONSTRAINT name …`: done when the constraint is there.
  std::string foreign_key_absent(const std::string& statement) const {
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

  std::size_t fill(std::size_t made) {
    Operation& copy = add(Phase::backfill, "copy the rows of", copy_rows(forward_copy(), all_of({reason_.old_form, exists(table_id(next()))})), Action{});
    copy.after.push_back(made);
    copy.step.effects = {{table(), effects::LockMode::row_share, effects::Work::none}};
    const std::size_t copied = p_.operations.size() - 1;
    Operation& analyze = add(Phase::backfill, "collect statistics of the second table for", scan({"ANALYZE (SKIP_LOCKED) " + sql::quote(next())}, exists(table_id(next()))), Action{});
    analyze.after.push_back(copied);
    return p_.operations.size() - 1;
  }

  // What stands on the table by name and goes over with the exchange: triggers, rules, policies, statistics objects.
  static Statements drop_attendants(const Family& family) {
    Statements out;
    for (const Object* member : family.of_kinds({Kind::trigger, Kind::rule, Kind::policy, Kind::statistics})) {
      const auto* trigger = std::get_if<Trigger>(&member->body);
      if (!trigger || !trigger->inherited) append(out, drop(*member));
    }
    return out;
  }
  static Statements create_attendants(const Family& family) {
    Statements out;
    for (const Object* member : family.of_kinds({Kind::statistics, Kind::policy, Kind::rule, Kind::trigger})) {
      const auto* trigger = std::get_if<Trigger>(&member->body);
      if (!trigger || !trigger->inherited) append(out, create_all(*member, family.database));
    }
    return out;
  }

  // New values go on where the old sequence stood.
  Statements carry_identities(const Family& target, const RelationNames& target_names, const Family& source, const RelationNames& source_names) const {
    Statements out;
    for (const Object* member : target.of_kinds({Kind::column})) {
      const auto& column = std::get<Column>(member->body);
      if (column.identity == Identity::none || member->id.relation != id_.name) continue;
      const std::string into = sql::quote_literal(sql::quote(mapped(target_names, column.identity_sequence)));
      const auto* before = source.database.find_body<Column>(member->id);
      std::string from;
      if (before && before->identity != Identity::none) from = sql::quote(mapped(source_names, before->identity_sequence));
      for (const Object* sequence : owned_sequences(source.database, id_)) {
        if (std::get<Sequence>(sequence->body).owned_by == member->id) from = quoted_name(sequence->id);
      }
      out.push_back(from.empty() ? fmt::format("SELECT pg_catalog.setval({}, coalesce(max({}), 0) + 1, false) FROM {}", into, sql::quote_identifier(member->id.name), sql::quote(table()))
                                 : fmt::format("SELECT pg_catalog.setval({}, last_value, is_called) FROM {}", into, from));
    }
    // Serial on the other side: its sequence goes on where the identity stood.
    for (const Object* sequence : owned_sequences(target.database, id_)) {
      const ObjectId& owner = *std::get<Sequence>(sequence->body).owned_by;
      const auto* before = source.database.find_body<Column>(owner);
      if (before && before->identity != Identity::none) {
        out.push_back(fmt::format("SELECT pg_catalog.setval({}, last_value, is_called) FROM {}", sql::quote_literal(quoted_name(sequence->id)),
                                  sql::quote(mapped(source_names, before->identity_sequence))));
      }
    }
    return out;
  }

  static Statements own_sequences(const Database& database, const ObjectId& id) {
    Statements out;
    for (const Object* sequence : owned_sequences(database, id)) {
      const ObjectId& owner = *std::get<Sequence>(sequence->body).owned_by;
      out.push_back(fmt::format("ALTER SEQUENCE {} OWNED BY {}.{}", quoted_name(sequence->id), sql::quote(QualifiedName{owner.schema, owner.relation}), sql::quote_identifier(owner.name)));
    }
    return out;
  }

  void exchange(std::size_t filled) {
    const auto script = [&](const Family& leaving, const RelationNames& leaving_names, const Family& coming, const RelationNames& coming_names, const Copy& sync) {
      Statements out{fmt::format("LOCK TABLE {}, {} IN ACCESS EXCLUSIVE MODE", sql::quote(table()), sql::quote(coming_names.at(table())))};
      append(out, stop_sync());
      append(out, drop_attendants(leaving));
      append(out, leave_publications_);
      append(out, carry_identities(coming, coming_names, leaving, {}));
      append(out, rename_family(leaving, leaving_names, true));
      append(out, rename_family(coming, coming_names, false));
      append(out, own_sequences(coming.database, id_));
      append(out, create_attendants(coming));
      append(out, join_publications_);
      append(out, start_sync(sync));
      return out;
    };
    out_.forward = script(old_, retired_, new_, next_, back_copy());
    out_.undo = script(new_, next_, old_, retired_, forward_copy());
    out_.todo = all_of({reason_.old_form, exists(table_id(next()))});
    out_.undo_todo = all_of({negate(reason_.old_form), exists(table_id(retired()))});
    out_.before.push_back(filled);
    const auto around = [&](const std::vector<const Object*>& own_leaving, const std::vector<const Object*>& own_coming, const Family& leaving, const Family& coming, bool forward) {
      std::vector<std::pair<const Object*, const Database*>> off, on;
      for (const Object* key : references_) {
        off.emplace_back(key, &p_.from);
        on.emplace_back(key, &p_.from);
      }
      for (const Object* key : own_leaving) off.emplace_back(key, &leaving.database);
      for (const Object* key : own_coming) on.emplace_back(key, &coming.database);
      for (const auto& [key, database] : off) append(forward ? out_.forward_before : out_.undo_before, reference_return(*database, *key).remove);
      std::optional<std::size_t> previous;
      for (const auto& [key, database] : on) {
        const ReferenceReturn back = reference_return(*database, *key);
        append(forward ? out_.forward_after : out_.undo_after, back.add);
        for (const auto& [id, action] : back.later) {
          const bool validates = action.mode == Mode::scan;
          const std::string verb = validates ? "validate" : "join";
          Operation& operation = p_.add(Phase::contract, (forward ? "" : "way back: ") + verb, id, forward ? action : Action{}, forward ? Action{} : action);
          operation.groupable = false;
          const std::size_t here = p_.operations.size() - 1;
          if (forward) {
            const effects::LockMode lock = validates ? effects::LockMode::share_update_exclusive : effects::LockMode::share_row_exclusive;
            operation.step.effects = {{{id.schema, id.relation}, lock, validates ? effects::Work::scan : effects::Work::none}};
            if (previous) operation.after.push_back(*previous);
          } else if (previous) {
            p_.operations[*previous].after.push_back(here);  // undone in the opposite order
          }
          (forward ? out_.after : out_.before).push_back(here);
          previous = here;
        }
      }
    };
    around(new_crossing_, old_crossing_, new_, old_, false);
    around(old_crossing_, new_crossing_, old_, new_, true);
  }

  void purge() {
    const ObjectId retired_id = table_id(retired());
    const std::string new_form = negate(reason_.old_form);
    // Undo runs from the last operation to the first: the old table is made again, then filled.
    Operation& copy = add(Phase::purge, "way back: copy the rows of", Action{}, copy_rows(back_copy(), all_of({new_form, exists(retired_id)})));
    copy.step.grade = out_.grade;
    const std::size_t copied = p_.operations.size() - 1;
    out_.after.push_back(copied);
    Statements forward = stop_sync(), back, foreign_keys;
    forward.push_back("DROP TABLE IF EXISTS " + sql::quote(retired()));
    for (const Object* sequence : owned_sequences(p_.from, id_)) {
      if (p_.to.find(sequence->id)) continue;
      Object free = *sequence;
      std::get<Sequence>(free.body).owned_by.reset();
      append(back, create_all(free, p_.from));
    }
    append(back, tables(old_, retired_, &foreign_keys));
    append(back, foreign_keys);
    for (const Object* sequence : owned_sequences(p_.from, id_)) {
      if (p_.to.find(sequence->id)) continue;
      const ObjectId& owner = *std::get<Sequence>(sequence->body).owned_by;
      back.push_back(fmt::format("ALTER SEQUENCE {} OWNED BY {}.{}", quoted_name(sequence->id), sql::quote(retired()), sql::quote_identifier(owner.name)));
    }
    append(back, start_sync(back_copy()));
    Operation& drop = add(Phase::purge, "purge the old table of", brief(std::move(forward), new_form), brief(std::move(back), all_of({new_form, absent(retired_id)})));
    drop.after.push_back(copied);
    drop.step.grade = out_.grade;
    drop.step.effects = {{table(), effects::LockMode::access_exclusive, effects::Work::none}};
    for (const Object* sequence : owned_sequences(p_.from, id_)) {
      if (!p_.to.find(sequence->id)) drop.removes.insert(sequence->id);
    }
  }
};

std::string generation_is(const ObjectId& column, const std::string& expression) {
  return fmt::format("EXISTS (SELECT FROM pg_attribute AS a LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attrelid = to_regclass({}) "
                     "AND a.attname = {} AND coalesce(pg_get_expr(d.adbin, d.adrelid), '') = {})",
                     sql::quote_literal(sql::quote(QualifiedName{column.schema, column.relation})), sql::quote_literal(column.name), sql::quote_literal(expression));
}

// A stored generated column is computed from it.
bool computes_others(const Planner& p, const ObjectId& column) {
  auto it = p.dependents.find(column);
  if (it == p.dependents.end()) return false;
  return std::any_of(it->second.begin(), it->second.end(), [&](const ObjectId& dependent) {
    const auto* body = p.from.find_body<Column>(dependent);
    return body && body->generated == Generated::stored;
  });
}

std::string in_class(const ObjectId& id, const std::string& condition) {
  return fmt::format("EXISTS (SELECT FROM pg_class WHERE oid = to_regclass({}) AND {})", sql::quote_literal(quoted_name(id)), condition);
}

}  // namespace

std::optional<ExchangeReason> must_exchange(const Planner& p, const ObjectId& id) {
  if (id.kind != Kind::table || !p.from.find(id) || !p.to.find(id)) return std::nullopt;
  const Table &a = std::get<Table>(p.from.objects.at(id).body), &b = std::get<Table>(p.to.objects.at(id).body);
  if (a.partition_of || b.partition_of || !a.inherits.empty() || !b.inherits.empty() || !a.of_type.empty() || !b.of_type.empty()) return std::nullopt;
  for (const Database* database : {&p.from, &p.to}) {
    for (const QualifiedName& child : Planner::descendants(*database, name_of(id))) {
      const Table* body = database->find_body<Table>(table_id(child));
      if (!body || !body->partition_of) return std::nullopt;  // inheritance, or a foreign table
    }
  }
  for (const diff::Rename& rename : p.renames) {
    if (rename.to == id || (rename.to.schema == id.schema && rename.to.relation == id.name)) return std::nullopt;
  }
  const bool has_partitions = !Planner::children(p.from, name_of(id)).empty() || !Planner::children(p.to, name_of(id)).empty();
  const bool small = p.is_small(name_of(id));
  if (a.partition_key != b.partition_key && (has_partitions || !small)) {
    return ExchangeReason{is_partitioned_by(id, a.partition_key), a.partitioned && b.partitioned ? "no ALTER changes how a table is partitioned" : "no ALTER makes a table partitioned, or ordinary again"};
  }
  if (small) return std::nullopt;
  const auto allowed = [&](const char* kind) { return p.options.allow_blocking.contains(kind); };
  if (!allowed("rewrite")) {
    for (const Object* member : Planner::members(p.to, id)) {
      const auto* column = std::get_if<Column>(&member->body);
      if (!column) continue;
      const auto* before = p.from.find_body<Column>(member->id);
      const bool computed = column->generated == Generated::stored;
      if (!before && (computed || has_checked_domain(p.to, *column))) {
        return ExchangeReason{absent(member->id), fmt::format("adding {} writes every row under ACCESS EXCLUSIVE", describe(member->id))};
      }
      if (before && computed && (before->generated != column->generated || before->default_expression != column->default_expression)) {
        return ExchangeReason{generation_is(member->id, before->default_expression), fmt::format("a new generation expression of {} writes every row under ACCESS EXCLUSIVE", describe(member->id))};
      }
      if (before && before->generated == Generated::stored && column->generated == Generated::none) {
        return ExchangeReason{generation_is(member->id, before->default_expression), fmt::format("the way back to a generated {} writes every row under ACCESS EXCLUSIVE", describe(member->id))};
      }
      if (before && before->type != column->type && computes_others(p, member->id)) {
        return ExchangeReason{column_has_type(member->id, before->type), fmt::format("no ALTER changes the type of {}, from which stored columns are generated", describe(member->id))};
      }
      if (before && before->type != column->type && (has_partitions || computed) && effects::classify_type_change(before->type, column->type) != effects::TypeChange::free) {
        return ExchangeReason{column_has_type(member->id, before->type), fmt::format("the new type of {} rewrites every partition under ACCESS EXCLUSIVE", describe(member->id))};
      }
    }
    const std::string rewrites = " copies the whole table under ACCESS EXCLUSIVE";
    if (a.persistence != b.persistence) {
      return ExchangeReason{in_class(id, fmt::format("relpersistence = '{}'", a.persistence == Persistence::unlogged ? 'u' : 'p')), (b.persistence == Persistence::unlogged ? "SET UNLOGGED" : "SET LOGGED") + rewrites};
    }
    if (a.access_method != b.access_method && !a.partitioned) {
      return ExchangeReason{in_class(id, fmt::format("relam = (SELECT oid FROM pg_am WHERE amname = {})", sql::quote_literal(a.access_method.empty() ? "heap" : a.access_method))), "SET ACCESS METHOD" + rewrites};
    }
    if (a.tablespace != b.tablespace && !a.partitioned) {
      return ExchangeReason{in_class(id, fmt::format("reltablespace = coalesce((SELECT oid FROM pg_tablespace WHERE spcname = {}), 0)", sql::quote_literal(a.tablespace))), "SET TABLESPACE" + rewrites};
    }
  }
  if (!allowed("exclusion")) {
    for (const Object* member : Planner::members(p.to, id)) {
      const auto* constraint = std::get_if<Constraint>(&member->body);
      if (!constraint || constraint->type != ConstraintType::exclusion) continue;
      const auto* before = p.from.find_body<Constraint>(member->id);
      if (before && before->definition == constraint->definition) continue;
      return ExchangeReason{before ? has_definition(p.from.objects.at(member->id)) : absent(member->id), fmt::format("{} cannot be built concurrently", describe(member->id))};
    }
  }
  return std::nullopt;
}

TableExchange plan_second_table(Planner& planner, const ObjectId& table, const ExchangeReason& reason) { return SecondTable(planner, table, reason).plan(); }

}  // namespace contraflow::plan
