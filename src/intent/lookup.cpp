// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "intent/resolver.h"
#include "sql/name.h"

namespace contraflow::intent {

namespace {

std::string written(const Name& name) {
  std::string out;
  for (const std::string& part : name.parts) out += (out.empty() ? "" : ".") + sql::quote_identifier(part);
  return out;
}

Error unknown(std::string_view what, const Name& name, const std::string& hint) {
  return Error(ErrorCode::usage, fmt::format("{} {} does not exist", what, written(name)), hint).at(name.at);
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates,
                         std::string_view kind) {
  // Prisma's tables and columns have capitals.
  const auto bare = [](std::string text) {
    std::erase(text, '"');
    return text;
  };
  const auto folded = std::find_if(candidates.begin(), candidates.end(), [&](const std::string& candidate) {
    const std::string lower = to_lower(bare(candidate));
    return kind != "its values are" && lower != bare(candidate) && (lower == bare(word) || lower.ends_with("." + bare(word)));
  });
  if (folded != candidates.end())
    return fmt::format("write {} with its quotes: names without them are folded to lower case, as in SQL", folded->find('"') == std::string::npos ? sql::quote_identifier(*folded) : *folded);
  const std::string guess = nearest(word, candidates);
  if (!guess.empty()) return fmt::format("did you mean {}?", guess);
  if (candidates.empty()) return {};
  std::vector<std::string> some(
      candidates.begin(),
      candidates.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(candidates.size(), 12)));
  return fmt::format("{}: {}{}", kind, join(some, ", "), some.size() < candidates.size() ? ", …" : "");
}

}  // namespace

std::string key_of(const ObjectId& id) {
  return id.relation.empty() ? id.schema + "." + id.name : id.schema + "." + id.relation + "." + id.name;
}

ObjectId Resolver::find(Kind kind, const Name& name, std::string_view what) const {
  const std::string& wanted = name.parts.back();
  const std::string schema = name.parts.size() > 1 ? name.parts[name.parts.size() - 2] : std::string();
  std::vector<ObjectId> found;
  std::vector<std::string> candidates;
  for (const auto& [id, object] : database_.objects) {
    if (id.kind != kind) continue;
    candidates.push_back(name.parts.size() > 1 || id.schema != "public" ? sql::quote({id.schema, id.name})
                                                                        : sql::quote_identifier(id.name));
    if (id.name == wanted && (schema.empty() || id.schema == schema)) found.push_back(id);
  }
  // As with the default search_path: public before all others.
  for (const ObjectId& id : found) {
    if (schema.empty() && id.schema == "public") return id;
  }
  if (found.size() == 1 && name.parts.size() < 3) return found[0];
  if (found.size() > 1) {
    std::vector<std::string> names;
    for (const ObjectId& id : found) names.push_back(sql::quote({id.schema, id.name}));
    throw Error(ErrorCode::usage, fmt::format("{} {} exists in several schemas", what, written(name)),
                "write one of: " + join(names, ", "))
        .at(name.at);
  }
  throw unknown(what, name, did_you_mean(written(name), candidates, "there are"));
}

const ObjectId* Resolver::find_if_exists(Kind kind, const std::string& schema,
                                         const std::string& name) const {
  auto it = database_.objects.find(ObjectId{kind, schema, {}, name, {}});
  return it == database_.objects.end() ? nullptr : &it->first;
}

ObjectId Resolver::table(const Name& name) const {
  const std::string& last = name.parts.back();
  for (const auto& [id, object] : database_.objects) {
    if (id.name != last || (name.parts.size() > 1 && id.schema != name.parts[0])) continue;
    if (id.kind == Kind::view || id.kind == Kind::materialized_view) {
      if (find_if_exists(Kind::table, "public", last) != nullptr) continue;
      throw Error(ErrorCode::usage,
                  fmt::format("{} is a {}, not a table", written(name), catalog::kind_name(id.kind)))
          .at(name.at);
    }
  }
  return find(Kind::table, name, "table");
}

ObjectId Resolver::table_of_new_column(const Name& name) const {
  Name of = name;
  of.parts.pop_back();
  return table(of);
}

ObjectId Resolver::column(const Name& name) const {
  const ObjectId of = table_of_new_column(name);
  return column_of(of, name);
}

ObjectId Resolver::column_of(const ObjectId& of, const Name& name) const {
  const ObjectId id = catalog::column_id(of.schema, of.name, name.parts.back());
  if (database_.find(id) != nullptr) return id;
  const Name last{{name.parts.back()}, name.at};
  throw Error(ErrorCode::usage,
              fmt::format("table {} has no column {}", sql::quote({of.schema, of.name}), written(last)),
              did_you_mean(name.parts.back(), column_names(of), "its columns are"))
      .at(name.at);
}

ObjectId Resolver::constraint(const Name& name) const {
  const ObjectId of = table_of_new_column(name);
  std::vector<std::string> names;
  for (const auto& [id, object] : database_.objects) {
    if (id.kind != Kind::constraint || id.schema != of.schema || id.relation != of.name) continue;
    if (id.name == name.parts.back()) return id;
    names.push_back(id.name);
  }
  throw Error(ErrorCode::usage,
              fmt::format("table {} has no constraint {}", sql::quote({of.schema, of.name}),
                          sql::quote_identifier(name.parts.back())),
              did_you_mean(name.parts.back(), names, "its constraints are"))
      .at(name.at);
}

