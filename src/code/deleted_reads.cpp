// SPDX-License-Identifier: Apache-2.0
#include "code/deleted_reads.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "code/files.h"
#include "code/prisma_calls.h"
#include "code/sql_sites.h"

namespace contraflow::code {
namespace {

// What a call's `where` asks for, as SQL and as TypeScript, its values as parameters.
class WhereReader {
 public:
  // `field`: of the model's soft delete, which the extended client adds where it is not named; may be empty.
  WhereReader(const SchemaFacts& facts, const Model& model, const std::string& field) : facts_(facts), model_(&model), field_(field) {}

  // False where something in it is neither a column nor a value.
  bool read(const Node& object) {
    std::string sql = all_of(object);
    if (failed_) return false;
    sql_ = sql.empty() ? "true" : sql;
    return true;
  }
  const std::string& sql() const { return sql_; }
  bool names_field() const { return names_field_; }
  bool related() const { return related_; }  // it looks into a relation: the model's own table is called t0
  // The object as it was written, with $n where values stood.
  std::vector<std::string> texts() const {
    std::vector<std::string> out = texts_;
    out.push_back(text_);
    return out;
  }
  const std::vector<int>& parameters() const { return parameters_; }

 private:
  std::string all_of(const Node& object) {
    if (!object.is("object")) {
      failed_ = true;
      return {};
    }
    std::vector<std::string> parts;
    text_ += "{ ";
    bool first = true;
    for (const Node& child : object.named_children()) {
      const bool pair = child.is("pair");
      if (!pair && !child.is("shorthand_property_identifier")) {
        failed_ = true;
        return {};
      }
      const std::string key = pair ? unquoted(child.field("key").text()) : std::string(child.text());
      const Node value = pair ? child.field("value") : child;
      text_ += (first ? "" : ", ") + key + ": ";
      first = false;
      const std::string part = property(key, value);
      if (failed_) return {};
      if (!part.empty()) parts.push_back(part);
    }
    text_ += " }";
    return join(parts, " AND ");
  }

  static std::string unquoted(std::string_view text) {
    return std::string(text.size() >= 2 && (text[0] == '"' || text[0] == '\'') ? text.substr(1, text.size() - 2) : text);
  }

  std::string property(const std::string& key, const Node& value) {
    if ((key == "AND" || key == "OR") && value.is("array")) {
      std::vector<std::string> parts;
      text_ += "[";
      for (const Node& element : value.named_children()) {
        if (!parts.empty()) text_ += ", ";
        const std::string part = all_of(element);
        parts.push_back(part.empty() ? "true" : "(" + part + ")");
      }
      text_ += "]";
      return "(" + join(parts, key == "AND" ? " AND " : " OR ") + ")";
    }
    if (key == "AND") return all_of(value);
    const ModelField* field = model_->field(key);
    if (field == nullptr && value.is("object") && key.find('_') != std::string::npos) return all_of(value);  // a compound key
    if (field != nullptr && !field->relation.empty() && !field->list && value.is("object")) return through(*field, value);
    if (field == nullptr || field->column.empty()) {
      failed_ = true;
      return {};
    }
    if (key == field_ && depth_ == 0) names_field_ = true;
    const std::string column = (depth_ > 0 ? fmt::format("t{}.", depth_) : std::string()) + sql::quote_identifier(field->column);
    return value.is("object") ? filter(column, value) : compared(column, value, "=");
  }

