// SPDX-License-Identifier: Apache-2.0
#include "catalog/rename_in_sandbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "catalog/ddl.h"
#include "catalog/read.h"
#include "catalog/source.h"
#include "pg/connection.h"

namespace contraflow::catalog {
namespace {

bool is_type(const ObjectId& id) {
  switch (id.kind) {
    case Kind::enum_type:
    case Kind::domain:
    case Kind::composite_type:
    case Kind::range_type:
    case Kind::base_type:
    case Kind::table:
    case Kind::foreign_table: return !is_enum_value(id);
    default: return false;
  }
}

// Inner names first: what they are part of still has its old name then.
int rank(const ObjectId& id) {
  if (id.kind == Kind::schema) return 2;
  return id.relation.empty() ? 1 : 0;
}

// Where one takes the name that another one gives up, the other one goes first.
std::vector<Renaming> in_order(std::vector<Renaming> renames) {
  std::stable_sort(renames.begin(), renames.end(), [](const Renaming& a, const Renaming& b) { return rank(a.from) < rank(b.from); });
  for (std::size_t round = 0; round < renames.size(); ++round) {
    bool moved = false;
    for (std::size_t i = 0; i < renames.size(); ++i) {
      ObjectId taken = renames[i].from;
      taken.name = renames[i].to.name;
      for (std::size_t j = i + 1; j < renames.size(); ++j) {
        if (renames[j].from != taken) continue;
        std::rotate(renames.begin() + static_cast<std::ptrdiff_t>(i), renames.begin() + static_cast<std::ptrdiff_t>(j),
                    renames.begin() + static_cast<std::ptrdiff_t>(j) + 1);
        moved = true;
        break;
      }
    }
    if (!moved) break;
  }
  return renames;
}

// An object's identity after the renames, where types stand in its arguments or a parent's column was renamed.
ObjectId locate(const ObjectId& id, const std::vector<Renaming>& renames, const Database& original, const Database& after) {
  ObjectId to = located(id, renames, original);
  if (after.find(to)) return to;
  for (const Renaming& renaming : renames) {
    if (id.kind == Kind::column && renaming.from.kind == Kind::column && renaming.from.name == id.name) {
      ObjectId copy = to;
      copy.name = renaming.to.name;
      if (after.find(copy)) return copy;
    }
    if (is_type(renaming.from)) {
      const std::string old_type = quoted_name(renaming.from), new_type = quoted_name(renaming.to);
      to.arguments = replace_all(to.arguments, old_type, new_type);
      if (to.kind == Kind::cast || to.kind == Kind::transform) to.name = replace_all(to.name, old_type, new_type);
    } else if (renaming.from.kind == Kind::schema) {
      const std::string old_schema = sql::quote_identifier(renaming.from.name) + ".", new_schema = sql::quote_identifier(renaming.to.name) + ".";
      to.arguments = replace_all(to.arguments, old_schema, new_schema);
      if (to.kind == Kind::cast || to.kind == Kind::transform) to.name = replace_all(to.name, old_schema, new_schema);
    }
  }
  return to;
}

// The model keeps what the server could only give back differently (owners, privileges, texts that a second reading
// spells another way): only bodies that the renames changed are taken from it.
Database merge(const Database& original, const Database& before, const Database& after, const std::vector<Renaming>& renames) {
  Database out = original;
  out.objects.clear();
  out.sizes.clear();
  for (const auto& [id, object] : original.objects) {
    Object copy = object;
    copy.id = locate(id, renames, original, after);
    const Object* first = before.find(id);
    const Object* last = after.find(copy.id);
    if (last && (!first || first->body != last->body)) copy.body = last->body;
    copy.depends_on.clear();
    for (const ObjectId& dependency : object.depends_on) copy.depends_on.insert(locate(dependency, renames, original, after));
    if (copy.id.schema != id.schema && copy.depends_on.erase(relation_id(Kind::schema, "", id.schema)) > 0) {
      copy.depends_on.insert(relation_id(Kind::schema, "", copy.id.schema));
    }
    out.objects.emplace(copy.id, std::move(copy));
  }
  for (const auto& [name, size] : original.sizes) {
    const ObjectId to = renamed(ObjectId{Kind::table, name.schema, "", name.name, ""}, renames);
    out.sizes.emplace(QualifiedName{to.schema, to.name}, size);
  }
  return out;
}

// Schemas are renamed last: until then they have their old names.
std::string schema_until_then(const Renaming& renaming, const std::vector<Renaming>& renames) {
  for (const Renaming& other : renames) {
    if (other.from.kind == Kind::schema && other.to.name == renaming.to.schema) return other.from.name;
  }
  return renaming.to.schema;
}

// Where objects move to and that the desired schema alone has.
std::set<std::string> schemas_to_make(const Database& database, const std::vector<Renaming>& renames) {
  std::set<std::string> out;
  for (const Renaming& renaming : renames) {
    const std::string schema = schema_until_then(renaming, renames);
    if (is_moved(renaming, renames) && !database.find(relation_id(Kind::schema, "", schema))) out.insert(schema);
  }
  return out;
}

Statements statements_of(const Renaming& renaming, const std::vector<Renaming>& renames, const Database& database) {
  if (!is_moved(renaming, renames)) return {rename_statement(renaming.from, renaming.to.name)};
  ObjectId to = renaming.to;
  to.schema = schema_until_then(renaming, renames);
  return move_statements(renaming.from, to, [&](const ObjectId& id) { return name_is_taken(database, id); });
}

Database rename_on_server(const Database& database, const std::vector<Renaming>& renames, pg::Sandbox& sandbox) {
  const std::string conninfo = sandbox.create_database("rename");
  Database before, after;
  {
    pg::Connection connection(conninfo);
    // As ddl.h asks: bodies of functions name tables that come later.
    connection.execute("SET check_function_bodies = off");
    connection.execute("SET search_path = ''");
    try {
      run_statements(connection, create_database(database));
    } catch (const Error& error) {
      throw Error(ErrorCode::environment, "the current schema cannot be built in the sandbox, where renames are carried out: " + error.message(),
                  error.hint(), error.sqlstate());
    }
    for (const std::string& schema : schemas_to_make(database, renames)) connection.execute("CREATE SCHEMA " + sql::quote_identifier(schema));
    before = read(connection, {.sizes = false});
    for (const Renaming& renaming : in_order(renames)) {
      try {
        for (const std::string& statement : statements_of(renaming, renames, database)) connection.execute(statement);
      } catch (const Error& error) {
        throw Error(ErrorCode::usage, fmt::format("{} cannot be renamed to {}: {}", describe_renamed(renaming.from), quoted_name(renaming.to), error.message()),
                    "where the name is taken by something that goes away, let a first plan take that away", error.sqlstate());
      }
    }
    after = read(connection, {.sizes = false});
  }
  sandbox.drop_database(conninfo);
  return merge(database, before, after, renames);
}

}  // namespace

Database carry_out(const Database& database, const std::vector<Renaming>& renames, const std::function<pg::Sandbox&()>& sandbox) {
  std::vector<Renaming> in_model, on_server;
  for (const Renaming& renaming : renames) (renamed_in_model(renaming.from) && !is_moved(renaming, renames) ? in_model : on_server).push_back(renaming);
  // While their tables have their old names.
  Database out = in_model.empty() ? database : rename_in_model(database, in_model);
  return on_server.empty() ? out : rename_on_server(out, on_server, sandbox());
}

}  // namespace contraflow::catalog