ObjectId Resolver::enum_type(const Name& name) const {
  for (const Kind kind : {Kind::domain, Kind::composite_type, Kind::range_type, Kind::base_type}) {
    for (const auto& [id, object] : database_.objects) {
      if (id.kind == kind && id.name == name.parts.back() &&
          find_if_exists(Kind::enum_type, id.schema, id.name) == nullptr &&
          (name.parts.size() < 2 || id.schema == name.parts[0]))
        throw Error(ErrorCode::usage,
                    fmt::format("{} is a {}, not an enum type", written(name), catalog::kind_name(kind)))
            .at(name.at);
    }
  }
  return find(Kind::enum_type, name, "enum type");
}

std::vector<std::string> Resolver::column_names(const ObjectId& of) const {
  std::vector<std::pair<int, std::string>> columns;
  for (auto it = database_.objects.lower_bound(catalog::column_id(of.schema, of.name, {}));
       it != database_.objects.end(); ++it) {
    const ObjectId& id = it->first;
    if (id.kind != Kind::column || id.schema != of.schema || id.relation != of.name) break;
    columns.emplace_back(std::get<catalog::Column>(it->second.body).position, id.name);
  }
  std::sort(columns.begin(), columns.end());
  std::vector<std::string> out;
  for (auto& [position, name] : columns) out.push_back(std::move(name));
  return out;
}

bool Resolver::has_relation(const std::string& schema, const std::string& name) const {
  for (const Kind kind : {Kind::table, Kind::view, Kind::materialized_view, Kind::index, Kind::sequence,
                          Kind::foreign_table, Kind::composite_type}) {
    if (find_if_exists(kind, schema, name) != nullptr) return true;
  }
  return false;
}

const std::string& Resolver::label_of(const ObjectId& type, const Name& label) const {
  const auto* body = database_.find_body<catalog::EnumType>(type);
  for (const std::string& known : body->labels) {
    if (known == label.parts.back()) return known;
  }
  throw Error(ErrorCode::usage,
              fmt::format("type {} has no value {}", sql::quote({type.schema, type.name}),
                          sql::quote_literal(label.parts.back())),
              did_you_mean(label.parts.back(), body->labels, "its values are"))
      .at(label.at);
}

std::vector<ObjectId> Resolver::primary_key(const ObjectId& of) const {
  std::vector<ObjectId> out;
  for (const auto& [id, object] : database_.objects) {
    if (id.kind != Kind::constraint || id.schema != of.schema || id.relation != of.name) continue;
    const auto& body = std::get<catalog::Constraint>(object.body);
    if (body.type != catalog::ConstraintType::primary_key) continue;
    for (const std::string& column : body.columns)
      out.push_back(catalog::column_id(of.schema, of.name, column));
  }
  return out;
}

bool Resolver::is_referenced_key(const ObjectId& of, const std::vector<std::string>& columns) const {
  const std::set<std::string> key(columns.begin(), columns.end());
  for (const auto& [id, object] : database_.objects) {
    if (id.kind != Kind::constraint) continue;
    const auto& body = std::get<catalog::Constraint>(object.body);
    if (!body.references || body.references->schema != of.schema || body.references->name != of.name)
      continue;
    if (std::set<std::string>(body.referenced_columns.begin(), body.referenced_columns.end()) == key)
      return true;
  }
  return false;
}

std::vector<ObjectId> Resolver::dependents(const std::set<ObjectId>& seeds,
                                           const std::set<Kind>& kinds) const {
  // Wave by wave outwards: in the end, everything stands behind what it depends on.
  std::set<ObjectId> reached = seeds;
  std::set<ObjectId> found;
  bool grew = true;
  while (grew) {
    grew = false;
    for (const auto& [id, object] : database_.objects) {
      if (found.contains(id) || seeds.contains(id)) continue;
      const bool on_seed = std::any_of(object.depends_on.begin(), object.depends_on.end(),
                                       [&](const ObjectId& d) { return reached.contains(d); });
      if (!on_seed || !kinds.contains(id.kind)) continue;
      found.insert(id);
      reached.insert(id);
      grew = true;
    }
  }
  std::vector<ObjectId> out;
  std::set<ObjectId> placed;
  while (out.size() < found.size()) {
    const std::size_t before = out.size();
    for (const ObjectId& id : found) {
      if (placed.contains(id)) continue;
      const auto& needs = database_.find(id)->depends_on;
      const bool ready = std::none_of(needs.begin(), needs.end(), [&](const ObjectId& d) {
        return d != id && found.contains(d) && !placed.contains(d);
      });
      if (!ready) continue;
      out.push_back(id);
      placed.insert(id);
    }
    if (out.size() == before) throw std::logic_error("a cycle among dependents");
  }
  return out;
}

std::string Resolver::free_name(const std::string& schema, const std::string& wanted) const {
  std::string name = sql::truncate_identifier(wanted);
  for (int i = 1; has_relation(schema, name); ++i)
    name = sql::truncate_identifier(wanted.substr(0, 58)) + std::to_string(i);
  return name;
}

}  // namespace contraflow::intent
