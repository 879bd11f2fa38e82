// SPDX-License-Identifier: Apache-2.0
#include "code/code_patch.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/edit.h"
#include "base/error.h"
#include "base/pattern.h"
#include "base/text.h"
#include "base/utf8.h"
#include "catalog/git_library.h"
#include "code/files.h"
#include "code/prisma_calls.h"
#include "code/sql_sites.h"
#include "sql/live_rows.h"

namespace contraflow::code {
namespace {

// Where an insertion at `offset` of the prepared statement goes in the source. Nothing where that place is not written in the expression itself.
struct SourcePlace {
  std::size_t offset;
  char quote;
  bool raw;
};

std::optional<SourcePlace> source_place(const FoundSql& found, std::size_t offset) {
  const std::size_t at = found.offset + original_offset(found.edits, offset);
  // Interpolations that stand at this very place of the value, and which of them come before it.
  std::size_t added = 0, removed = 0;
  const Node* behind = nullptr;
  bool hole_here = false;
  for (const TextEdit& edit : found.edits) {
    const std::size_t end = edit.begin + added - removed + edit.text.size();
    added += edit.text.size();
    removed += edit.end - edit.begin;
    for (std::size_t h = 0; h < found.value.holes.size(); ++h) {
      const std::size_t hole = found.value.holes[h].begin - std::min(found.value.holes[h].begin, found.offset);
      if (hole < edit.begin || hole > edit.end || found.offset + edit.end != at) continue;
      hole_here = true;
      if (offset >= end && hole == edit.end) behind = &found.value.hole_sources[h];
    }
  }
  if (behind != nullptr) {
    const Node parent = behind->parent();
    for (const Piece& piece : found.value.pieces) {
      if (piece.at == at && piece.source >= behind->end() && piece.local) return SourcePlace{piece.source, piece.quote, piece.raw};
    }
    if (parent.is("template_substitution") || parent.is("interpolation")) {
      const char quote = parent.is("template_substitution") ? '`' : '"';
      return SourcePlace{parent.end(), quote, false};
    }
    return std::nullopt;
  }
  const Piece* best = nullptr;
  for (const Piece& piece : found.value.pieces) {
    const bool inside = at > piece.at && at < piece.at + piece.length;
    const bool ends = at == piece.at + piece.length;
    const bool begins = at == piece.at && !hole_here;
    if (inside || ends) {
      best = &piece;
      break;
    }
    if (begins && best == nullptr) best = &piece;
  }
  if (best == nullptr || !best->local) return std::nullopt;
  return SourcePlace{best->source + (at - best->at), best->quote, best->raw};
}

class FilePatcher {
 public:
  FilePatcher(const SchemaFacts& facts, const PatchOptions& options, const SourceFile& file, std::string text, CodePatch& out)
      : facts_(facts), options_(options), file_(file), text_(std::move(text)), out_(out) {}

  void run() {
    if (file_.language == Language::sql) {
      for (FoundSql& found : find_statements(text_, facts_, false)) statement(found);
    } else {
      const Tree tree(text_, file_.language);
      if (!tree.root()) return;
      const Constants constants(tree);
      std::vector<FoundSql> statements = find_sql(tree, constants, facts_, false);
      PrismaCalls calls = find_prisma_calls(tree, constants, facts_);
      const Node error = first_error(tree);
      if (error) {
        const std::string reason = fmt::format("the file has a syntax error near line {}", locate(text_, error.begin()).line);
        for (const FoundSql& found : statements) {
          if (concerned(found.site)) leave(found.site, reason);
        }
        for (const PrismaCall& call : calls.calls) {
          if (concerned(call.site)) leave(call.site, reason);
        }
        return;
      }
      for (FoundSql& found : statements) statement(found);
      for (PrismaCall& call : calls.calls) prisma_call(call);
      if (options_.repository_methods) repositories(tree, calls);
      finish();
      return;
    }
    finish();
  }

