// SPDX-License-Identifier: Apache-2.0
#include "catalog/rename_in_sandbox.h"

#include <fmt/format.h>

#include <algorithm>

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
ObjectId locate(const ObjectId& id, const std::vector<Renaming>& renames, const Database& after) {
  ObjectId to = renamed(id, renames);
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
    copy.id = locate(id, renames, after);
    const Object* first = before.find(id);
    const Object* last = after.find(copy.id);
    if (last && (!first || first->body != last->body)) copy.body = last->body;
    copy.depends_on.clear();
    for (const ObjectId& dependency : object.depends_on) copy.depends_on.insert(locate(dependency, renames, after));
    out.objects.emplace(copy.id, std::move(copy));
  }
  for (const auto& [name, size] : original.sizes) {
    const ObjectId to = renamed(ObjectId{Kind::table, name.schema, "", name.name, ""}, renames);
    out.sizes.emplace(QualifiedName{to.schema, to.name}, size);
  }
  return out;
}

Database rename_on_server(const Database& database, const std::vector<Renaming>& renames, pg::Sandbox& sandbox) {
  const std::string conninfo = sandbox.create_database("rename");
  Database before, after;
  {
    pg::Connection connection(conninfo);
    try {
      run_statements(connection, create_database(database));
    } catch (const Error& error) {
      throw Error(ErrorCode::environment, "the current schema cannot be built in the sandbox, where renames are carried out: " + error.message(),
                  error.hint(), error.sqlstate());
    }
    before = read(connection, {.sizes = false});
    for (const Renaming& renaming : in_order(renames)) {
      try {
        connection.execute(rename_statement(renaming.from, renaming.to.name));
      } catch (const Error& error) {
        throw Error(ErrorCode::usage, fmt::format("{} cannot be renamed to {}: {}", describe_renamed(renaming.from), sql::quote_identifier(renaming.to.name), error.message()),
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
  for (const Renaming& renaming : renames) (renamed_in_model(renaming.from) ? in_model : on_server).push_back(renaming);
  // While their tables have their old names.
  Database out = in_model.empty() ? database : rename_in_model(database, in_model);
  return on_server.empty() ? out : rename_on_server(out, on_server, sandbox());
}

}  // namespace contraflow::catalog