  // user: { email }, user: { is: { email } }: a row of the other table that this one's key points at.
  std::string through(const ModelField& field, const Node& value) {
    const Model* other = facts_.model(field.relation);
    const std::vector<Node> children = value.named_children();
    const bool is = children.size() == 1 && children[0].is("pair") && children[0].field("key").text() == "is" && children[0].field("value").is("object");
    if (other == nullptr || field.relation_fields.empty() || field.relation_fields.size() != field.referenced.size()) {
      failed_ = true;
      return {};
    }
    related_ = true;
    const Model* here = model_;
    model_ = other;
    ++depth_;
    if (is) text_ += "{ is: ";
    const std::string inner = all_of(is ? children[0].field("value") : value);
    if (is) text_ += " }";
    --depth_;
    model_ = here;
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < field.referenced.size(); ++i)
      parts.push_back(fmt::format("t{}.{} = t{}.{}", depth_ + 1, sql::quote_identifier(field.referenced[i]), depth_, sql::quote_identifier(field.relation_fields[i])));
    if (!inner.empty()) parts.push_back(inner);
    return fmt::format("EXISTS (SELECT 1 FROM {} AS t{} WHERE {})", sql::quote(other->table), depth_ + 1, join(parts, " AND "));
  }

  // { equals: x, mode: 'insensitive' }, { not: null }, {}
  std::string filter(const std::string& column, const Node& object) {
    const std::vector<Node> children = object.named_children();
    bool folded = false;
    for (const Node& child : children) folded = folded || (child.is("pair") && child.field("key").text() == "mode" && child.field("value").text().find("insensitive") != std::string_view::npos);
    std::vector<std::string> parts;
    text_ += "{ ";
    bool first = true;
    for (const Node& child : children) {
      const Node value = child.is("pair") ? child.field("value") : Node();
      const std::string key(child.is("pair") ? child.field("key").text() : child.text());
      text_ += (first ? "" : ", ") + key + ": ";
      first = false;
      if (key == "mode" && value) {
        text_ += std::string(value.text());
      } else if (key == "equals") {
        parts.push_back(compared(column, value ? value : child, folded ? "ILIKE" : "="));
      } else if (key == "not" && value.is("null")) {
        text_ += "null";
        parts.push_back(column + " IS NOT NULL");
      } else {
        failed_ = true;
        return {};
      }
    }
    text_ += " }";
    return join(parts, " AND ");
  }

  std::string compared(const std::string& column, const Node& value, std::string_view sign) {
    const std::string text(value.text());
    if (value.is("null") || value.is("true") || value.is("false") || value.is("number")) {
      text_ += text;
      return value.is("null") ? column + " IS NULL" : fmt::format("{} {} {}", column, sign, text);
    }
    if (value.is("string") && text.find('\\') == std::string::npos) {
      text_ += text;
      return fmt::format("{} {} {}", column, sign, sql::quote_literal(unquoted(text)));
    }
    parameters_.push_back(static_cast<int>(parameters_.size()) + 1);
    texts_.push_back(std::move(text_));
    text_.clear();
    return fmt::format("{} {} ${}", column, sign, parameters_.back());
  }

  const SchemaFacts& facts_;
  const Model* model_;
  const std::string field_;
  int depth_ = 0;
  std::string sql_, text_;
  std::vector<std::string> texts_;
  std::vector<int> parameters_;
  bool failed_ = false, names_field_ = false, related_ = false;
};

class FileReads {
 public:
  FileReads(const SchemaFacts& facts, const PatchOptions& options, bool extended, const SourceFile& file, const std::string& text, DeletedReads& out)
      : facts_(facts), options_(options), extended_(extended), file_(file), text_(text), out_(out) {}

  void run() {
    if (file_.language == Language::sql) {
      for (const FoundSql& found : find_statements(text_, facts_, false)) statement(found.site);
      return;
    }
    const Tree tree(text_, file_.language);
    if (!tree.root()) return;
    const Constants constants(tree);
    for (const FoundSql& found : find_sql(tree, constants, facts_, false)) statement(found.site);
    const PrismaCalls calls = find_prisma_calls(tree, constants, facts_);
    for (const PrismaCall& call : calls.calls) prisma(call);
  }

 private:
  const SoftDelete* soft_delete_of(const sql::QualifiedName& table) const {
    const auto found = std::find_if(options_.soft_deletes.begin(), options_.soft_deletes.end(), [&](const SoftDelete& one) { return one.table == table; });
    return found == options_.soft_deletes.end() ? nullptr : &*found;
  }

