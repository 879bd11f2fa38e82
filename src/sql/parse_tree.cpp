// SPDX-License-Identifier: Apache-2.0
#include "sql/parse_tree.h"

#include <pg_query.h>

#include <cstdint>

#include "base/error.h"
#include "base/utf8.h"
#include "sql/nesting.h"
#include "sql/parser_error.h"

namespace contraflow::sql {
namespace {

// 8 MB of stack hold about 4,000 levels; half of that leaves room for the callers' own recursion.
constexpr std::size_t kMaxDepth = 1'500;

[[noreturn]] void refuse_depth(std::string_view text, std::size_t offset, const std::string& file) {
  throw Error(ErrorCode::usage, "the statement nests too deeply to be read",
              "write long chains of operators as IN lists, arrays or several statements")
      .at(locate(text, offset, file));
}

template <typename T>
const T& member(const ProtobufCMessage& message, unsigned offset) {
  return *reinterpret_cast<const T*>(reinterpret_cast<const char*>(&message) + offset);
}

}  // namespace

ParseTree parse(std::string_view text, const std::string& file) {
  if (const auto offset = nests_deeper_than(text, kMaxDepth)) refuse_depth(text, *offset, file);
  const std::string terminated(text);
  ParseTree tree;
  if (const auto error = tree.tree_.parse(terminated.c_str())) throw_parser_error(*error, text, file);
  return tree;
}

ParseTree parse_statements(std::string_view text, std::size_t longest) {
  if (may_nest_deeper_than(longest, kMaxDepth)) return parse(text);
  const std::string terminated(text);
  ParseTree tree;
  if (const auto error = tree.tree_.parse(terminated.c_str())) throw_parser_error(*error, text, {});
  return tree;
}

const ProtobufCMessage* held(const PgQuery__Node& node) {
  return node.node_case == PG_QUERY__NODE__NODE__NOT_SET ? nullptr : reinterpret_cast<const ProtobufCMessage*>(node.alias);  // any member of the union: all are pointers to messages
}

void walk(const ProtobufCMessage& message, const std::function<bool(const ProtobufCMessage&)>& visitor) {
  if (!visitor(message)) return;
  if (const auto* node = message_as<PgQuery__Node>(message, pg_query__node__descriptor)) {
    if (const ProtobufCMessage* child = held(*node)) walk(*child, visitor);
    return;
  }
  const ProtobufCMessageDescriptor& descriptor = *message.descriptor;
  for (unsigned i = 0; i < descriptor.n_fields; ++i) {
    const ProtobufCFieldDescriptor& field = descriptor.fields[i];
    if (field.type != PROTOBUF_C_TYPE_MESSAGE) continue;
    if (field.label == PROTOBUF_C_LABEL_REPEATED) {
      const auto count = member<std::size_t>(message, field.quantifier_offset);
      const auto* children = member<ProtobufCMessage**>(message, field.offset);
      for (std::size_t child = 0; child < count; ++child) walk(*children[child], visitor);
      continue;
    }
    // All members of a oneof share their place: only the chosen one may be read as what it is.
    const bool in_oneof = (field.flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0;
    if (in_oneof && member<std::uint32_t>(message, field.quantifier_offset) != field.id) continue;
    if (const auto* child = member<const ProtobufCMessage*>(message, field.offset)) walk(*child, visitor);
  }
}

}  // namespace contraflow::sql
