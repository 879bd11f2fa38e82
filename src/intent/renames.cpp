// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "intent/resolver.h"
#include "sql/expression.h"
#include "sql/name.h"
#include "sql/rewrite_definition.h"

namespace contraflow::intent {

namespace {

constexpr Kind kTypes[] = {Kind::enum_type, Kind::domain, Kind::composite_type, Kind::range_type};

void replace_name(std::vector<std::string>& names, const std::string& from, const std::string& to) {
  std::replace(names.begin(), names.end(), from, to);
}

// `CREATE INDEX name ON [ONLY] table USING …`: the table's new name.
void over_table(catalog::Index& index, const sql::QualifiedName& from, const sql::QualifiedName& to) {
  for (const char* before : {" ON ", " ON ONLY "}) {
    const std::string old_part = before + sql::quote(from) + " USING ";
    if (const std::size_t at = index.definition.find(old_part); at != std::string::npos) {
      index.definition.replace(at, old_part.size(), before + sql::quote(to) + " USING ");
      return;
    }
  }
}

}  // namespace

// Carries a rename through all identities and the names in bodies that lookups read; definitions keep their
// text, but for indexes.
void Resolver::rename_in_model(const ObjectId& from, const ObjectId& to) {
  const bool relation = from.kind != Kind::column && from.kind != Kind::constraint &&
                        from.kind != Kind::index && from.kind != Kind::schema;
  const auto renamed = [&](ObjectId id) {
    if (id == from) return to;
    if (from.kind == Kind::schema && id.schema == from.name) id.schema = to.name;
    if (relation && id.schema == from.schema && id.relation == from.name) id.relation = to.name;
    return id;
  };
  std::map<ObjectId, catalog::Object> objects;
  for (auto& [id, object] : database_.objects) {
    if (auto* body = std::get_if<catalog::Constraint>(&object.body)) {
      if (from.kind == Kind::column && id.schema == from.schema && id.relation == from.relation)
        replace_name(body->columns, from.name, to.name);
      if (body->references) {
        auto& target = *body->references;
        if (from.kind == Kind::column && target.schema == from.schema && target.name == from.relation)
          replace_name(body->referenced_columns, from.name, to.name);
        if (from.kind == Kind::table && target.schema == from.schema && target.name == from.name)
          target.name = to.name;
        if (from.kind == Kind::schema && target.schema == from.name) target.schema = to.name;
      }
      if (from.kind == Kind::index && id.schema == from.schema && body->index_name == from.name)
        body->index_name = to.name;
    }
    if (auto* body = std::get_if<catalog::Index>(&object.body)) {
      if (from.kind == Kind::column && id.schema == from.schema && body->table == from.relation) {
        replace_name(body->columns, from.name, to.name);
        // What soft-delete makes of it is written over the new name.
        const std::map<std::string, std::string> names{{from.name, to.name}};
        if (!body->definition.empty()) body->definition = sql::index_over(body->definition, id.name, names, false);
        if (!body->predicate.empty()) body->predicate = sql::rename_columns(body->predicate, names);
      }
      if (from.kind == Kind::table && id.schema == from.schema && body->table == from.name) {
        over_table(*body, {from.schema, from.name}, {to.schema, to.name});
        body->table = to.name;
      }
      if (from.kind == Kind::schema && id.schema == from.name)
        over_table(*body, {from.name, body->table}, {to.name, body->table});
      if (from.kind == Kind::constraint && id.schema == from.schema && body->table == from.relation &&
          body->constraint == from.name)
        body->constraint = to.name;
    }
    std::set<ObjectId> depends_on;
    for (const ObjectId& other : object.depends_on) depends_on.insert(renamed(other));
    object.depends_on = std::move(depends_on);
    object.id = renamed(id);
    const ObjectId key = object.id;
    objects.emplace(key, std::move(object));
  }
  database_.objects = std::move(objects);
  for (ObjectId& now : renamed_now_) now = renamed(now);
  for (LiveView& view : live_views_) {
    view.column = renamed(view.column);
    if (from.kind == Kind::schema && view.name.schema == from.name) view.name.schema = to.name;
  }
  rename_keys(key_of(from), key_of(to));
}

void Resolver::rename_keys(const std::string& from, const std::string& to) {
  const auto rename = [&](auto& map) {
    std::remove_reference_t<decltype(map)> out;
    for (auto& [key, value] : map) {
      const bool inside = key == from || key.starts_with(from + ".");
      out.emplace(inside ? to + key.substr(from.size()) : key, std::move(value));
    }
    map = std::move(out);
  };
  rename(result_.conversions);
  rename(result_.conversions_back);
  rename(result_.fills);
  rename(result_.enum_maps);
}

ObjectId Resolver::rename_target(const Rename& intent) const {
  const Name& from = intent.from;
  switch (intent.kind) {
    case RenameKind::table:
      return table(from);
    case RenameKind::column:
      return column(from);
    case RenameKind::constraint:
      return constraint(from);
    case RenameKind::index:
      return find(Kind::index, from, "index");
    case RenameKind::sequence:
      return find(Kind::sequence, from, "sequence");
    case RenameKind::schema: {
      const ObjectId id{Kind::schema, {}, {}, from.parts[0], {}};
      if (database_.find(id) != nullptr) return id;
      throw Error(ErrorCode::usage,
                  fmt::format("schema {} does not exist", sql::quote_identifier(from.parts[0])))
          .at(from.at);
    }
    case RenameKind::view: {
      for (const auto& [id, object] : database_.objects) {
        if (id.kind == Kind::materialized_view && id.name == from.parts.back() &&
            (from.parts.size() == 1 || id.schema == from.parts[0]))
          return id;
      }
      return find(Kind::view, from, "view");
    }
    case RenameKind::type:
      for (const Kind kind : kTypes) {
        for (const auto& [id, object] : database_.objects) {
          if (id.kind == kind && id.name == from.parts.back() &&
              (from.parts.size() == 1 || id.schema == from.parts[0]))
            return id;
        }
      }
      return find(Kind::enum_type, from, "type");
    case RenameKind::value:
    case RenameKind::any:
      break;
  }
  // TABLE.COLUMN, unless SCHEMA.TABLE (or view, index, type, sequence) of that name is there.
  const std::string schema = from.parts.size() == 2 ? from.parts[0] : std::string();
  if (from.parts.size() <= 2) {
    for (const Kind kind : {Kind::table, Kind::view, Kind::materialized_view, Kind::index, Kind::sequence,
                            Kind::enum_type, Kind::domain, Kind::composite_type, Kind::range_type}) {
      for (const auto& [id, object] : database_.objects) {
        if (id.kind != kind || id.name != from.parts.back()) continue;
        if (from.parts.size() == 1 || id.schema == schema) return find(kind, from, catalog::kind_name(kind));
      }
    }
  }
  return from.parts.size() == 1 ? table(from) : column(from);
}

void Resolver::operator()(const Rename& intent) {
  if (intent.kind == RenameKind::value) return rename_value(intent);
  const ObjectId from = rename_target(intent);
  ObjectId to = from;
  to.name = intent.to.parts.back();
  const std::vector<std::string> home = from.relation.empty()
                                            ? std::vector<std::string>{from.schema}
                                            : std::vector<std::string>{from.schema, from.relation};
  const std::size_t given = intent.to.parts.size() - 1;
  if (given > home.size() ||
      !std::equal(intent.to.parts.begin(), intent.to.parts.end() - 1,
                  home.end() - static_cast<std::ptrdiff_t>(std::min(given, home.size()))))
    throw Error(ErrorCode::usage, "a rename does not move an object",
                fmt::format("give the new name alone: {}", sql::quote_identifier(to.name)))
        .at(intent.to.at);
  if (sql::truncate_identifier(to.name) != to.name)
    throw Error(ErrorCode::usage, "the new name is longer than 63 bytes").at(intent.to.at);
  if (from == to) return note(fmt::format("{} has this name already", catalog::describe(from)));
  const bool is_relation = from.kind == Kind::table || from.kind == Kind::view ||
                           from.kind == Kind::materialized_view || from.kind == Kind::index ||
                           from.kind == Kind::sequence;
  if (database_.find(to) != nullptr || (is_relation && has_relation(to.schema, to.name)))
    throw Error(ErrorCode::usage, fmt::format("{} exists already", key_of(to))).at(intent.to.at);

  const std::string name = sql::quote({from.schema, from.name}),
                    of = sql::quote({from.schema, from.relation});
  const std::string old_name = sql::quote_identifier(from.name), new_name = sql::quote_identifier(to.name);
  switch (from.kind) {
    case Kind::column:
      run(fmt::format("ALTER TABLE {} RENAME COLUMN {} TO {}", of, old_name, new_name));
      break;
    case Kind::constraint:
      run(fmt::format("ALTER TABLE {} RENAME CONSTRAINT {} TO {}", of, old_name, new_name));
      break;
    case Kind::table:
      run(fmt::format("ALTER TABLE {} RENAME TO {}", name, new_name));
      break;
    case Kind::view:
      run(fmt::format("ALTER VIEW {} RENAME TO {}", name, new_name));
      break;
    case Kind::materialized_view:
      run(fmt::format("ALTER MATERIALIZED VIEW {} RENAME TO {}", name, new_name));
      break;
    case Kind::index:
      run(fmt::format("ALTER INDEX {} RENAME TO {}", name, new_name));
      break;
    case Kind::sequence:
      run(fmt::format("ALTER SEQUENCE {} RENAME TO {}", name, new_name));
      break;
    case Kind::domain:
      run(fmt::format("ALTER DOMAIN {} RENAME TO {}", name, new_name));
      break;
    case Kind::schema:
      run(fmt::format("ALTER SCHEMA {} RENAME TO {}", old_name, new_name));
      break;
    default:
      run(fmt::format("ALTER TYPE {} RENAME TO {}", name, new_name));
      break;
  }
  result_.renames.emplace_back(from.kind == Kind::schema ? old_name
                               : from.relation.empty()   ? name
                                                         : of + "." + old_name,
                               new_name);
  renamed_now_.push_back(from);  // rename_in_model() below gives it its new name
  result_.renamed_objects.emplace_back(from, to);
  // A key and its index have one name: the server renames the other too.
  if (from.kind == Kind::constraint && !database_.find_body<catalog::Constraint>(from)->index_name.empty()) {
    const ObjectId index{Kind::index, from.schema, {}, from.name, {}},
        new_index{Kind::index, to.schema, {}, to.name, {}};
    if (database_.find(index) != nullptr) {
      result_.renamed_objects.emplace_back(index, new_index);
      rename_in_model(index, new_index);
    }
  } else if (from.kind == Kind::index && !database_.find_body<catalog::Index>(from)->constraint.empty()) {
    const std::string owner = database_.find_body<catalog::Index>(from)->table;
    const ObjectId old_key{Kind::constraint, from.schema, owner, from.name, {}},
        new_key{Kind::constraint, to.schema, owner, to.name, {}};
    result_.renamed_objects.emplace_back(old_key, new_key);
    rename_in_model(old_key, new_key);
  }
  rename_in_model(from, to);
}

void Resolver::rename_value(const Rename& intent) {
  Name type_name = intent.from;
  type_name.parts.pop_back();
  const ObjectId id = enum_type(type_name);
  const std::string label = label_of(id, {{intent.from.parts.back()}, intent.from.at});
  const std::string& wanted = intent.to.parts.back();
  auto& labels = std::get<catalog::EnumType>(database_.objects.at(id).body).labels;
  if (std::find(labels.begin(), labels.end(), wanted) != labels.end())
    throw Error(ErrorCode::usage,
                fmt::format("type {} has the value {} already", key_of(id), sql::quote_literal(wanted)),
                fmt::format("to merge the two: drop-enum-value {} {} -> {}", key_of(id), label, wanted))
        .at(intent.to.at);
  run(fmt::format("ALTER TYPE {} RENAME VALUE {} TO {}", sql::quote({id.schema, id.name}),
                  sql::quote_literal(label), sql::quote_literal(wanted)));
  std::replace(labels.begin(), labels.end(), label, wanted);
  result_.renames.emplace_back(sql::quote({id.schema, id.name}) + "." + sql::quote_identifier(label),
                               sql::quote_identifier(wanted));
  renamed_now_.push_back(id);
}

}  // namespace contraflow::intent
