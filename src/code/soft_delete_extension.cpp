// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/text.h"
#include "code/code_patch.h"

namespace contraflow::code {
namespace {

// Operations whose `where` narrows what is read or updated.
constexpr const char* kFiltered[] = {"findMany", "findFirst", "findFirstOrThrow", "findUnique", "findUniqueOrThrow", "count", "aggregate", "groupBy", "update", "updateMany"};

std::string for_model(const SoftDelete& one) {
  std::string accessor = one.model;
  if (accessor[0] >= 'A' && accessor[0] <= 'Z') accessor[0] = static_cast<char>(accessor[0] - 'A' + 'a');
  const std::string& field = one.field;
  std::string query = fmt::format("      {}: {{\n", accessor);
  for (const char* operation : kFiltered) {
    query += fmt::format(
        "        {0}({{ args, query }}) {{\n          return query({{ ...args, where: {{ {1}: null, ...args.where }} }} as typeof args);\n        }},\n", operation, field);
  }
  query += "      },\n";
  std::string model = fmt::format("      {}: {{\n", accessor);
  model += fmt::format(
      "        /** Marks the row; what refers to it stays. Inside of a transaction this is the transaction's own client. */\n"
      "        delete(args: Prisma.{0}DeleteArgs) {{\n"
      "          const {1} = Prisma.getExtensionContext(this) as unknown as PrismaClient['{1}'];\n"
      "          return {1}.update({{ ...args, where: {{ {2}: null, ...args.where }}, data: {{ {2}: new Date() }} }});\n"
      "        }},\n"
      "        deleteMany(args: {{ where?: Prisma.{0}WhereInput }} = {{}}) {{\n"
      "          const {1} = Prisma.getExtensionContext(this) as unknown as PrismaClient['{1}'];\n"
      "          return {1}.updateMany({{ where: {{ {2}: null, ...args.where }}, data: {{ {2}: new Date() }} }});\n"
      "        }},\n"
      "        /** Brings deleted rows back. */\n"
      "        restore(args: {{ where: Prisma.{0}WhereUniqueInput }}) {{\n"
      "          const {1} = Prisma.getExtensionContext(this) as unknown as PrismaClient['{1}'];\n"
      "          return {1}.update({{ where: {{ {2}: {{ not: null }}, ...args.where }}, data: {{ {2}: null }} }});\n"
      "        }},\n"
      "        /** Deleted rows too. */\n"
      "        findManyIncludingDeleted(args: Prisma.{0}FindManyArgs = {{}}) {{\n"
      "          const {1} = Prisma.getExtensionContext(this) as unknown as PrismaClient['{1}'];\n"
      "          return {1}.findMany({{ ...args, where: {{ {2}: {{}}, ...args.where }} }});\n"
      "        }},\n",
      one.model, accessor, field);
  model += "      },\n";
  return query + "\f" + model;
}

}  // namespace

std::string soft_delete_extension(const std::vector<SoftDelete>& soft_deletes, const std::string& import_path) {
  std::string query, model;
  std::vector<std::string> names;
  for (const SoftDelete& one : soft_deletes) {
    if (one.model.empty()) continue;
    names.push_back(one.model);
    const std::string both = for_model(one);
    const std::size_t cut = both.find('\f');
    query += both.substr(0, cut);
    model += both.substr(cut + 1);
  }
  return fmt::format(
      "// Written by `contraflow orm`: soft delete for {}.\n"
      "//\n"
      "// Reads leave deleted rows out, delete() and deleteMany() mark them, restore() brings them back. A `where` that names the field itself decides alone:\n"
      "// {{ {}: {{ not: null }} }} reads deleted rows, {{ {}: {{}} }} all. Reads through relations (include, select) do not pass through here: they need a `where`\n"
      "// of their own.\n"
      "import {{ Prisma, type PrismaClient }} from '{}';\n\n"
      "export const softDelete = Prisma.defineExtension({{\n"
      "  name: 'soft-delete',\n"
      "  query: {{\n{}  }},\n"
      "  model: {{\n{}  }},\n"
      "}});\n",
      join(names, ", "), soft_deletes.front().field, soft_deletes.front().field, import_path, replace_all("    " + query.substr(6), "\n      ", "\n    "),
      replace_all("    " + model.substr(6), "\n      ", "\n    "));
}

}  // namespace contraflow::code
