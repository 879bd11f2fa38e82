// SPDX-License-Identifier: Apache-2.0
//
// Intents: what a user wants of a schema, in a few words ("soft-delete users"). They yield the desired
// schema, by statements that run on a throwaway copy of the current one; the plan then comes from comparing
// the two.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/error.h"
#include "catalog/model.h"

namespace contraflow::intent {

// A name as written: `users`, `public.users`, `users.email`. Parts are folded as the server does, or taken
// from their quotes.
struct Name {
  std::vector<std::string> parts;
  Location at;
};

// SQL that is passed on as written.
struct Text {
  std::string sql;
  Location at;
};

struct SoftDelete {
  Name table;
  std::optional<Name> column;  // empty: deleted_at
  bool with_view = false;
  std::optional<Name> view;  // empty: TABLE_live
};
struct AddEnumColumn {
  Name column;
  Name type;
  std::vector<std::string> labels;  // empty: the type exists
  std::optional<std::string> default_label;
  bool not_null = false;
};
enum class RenameKind { any,
                        table,
                        column,
                        index,
                        type,
                        constraint,
                        view,
                        sequence,
                        schema,
                        value };
struct Rename {
  RenameKind kind = RenameKind::any;
  Name from;
  Name to;
};
struct Retype {
  Name column;
  Text type;
  std::optional<Text> conversion;
  std::optional<Text> conversion_back;
};
struct AddColumn {
  Name column;
  Text type;
  bool not_null = false;
  std::optional<Text> default_expression;
  std::optional<Text> fill;
};
struct DropColumn {
  Name column;
  bool cascade = false;
};
struct DropTable {
  Name table;
  bool cascade = false;
};
struct DropIndex {
  Name index;
};
struct DropConstraint {
  Name constraint;
};  // table.constraint
struct NotNull {
  Name column;
  std::optional<Text> fill;
};
struct Nullable {
  Name column;
};
struct SetDefault {
  Name column;
  std::optional<Text> expression;
};  // empty: no default any more
struct Unique {
  Name table;
  std::vector<Name> columns;
  std::optional<Text> where;
  std::optional<Name> name;
};
struct ForeignKey {
  Name table;
  std::vector<Name> columns;
  Name referenced;
  std::vector<Name> referenced_columns;  // empty: its primary key
  std::string actions;                   // "ON DELETE CASCADE", checked words
  std::optional<Name> name;
};
struct CreateIndex {
  Name table;
  std::vector<Text> elements;
  bool unique = false;
  std::string method;
  std::vector<Name> include;
  std::optional<Text> where;
  std::optional<Name> name;
};
struct AddEnumValue {
  Name type;
  Name label;
  std::optional<Name> before;
  std::optional<Name> after;
};
struct DropEnumValue {
  Name type;
  Name label;
  std::optional<Name> replacement;  // what rows that hold it get
};
struct ReorderEnum {
  Name type;
  std::vector<Name> labels;
};
struct Check {
  Name table;
  Text expression;
  std::optional<Name> name;
};

using Action = std::variant<SoftDelete, AddEnumColumn, Rename, Retype, AddColumn, DropColumn, DropTable,
                            DropIndex, DropConstraint, NotNull, Nullable, SetDefault, Unique, ForeignKey,
                            CreateIndex, AddEnumValue, DropEnumValue, ReorderEnum, Check>;

struct Intent {
  Action action;
  std::string text;  // as written
  Location at;
};

// Several intents, separated by `;` or line ends outside of parentheses and quotes; `--` and `#` start
// comments. `file` names the text in errors. Throws Error{usage} with the place and what was expected.
std::vector<Intent> parse(const std::string& text, const std::string& file = "--do");

// The text of `--do`: itself, or the contents of FILE for `@FILE`. The second is the name for errors.
std::pair<std::string, std::string> read_argument(const std::string& argument);

// One line for each intent, its syntax and what it does: for help.
struct Usage {
  std::string_view syntax;
  std::string_view summary;
};
const std::vector<Usage>& usages();

struct IntentResult {
  // For a throwaway copy of the schema, which has no rows, run by a superuser: enum labels that go or move
  // are changed in the catalog itself.
  std::vector<std::string> statements;
  std::vector<std::size_t> origins;  // of each statement: the number of its intent
  // `schema.table.column` (quoted where needed) -> new bare name, as `--rename` takes it.
  std::vector<std::pair<std::string, std::string>> renames;
  // The same as identities, in order; enum values are not among them.
  std::vector<std::pair<catalog::ObjectId, catalog::ObjectId>> renamed_objects;
  // Keys: schema.table.column, unquoted, under the names after all renames.
  std::map<std::string, std::string> conversions;       // --using
  std::map<std::string, std::string> conversions_back;  // --using-back
  std::map<std::string, std::string> fills;             // --fill
  // schema.type, unquoted -> label that goes away -> label in its place
  std::map<std::string, std::map<std::string, std::string>> enum_maps;
  std::vector<std::string> notes;  // what the user should know: what was kept and why, what follows
};

// Resolves the intents against the current schema, each against what those before it leave. Pure. Throws
// Error{usage} at the name that does not exist ("did you mean"), or where what is asked for cannot be.
IntentResult resolve(const std::vector<Intent>& intents, const catalog::Database& database);

}  // namespace contraflow::intent
