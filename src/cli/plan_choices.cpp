// SPDX-License-Identifier: Apache-2.0
#include "cli/plan_choices.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "catalog/extension_updates.h"
#include "pg/connection.h"
#include "plan/layout.h"
#include "sql/name_parts.h"

namespace contraflow::cli {
namespace {

// `users.email=EXPR` -> schema.table.column and the expression.
std::pair<std::string, std::string> assignment(const std::string& option, const std::string& text) {
  std::size_t at = sql::split_outside_quotes(text, '=').front().size();
  if (at == text.size() || at == 0) {
    throw Error(ErrorCode::usage, fmt::format("{} {}: expected NAME=VALUE", option, text), fmt::format("for instance {} 'orders.status=lower(status)'", option));
  }
  return {text.substr(0, at), text.substr(at + 1)};
}

// What an object was called before the renames, each part of it new or old: the user may write either.
std::vector<catalog::ObjectId> names_of(const catalog::ObjectId& id, const std::vector<diff::Rename>& renames) {
  std::vector<catalog::ObjectId> out{id};
  for (const diff::Rename& rename : renames) {
    if (rename.to == id) out.push_back(rename.from);
  }
  for (const diff::Rename& rename : renames) {
    if (id.relation.empty() || rename.to.kind == catalog::Kind::column || rename.to.schema != id.schema || rename.to.name != id.relation) continue;
    for (std::size_t i = 0, count = out.size(); i < count; ++i) {
      out.push_back(out[i]);
      out.back().schema = rename.from.schema;
      out.back().relation = rename.from.name;
    }
  }
  return out;
}

// A column as the user writes it, completed by the one schema that has it.
std::string resolve_column(const catalog::Database& from, const catalog::Database& to, const std::vector<diff::Rename>& renames, const std::string& option, const std::string& written) {
  std::vector<std::string> found, all;
  for (const catalog::Database* database : {&from, &to}) {
    for (const auto& [id, object] : database->objects) {
      if (id.kind != catalog::Kind::column) continue;
      const std::string full = fmt::format("{}.{}.{}", id.schema, id.relation, id.name);
      all.push_back(fmt::format("{}.{}", id.relation, id.name));
      const std::vector<std::string> parts = sql::name_parts(written);
      const auto names = names_of(id, renames);
      if (std::none_of(names.begin(), names.end(), [&](const catalog::ObjectId& name) {
            return written == fmt::format("{}.{}.{}", name.schema, name.relation, name.name) || written == fmt::format("{}.{}", name.relation, name.name) ||
                   parts == std::vector{name.schema, name.relation, name.name} || parts == std::vector{name.relation, name.name};
          })) {
        continue;
      }
      if (std::find(found.begin(), found.end(), full) == found.end()) found.push_back(full);
    }
  }
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    const std::string near = nearest(written, all);
    throw Error(ErrorCode::usage, fmt::format("{}: there is no column {}", option, written),
                near.empty() ? "write it as TABLE.COLUMN or SCHEMA.TABLE.COLUMN" : "did you mean " + near + "?");
  }
  throw Error(ErrorCode::usage, fmt::format("{}: {} is in several schemas: {}", option, written, join(found, ", ")), "write SCHEMA.TABLE.COLUMN");
}

// `"Kind"."old one"`: an enum type, with its schema or without, and one of its values, each as SQL quotes it or bare; a value may have dots in it.
void map_value(const catalog::Database& from, const catalog::Database& to, const std::vector<diff::Rename>& renames, const std::string& text, const std::string& value, const std::string& replacement, plan::Options& out) {
  const auto refuse = [&](const std::string& why, const std::string& hint = {}) { throw Error(ErrorCode::usage, "--map " + text + ": " + why, hint); };
  const std::vector<std::string> parts = sql::name_parts(value), given = sql::name_parts(replacement);
  if (parts.size() < 2) refuse("expected TYPE.OLD=NEW");
  bool found = false;
  std::string unknown_in;
  std::vector<std::string> labels, types;
  for (const auto& [id, object] : from.objects) {
    const auto* body = std::get_if<catalog::EnumType>(&object.body);
    if (!body) continue;
    const std::string full = id.schema + "." + id.name;
    types.push_back(id.name);
    std::vector<std::string> meant;  // the value, read as one of this type's
    std::vector<std::vector<std::string>> names;
    for (const catalog::ObjectId& one : names_of(id, renames)) {
      names.push_back({one.schema, one.name});
      names.push_back({one.name});
    }
    for (const std::vector<std::string>& name : names) {
      if (parts.size() > name.size() && std::equal(name.begin(), name.end(), parts.begin())) meant.push_back(join(std::vector(parts.begin() + static_cast<std::ptrdiff_t>(name.size()), parts.end()), "."));
      if (const std::string before = join(name, ".") + "."; value.starts_with(before)) meant.push_back(value.substr(before.size()));
    }
    if (meant.empty()) continue;
    unknown_in = full;
    labels.insert(labels.end(), body->labels.begin(), body->labels.end());
    for (const std::string& label : body->labels) {
      if (std::find(meant.begin(), meant.end(), label) == meant.end()) continue;
      found = true;
      const auto* after = to.find_body<catalog::EnumType>(id);
      const auto has = [&](const std::string& one) { return !after || std::find(after->labels.begin(), after->labels.end(), one) != after->labels.end(); };
      const std::string plain = has(replacement) || given.size() != 1 ? replacement : given.front();
      if (!has(plain)) {
        const std::string near = nearest(plain, after->labels);
        refuse(fmt::format("{} has no value {} in the desired schema", full, plain), near.empty() ? std::string() : "did you mean " + near + "?");
      }
      out.enum_map[full][label] = plain;
    }
  }
  if (found) return;
  if (unknown_in.empty()) {
    const std::string near = nearest(parts.front(), types);
    refuse("there is no enum type " + (parts.size() == 3 ? fmt::format("{}.{} or {}", parts[0], parts[1], parts[0]) : parts.front()), near.empty() ? std::string() : "did you mean " + near + "?");
  }
  const std::string near = nearest(parts.back(), labels);
  refuse(fmt::format("{} has no value {}", unknown_in, parts.back()), near.empty() ? std::string() : "did you mean " + near + "?");
}

}  // namespace