 private:
  const SoftDelete* soft_delete_of(const sql::QualifiedName& table) const {
    for (const SoftDelete& one : options_.soft_deletes) {
      if (one.table == table) return &one;
    }
    return nullptr;
  }
  bool changed(const sql::QualifiedName& table) const { return std::find(options_.changed.begin(), options_.changed.end(), table) != options_.changed.end(); }

  bool concerned(const QuerySite& site) const {
    return std::any_of(site.tables.begin(), site.tables.end(), [&](const TableUse& use) { return soft_delete_of(use.table) != nullptr || (use.star && changed(use.table)); });
  }

  void leave(const QuerySite& site, const std::string& reason, bool by_rule = false) { out_.left.push_back({file_.path, site.line, site.column, reason, by_rule}); }

  bool excused(const QuerySite& site) {
    const std::string reason = include_deleted_reason(file_.path, text_, site.begin, options_.include_deleted);
    if (!reason.empty()) leave(site, "sees deleted rows " + reason, true);
    return !reason.empty();
  }

  bool goes(const sql::QualifiedName& table, const std::string& column) const { return std::find(options_.going.begin(), options_.going.end(), std::pair(table, column)) != options_.going.end(); }

  // Columns that the plan takes away, named by the code itself or wanted by `*`: whoever reads them has to stop.
  void going_columns(const QuerySite& site) {
    std::vector<std::string> named, listed;
    for (const TableUse& use : site.tables) {
      if (use.all_columns) continue;  // Prisma's client asks for the fields that it has
      for (const std::string& column : use.columns) {
        std::vector<std::string>& out = use.star ? listed : named;
        if (goes(use.table, column) && std::find(out.begin(), out.end(), column) == out.end()) out.push_back(column);
      }
    }
    if (!named.empty()) leave(site, fmt::format("names {}, which the plan takes away: do without it before contract", join(named, ", ")));
    if (!listed.empty()) leave(site, fmt::format("reads {} by *, which the plan takes away: it is not in the list of columns", join(listed, ", ")));
  }

  void statement(const FoundSql& found) {
    const QuerySite& site = found.site;
    going_columns(site);
    if (!concerned(site) || excused(site)) return;
    if (site.statement.empty() || !site.statement_certain || site.confidence == Confidence::low) {
      leave(site, site.reason.empty() ? "a part of the statement is put in at run time" : site.reason);
      return;
    }
    const sql::IsTable is_changed = [&](const sql::QualifiedName& name) {
      const auto known = facts_.resolve(name);
      return known && changed(*known);
    };
    sql::StatementEdits edits;
    std::vector<std::string> problems;
    try {
      for (const SoftDelete& one : options_.soft_deletes) {
        const sql::IsTable is_table = [&](const sql::QualifiedName& name) {
          const auto known = facts_.resolve(name);
          return known && *known == one.table;
        };
        sql::StatementEdits more = sql::live_rows_only(site.statement, is_table, one.column);
        edits.edits.insert(edits.edits.end(), more.edits.begin(), more.edits.end());
        problems.insert(problems.end(), more.refusals.begin(), more.refusals.end());
      }
      if (!options_.changed.empty()) {
        sql::StatementEdits stars = sql::expand_stars(site.statement, is_changed, [&](const sql::QualifiedName& name) -> std::optional<std::vector<std::string>> {
          const auto known = facts_.resolve(name);
          if (!known) return std::nullopt;
          std::vector<std::string> columns = *facts_.columns(*known);
          std::erase_if(columns, [&](const std::string& column) { return goes(*known, column); });
          return columns;
        });
        for (const TextEdit& star : stars.edits) {  // TABLE t becomes a SELECT for either: the one with the list says more
          std::erase_if(edits.edits, [&](const TextEdit& edit) { return edit.begin == star.begin && edit.end == star.end && edit.end > edit.begin; });
          edits.edits.push_back(star);
        }
        problems.insert(problems.end(), stars.refusals.begin(), stars.refusals.end());
      }
    } catch (const Error& error) {
      problems.push_back(error.message());
    }
    for (const std::string& problem : problems) leave(site, problem);
    if (!problems.empty() || edits.edits.empty()) return;
    std::vector<TextEdit> here;
    for (const TextEdit& edit : edits.edits) {
      auto place = source_place(found, edit.begin);
      std::optional<SourcePlace> end = place;
      if (place && edit.end > edit.begin) {
        end = source_place(found, edit.end);
        const std::size_t length = edit.end - edit.begin;
        // What is replaced has to stand in the source as it is in the statement.
        if (!end || end->offset - place->offset != length || text_.compare(place->offset, length, site.statement, edit.begin, length) != 0) place.reset();
      }
      std::string text = edit.text;
      const bool single_line = place && (place->quote == '"' || place->quote == '\'') && !is_multi_line(found);
      if (single_line && text.find('\n') != std::string::npos) text = " " + std::string(trim(text));
      if (place && place->quote != '\0' && text.find(place->quote) != std::string::npos) {
        if (place->raw)
          place.reset();
        else
          text = replace_all(text, std::string(1, place->quote), std::string("\\") + place->quote);
      }
      if (!place) {
        leave(site, "the place of the edit is not written in this expression (a constant, an escape, or a raw string with quotes)");
        return;
      }
      here.push_back({place->offset, end->offset, std::move(text)});
    }
    edits_.insert(edits_.end(), here.begin(), here.end());
  }

