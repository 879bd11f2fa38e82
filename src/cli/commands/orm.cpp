// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "catalog/read.h"
#include "cli/code_schema.h"
#include "cli/command.h"
#include "cli/prisma_client.h"
#include "cli/queries_proof.h"
#include "cli/soft_deletes.h"
#include "code/code_patch.h"
#include "code/prisma_patch.h"
#include "plan/read_json.h"
#include "testgen/shape.h"

namespace contraflow::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string plan, phase = "expand";
  CodeSchemaOptions schema;
  std::vector<std::string> exclude, include_deleted;
  std::string extension;
  bool no_extension = false, no_code = false, no_schema = false, apply = false;
  std::shared_ptr<std::string> format;
};

// The schema as the database has it before the plan, after the phases up to the one asked for, and at the end.
struct States {
  catalog::Database before, now, end;
};

States run_plan(const catalog::LoadOptions& load, const std::string& schema, const std::string& plan, const std::string& phase) {
  const std::vector<std::string> files = forward_files(plan);
  catalog::SourceLoader loader(load);
  const std::string conninfo = sandbox_copy(loader, schema);
  catalog::ReadOptions read;
  read.sizes = false;
  const auto look = [&] {
    pg::Connection connection(conninfo, "contraflow orm");
    return catalog::read(connection, read);
  };
  States out;
  out.before = out.now = look();
  const char wanted = phase == "expand" ? '1' : phase == "backfill" ? '2'
                                            : phase == "contract"   ? '3'
                                                                    : '4';
  for (const std::string& file : files) {
    run_plan_file(conninfo, plan, file);
    if (file[0] <= wanted) out.now = look();
  }
  out.end = look();
  return out;
}

std::vector<sql::QualifiedName> changed_tables(const States& states) {
  std::vector<sql::QualifiedName> out;
  const auto add = [&](const catalog::ObjectId& id) {
    const sql::QualifiedName table{id.schema, id.relation};
    if (id.kind == catalog::Kind::column && std::find(out.begin(), out.end(), table) == out.end()) out.push_back(table);
  };
  for (const auto& [id, object] : states.end.objects) {
    if (states.before.find(id) == nullptr && states.before.find(catalog::relation_id(catalog::Kind::table, id.schema, id.relation)) != nullptr) add(id);
  }
  for (const auto& [id, object] : states.before.objects) {
    if (states.end.find(id) == nullptr) add(id);
  }
  return out;
}

// Columns that go for good; those that get another name are renamed.
std::vector<std::pair<sql::QualifiedName, std::string>> going_columns(const States& states, const code::PlanRenames& renames) {
  std::vector<std::pair<sql::QualifiedName, std::string>> out;
  for (const auto& [id, object] : states.before.objects) {
    if (id.kind != catalog::Kind::column || states.end.find(id) != nullptr) continue;
    const sql::QualifiedName table{id.schema, id.relation};
    const auto of = renames.columns.find(table);
    const bool renamed = renames.tables.contains(table) || (of != renames.columns.end() && of->second.contains(id.name));
    if (!renamed && states.end.find(catalog::relation_id(catalog::Kind::table, id.schema, id.relation)) != nullptr) out.emplace_back(table, id.name);
  }
  return out;
}

// Fields of an enum type that the patched schema.prisma has and the one before has not.
std::vector<code::NewEnumField> new_enum_fields(const prisma::Schema& before, const prisma::Schema& after) {
  std::vector<code::NewEnumField> out;
  for (const prisma::Block& block : after.blocks) {
    const prisma::Block* old = block.kind == prisma::BlockKind::model ? before.model(block.name) : nullptr;
    if (old == nullptr) continue;
    for (const prisma::Field& field : block.fields) {
      if (old->field(field.name) != nullptr || after.enumeration(field.type) == nullptr || field.list) continue;
      out.push_back({.model = block.name, .field = field.name, .type = field.type, .optional = field.optional || field.find("default") != nullptr, .nullable = field.optional});
    }
  }
  return out;
}

// What the plan renames: its statements say so.
code::PlanRenames renames_of(const Options& options, const States& states) {
  code::PlanRenames out;
  out.filled = options.phase != "expand";
  plan::Plan plan;
  try {
    plan = plan::read_folder(options.plan).plan;
  } catch (const Error&) {
    return out;  // no plan.json: another program's migrations
  }
  for (const testgen::TablePair& table : testgen::shape_of(plan, states.before, states.end).tables) {
    if (table.from == nullptr || table.to == nullptr) continue;
    if (table.old_name != table.new_name) out.tables[table.old_name] = table.new_name;
    for (const testgen::ColumnPair& column : table.columns) {
      if (column.from != nullptr && column.to != nullptr && column.old_name != column.new_name) out.columns[table.old_name][column.old_name] = column.new_name;
    }
  }
  for (const auto& [id, object] : states.before.objects) {
    if (id.kind != catalog::Kind::enum_type) continue;
    for (const auto& [old_label, new_label] : testgen::renamed_labels(plan, sql::quote({id.schema, id.name}))) out.values[{id.schema, id.name}][old_label] = new_label;
  }
  return out;
}