void add_plan_choices(CLI::App& app, PlanChoices& choices, PlanOutput& output) {
  app.add_option("--out", output.folder, "the plan folder to write (default: a new one in the migrations folder)")->type_name("DIR");
  app.add_option("--layout", output.layout, "whose files to write: the plan folder's own for psql, or a migration runner's")
      ->check(CLI::IsMember(plan::layout_names()))
      ->default_str("psql");
  app.add_option("--name", choices.name, "name of the plan")->type_name("NAME")->default_str("migration");
  app.add_option("--using", choices.conversion, "conversion of a column whose type changes, old to new: orders.status=EXPR")->type_name("COLUMN=EXPR");
  app.add_option("--using-back", choices.conversion_back, "the same, new to old")->type_name("COLUMN=EXPR");
  app.add_option("--fill", choices.fill, "value for rows that hold NULL: users.email=EXPR")->type_name("COLUMN=EXPR");
  app.add_option("--map", choices.enum_map, "what rows get that hold an enum value that goes away: order_state.packed=paid")->type_name("TYPE.OLD=NEW");
  app.add_option("--rename", choices.renames,
                 "what has a new name in the desired schema: users.user_name=username, users=accounts, order_state.packed=paid; also indexes, "
                 "constraints, types, sequences, schemas, triggers, policies")
      ->type_name("OLD=NEW");
  app.add_option("--strategy", choices.strategy, "who keeps old and new columns equal: triggers (sync) or the application (app)")
      ->check(CLI::IsMember(std::vector<std::string>{"sync", "app"}))
      ->default_str("sync");
  app.add_option("--drops", choices.drops, "retire: out of the way first, gone in purge; direct: at once")
      ->check(CLI::IsMember(std::vector<std::string>{"retire", "direct"}))
      ->default_str("retire");
  app.add_option("--allow-blocking", choices.allow_blocking, "accept work under a blocking lock: rewrite, scan, index-build, exclusion")
      ->check(CLI::IsMember(std::vector<std::string>{"rewrite", "scan", "index-build", "exclusion"}))
      ->type_name("KIND");
  app.add_option("--exclude", choices.exclude, "leave out SCHEMA, SCHEMA.OBJECT or KIND:NAME (pattern with *; repeatable)")->type_name("PATTERN");
  app.add_option("--server", choices.server, "PostgreSQL major for SQL sources")->type_name("MAJOR");
  app.add_option("--pg-bindir", choices.bindirs, "folder with initdb and postgres for the sandbox")->type_name("DIR");
  app.add_option("--sandbox-url", choices.sandbox_url, "use databases on this server instead of a sandbox")->type_name("URL");
}

