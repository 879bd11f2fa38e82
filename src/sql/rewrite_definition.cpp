// SPDX-License-Identifier: Apache-2.0
#include "sql/rewrite_definition.h"

#include <pg_query.h>

#include "base/error.h"
#include "sql/name.h"
#include "sql/parse_tree.h"

namespace contraflow::sql {
namespace {

// The deparser of libpg_query 15-4.0.0 quotes neither an index's name nor a constraint's: they get this one, which is exchanged in what it writes.
constexpr std::string_view kPlaceholder = "contraflow_placeholder";

std::string with_name(std::string text, std::string_view name) { return text.replace(text.find(kPlaceholder), kPlaceholder.size(), quote_identifier(name)); }

// The text must outlive the tree, which is only read by the deparser from here on.
void set_text(char*& target, const char* text) { target = const_cast<char*>(text); }

void rename_text(char*& target, const ColumnNames& names) {
  if (auto it = names.find(target); it != names.end()) set_text(target, it->second.c_str());
}

void rename_list(PgQuery__Node** nodes, std::size_t count, const ColumnNames& names) {
  for (std::size_t i = 0; i < count; ++i) {
    if (nodes[i]->node_case == PG_QUERY__NODE__NODE_STRING) rename_text(nodes[i]->string->sval, names);
  }
}

// Column references and index keys anywhere below; the tree is ours alone, so writing to it is safe.
void rename_below(const ProtobufCMessage& root, const ColumnNames& names, const TypeNames& types) {
  walk(root, [&](const ProtobufCMessage& message) {
    auto* writable = const_cast<ProtobufCMessage*>(&message);
    if (message.descriptor == &pg_query__column_ref__descriptor) {
      auto* reference = reinterpret_cast<PgQuery__ColumnRef*>(writable);
      if (reference->n_fields > 0) {
        PgQuery__Node* last = reference->fields[reference->n_fields - 1];
        if (last->node_case == PG_QUERY__NODE__NODE_STRING) rename_text(last->string->sval, names);
      }
    } else if (message.descriptor == &pg_query__index_elem__descriptor) {
      rename_text(reinterpret_cast<PgQuery__IndexElem*>(writable)->name, names);
    } else if (message.descriptor == &pg_query__type_name__descriptor && !types.empty()) {
      auto* type = reinterpret_cast<PgQuery__TypeName*>(writable);
      if (type->n_names == 2 && type->names[1]->node_case == PG_QUERY__NODE__NODE_STRING) {
        const auto it = types.find(quote(QualifiedName{type->names[0]->string->sval, type->names[1]->string->sval}));
        if (it != types.end()) set_text(type->names[1]->string->sval, it->second.c_str());
      }
    }
    return true;
  });
}

std::string deparse(const PgQuery__ParseResult& tree) {
  const std::size_t size = pg_query__parse_result__get_packed_size(&tree);
  std::string packed(size, '\0');
  pg_query__parse_result__pack(&tree, reinterpret_cast<std::uint8_t*>(packed.data()));
  PgQueryProtobuf input{};
  input.len = static_cast<unsigned int>(packed.size());
  input.data = packed.data();
  PgQueryDeparseResult result = pg_query_deparse_protobuf(input);
  std::string text = result.query ? result.query : "";
  const std::string error = result.error ? result.error->message : "";
  pg_query_free_deparse_result(result);
  if (!error.empty()) throw Error(ErrorCode::usage, "a definition cannot be written again: " + error);
  return text;
}

}  // namespace

std::string index_over(std::string_view definition, std::string_view name, const ColumnNames& columns, bool concurrently, const TypeNames& types) {
  const ParseTree tree = parse(definition);
  if (tree.size() != 1 || tree.node(0).node_case != PG_QUERY__NODE__NODE_INDEX_STMT) {
    throw Error(ErrorCode::usage, "not an index definition: " + std::string(definition));
  }
  auto* statement = const_cast<PgQuery__IndexStmt*>(tree.node(0).index_stmt);
  set_text(statement->idxname, kPlaceholder.data());
  statement->concurrent = concurrently ? 1 : 0;
  rename_below(statement->base, columns, types);
  return with_name(deparse(tree.result()), name);
}

std::string constraint_over(const ConstraintOver& wanted) {
  std::string text = "ALTER TABLE " + wanted.table + " ADD CONSTRAINT " + std::string(kPlaceholder) + " " + wanted.definition;
  if (wanted.not_valid && !wanted.definition.ends_with(" NOT VALID")) text += " NOT VALID";
  const ParseTree tree = parse(text);
  walk(tree.result().base, [&](const ProtobufCMessage& message) {
    if (message.descriptor != &pg_query__constraint__descriptor) return true;
    auto* constraint = reinterpret_cast<PgQuery__Constraint*>(const_cast<ProtobufCMessage*>(&message));
    rename_list(constraint->keys, constraint->n_keys, wanted.columns);
    rename_list(constraint->including, constraint->n_including, wanted.columns);
    rename_list(constraint->fk_attrs, constraint->n_fk_attrs, wanted.columns);
    rename_list(constraint->pk_attrs, constraint->n_pk_attrs, wanted.referenced);
    rename_list(constraint->fk_del_set_cols, constraint->n_fk_del_set_cols, wanted.columns);
    if (constraint->raw_expr) rename_below(constraint->raw_expr->base, wanted.columns, wanted.types);
    return false;
  });
  return with_name(deparse(tree.result()), wanted.name);
}

}  // namespace contraflow::sql