  // Python's and Java's literals of three quotes hold line ends.
  static bool is_multi_line(const FoundSql& found) {
    for (const Piece& piece : found.value.pieces) {
      if (found.value.text.substr(piece.at, piece.length).find('\n') != std::string::npos) return true;
    }
    return false;
  }

  // The object literal's own `where` gets the condition, or it gets a `where`.
  bool add_where(const Node& object, const std::string& field, const QuerySite& site) {
    for (const Node& pair : object.named_children()) {
      if (pair.is("spread_element")) continue;
      const Node key = pair.is("pair") ? pair.field("key") : pair;
      if (key.text() != "where") continue;
      const Node value = pair.is("pair") ? pair.field("value") : Node();
      if (!value.is("object")) {
        leave(site, "its `where` is put together elsewhere");
        return false;
      }
      for (const Node& inner : value.named_children()) {
        const Node name = inner.is("pair") ? inner.field("key") : inner;
        if (name.text() == field) return true;  // says itself which rows
      }
      insert_property(value, field + ": null");
      return true;
    }
    insert_property(object, fmt::format("where: {{ {}: null }}", field));
    return true;
  }

  // As the first property, on a line of its own where the others have theirs.
  void insert_property(const Node& object, const std::string& property) {
    const std::vector<Node> children = object.named_children();
    const std::size_t at = object.begin() + 1;
    if (children.empty()) {
      edits_.push_back({at, at, fmt::format(" {} ", property)});
      return;
    }
    const std::string_view gap = std::string_view(text_).substr(at, children.front().begin() - at);
    const bool comment = gap.find("//") != std::string_view::npos || gap.find("/*") != std::string_view::npos;
    if (gap.find('\n') == std::string_view::npos || comment)
      edits_.push_back({at, at, fmt::format(" {},", property)});
    else
      edits_.push_back({children.front().begin(), children.front().begin(), property + "," + std::string(gap.substr(gap.rfind('\n') > 0 && gap[gap.rfind('\n') - 1] == '\r' ? gap.rfind('\n') - 1 : gap.rfind('\n')))});
  }