  DeletedRead begin(const QuerySite& site, const SoftDelete& one) const {
    return {.file = file_.path,
            .line = site.line,
            .function = site.function,
            .call = site.call,
            .table = one.table,
            .statement = {},
            .reason = {},
            .sees_deleted = !include_deleted_reason(file_.path, text_, site.begin, options_.include_deleted).empty(),
            .texts = {},
            .parameters = {}};
  }

  void statement(const QuerySite& site) {
    std::set<sql::QualifiedName> seen;
    for (const TableUse& use : site.tables) {
      const SoftDelete* one = soft_delete_of(use.table);
      if (one == nullptr || !seen.insert(use.table).second) continue;
      DeletedRead read = begin(site, *one);
      const bool returns = use.verb != sql::Verb::select && use.verb != sql::Verb::insert && to_lower(site.statement).find("returning") != std::string::npos;
      if (use.verb != sql::Verb::select && !returns) continue;
      if (returns)
        read.reason = fmt::format("it returns the rows that it writes ({}): a test cannot ask for them", sql::verb_name(use.verb));
      else if (site.statement.empty() || !site.statement_certain || site.confidence == Confidence::low)
        read.reason = site.reason.empty() ? "a part of the statement is put in at run time" : site.reason;
      else if (site.verb == sql::Verb::select)
        read.statement = site.statement;
      else
        continue;  // INSERT … SELECT and the like: no read that somebody looks at
      out_.reads.push_back(std::move(read));
    }
  }

  void prisma(const PrismaCall& call) {
    for (const NestedRead& nested : call.nested) {
      const SoftDelete* other = nested.model != nullptr && nested.how == NestedRead::How::read && !nested.list ? soft_delete_of(nested.model->table) : nullptr;
      if (other == nullptr) continue;
      DeletedRead read = begin(call.site, *other);
      read.reason = fmt::format("it reads {} through the to-one relation {}, where Prisma takes no filter: the code around it decides", nested.model->name, nested.path);
      out_.reads.push_back(std::move(read));
    }
    if (call.site.verb != sql::Verb::select) return;
    const SoftDelete* one = soft_delete_of(call.model->table);
    // A login may ask for the session of a user: what it filters by is not the client's to hide.
    std::set<sql::QualifiedName> looked;
    for (const NestedRead& nested : call.nested) {
      const SoftDelete* other = nested.model != nullptr && nested.how == NestedRead::How::filtered ? soft_delete_of(nested.model->table) : nullptr;
      if (other == nullptr || other == one || !looked.insert(other->table).second) continue;
      asked(call, *other, one);
    }
    if (one != nullptr) asked(call, *one, one);
  }

  // `about`: whose deleted rows the read must not give; `own`: the soft delete of the model that is asked.
  void asked(const PrismaCall& call, const SoftDelete& about, const SoftDelete* own) {
    DeletedRead read = begin(call.site, about);
    if (call.method == "aggregate" || call.method == "groupBy" || call.method == "findRaw") {
      read.reason = fmt::format("{} returns no rows", call.method);
    } else if (call.opaque || (call.arguments && !call.where && call.site.statement_certain == false)) {
      read.reason = "its arguments are put together elsewhere";
    } else {
      fill(read, call, own);
    }
    out_.reads.push_back(std::move(read));
  }