// Paths in the patch count from the root of the code base.
std::string below(const fs::path& root, const std::string& file) {
  const fs::path path(file);
  const fs::path inside = fs::absolute(path).lexically_normal().lexically_relative(fs::absolute(root).lexically_normal());
  return path.is_absolute() || (!fs::exists(root / path) && fs::exists(path)) ? inside.generic_string() : file;
}

std::string json_of(const code::CodePatch& patch, const std::vector<std::string>& notes, const std::string& diff) {
  nlohmann::ordered_json json;
  auto& files = json["files"] = nlohmann::ordered_json::array();
  for (const code::FilePatch& file : patch.files) files.push_back(file.file);
  auto& left = json["left"] = nlohmann::ordered_json::array();
  for (const code::LeftAlone& one : patch.left)
    left.push_back({{"file", one.file}, {"line", one.line}, {"column", one.column}, {"reason", one.reason}, {"by_rule", one.by_rule}});
  json["notes"] = notes;
  json["diff"] = diff;
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

int run(Context& context, Options options) {
  options.schema.schema = named_source(context, options.schema.schema);
  const fs::path root(options.schema.root);
  CodeSchema schema = code_schema(context, options.schema);
  if (schema.models) {
    for (prisma::Part& part : schema.models->parts) part.file = below(root, part.file);
  }
  if (schema.source.empty()) throw Error(ErrorCode::usage, "no schema of the state before the plan was found", "give --schema SOURCE");
  const std::string before = !options.schema.schema.empty() ? options.schema.schema : options.schema.prisma.empty() ? (root / schema.source).string()
                                                                                                                    : options.schema.prisma;
  const catalog::LoadOptions load = load_options(context, options.schema.bindirs, options.schema.sandbox_url);
  const States states = run_plan(load, before, options.plan, options.phase);
  const code::PlanRenames renames = renames_of(options, states);
  std::vector<std::string> notes = schema.notes;
  code::CodePatch patch;

  std::optional<prisma::Schema> after = schema.models;
  if (schema.models) {
    const code::SchemaPatch made = code::patch_schema(*schema.models, states.before, states.now, states.end, renames);
    if (!options.no_schema) notes.insert(notes.end(), made.notes.begin(), made.notes.end());
    std::vector<std::pair<std::string, std::string>> texts;
    for (const prisma::Part& part : schema.models->parts) {
      const std::string old = schema.models->text.substr(part.span.begin, part.span.end - part.span.begin);
      const auto changed = std::find_if(made.files.begin(), made.files.end(), [&](const auto& file) { return file.first == part.file; });
      texts.emplace_back(part.file, changed == made.files.end() ? old : changed->second);
      if (changed != made.files.end() && !options.no_schema) patch.files.push_back({part.file, old, changed->second});
    }
    after = prisma::parse_files(texts, schema.models->file);
  }
  code::PatchOptions wanted;
  wanted.soft_deletes = soft_deletes(states.before, states.now, schema.facts, after);
  for (code::SoftDelete& one : wanted.soft_deletes) {
    if (one.field.empty()) one.field = one.column;
  }
  if (after) wanted.enum_fields = new_enum_fields(*schema.models, *after);
  wanted.changed = changed_tables(states);
  wanted.going = going_columns(states, renames);
  wanted.include_deleted = options.include_deleted;
  wanted.include_deleted.insert(wanted.include_deleted.end(), context.config.include_deleted.begin(), context.config.include_deleted.end());
  const bool any_model = std::any_of(wanted.soft_deletes.begin(), wanted.soft_deletes.end(), [](const code::SoftDelete& one) { return !one.model.empty(); });
  wanted.extension = any_model && !options.no_extension;
  if (wanted.extension) {
    const std::string file = !options.extension.empty() ? options.extension : fs::is_directory(root / "src") ? "src/soft-delete.ts"
                                                                                                             : "soft-delete.ts";
    const std::string text = code::soft_delete_extension(wanted.soft_deletes, client_import(*schema.models, "", file));
    std::error_code ignored;
    const std::string old = fs::exists(root / file, ignored) ? read_text_file(root / file) : "";
    if (old != text) patch.files.push_back({file, old, text});
    notes.push_back(fmt::format("extend the client where it is made: new PrismaClient(…).$extends(softDelete) from {}", file));
  }
  if (!options.no_code && (!wanted.soft_deletes.empty() || !wanted.changed.empty() || !wanted.enum_fields.empty())) {
    code::ScanOptions scan;
    scan.root = root;
    scan.exclude = options.exclude;
    scan.exclude.emplace_back("*/migrations/*");
    if (!context.config.migrations.empty()) scan.exclude.push_back(fs::path(context.config.migrations).lexically_relative(fs::absolute(root)).generic_string() + "/*");
    code::CodePatch made = code::patch_code(schema.facts, scan, wanted);
    patch.files.insert(patch.files.end(), made.files.begin(), made.files.end());
    patch.left.insert(patch.left.end(), made.left.begin(), made.left.end());
  }

  const std::string diff = code::unified_diff(patch.files);
  if (*options.format == "json")
    context.console.print(json_of(patch, notes, diff));
  else if (!options.apply)
    context.console.print(diff);
  if (options.apply) {
    for (const code::FilePatch& file : patch.files) {
      write_file(root / file.file, file.after);
      if (*options.format != "json") context.console.print(fmt::format("changed {}\n", file.file));
    }
  }
  for (const std::string& note : notes) context.console.note("note: " + note);
  for (const code::LeftAlone& one : patch.left) context.console.note(fmt::format("{}: {}:{}:{}: {}", one.by_rule ? "left" : "to do", one.file, one.line, one.column, one.reason));
  const auto todo = std::count_if(patch.left.begin(), patch.left.end(), [](const code::LeftAlone& one) { return !one.by_rule; });
  context.console.note(fmt::format("{} {}, {} to do by hand", count_of(static_cast<long long>(patch.files.size()), "file"), options.apply ? "changed" : "to change", todo));
  return 0;
}

Runner add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("PLAN", options->plan, "the plan folder")->required();
  app.add_option("--phase", options->phase, "the phase that the code is to fit: the state after it")
      ->check(CLI::IsMember(std::vector<std::string>{"expand", "backfill", "contract", "purge"}))
      ->default_str("expand");
  app.add_option("--code", options->schema.root, "root of the code base")->type_name("DIR")->default_str(".");
  app.add_option("--schema", options->schema.schema, "the schema before the plan (default: the code base's schema.prisma, else [project] migrations)")->type_name("SOURCE");
  app.add_option("--prisma", options->schema.prisma, "the schema.prisma, or the folder of its files, to edit (default: found in the code base)")->type_name("FILE");
  app.add_option("--include-deleted", options->include_deleted, "code that goes on to see deleted rows: a path pattern such as **/admin/** (repeatable; also [code] include_deleted)")
      ->type_name("PATTERN");
  app.add_option("--extension", options->extension, "file of the client extension for soft delete (default: src/soft-delete.ts)")->type_name("FILE");
  app.add_flag("--no-extension", options->no_extension, "no client extension: each call gets its `where`");
  app.add_flag("--no-code", options->no_code, "leave the code alone: schema.prisma only");
  app.add_flag("--no-schema", options->no_schema, "leave schema.prisma alone");
  app.add_option("--exclude", options->exclude, "leave out files that match this pattern with * (repeatable)")->type_name("PATTERN");
  app.add_flag("--apply", options->apply, "write the files; without it the patch is printed");
  app.add_option("--pg-bindir", options->schema.bindirs, "folder with initdb and postgres for the sandbox")->type_name("DIR");
  app.add_option("--sandbox-url", options->schema.sandbox_url, "use databases on this server instead of a sandbox")->type_name("URL");
  options->format = add_format_option(app, {"diff", "json"});
  return [options](Context& context) { return run(context, *options); };
}

}  // namespace

extern const Command orm_command;
const Command orm_command{
    "orm", "patch schema.prisma and the application code for a plan",
    "Runs the plan on a sandbox and writes what the code needs of it: fields, types, enums and indexes in schema.prisma; for a soft delete the client extension, "
    "the condition in raw SQL and in reads through relations, deletes as updates; column lists for SELECT *. Prints a unified diff that git apply takes, and lists what "
    "has to be done by hand. A comment `contraflow: include-deleted` above a query leaves it as it is.",
    "contraflow orm db/migrations/20260408120000_soft_delete | git apply\n"
    "contraflow orm db/migrations/20260408120000_soft_delete --apply --include-deleted '**/admin/**'\n"
    "contraflow orm plan --phase contract --no-code",
    add_options};

}  // namespace contraflow::cli
