// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "code/query_site.h"
#include "code/schema_facts.h"
#include "code/string_expression.h"

namespace contraflow::code {

// A relation that a call reads through, with the place of its own arguments: include or select of it, its count, or a filter on it.
struct NestedRead {
  enum class How { read,
                   counted,
                   filtered } how = How::read;
  std::string path;  // "posts.author"
  const Model* model = nullptr;
  Node arguments;               // the object behind it; a null node for `posts: true`
  Node value;                   // `true`, or the object
  bool list = false;            // a to-many relation takes a `where` of its own
  std::string quantifier = {};  // filtered: some, every, none, is, isNot; empty: the filter stands there by itself
};

// A call of Prisma's client, with the places that an edit needs.
struct PrismaCall {
  QuerySite site;
  const Model* model = nullptr;
  std::string method;
  Node call;
  Node arguments;                    // the first argument's object; a null node where there is none or it is no object literal
  bool opaque = false;               // the argument, or a part of it, is made elsewhere
  bool grows = false;                // a part of it is a name whose value is changed before the call
  bool condition_elsewhere = false;  // the condition on a relation is: its tables are not known
  Node where;
  std::vector<NestedRead> nested;
};

// Calls of queries that TypedSQL made: `prisma.$queryRawTyped(getUsers(1))`; `query` names the .sql file.
struct TypedCall {
  QuerySite site;
  std::string query;
};

struct PrismaCalls {
  std::vector<PrismaCall> calls;
  std::vector<TypedCall> typed;
};

// Clients under any name: what is called decides (a model's accessor, then one of the client's methods), and how the receiver is known
// decides the confidence. TypeScript and JavaScript only. `facts` must outlive the result.
PrismaCalls find_prisma_calls(const Tree& tree, const Constants& constants, const SchemaFacts& facts);

}  // namespace contraflow::code
