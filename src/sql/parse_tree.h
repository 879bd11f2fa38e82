// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pg_query/pg_query.pb-c.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "sql/direct_parser.h"

namespace contraflow::sql {

// The typed tree of PostgreSQL 15's own parser. Owns its memory; nodes stay valid while the object lives.
// Only `sql` and `lint` include this header.
class ParseTree {
 public:
  std::size_t size() const { return tree_.result().n_stmts; }
  const PgQuery__RawStmt& raw(std::size_t index) const { return *tree_.result().stmts[index]; }
  const PgQuery__Node& node(std::size_t index) const { return *tree_.result().stmts[index]->stmt; }
  const PgQuery__ParseResult& result() const { return tree_.result(); }

 private:
  friend ParseTree parse(std::string_view, const std::string&);
  friend ParseTree parse_statements(std::string_view, std::size_t);
  DirectTree tree_;
};

// Error{usage} with the location where the text is not PostgreSQL 15's SQL, or nests too deeply for the tree.
ParseTree parse(std::string_view text, const std::string& file = {});
// The same for statements of which none has more than `longest` bytes: where that is little, none can nest deeply, and their text is not read for it.
ParseTree parse_statements(std::string_view text, std::size_t longest);

// The message that a node holds, or null: the one member that is set, of the two hundred that the node's descriptor lists.
const ProtobufCMessage* held(const PgQuery__Node& node);

// Visits a message and everything below it, parents first, in the order of the tree. The visitor returns
// whether to descend. Compare `message.descriptor` with &pg_query__column_ref__descriptor and so on, then
// cast.
void walk(const ProtobufCMessage& message, const std::function<bool(const ProtobufCMessage&)>& visitor);

// The message as T where its descriptor says so, else null.
template <typename T>
const T* message_as(const ProtobufCMessage& message, const ProtobufCMessageDescriptor& descriptor) {
  return message.descriptor == &descriptor ? reinterpret_cast<const T*>(&message) : nullptr;
}

}  // namespace contraflow::sql
