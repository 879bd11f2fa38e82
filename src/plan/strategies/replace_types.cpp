// SPDX-License-Identifier: Apache-2.0
//
// Types that are exchanged for new ones under the columns that have them.
#include "plan/strategies/replacements.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>

#include "catalog/alter.h"
#include "catalog/ddl.h"
#include "plan/strategies/conversion.h"
#include "plan/strategies/domain_parts.h"
#include "plan/strategies/enum_labels.h"
#include "plan/strategies/refused_rows.h"

namespace contraflow::plan {

using namespace catalog;

bool is_exchanged_type(const Planner& planner, const ObjectId& id) {
  if (id.kind == Kind::domain && !planner.done.contains(id) && tested_by_exchange(planner, id)) return true;
  const auto altered = planner.altered.find(id);
  if (altered == planner.altered.end() || planner.done.contains(id)) return false;
  const std::set<Aspect>& aspects = altered->second;
  const Object &a = planner.from.objects.at(id), &b = planner.to.objects.at(id);
  switch (id.kind) {
    case Kind::enum_type: {
      if (!aspects.contains(Aspect::labels)) return false;
      // Values can only be added; the old ones must stay, in their order.
      const auto& old_labels = std::get<EnumType>(a.body).labels;
      const auto& new_labels = std::get<EnumType>(b.body).labels;
      std::size_t at = 0;
      for (const std::string& label : new_labels) {
        if (at < old_labels.size() && old_labels[at] == label) ++at;
      }
      return at < old_labels.size();
    }
    case Kind::domain:
    case Kind::range_type: return aspects.contains(Aspect::definition);
    case Kind::composite_type: {
      if (!aspects.contains(Aspect::definition)) return false;
      const auto &type = std::get<CompositeType>(a.body), &desired = std::get<CompositeType>(b.body);
      if (!alter_composite(id, type, desired) || !alter_composite(id, desired, type)) return true;
      // Attributes come and go under columns of the type; their own types do not change there.
      const auto& old_attributes = std::get<CompositeType>(a.body).attributes;
      const auto& new_attributes = std::get<CompositeType>(b.body).attributes;
      const bool retyped = std::any_of(old_attributes.begin(), old_attributes.end(), [&](const CompositeAttribute& x) {
        return std::any_of(new_attributes.begin(), new_attributes.end(), [&](const CompositeAttribute& y) { return x.name == y.name && (x.type != y.type || x.collation != y.collation); });
      });
      const auto it = planner.dependents.find(id);
      if (!retyped || it == planner.dependents.end()) return false;
      return std::any_of(it->second.begin(), it->second.end(), [](const ObjectId& d) { return d.kind == Kind::column; });
    }
    default: return false;
  }
}

namespace {

// A value of a composite type attribute by attribute, where its text form would not do: they come and go, or stand in another order. Empty where the text form does.
std::string by_attributes(const Database& database, const std::string& value, const CompositeType& from, const CompositeType& to, const std::string& type) {
  const auto same_places = std::equal(from.attributes.begin(), from.attributes.end(), to.attributes.begin(), to.attributes.end(), [](const auto& a, const auto& b) { return a.name == b.name; });
  if (same_places) return {};
  std::string row;
  for (const CompositeAttribute& attribute : to.attributes) {
    const auto before = std::find_if(from.attributes.begin(), from.attributes.end(), [&](const CompositeAttribute& one) { return one.name == attribute.name; });
    const std::string read = fmt::format("({}).{}", value, sql::quote_identifier(attribute.name));
    row += (row.empty() ? "" : ", ") + (before == from.attributes.end() ? "NULL::" + attribute.type : convert(database, read, before->type, attribute.type).expression);
  }
  // A row of NULLs is no NULL.
  return fmt::format("CASE WHEN {} IS DISTINCT FROM NULL THEN ROW({})::{} END", value, row, type);
}

// A composite value with the attributes that are of the enum, or arrays of it, converted one by one; `plain` where no conversion differs from the one by text.
// `labels_as` is what the enum that it is converted to is called at that time; `convert` is given what is read, whether it is an array, the type and the conversion by text. A row of NULLs is no NULL.
std::string by_labels(const CompositeType& composite, const std::string& name, const ObjectId& labels, const std::string& labels_as, const std::string& target, const std::string& plain,
                      const std::function<std::string(const std::string&, bool, const std::string&, const std::string&)>& convert) {
  std::string row;
  bool maps = false;
  for (const CompositeAttribute& attribute : composite.attributes) {
    const std::string read = fmt::format("({}).{}", name, sql::quote_identifier(attribute.name));
    const bool many = attribute.type == quoted_name(labels) + "[]";
    std::string value = read;
    if (attribute.type == quoted_name(labels) || many) {
      const std::string type = labels_as + (many ? "[]" : ""), by_text = fmt::format("{}::text{}::{}", read, many ? "[]" : "", type);
      value = convert(read, many, type, by_text);
      maps = maps || value != by_text;
    }
    row += (row.empty() ? "" : ", ") + value;
  }
  return maps ? fmt::format("CASE WHEN {} IS DISTINCT FROM NULL THEN ROW({})::{} END", name, row, target) : plain;
}

}  // namespace

// Large tables hold columns of the type, or a column of it gets another name: the new type stands beside the old one until the swap.
bool Replacements::exchange_through_shadows(const ObjectId& id) {
  if (id.kind != Kind::enum_type && id.kind != Kind::domain) return false;
  std::vector<ObjectId> large;
  auto it = p_.dependents.find(id);
  if (it == p_.dependents.end()) return false;
  bool with_table = false;  // one that holds values of it is exchanged for a second one, whose columns are of the new type
  for (const ObjectId& column : it->second) {
    if (column.kind == Kind::column && exchanged_.contains(table_id({column.schema, column.relation}))) {
      const ObjectId root = root_of(p_.from, table_id({column.schema, column.relation}));
      if (items_.contains(root)) unite(root, id);
      with_table = true;
      continue;
    }
    if (column.kind != Kind::column || !in_both(column) || (direct_rewrite(column) && !renamed(column))) continue;
    const Column& body = std::get<Column>(p_.from.objects.at(column).body);
    if (body.inherited) continue;
    large.push_back(column);
  }
  if (large.empty() && !with_table) return false;
  const std::string beside = p_.spare_relation(id.schema, id.name, "new");
  const std::string old_type = p_.spare_relation(id.schema, id.name, "old");
  const auto type_named = [&](const std::string& type, const std::string& name) {
    // format_type() writes the qualified name, and [] behind it for arrays.
    return sql::quote(QualifiedName{id.schema, name}) + type.substr(quoted_name(id).size());
  };
  for (const ObjectId& column : large) {
    const Column& a = std::get<Column>(p_.from.objects.at(column).body);
    const Column& b = std::get<Column>(p_.to.objects.at(column).body);
    if (!a.type.starts_with(quoted_name(id)) || !b.type.starts_with(quoted_name(id))) continue;
    const std::string old_name = old_column_name(p_, column);
    ShadowColumn shadow = shadow_for(p_, column, old_name);
    shadow.shadow_wins = !keeps_place(column);
    shadow.converted = !shadow.shadow_wins;
    shadow.shadow_type = type_named(b.type, beside);
    shadow.retired_type = type_named(a.type, old_type);
    Item scratch;
    shadow.up = through_base(p_, id, sql::quote_identifier(old_name), a.type, shadow.shadow_type, false);
    if (id.kind == Kind::enum_type) shadow.up = mapped({column, old_name}, id, shadow.shadow_type, shadow.up, scratch);
    fill_nulls(p_, shadow);
    const auto back_to = [&](const std::string& type) {
      const std::string name = sql::quote_identifier(column.name), plain = through_base(p_, id, name, b.type, type, true);
      return id.kind == Kind::enum_type ? convert_labels_back(p_, {column, name, a.type.ends_with("[]")}, id, type, plain) : plain;
    };
    shadow.down = back_to(shadow.retired_type);
    shadow.down_at_first = back_to(a.type);
    shadow.up_may_fail = shadow.down_may_fail = true;
    if (id.kind == Kind::domain) {
      if (auto rows = refused_rows(p_, column, old_name, false)) shadow.up_refused.push_back(std::move(*rows));
      if (auto rows = refused_rows(p_, column, column.name, true)) shadow.down_refused.push_back(std::move(*rows));
    }
    shadow.types = {{quoted_name(id), beside}};
    shadow.back_types = {{quoted_name(id), old_type}};
    exchange_grade_ = std::max(exchange_grade_, scratch.grade);
    p_.notes.insert(p_.notes.end(), scratch.notes.begin(), scratch.notes.end());
    for (Precondition& precondition : scratch.preconditions) exchange_preconditions_.push_back(std::move(precondition));
    shadow.down_preconditions = std::move(scratch.undo_preconditions);
    add_shadow(std::move(shadow));
  }
  const std::string word = id.kind == Kind::domain ? "DOMAIN" : "TYPE";
  const ObjectId beside_id{id.kind, id.schema, "", beside, ""}, old_id{id.kind, id.schema, "", old_type, ""};
  const auto form_of = [&](const Database& database) {
    const auto* body = database.find_body<EnumType>(id);
    return body ? enum_labels_are(id, body->labels) : domain_is(database, id);
  };
  const auto drop_type = [&](const std::string& name) { return Statements{fmt::format("DROP {} IF EXISTS {}", word, sql::quote(QualifiedName{id.schema, name}))}; };
  Operation& expand = p_.add(Phase::expand, "make beside the old", id, brief(make_type_as(p_.to, id, beside), all_of({absent(beside_id), absent(old_id), form_of(p_.from)})), brief(drop_type(beside), absent(old_id)));
  expand.groupable = false;
  expand.step.preconditions = exchange_preconditions_;
  const std::size_t made = p_.operations.size() - 1;
  Item& out = item(id);
  const auto rename = [&](const std::string& a, const std::string& b) {
    return fmt::format("ALTER {} {} RENAME TO {}", word, sql::quote(QualifiedName{id.schema, a}), sql::quote_identifier(b));
  };
  out.forward.core = {rename(id.name, old_type), rename(beside, id.name)};
  out.undo.core = {rename(id.name, beside), rename(old_type, id.name)};
  out.todo = exists(beside_id);
  out.undo_todo = exists(old_id);
  out.phase = Phase::contract;
  out.grade = exchange_grade_;
  out.touches.insert(id);
  out.preceded_by.push_back(made);
  Operation& purge = p_.add(Phase::purge, "purge the old", id, brief(drop_type(old_type)), brief(make_type_as(p_.from, id, old_type), all_of({absent(old_id), absent(beside_id), form_of(p_.to)})));
  purge.groupable = false;
  out.followed_by.push_back(p_.operations.size() - 1);
  const std::size_t purged = p_.operations.size() - 1;
  type_steps_[id] = {made, purged};
  exchanged_through_shadow_.insert(id);
  take_with_checks(id);
  if (id.kind == Kind::enum_type) exchange_composites_beside(id, beside, old_type, made, purged);
  return true;
}

// A domain's CHECKs are made with it.
void Replacements::take_with_checks(const ObjectId& type) {
  p_.done.insert(type);
  for (const Database* database : {&p_.from, &p_.to}) {
    for (const Object* check : checks_of_domain(*database, type)) p_.done.insert(check->id);
  }
}

// Composite types that have attributes of an enum which is exchanged through second columns, where large tables have columns of them: they are made anew beside the old ones, too.
void Replacements::exchange_composites_beside(const ObjectId& labels, const std::string& beside, const std::string& old_type, std::size_t made, std::size_t purged) {
  for (const ObjectId& id : std::set<ObjectId>(p_.dependents[labels])) {
    const auto users = p_.dependents.find(id);
    if (id.kind != Kind::composite_type || p_.altered.contains(id) || users == p_.dependents.end()) continue;
    std::vector<ObjectId> columns;
    bool large = false, possible = true;
    for (const ObjectId& user : users->second) {
      if (user.kind == Kind::table || user.kind == Kind::composite_type || user.kind == Kind::domain || user.kind == Kind::range_type) possible = false;
      if (user.kind != Kind::column) continue;
      possible = possible && in_both(user) && !renamed(user) && !keeps_place(user) && !is_partition_column(p_.from, user) && !exchanged_.contains(table_id({user.schema, user.relation}));
      large = large || !direct_rewrite(user);
      if (!std::get<Column>(p_.from.objects.at(user).body).inherited) columns.push_back(user);
    }
    if (!possible || !large) continue;
    const std::string next = p_.spare_relation(id.schema, id.name, "new"), old = p_.spare_relation(id.schema, id.name, "old");
    const auto labels_named = [&](const std::string& name) { return sql::quote(QualifiedName{labels.schema, name}); };
    const auto named = [&](const std::string& type, const std::string& name) { return sql::quote(QualifiedName{id.schema, name}) + type.substr(quoted_name(id).size()); };
    const auto& composite = std::get<CompositeType>(p_.from.objects.at(id).body);
    for (const ObjectId& column : columns) {
      const std::string type = std::get<Column>(p_.from.objects.at(column).body).type, name = sql::quote_identifier(column.name);
      const bool array = type.ends_with("[]");
      ShadowColumn shadow = shadow_for(p_, column, column.name);
      shadow.shadow_wins = true;
      shadow.shadow_type = named(type, next);
      shadow.retired_type = named(type, old);
      Item scratch;
      const auto back_to = [&](const std::string& target, const std::string& labels_as) {
        const std::string plain = fmt::format("{}::text::{}", name, target);
        if (array) return plain;
        return by_labels(composite, name, labels, labels_as, target, plain, [&](const std::string& read, bool many, const std::string& attribute_type, const std::string& by_text) {
          return convert_labels_back(p_, {column, read, many}, labels, attribute_type, by_text);
        });
      };
      built_on_[id] = {labels, 1};
      shadow.up = convert_built(column, id, shadow.shadow_type, scratch, labels_named(beside));
      built_on_.erase(id);
      fill_nulls(p_, shadow);
      shadow.down = back_to(shadow.retired_type, labels_named(old_type));
      shadow.down_at_first = back_to(type, quoted_name(labels));
      shadow.up_may_fail = shadow.down_may_fail = true;
      shadow.types = {{quoted_name(id), next}, {quoted_name(labels), beside}};
      shadow.back_types = {{quoted_name(id), old}, {quoted_name(labels), old_type}};
      exchange_grade_ = std::max(exchange_grade_, scratch.grade);
      p_.notes.insert(p_.notes.end(), scratch.notes.begin(), scratch.notes.end());
      for (Precondition& precondition : scratch.preconditions) p_.operations[made].step.preconditions.push_back(std::move(precondition));
      shadow.down_preconditions = std::move(scratch.undo_preconditions);
      add_shadow(std::move(shadow));
    }
    const auto make = [&](const Database& database, const std::string& name, const std::string& of) {
      Object made_so = database.objects.at(id);
      made_so.id.name = name;
      for (CompositeAttribute& attribute : std::get<CompositeType>(made_so.body).attributes) {
        for (const char* suffix : {"", "[]"}) {
          if (attribute.type == quoted_name(labels) + suffix) attribute.type = labels_named(of) + suffix;
        }
      }
      return create_all(made_so, database);
    };
    const auto drop_type = [&](const std::string& name) { return Statements{"DROP TYPE IF EXISTS " + sql::quote(QualifiedName{id.schema, name})}; };
    const ObjectId next_id{id.kind, id.schema, "", next, ""}, old_id{id.kind, id.schema, "", old, ""};
    const auto labels_of = [&](const Database& database) { return enum_labels_are(labels, std::get<EnumType>(database.objects.at(labels).body).labels); };
    Operation& expand = p_.add(Phase::expand, "make beside the old", id, brief(make(p_.to, next, beside), all_of({absent(next_id), absent(old_id), labels_of(p_.from)})), brief(drop_type(next), absent(old_id)));
    expand.groupable = false;
    expand.after.push_back(made);
    const std::size_t made_here = p_.operations.size() - 1;
    Operation& purge = p_.add(Phase::purge, "purge the old", id, brief(drop_type(old)), brief(make(p_.from, old, old_type), all_of({absent(old_id), absent(next_id), labels_of(p_.to)})));
    purge.groupable = false;
    const std::size_t purged_here = p_.operations.size() - 1;
    p_.operations[purged].after.push_back(purged_here);
    type_steps_[id] = {made_here, purged_here};
    Item& out = item(id);
    const auto rename = [&](const std::string& a, const std::string& b) { return fmt::format("ALTER TYPE {} RENAME TO {}", sql::quote(QualifiedName{id.schema, a}), sql::quote_identifier(b)); };
    out.forward.core = {rename(id.name, old), rename(next, id.name)};
    out.undo.core = {rename(id.name, next), rename(old, id.name)};
    out.todo = exists(next_id);
    out.undo_todo = exists(old_id);
    out.phase = Phase::contract;
    out.grade = exchange_grade_;
    out.touches.insert(id);
    out.preceded_by.push_back(made_here);
    out.followed_by.push_back(purged_here);
    unite(id, labels);
    exchanged_through_shadow_.insert(id);
    p_.done.insert(id);
  }
}

void Replacements::exchange_type(const ObjectId& id) {
  if (exchange_through_shadows(id)) return;
  for (const diff::Rename& rename : p_.renames) {
    if (rename.to.kind != Kind::column || !p_.from.find(rename.to) || !p_.from.objects.at(rename.to).depends_on.contains(id)) continue;
    p_.refuse(fmt::format("{} is exchanged for a new type while {}, which has it, gets another name through a second column: make two plans, the new name first", describe(id), describe_renamed(rename.from)));
  }
  for (const ObjectId& column : p_.dependents[id]) {
    if (column.kind == Kind::column && in_both(column) && is_partition_column(p_.from, column)) {
      p_.refuse(fmt::format("{} is exchanged for a new type, but {} is part of a partition key, whose type no ALTER changes: give the column another type in the desired schema (a second table takes its place)", describe(id), describe(column)));
    }
  }
  Item& out = item(id);
  const Object& a = p_.from.objects.at(id);
  const Object& b = p_.to.objects.at(id);
  const std::string spare = p_.spare_relation(id.schema, id.name, "old");
  const QualifiedName spare_name{id.schema, spare};
  const std::string word = id.kind == Kind::domain ? "DOMAIN" : "TYPE";
  const auto users = p_.dependents.find(id);
  const bool in_columns = users != p_.dependents.end() && std::any_of(users->second.begin(), users->second.end(), [](const ObjectId& user) { return user.kind == Kind::column; });
  const auto script = [&](Stages& into, const Object& target, const Database& database) {
    if (id.kind == Kind::range_type && !in_columns) {
      // Its constructors and its multirange type would keep their names when it is renamed.
      into.core = drop(target);
      append(into.core, create_all(target, database));
      return;
    }
    into.core.push_back(fmt::format("ALTER {} {} RENAME TO {}", word, quoted_name(id), sql::quote_identifier(spare)));
    append(into.core, make_type_as(database, id, id.name));
    into.after.push_back(fmt::format("DROP {} {}", word, sql::quote(spare_name)));
  };
  script(out.forward, b, p_.to);
  script(out.undo, a, p_.from);
  out.phase = Phase::contract;
  out.touches.insert(id);
  if (id.kind == Kind::enum_type) give_up_domains(id);
  if (const auto* labels = std::get_if<EnumType>(&b.body)) {
    out.todo = negate(enum_labels_are(id, labels->labels));
    out.undo_todo = negate(enum_labels_are(id, std::get<EnumType>(a.body).labels));
  }
  take_with_checks(id);
  for (const Object* member : Planner::members(p_.to, id)) p_.done.insert(member->id);
}

// A domain over the enum goes, and columns of it become of the new enum: neither can be before the other, so all is one transaction. Such a domain stands over the old type until its columns are converted.
void Replacements::give_up_domains(const ObjectId& id) {
  const auto users = p_.dependents.find(id);
  if (users == p_.dependents.end()) return;
  for (const ObjectId& domain : std::set<ObjectId>(users->second)) {
    if (domain.kind != Kind::domain || !p_.dropped.contains(domain) || p_.done.contains(domain)) continue;
    const std::set<ObjectId> columns = p_.dependents[domain];
    const bool in_place = std::all_of(columns.begin(), columns.end(), [&](const ObjectId& column) {
      const bool follows = column.kind == Kind::view || column.kind == Kind::materialized_view || column.kind == Kind::index || column.kind == Kind::constraint;  // goes and comes with the columns
      return column.kind == Kind::domain_constraint || follows || (column.kind == Kind::column && in_both(column) && direct_rewrite(column) && !renamed(column) && !is_partition_column(p_.from, column));
    });
    const bool waits = std::any_of(columns.begin(), columns.end(), [&](const ObjectId& column) { return column.kind == Kind::column && in_both(column) && p_.to.objects.at(column).depends_on.contains(id); });
    if (!in_place || !waits) continue;
    Item& out = item(id);
    p_.done.insert(domain);
    out.touches.insert(domain);
    out.forward.after.insert(out.forward.after.begin(), fmt::format("DROP DOMAIN {}", quoted_name(domain)));
    append(out.undo.core, create_all(p_.from.objects.at(domain), p_.from));
    for (const ObjectId& member : columns) {
      if (member.kind != Kind::domain_constraint) continue;
      p_.done.insert(member);
      append(out.undo.core, create_all(p_.from.objects.at(member), p_.from));
    }
    for (const ObjectId& column : columns) {
      if (column.kind != Kind::column || std::get<Column>(p_.from.objects.at(column).body).inherited) continue;
      items_.erase(column);
      retype_with(column, id);
    }
  }
}

// A column of an exchanged type is converted in the same transaction.
void Replacements::retype_with(const ObjectId& column, const ObjectId& type) {
  const Column& a = std::get<Column>(p_.from.objects.at(column).body);
  const Column& b = std::get<Column>(p_.to.objects.at(column).body);
  if (a.inherited) return;  // its parent's change reaches it
  unite(column, type);
  if (items_.contains(column) || shadowed_.contains(column)) return;
  Item& out = item(column);
  std::string conversion = fmt::format("{}::text::{}", sql::quote_identifier(column.name), b.type);
  if (type.kind == Kind::enum_type) conversion = mapped({column, column.name}, type, b.type, conversion, out);
  const bool built = built_on_.contains(type);
  if (built) conversion = convert_built(column, type, b.type, out);
  if (const auto* domain = built ? nullptr : p_.to.find_body<Domain>(type)) {
    conversion = convert(p_.to, sql::quote_identifier(column.name), std::get<Domain>(p_.from.objects.at(type).body).base_type,
                         domain->base_type)
                     .expression;
  }
  std::string back = fmt::format("{}::text::{}", sql::quote_identifier(column.name), a.type);
  if (type.kind == Kind::enum_type) back = convert_labels_back(p_, {column, sql::quote_identifier(column.name), a.type.ends_with("[]")}, type, a.type, back);
  if (built) back = convert_built_back(column, type, a.type, back);
  if (const auto* desired = built ? nullptr : p_.to.find_body<CompositeType>(type)) {
    const auto& current = std::get<CompositeType>(p_.from.objects.at(type).body);
    const std::string name = sql::quote_identifier(column.name);
    if (const std::string by_name = by_attributes(p_.from, name, current, *desired, b.type); !by_name.empty()) {
      if (a.type != quoted_name(type)) {
        p_.refuse(fmt::format("{} holds values of {}, whose attributes come or go while others change their types, inside another type: make two plans, the types first", describe(column), describe(type)));
      }
      conversion = by_name;
      back = by_attributes(p_.to, name, *desired, current, a.type);
    }
  }
  Conversion up{conversion, true, false, false};
  Conversion down{back, true, false, false};
  add_retype(out, column, a, b, up, down);
  // The name of the type stays the same, so the type's own condition says whether this is done.
  out.todo.clear();
  out.undo_todo.clear();
  out.phase = Phase::contract;
  out.work = "rewrite";
}

std::string Replacements::mapped(const ReadColumn& read, const ObjectId& type, const std::string& target, const std::string& plain, Item& out) {
  LabelConversion conversion = convert_labels(p_, {read.id, sql::quote_identifier(read.name), std::get<Column>(p_.from.objects.at(read.id).body).type.ends_with("[]"), sql::quote_identifier(read.id.name)}, type, target, plain);
  take_labels(conversion, out);
  return conversion.expression;
}

void Replacements::take_labels(LabelConversion& conversion, Item& out) {
  out.grade = std::max(out.grade, conversion.grade);
  out.notes.insert(out.notes.end(), conversion.notes.begin(), conversion.notes.end());
  std::move(conversion.preconditions.begin(), conversion.preconditions.end(), std::back_inserter(out.preconditions));
  std::move(conversion.undo_preconditions.begin(), conversion.undo_preconditions.end(), std::back_inserter(out.undo_preconditions));
}

// A domain or composite type is built on one that is exchanged: it is exchanged with it, and the columns that have it are converted in the same transaction.
void Replacements::exchange_with(const ObjectId& id, const ObjectId& base) {
  unite(id, base);
  if (built_on_.contains(id) || exchanged_through_shadow_.contains(id)) return;
  const auto users = p_.dependents.find(id);
  const bool of_columns = users != p_.dependents.end() && std::any_of(users->second.begin(), users->second.end(), [](const ObjectId& user) {
                            return user.kind == Kind::table || user.kind == Kind::column || user.kind == Kind::composite_type || user.kind == Kind::domain;
                          });
  const bool in_place = id.kind != Kind::range_type && (!of_columns || (!exchanged_through_shadow_.contains(base) && !p_.altered.contains(id))) &&
                        (users == p_.dependents.end() || std::all_of(users->second.begin(), users->second.end(), [&](const ObjectId& user) {
                           return user.kind != Kind::table && (user.kind != Kind::column || (in_both(user) && direct_rewrite(user) && !renamed(user) && !is_partition_column(p_.from, user)));
                         }));
  if (!in_place) {
    p_.refuse(fmt::format("{} must be made anew, but {} is built on it", describe(base), describe(id)));
    return;
  }
  const auto below = built_on_.find(base);
  built_on_[id] = {below == built_on_.end() ? base : below->second.enum_type, below == built_on_.end() ? 1 : below->second.depth + 1};
  exchange_type(id);
}

// Values of a type that is built on an exchanged enum, by their text; those of a composite type attribute by attribute where labels are mapped.
std::string Replacements::convert_built(const ObjectId& column, const ObjectId& type, const std::string& target, Item& out, const std::string& labels_as) {
  const std::string name = sql::quote_identifier(column.name), plain = fmt::format("{}::text::{}", name, target);
  const ObjectId& labels = built_on_.at(type).enum_type;
  if (labels.kind != Kind::enum_type) return plain;
  const std::string whole = std::get<Column>(p_.from.objects.at(column).body).type;
  const bool array = whole.ends_with("[]");
  if (type.kind == Kind::domain && built_on_.at(type).depth == 1) {
    LabelConversion conversion = convert_labels(p_, {column, name, array}, labels, target, plain);
    take_labels(conversion, out);
    return conversion.expression;
  }
  const auto* composite = p_.from.find_body<CompositeType>(type);
  if (composite && built_on_.at(type).depth == 1 && !array) {
    return by_labels(*composite, name, labels, labels_as.empty() ? quoted_name(labels) : labels_as, target, plain, [&](const std::string& read, bool many, const std::string& attribute_type, const std::string& by_text) {
      LabelConversion conversion = convert_labels(p_, {column, read, many}, labels, attribute_type, by_text);
      take_labels(conversion, out);
      return conversion.expression;
    });
  }
  // Deeper inside: what holds a label that goes stands in the text of the value.
  const auto &old_labels = std::get<EnumType>(p_.from.objects.at(labels).body).labels, &new_labels = std::get<EnumType>(p_.to.objects.at(labels).body).labels;
  for (const std::string& label : old_labels) {
    if (std::find(new_labels.begin(), new_labels.end(), label) != new_labels.end()) continue;
    const std::string table = sql::quote(QualifiedName{column.schema, column.relation});
    out.preconditions.push_back({fmt::format("rows of {} whose {} may hold the removed value '{}'", table, name, label),
                                 fmt::format("SELECT count(*) FROM {} WHERE strpos({}::text, {}) > 0", table, name, sql::quote_literal(label)), "give them another value"});
  }
  return plain;
}

// The way back of convert_built(): of new labels only those that an old one became have one.
std::string Replacements::convert_built_back(const ObjectId& column, const ObjectId& type, const std::string& target, const std::string& plain) const {
  const ObjectId& labels = built_on_.at(type).enum_type;
  if (labels.kind != Kind::enum_type || built_on_.at(type).depth != 1) return plain;
  const std::string name = sql::quote_identifier(column.name);
  const bool array = target.ends_with("[]");
  if (type.kind == Kind::domain) return convert_labels_back(p_, {column, name, array}, labels, target, plain);
  const auto* composite = p_.from.find_body<CompositeType>(type);
  if (composite == nullptr || array) return plain;
  return by_labels(*composite, name, labels, quoted_name(labels), target, plain, [&](const std::string& read, bool many, const std::string& attribute_type, const std::string& by_text) {
    return convert_labels_back(p_, {column, read, many}, labels, attribute_type, by_text);
  });
}

}  // namespace contraflow::plan