  void prisma_call(const PrismaCall& call) {
    going_columns(call.site);
    if (!concerned(call.site)) return;
    const SoftDelete* own = soft_delete_of(call.model->table);
    const std::string excuse = include_deleted_reason(file_.path, text_, call.site.begin, options_.include_deleted);
    if (!excuse.empty()) {
      // The extended client would hide them all the same.
      const bool by_client = options_.extension && own != nullptr && call.site.verb == sql::Verb::select && call.where.text().find(own->field) == std::string_view::npos;
      return leave(call.site, fmt::format("sees deleted rows {}{}", excuse, by_client ? fmt::format(", with a client that is not extended or {}: {{}} in its where", own->field) : ""), true);
    }
    if (own != nullptr && call.method == "upsert")
      leave(call.site, "upsert may use ON CONFLICT on a unique index that holds for live rows only: read, then create or update");
    if (own != nullptr && !options_.extension && call.method.starts_with("delete"))
      leave(call.site, fmt::format("deletes rows: make it an update of {}", own->field));
    const bool reads = call.site.verb == sql::Verb::select || call.method == "updateMany" || call.method == "update";
    if (own != nullptr && !options_.extension && reads) {
      const Node list = call.call.field("arguments");
      if (call.arguments && !call.opaque)
        add_where(call.arguments, own->field, call.site);
      else if (list.named_children().empty())
        edits_.push_back({list.begin() + 1, list.begin() + 1, fmt::format("{{ where: {{ {}: null }} }}", own->field)});
      else
        leave(call.site, "its arguments are put together elsewhere");
    }
    for (const NestedRead& nested : call.nested) {
      const SoftDelete* other = nested.model != nullptr ? soft_delete_of(nested.model->table) : nullptr;
      if (other == nullptr) continue;
      if (nested.how == NestedRead::How::filtered) {
        relation_filter(nested, *other, call.site);
      } else if (!nested.value) {
        leave(call.site, fmt::format("{} counts deleted rows: name the relations that are counted", nested.path));
      } else if (!nested.list) {
        leave(call.site, fmt::format("{} is a to-one relation, which Prisma reads without a filter: {}look at {}.{} in the result{}", nested.path, selects(nested, *other) ? "" : fmt::format("select {}, and ", other->field), nested.path, other->field,
                                     reads && nested.path.find('.') == std::string::npos ? fmt::format(", or ask for {}: {{ {}: null }} in the where", nested.path, other->field) : ""));
      } else if (nested.value.text() == "true") {
        edits_.push_back({nested.value.begin(), nested.value.end(), fmt::format("{{ where: {{ {}: null }} }}", other->field)});
      } else if (nested.arguments && nested.arguments.begin() == nested.value.begin()) {
        add_where(nested.arguments, other->field, call.site);
      } else {
        leave(call.site, fmt::format("the arguments of {} are put together elsewhere", nested.path));
      }
    }
    const bool nested_only = own == nullptr;
    const bool other_nested = std::any_of(call.site.tables.begin(), call.site.tables.end(), [&](const TableUse& use) {
      return use.nested && soft_delete_of(use.table) != nullptr && use.verb != sql::Verb::select;
    });
    if (nested_only && other_nested) leave(call.site, "a nested write reaches the table: Prisma's extension does not see it");
  }

  // Whether the result of a nested read has the field: all fields, or a `select` that names it.
  static bool selects(const NestedRead& nested, const SoftDelete& other) {
    if (!nested.arguments) return true;
    for (const Node& pair : nested.arguments.named_children()) {
      const Node key = pair.is("pair") ? pair.field("key") : pair;
      if (key.text() != "select" || !pair.is("pair")) continue;
      for (const Node& inner : pair.field("value").named_children()) {
        const Node name = inner.is("pair") ? inner.field("key") : inner;
        if (name.text() == other.field || inner.is("spread_element")) return true;
      }
      return false;
    }
    return true;
  }

  // `users: { some: { … } }` and the like: rows that are deleted do not count for it.
  void relation_filter(const NestedRead& filter, const SoftDelete& other, const QuerySite& site) {
    if (filter.quantifier == "every" || filter.quantifier == "isNot") {
      leave(site, fmt::format("the filter {}: {{ {} }} looks at deleted rows: say what they count for", filter.path, filter.quantifier));
    } else if (!filter.arguments) {
      if (filter.value.text() != "null" && filter.value.text() != "undefined") leave(site, fmt::format("the filter on {} is put together elsewhere", filter.path));
    } else {
      for (const Node& inner : filter.arguments.named_children()) {
        const Node name = inner.is("pair") ? inner.field("key") : inner;
        if (name.text() == other.field) return;
      }
      insert_property(filter.arguments, other.field + ": null");
    }
  }