catalog::LoadOptions load_options(Context& context, const PlanChoices& choices) {
  catalog::LoadOptions load;
  load.read.exclude = choices.exclude;
  load.sandbox.bindirs = choices.bindirs;
  load.sandbox.bindirs.insert(load.sandbox.bindirs.end(), context.config.sandbox_bindirs.begin(), context.config.sandbox_bindirs.end());
  load.sandbox.url = choices.sandbox_url.empty() ? context.config.sandbox_url : choices.sandbox_url;
  load.sandbox.settings = context.config.sandbox_settings;
  if (choices.server != 0) load.sandbox.major = choices.server;
  load.progress = [&context](const std::string& text) { context.console.progress(text); };
  return load;
}

plan::Options plan_options(const PlanChoices& choices, const catalog::Database& from, const catalog::Database& to, const std::vector<diff::Rename>& renames) {
  plan::Options out;
  out.name = choices.name;
  out.synchronise = choices.strategy == "app" ? plan::Synchronise::application : plan::Synchronise::triggers;
  out.drops = choices.drops == "direct" ? plan::Drops::direct : plan::Drops::retire;
  out.allow_blocking.insert(choices.allow_blocking.begin(), choices.allow_blocking.end());
  const auto columns = [&](const char* option, const std::vector<std::string>& given, std::map<std::string, std::string>& into) {
    for (const std::string& text : given) {
      const auto [column, expression] = assignment(option, text);
      into[resolve_column(from, to, renames, option, column)] = expression;
    }
  };
  columns("--using", choices.conversion, out.conversion);
  columns("--using-back", choices.conversion_back, out.conversion_back);
  columns("--fill", choices.fill, out.fill);
  for (const std::string& text : choices.enum_map) {
    const auto [value, replacement] = assignment("--map", text);
    map_value(from, to, renames, text, value, replacement, out);
  }
  return out;
}

std::map<std::string, std::set<std::pair<std::string, std::string>>> extension_updates(const diff::Difference& difference, const catalog::LoadedSource& from) {
  std::map<std::string, std::set<std::pair<std::string, std::string>>> out;
  for (const diff::Change& change : difference.changes) {
    const auto* alter = std::get_if<diff::Alter>(&change);
    if (!alter || alter->id.kind != catalog::Kind::extension || alter->aspect != diff::Aspect::version) continue;
    pg::Connection connection(from.conninfo);
    out[alter->id.name] = catalog::extension_updates(connection, alter->id.name);
  }
  return out;
}

int refuse(Console& console, const std::vector<std::string>& reasons) {
  std::string text = fmt::format("refused, nothing was written: {}\n", count_of(static_cast<long long>(reasons.size()), "reason"));
  for (const std::string& reason : reasons) text += "  - " + reason + "\n";
  console.error_text(text);
  return static_cast<int>(ErrorCode::refused);
}

}  // namespace contraflow::cli
