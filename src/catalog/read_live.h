// SPDX-License-Identifier: Apache-2.0
//
// What the live tests of the reader share: the model of tests/schemas/everything*.sql and short ways into it.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "catalog/ddl_live.h"
#include "catalog/read.h"

namespace contraflow::catalog::live {

inline const std::string kOdd = "Odd.Schema \"🚦\"";

// The database with every kind of object, made once for all tests.
inline const std::string& everything() {
  static const std::string conninfo = [] {
    std::string sql = live::source_file("tests/schemas/everything.sql");
    for (const int major : {14, 15, 18}) {
      if (live::sandbox().major() >= major) {
        sql += live::source_file(fmt::format("tests/schemas/everything_{}.sql", major));
      }
    }
    return live::database_with(sql);
  }();
  return conninfo;
}

inline const Database& model() {
  static const Database database = live::read_from(everything());
  return database;
}

inline Database read_with(const std::string& conninfo, const ReadOptions& options) {
  pg::Connection connection(conninfo);
  return read(connection, options);
}

template <class T>
const T& body(const ObjectId& id) {
  const T* found = model().find_body<T>(id);
  if (!found) throw std::runtime_error("not read: " + describe(id));
  return *found;
}

inline const Object& object(const ObjectId& id) {
  const Object* found = model().find(id);
  if (!found) throw std::runtime_error("not read: " + describe(id));
  return *found;
}

inline const Column& column(const std::string& table, const std::string& name) {
  return body<Column>(column_id("app", table, name));
}

inline ObjectId named(Kind kind, const std::string& name, const std::string& schema = "app") {
  return relation_id(kind, schema, name);
}

inline ObjectId part(Kind kind, const std::string& relation, const std::string& name,
                     const std::string& schema = "app") {
  return {kind, schema, relation, name, {}};
}

inline ObjectId routine(const std::string& name, const std::string& arguments) {
  return {Kind::routine, "app", {}, name, arguments};
}

inline const std::string& first_statement(const ObjectId& id) { return body<Generic>(id).create.at(0); }

inline bool depends(const ObjectId& from, const ObjectId& to) { return object(from).depends_on.contains(to); }

inline bool granted(const std::vector<Grant>& grants, const std::string& grantee,
                    const std::string& privilege) {
  return std::any_of(grants.begin(), grants.end(), [&](const Grant& grant) {
    return grant.grantee == grantee && grant.privilege == privilege;
  });
}

}  // namespace contraflow::catalog::live