  static bool is_repository(const std::string& name, const std::string& model) { return name == model + "Repository" || name == model + "sRepository" || name == model + "Repo" || name == model + "Store"; }

  // Classes that are the model's repository get the methods of a soft delete, and the new enum type in the types that their methods spell out.
  void repositories(const Tree& tree, const PrismaCalls& calls) {
    if (!is_ecmascript(file_.language) || file_.language == Language::javascript) return;
    walk(tree.root(), [&](Node node) {
      if (!node.is("class_declaration")) return true;
      const std::string name(node.field("name").text());
      for (const SoftDelete& one : options_.soft_deletes) {
        if (one.model.empty() || !is_repository(name, one.model)) continue;
        const std::string body(node.field("body").text());
        if (body.find("softDelete(") != std::string::npos) continue;
        for (const PrismaCall& call : calls.calls) {
          if (call.model->name != one.model || call.call.begin() < node.begin() || call.call.end() > node.end()) continue;
          const std::string receiver(call.call.field("function").field("object").text());
          if (!receiver.starts_with("this.") || receiver.find('\n') != std::string::npos) continue;
          add_methods(node.field("body"), one, receiver);
          import_type(tree, "Prisma");
          break;
        }
      }
      for (const NewEnumField& field : options_.enum_fields) {
        if (!is_repository(name, field.model)) continue;
        bool any = false;
        for (const PrismaCall& call : calls.calls) {
          if (call.model->name == field.model && call.call.begin() >= node.begin() && call.call.end() <= node.end()) any = enum_types(call, field) || any;
        }
        if (any) import_type(tree, field.type);
      }
      return true;
    });
    write_imports();
  }

  // What the method around a call takes as `data`, and what it says that it returns, where it spells that out.
  bool enum_types(const PrismaCall& call, const NewEnumField& field) {
    Node method = call.call.parent();
    while (method && !method.is("method_definition")) method = method.parent();
    if (!method) return false;
    bool any = false;
    for (const Node& pair : call.arguments ? call.arguments.named_children() : std::vector<Node>()) {
      const Node key = pair.is("pair") ? pair.field("key") : pair, value = pair.is("pair") ? pair.field("value") : pair;
      if (key.text() != "data" || (!value.is("identifier") && !value.is("shorthand_property_identifier"))) continue;
      for (const Node& parameter : method.field("parameters").named_children()) {
        if (parameter.field("pattern").text() != value.text()) continue;
        const bool may_lack = field.optional || call.method.starts_with("update");
        any = add_property(first_object_type(parameter.field("type")), field.field + (may_lack ? "?" : "") + ": " + field.type + (field.nullable ? " | null" : ""), field.field) || any;
      }
    }
    const bool whole_rows = std::any_of(call.site.tables.begin(), call.site.tables.end(), [&](const TableUse& use) { return use.table == call.model->table && use.all_columns; });
    if (whole_rows) any = add_property(first_object_type(method.field("return_type")), field.field + ": " + field.type + (field.nullable ? " | null" : ""), field.field) || any;
    return any;
  }

  static Node first_object_type(const Node& type) {
    Node found;
    if (type) {
      walk(type, [&](Node node) {
        if (!found && node.is("object_type")) found = node;
        return !found;
      });
    }
    return found;
  }