  void fill(DeletedRead& read, const PrismaCall& call, const SoftDelete* own) const {
    WhereReader where(facts_, *call.model, own != nullptr ? own->field : std::string());
    std::string condition = "true";
    const std::string accessor = call.model->accessor + "." + call.method + "(";
    read.texts = {accessor + ")"};
    if (call.where && call.where.text() != "undefined") {
      if (!where.read(call.where)) {
        read.texts.clear();
        read.reason = "its `where` has more than columns, values and to-one relations";
        return;
      }
      condition = where.sql();
      read.texts = where.texts();
      read.parameters = where.parameters();
      read.texts.front() = accessor + "{ where: " + read.texts.front();
      read.texts.back() += " })";
    }
    // The extended client adds the condition where the call does not name the field; code that is to see deleted rows has a client of its own.
    const bool live = own != nullptr && extended_ && !read.sees_deleted && !where.names_field();
    std::vector<std::string> columns;
    for (const std::string& column : call.model->columns()) columns.push_back(sql::quote_identifier(column));
    read.statement = fmt::format("SELECT {} FROM {}{} WHERE {}{}", columns.empty() ? "1" : join(columns, ", "), sql::quote(call.model->table), where.related() ? " AS t0" : "",
                                 condition.find(" OR ") == std::string::npos ? condition : "(" + condition + ")", live ? fmt::format(" AND {} IS NULL", sql::quote_identifier(own->column)) : "");
  }

  const SchemaFacts& facts_;
  const PatchOptions& options_;
  bool extended_;
  const SourceFile& file_;
  const std::string& text_;
  DeletedReads& out_;
};

// The first place that names a column of the soft deletes; empty: none.
std::string names_column(const ScanResult& found, const PatchOptions& options) {
  const auto named = std::find_if(found.sites.begin(), found.sites.end(), [&](const QuerySite& site) {
    return std::any_of(site.tables.begin(), site.tables.end(), [&](const TableUse& use) {
      return !use.star && !use.all_columns && std::any_of(options.soft_deletes.begin(), options.soft_deletes.end(), [&](const SoftDelete& one) {
        return one.table == use.table && std::find(use.columns.begin(), use.columns.end(), one.column) != use.columns.end();
      });
    });
  });
  return named == found.sites.end() ? "" : fmt::format("{}:{}", named->file, named->line);
}

}  // namespace

DeletedReads find_deleted_reads(const SchemaFacts& facts, const ScanOptions& scan_options, const PatchOptions& options, ReadsAs as) {
  DeletedReads out;
  ScanOptions concerned = scan_options;
  for (const SoftDelete& one : options.soft_deletes) concerned.tables.push_back(one.table.schema + "." + one.table.name);
  const ScanResult found = scan(facts, concerned);
  const std::unique_ptr<CodeFiles> files = code_files({scan_options.root, {}, scan_options.exclude, true});  // `orm --apply` may just have written the extension
  bool extended = false;
  for (const SourceFile& file : files->list()) {
    if (!is_ecmascript(file.language)) continue;
    std::string text;
    try {
      text = files->read(file);
    } catch (const Error&) {
      continue;  // the scan says so where it matters
    }
    const bool own = text.find("defineExtension({") != std::string::npos && text.find("name: 'soft-delete'") != std::string::npos;
    if (own) out.extension = file.path;
    if (text.find("defineExtension") == std::string::npos && text.find("$extends") == std::string::npos) continue;
    extended = extended || own || std::any_of(options.soft_deletes.begin(), options.soft_deletes.end(), [&](const SoftDelete& one) { return text.find(one.field + ": null") != std::string::npos; });
  }
  if (as == ReadsAs::found) out.evidence = extended ? (out.extension.empty() ? "an extension of the client" : out.extension) : names_column(found, options);
  out.patched = as == ReadsAs::written || !out.evidence.empty();
  std::map<std::string, std::string> after;
  if (!out.patched) {
    for (FilePatch& file : patch_code(facts, scan_options, options).files) after[file.file] = std::move(file.after);
    extended = options.extension;
  }
  std::set<std::string> names;
  for (const QuerySite& site : found.sites) names.insert(site.file);
  for (const SourceFile& file : files->list()) {
    if (!names.contains(file.path)) continue;
    const auto edited = after.find(file.path);
    std::string text = edited != after.end() ? edited->second : files->read(file);
    if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
    FileReads(facts, options, extended, file, text, out).run();
  }
  return out;
}

}  // namespace contraflow::code
