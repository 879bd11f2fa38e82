// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "code/scan.h"

namespace contraflow::code {

struct SoftDelete {
  sql::QualifiedName table;
  std::string column;  // "deleted_at"
  std::string model;   // "User"; empty where no model is over the table
  std::string field;   // "deletedAt"
};

// A field of an enum type that the plan gives a model: what repository classes spell out of the model's rows gets it.
struct NewEnumField {
  std::string model, field, type;  // "User", "tier", "SubscriptionTier"
  bool optional = false;           // may be left out when a row is written
  bool nullable = false;
};

struct PatchOptions {
  std::vector<SoftDelete> soft_deletes;
  std::vector<NewEnumField> enum_fields;
  std::vector<sql::QualifiedName> changed;                        // tables whose columns change: SELECT * becomes a list there
  std::vector<std::pair<sql::QualifiedName, std::string>> going;  // columns that the plan takes away: left out of those lists
  std::vector<std::string> include_deleted;                       // path patterns of code that sees deleted rows: "**/admin/**"
  bool extension = true;                                          // the client is extended: calls of the model's own methods need no `where`
  bool repository_methods = true;
};

struct FilePatch {
  std::string file;
  std::string before, after;
};

struct LeftAlone {
  std::string file;
  int line = 1, column = 1;
  std::string reason;
  bool by_rule = false;  // include_deleted or a comment: wanted so
};

struct CodePatch {
  std::vector<FilePatch> files;
  std::vector<LeftAlone> left;
};

// Edits of the working tree's files for a plan. A file is changed only where all of it was understood: no syntax error before or after, and the edited
// statements read back as meant. Everything that touches a table and was not edited is in `left`, with the reason.
CodePatch patch_code(const SchemaFacts& facts, const ScanOptions& scan, const PatchOptions& options);

// Why the code at `offset` of a file goes on to see deleted rows: a path pattern, or `contraflow: include-deleted` in a comment on its line or in the lines of comment
// above it. Empty: it does not.
std::string include_deleted_reason(const std::string& file, std::string_view text, std::size_t offset, const std::vector<std::string>& patterns);

// One unified diff that `git apply` takes.
std::string unified_diff(const std::vector<FilePatch>& files);

// A typed $extends extension (TypeScript, Prisma 5.0 and later): reads leave deleted rows out, delete() and deleteMany() mark, restore() brings back,
// and a `where` that names the field itself sees what it asks for. `import_path`: where PrismaClient comes from.
std::string soft_delete_extension(const std::vector<SoftDelete>& soft_deletes, const std::string& import_path);

}  // namespace contraflow::code