  // Behind the last property, as that is written. A type that several calls spell out gets it once.
  bool add_property(const Node& object, const std::string& property, const std::string& name) {
    if (!object) return false;
    const std::vector<Node> members = object.named_children();
    for (const Node& member : members) {
      if (member.field("name").text() == name) return false;
    }
    if (members.empty() || !typed_.insert(object.begin()).second) return false;
    const Node& last = members.back();
    const std::string_view behind = std::string_view(text_).substr(last.end(), object.end() - last.end());
    const char sign = !behind.empty() && (behind[0] == ';' || behind[0] == ',') ? behind[0] : '\0';
    const std::size_t first_end = members.front().end();
    const std::string between = members.size() > 1 && text_[first_end] == ',' ? "," : ";";
    std::size_t line = last.begin();
    while (line > 0 && text_[line - 1] != '\n') --line;
    const std::string before(std::string_view(text_).substr(line, last.begin() - line));
    const bool own_line = trim(before).empty();
    const std::string gap = own_line ? (line > 1 && text_[line - 2] == '\r' ? "\r\n" : "\n") + before : " ";
    if (sign != '\0')
      edits_.push_back({last.end() + 1, last.end() + 1, gap + property + (own_line ? std::string(1, sign) : "")});
    else
      edits_.push_back({last.end(), last.end(), (own_line ? "" : between) + gap + property});
    return true;
  }

  void add_methods(const Node& body, const SoftDelete& one, const std::string& receiver) {
    const std::string& f = one.field;
    const std::string where = fmt::format("where: Prisma.{}WhereUniqueInput", one.model);
    std::string text = fmt::format(
        "\n  /** Marks the row as deleted; it and what refers to it stay. */\n"
        "  async softDelete({1}) {{\n    return {0}.update({{ where: {{ {2}: null, ...where }}, data: {{ {2}: new Date() }} }});\n  }}\n\n"
        "  async restore({1}) {{\n    return {0}.update({{ where: {{ {2}: {{ not: null }}, ...where }}, data: {{ {2}: null }} }});\n  }}\n\n"
        "  /** Deleted rows too: the empty filter is what says so. */\n"
        "  async findIncludingDeleted({1}) {{\n    return {0}.findUnique({{ where: {{ {2}: {{}}, ...where }} }});\n  }}\n",
        receiver, where, f);
    std::size_t at = body.end() - 1;
    while (at > 0 && (text_[at - 1] == ' ' || text_[at - 1] == '\t')) --at;
    if (text_.find("\r\n") != std::string::npos) text = replace_all(text, "\n", "\r\n");
    edits_.push_back({at, at, text});
  }

  void import_type(const Tree& tree, const std::string& name) {
    Node client;
    for (const Node& node : tree.root().named_children()) {
      if (!node.is("import_statement")) continue;
      const std::string text(node.text());
      for (const char* const end : {",", " }", "}", " as"}) {
        if (text.find("{ " + name + end) != std::string::npos || text.find("{" + name + end) != std::string::npos || text.find(", " + name + end) != std::string::npos || text.find("type " + name + end) != std::string::npos) return;
      }
      if (text.find("PrismaClient") != std::string::npos) client = node;
    }
    if (!client) return;
    importing_ = client;
    imported_.insert(name);
  }

  void write_imports() {
    if (imported_.empty()) return;
    const std::string line = fmt::format("import type {{ {} }} from {};{}", join({imported_.begin(), imported_.end()}, ", "), importing_.field("source").text(), text_.find("\r\n") != std::string::npos ? "\r\n" : "\n");
    edits_.push_back({importing_.begin(), importing_.begin(), line});
  }

  void finish() {
    if (edits_.empty()) return;
    std::string after;
    try {
      after = apply_edits(text_, edits_);
    } catch (const std::logic_error&) {
      out_.left.push_back({file_.path, 1, 1, "two edits meet at one place: nothing of the file was changed"});
      return;
    }
    // Read back: the file still parses, and nothing is left to edit in the statements that were.
    if (file_.language != Language::sql) {
      const Tree tree(after, file_.language);
      if (!tree.root() || first_error(tree)) {
        out_.left.push_back({file_.path, 1, 1, "the edited file would not parse: nothing of it was changed"});
        return;
      }
    }
    out_.files.push_back({file_.path, text_, std::move(after)});
  }

  const SchemaFacts& facts_;
  const PatchOptions& options_;
  const SourceFile& file_;
  std::string text_;
  CodePatch& out_;
  std::vector<TextEdit> edits_;
  std::set<std::string> imported_;  // types, of the module that importing_ names
  Node importing_;
  std::set<std::size_t> typed_;  // where object types begin that have an edit
};

}  // namespace

std::string include_deleted_reason(const std::string& file, std::string_view text, std::size_t offset, const std::vector<std::string>& patterns) {
  for (const std::string& pattern : patterns) {
    if (matches_pattern(file, pattern) || (pattern.starts_with("**/") && matches_pattern(file, pattern.substr(3)))) return fmt::format("by the rule {}", pattern);
  }
  std::size_t line = offset;
  while (line > 0 && text[line - 1] != '\n') --line;
  std::string_view around = text.substr(line, text.find('\n', offset) - line);
  while (true) {
    if (around.find("contraflow: include-deleted") != std::string_view::npos) return "by a comment";
    if (line == 0) return {};
    const std::size_t end = line - 1;
    std::size_t begin = end;
    while (begin > 0 && text[begin - 1] != '\n') --begin;
    around = text.substr(begin, end - begin);
    const std::string_view word = trim(around);
    if (!word.starts_with("//") && !word.starts_with("#") && !word.starts_with("--") && !word.starts_with("*") && !word.starts_with("/*")) return {};
    line = begin;
  }
}

CodePatch patch_code(const SchemaFacts& facts, const ScanOptions& scan_options, const PatchOptions& options) {
  CodePatch out;
  ScanOptions concerned = scan_options;  // files that cannot be read are told of where they name one of these tables
  for (const SoftDelete& one : options.soft_deletes) concerned.tables.push_back(one.table.schema + "." + one.table.name);
  for (const sql::QualifiedName& table : options.changed) concerned.tables.push_back(table.schema + "." + table.name);
  for (const NewEnumField& field : options.enum_fields) {
    if (const Model* model = facts.model(field.model)) concerned.tables.push_back(model->table.schema + "." + model->table.name);
  }
  const ScanResult found = scan(facts, concerned);
  std::set<std::string> names;
  for (const QuerySite& site : found.sites) names.insert(site.file);
  const std::unique_ptr<CodeFiles> files = code_files({scan_options.root, {}, scan_options.exclude, scan_options.untracked});
  for (const SourceFile& file : files->list()) {
    if (!names.contains(file.path)) continue;
    const std::string text = files->read(file);
    if (text.starts_with("\xEF\xBB\xBF")) {
      out.left.push_back({file.path, 1, 1, "begins with a byte order mark: edit it by hand"});
      continue;
    }
    FilePatcher(facts, options, file, text, out).run();
  }
  for (const SkippedFile& skipped : found.skipped) {
    if (!names.contains(skipped.file)) out.left.push_back({skipped.file, 1, 1, "not read: " + skipped.reason});
  }
  return out;
}

std::string unified_diff(const std::vector<FilePatch>& files) {
  const catalog::GitLibrary library;
  std::string out;
  for (const FilePatch& file : files) {
    git_diff_options options = GIT_DIFF_OPTIONS_INIT;
    git_patch* made = nullptr;
    const bool fresh = file.before.empty();
    int failed = git_patch_from_buffers(&made, fresh ? nullptr : file.before.data(), file.before.size(), file.file.c_str(), file.after.data(), file.after.size(), file.file.c_str(), &options);
    const catalog::GitPointer<git_patch> patch(made);
    if (failed == 0 && !patch) continue;  // nothing differs
    git_buf buffer = GIT_BUF_INIT;
    if (failed == 0) failed = git_patch_to_buf(&buffer, patch.get());
    if (failed != 0) throw Error(ErrorCode::environment, fmt::format("cannot make the patch of {}: {}", file.file, catalog::git_reason()));
    out.append(buffer.ptr, buffer.size);
    git_buf_dispose(&buffer);
  }
  return out;
}

}  // namespace contraflow::code
