// SPDX-License-Identifier: Apache-2.0
#include "code/sql_sites.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "base/utf8.h"
#include "catalog/source_script.h"
#include "sql/dynamic.h"
#include "sql/functions.h"
#include "sql/statements.h"
#include "sql/usage.h"

namespace contraflow::code {
namespace {

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || static_cast<unsigned char>(c) >= 0x80; }

// The first words of a text in lower case, comments and opening parentheses left out.
std::vector<std::string> first_words(std::string_view text, std::size_t count) {
  std::vector<std::string> out;
  std::size_t i = 0;
  while (i < text.size() && out.size() < count) {
    const char c = text[i];
    if (c == '-' && text.substr(i, 2) == "--") {
      i = std::min(text.find('\n', i), text.size());
    } else if (c == '/' && text.substr(i, 2) == "/*") {
      const std::size_t end = text.find("*/", i);
      i = end == std::string_view::npos ? text.size() : end + 2;
    } else if (is_word(c)) {
      const std::size_t begin = i;
      while (i < text.size() && is_word(text[i])) ++i;
      out.push_back(to_lower(text.substr(begin, i - begin)));
    } else if (c == ' ' || c == '\n' || c == '\t' || c == '\r' || (c == '(' && out.empty()) || (c == ';' && out.empty())) {
      ++i;
    } else if (out.empty()) {
      return out;
    } else {
      out.emplace_back(1, c);
      ++i;
    }
  }
  return out;
}

std::string to_upper(std::string text) {
  for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return text;
}

bool is_system(const sql::QualifiedName& name) {
  return name.schema == "pg_catalog" || name.schema == "information_schema" || (name.schema.empty() && name.name.starts_with("pg_"));
}

// What follows the first `(select`, in whatever case and with white space between.
std::string_view from_sub_query(std::string_view text) {
  for (std::size_t open = text.find('('); open != std::string_view::npos; open = text.find('(', open + 1)) {
    const std::size_t word = text.find_first_not_of(" \t\r\n", open + 1);
    if (word != std::string_view::npos && word + 7 <= text.size() && to_lower(text.substr(word, 6)) == "select" && !is_word(text[word + 6])) return text.substr(word);
  }
  return {};
}

bool names_relation(std::string_view word) { return word == "from" || word == "join" || word == "into" || word == "update" || word == "only"; }

struct Mention {
  sql::QualifiedName name;
  std::size_t offset;
};

// The database whose SQL has a function that PostgreSQL has not, where its name tells.
std::string_view database_of_function(std::string_view name) {
  struct Row {
    std::string_view database, functions;
  };
  static constexpr std::array<Row, 5> kRows{{
      {"ClickHouse", " uniq quantile quantiles anylast topk multiif formatdatetime todate todatetime tostring grouparray arrayjoin "},
      {"MySQL",
       " ifnull date_format group_concat unix_timestamp from_unixtime str_to_date datediff curdate curtime last_insert_id date_add date_sub find_in_set json_extract "
       "json_unquote utc_timestamp timestampdiff "},
      {"SQLite", " strftime julianday last_insert_rowid datetime unixepoch total_changes "},
      {"SQL Server", " getdate getutcdate dateadd datename sysdatetime charindex scope_identity newid isnull iif "},
      {"Oracle", " nvl nvl2 sys_guid listagg add_months "},
  }};
  for (const Row& row : kRows) {
    if (row.functions.find(" " + std::string(name) + " ") != std::string_view::npos) return row.database;
  }
  return {};
}

// `{name:UUID}` and `{name: Array(String)}`: ClickHouse's parameters. Nothing of PostgreSQL's has this form outside of literals.
bool has_clickhouse_parameter(std::string_view text) {
  bool literal = false;
  for (std::size_t open = 0; open < text.size(); ++open) {
    if (text[open] == '\'') literal = !literal;
    if (literal || text[open] != '{') continue;
    std::size_t i = open + 1;
    while (i < text.size() && is_word(text[i])) ++i;
    if (i == open + 1 || i >= text.size() || text[i] != ':') continue;
    for (++i; i < text.size() && text[i] == ' ';) ++i;
    const std::size_t type = i;
    while (i < text.size() && (is_word(text[i]) || text[i] == '(' || text[i] == ')' || text[i] == ',' || text[i] == ' ')) ++i;
    if (i < text.size() && text[i] == '}' && i > type && text[type] >= 'A' && text[type] <= 'Z') return true;
  }
  return false;
}

// A statement that parses may still be meant for another database, which has a table of the same name: what it calls tells. Only the server
// could say more (`queries --plan` asks it).
void doubt_functions(QuerySite& site, const sql::StatementUse& use, const SchemaFacts& facts, bool ours) {
  for (const sql::CalledFunction& function : use.functions) {
    const std::string& name = function.name.name;
    if (function.name.schema == "pg_catalog" || function.name.schema == "information_schema" || sql::is_built_in(name) || facts.functions.contains(name)) continue;
    const std::string_view database = database_of_function(name);
    const auto hump = [](char left, char right) { return left >= 'a' && left <= 'z' && right >= 'A' && right <= 'Z'; };
    const bool camel_case = std::adjacent_find(function.written.begin(), function.written.end(), hump) != function.written.end();
    const bool all_known = facts.complete && !facts.extensions;
    if (!ours && !database.empty()) {
      site.confidence = Confidence::low;
      site.reason = fmt::format("{}() is {}'s, and neither PostgreSQL nor the schema has it: SQL for another database", function.written, database);
    } else if (!ours && (all_known || (camel_case && function.name.schema.empty()))) {
      site.confidence = Confidence::low;
      site.reason = fmt::format("neither PostgreSQL nor the schema has a function {}(): SQL for another database?", function.written);
    } else if (site.confidence == Confidence::high) {
      site.confidence = Confidence::medium;
      site.reason = fmt::format("PostgreSQL itself has no function {}(): one of an extension or of the schema{}", function.written, ours ? "" : ", or SQL for another database");
      continue;
    }
    if (site.confidence == Confidence::low) return;
  }
}

// `FROM x`, `JOIN x`, `INTO x`, `UPDATE x` in a text that does not parse.
std::vector<Mention> mentions(std::string_view text) {
  std::vector<Mention> out;
  std::string previous;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '-' && text.substr(i, 2) == "--") {
      i = std::min(text.find('\n', i), text.size());
      continue;
    }
    if (c == '/' && text.substr(i, 2) == "/*") {
      const std::size_t end = text.find("*/", i);
      i = end == std::string_view::npos ? text.size() : end + 2;
      continue;
    }
    if (c == '\'') {
      i = std::min(text.find('\'', i + 1), text.size() - 1) + 1;
      previous.clear();
      continue;
    }
    // Other databases' quotes too: `name` and [name]. A statement that has them does not parse, and its tables may be ours.
    const auto closing = [&](char open) { return open == '"' || open == '`' ? open : open == '[' && names_relation(previous) ? ']'
                                                                                                                             : '\0'; };
    if (!is_word(c) && closing(c) == '\0') {
      if (c != ' ' && c != '\n' && c != '\t' && c != '\r') previous.clear();
      ++i;
      continue;
    }
    const std::size_t begin = i;
    std::vector<std::string> parts;
    while (i < text.size()) {
      const std::size_t part = i;
      if (const char end = closing(text[i]); end != '\0') {
        const std::size_t close = text.find(end, i + 1);
        if (close == std::string_view::npos) return out;
        parts.emplace_back(text.substr(part + 1, close - part - 1));
        i = close + 1;
      } else {
        while (i < text.size() && is_word(text[i])) ++i;
        parts.push_back(to_lower(text.substr(part, i - part)));
      }
      if (i + 1 < text.size() && text[i] == '.' && (is_word(text[i + 1]) || closing(text[i + 1]) != '\0'))
        ++i;
      else
        break;
    }
    if (names_relation(previous) && !parts.empty() && parts.size() <= 2)
      out.push_back({{parts.size() == 2 ? parts[0] : "", parts.back()}, begin});
    previous = parts.size() == 1 ? parts[0] : "";
  }
  return out;
}

// Tables of the schema that a fragment names: what is found when nothing parses.
bool analyse_fragment(QuerySite& site, std::string_view text, const SchemaFacts& facts) {
  for (const Mention& mention : mentions(text)) {
    const auto found = facts.resolve(mention.name);
    if (!found) continue;
    const bool there = std::any_of(site.tables.begin(), site.tables.end(), [&](const TableUse& use) { return use.table == *found; });
    if (!there) site.tables.push_back({.table = *found, .known = true, .verb = site.verb});
  }
  site.confidence = Confidence::low;
  return !site.tables.empty();
}

sql::Verb verb_of_word(std::string_view word) {
  if (word == "insert") return sql::Verb::insert;
  if (word == "update") return sql::Verb::update;
  if (word == "delete") return sql::Verb::delete_;
  if (word == "merge") return sql::Verb::merge;
  if (word == "truncate") return sql::Verb::truncate;
  return sql::Verb::select;
}

}  // namespace

bool looks_like_sql(std::string_view text) {
  static constexpr std::array<std::string_view, 22> kFirst{"select", "insert", "update", "delete", "with", "merge", "truncate", "copy", "lock", "explain", "create",
                                                           "alter", "drop", "declare", "comment", "refresh", "table", "prepare", "values", "call", "analyze", "vacuum"};
  if (text.size() < 8) return false;
  const std::vector<std::string> words = first_words(text, 3);
  if (words.size() < 2 || std::find(kFirst.begin(), kFirst.end(), words[0]) == kFirst.end()) return false;
  if (words[0] == "insert") return words[1] == "into";
  if (words[0] == "delete") return words[1] == "from";
  if (words[0] == "merge") return words[1] == "into";
  if (words[0] == "comment") return words[1] == "on";
  // English sentences begin with these words too: SQL has its own second word somewhere.
  const std::string lower = to_lower(text);
  if (words[0] == "select") return lower.find("from") != std::string::npos || text.find('(') != std::string_view::npos;
  if (words[0] == "values" || words[0] == "call") return lower.find("select") != std::string::npos;
  if (words[0] == "prepare") return lower.find(" as") != std::string::npos || lower.find("\nas") != std::string::npos;
  if (words[0] == "update") return lower.find("set") != std::string::npos;
  if (words[0] == "with") return lower.find(" as") != std::string::npos || lower.find("\nas") != std::string::npos;
  return true;
}

bool analyse(QuerySite& site, const SchemaFacts& facts, bool ddl, bool ours) {
  sql::StatementUse use;
  try {
    use = sql::usage_of(site.statement, [&](const sql::QualifiedName& written) -> std::optional<std::vector<std::string>> {
      const auto name = facts.resolve(written);
      if (!name) return std::nullopt;
      return *facts.columns(*name);
    });
  } catch (const Error&) {
    return false;
  }
  site.verb = use.verb;
  if (use.verb == sql::Verb::ddl && !ddl) return false;
  bool any_known = false;
  for (const sql::RelationUse& relation : use.relations) {
    if (is_system(relation.name)) continue;
    TableUse out;
    const auto known = facts.resolve(relation.name);
    out.known = known.has_value();
    out.table = known.value_or(relation.name);
    out.verb = relation.verb;
    out.columns.assign(relation.columns.begin(), relation.columns.end());
    out.star = relation.star;
    for (const std::string& column : relation.unknown_columns) {
      // u.f is f(u), too: a function that takes the whole row.
      if (known && facts.functions.contains(column)) {
        out.star = true;
        out.columns = *facts.columns(*known);
        std::sort(out.columns.begin(), out.columns.end());
      } else {
        out.unknown_columns.push_back(column);
      }
    }
    out.unfiltered = !relation.filtered && (relation.verb == sql::Verb::select || relation.verb == sql::Verb::update || relation.verb == sql::Verb::delete_);
    any_known |= out.known;
    site.tables.push_back(std::move(out));
  }
  if (site.tables.empty()) return false;
  if (!facts.relations.empty() && !any_known) return false;
  if (!site.statement_certain && site.confidence == Confidence::high) {
    site.confidence = Confidence::medium;
    site.reason = "a part of the statement is put in at run time";
  }
  doubt_functions(site, use, facts, ours);
  return true;
}

std::string function_around(const Node& node) {
  std::string function, type;
  for (Node at = node.parent(); at; at = at.parent()) {
    const std::string_view kind = at.type();
    const bool names_function = kind == "function_declaration" || kind == "method_definition" || kind == "function_definition" || kind == "method_declaration" ||
                                kind == "method" || kind == "singleton_method" || kind == "constructor_declaration" || kind == "generator_function_declaration";
    if (function.empty() && names_function) function = std::string(at.field("name").text());
    if (function.empty() && (kind == "variable_declarator" || kind == "public_field_definition") && at.field("value").is("arrow_function"))
      function = std::string(at.field("name").text());
    if (kind == "method_declaration" && type.empty()) {  // Go: func (r *UserRepo) Find()
      const Node receiver = at.field("receiver");
      if (receiver) {
        std::string_view text = receiver.text();
        const std::size_t last = text.find_last_of(" *");
        if (last != std::string_view::npos) type = std::string(trim(text.substr(last + 1, text.size() - last - 2)));
      }
    }
    if (type.empty() && (kind == "class_declaration" || kind == "class_definition" || kind == "class" || kind == "abstract_class_declaration"))
      type = std::string(at.field("name").text());
  }
  if (type.empty() || function.empty()) return function.empty() ? type : function;
  return type + "." + function;
}

void place(QuerySite& site, std::string_view source, std::size_t begin, std::size_t end) {
  const Location location = locate(source, begin);
  site.line = location.line;
  site.column = location.column;
  site.begin = begin;
  site.end = end;
}

namespace {

class Finder {
 public:
  Finder(const Tree& tree, const Constants& constants, const SchemaFacts& facts, bool ddl)
      : tree_(tree), reader_(tree, constants), facts_(facts), ddl_(ddl) {}

  std::vector<FoundSql> find() {
    heredocs();
    walk(tree_.root(), [&](Node node) {
      if (!reader_.is_string(node)) return true;
      const auto value = reader_.read(node);
      if (!value) return true;
      if (!take(node, *value)) return node.type().find("string") == std::string_view::npos || !value->holes.empty();
      if (node.is("call_expression") && begin_of(node) != node.field("function").begin()) return true;  // the tag has statements of its own
      // Interpolated expressions may hold statements of their own.
      return !value->holes.empty();
    });
    std::vector<FoundSql> out;
    std::set<std::pair<std::size_t, std::string>> seen;
    std::vector<bool> parts;
    for (const FoundSql& found : found_) {
      // A part of an expression that was taken as a whole is no site of its own.
      parts.push_back(std::any_of(taken_.begin(), taken_.end(), [&](const auto& range) {
        return range.first <= found.site.begin && found.site.end <= range.second && range != std::pair(found.site.begin, found.site.end) &&
               covers(range, found.site.begin);
      }));
    }
    for (std::size_t i = 0; i < found_.size(); ++i) {
      FoundSql& found = found_[i];
      if (!parts[i] && seen.insert({found.site.begin, found.site.statement}).second) out.push_back(std::move(found));
    }
    return out;
  }

 private:
  // Whether the expression in `range` has the literal at `offset` as a part of its text (and not inside of an interpolated value).
  bool covers(const std::pair<std::size_t, std::size_t>& range, std::size_t offset) const {
    for (const FoundSql& found : found_) {
      if (found.site.begin != range.first || found.site.end != range.second) continue;
      for (const Piece& piece : found.value.pieces) {
        if (piece.local && piece.source >= offset && piece.source <= offset + 4) return true;
      }
    }
    return false;
  }

  // The places of <<~SQL by their order: the bodies follow in the same.
  void heredocs() {
    if (tree_.language() != Language::ruby) return;
    std::vector<Node> beginnings, bodies;
    walk(tree_.root(), [&](Node node) {
      if (node.is("heredoc_beginning")) beginnings.push_back(node);
      if (node.is("heredoc_body")) bodies.push_back(node);
      return true;
    });
    std::sort(beginnings.begin(), beginnings.end(), [](const Node& l, const Node& r) { return l.begin() < r.begin(); });
    for (std::size_t i = 0; i < bodies.size() && i < beginnings.size(); ++i) heredoc_[bodies[i].begin()] = beginnings[i];
  }

  bool take(const Node& node, const StringValue& value) {
    const std::string& text = value.text;
    if (text.size() < 6 || text.size() > 1'000'000) return false;
    Node at = node;
    if (const auto it = heredoc_.find(node.begin()); it != heredoc_.end() && node.is("heredoc_body")) at = it->second;
    if (!looks_like_sql(text)) {
      if (!take_fragment(at, node, value)) return false;
      taken_.emplace_back(begin_of(at), at.end());
      return true;
    }
    const std::size_t before = found_.size();
    const Taken taken = take_statements(at, node, value);
    if (taken == Taken::nothing) return false;
    if (taken == Taken::unread) {
      QuerySite site;
      site.verb = verb_of_word(first_words(text, 1)[0]);
      site.reason = "the statement is put together at run time in a way that cannot be read here";
      if (has_clickhouse_parameter(text)) site.reason = "{name:Type} is ClickHouse's form of a parameter: SQL for another database";
      else if (const std::string refused = refusal(text); value.holes.empty() && !refused.empty()) site.reason = refused;
      if (!analyse_fragment(site, text, facts_)) return false;
      push(at, node, value, std::move(site), 0, text.size(), {});
    }
    if (found_.size() > before) taken_.emplace_back(begin_of(at), at.end());
    return found_.size() > before;
  }

  // A clause: `JOIN users u ON …`, `FROM users WHERE …`. Its tables are what it shows.
  bool take_fragment(const Node& at, const Node& node, const StringValue& value) {
    static constexpr std::array<std::string_view, 9> kClauses{"from", "join", "left", "right", "inner", "full", "cross", "union", "natural"};
    const std::vector<std::string> words = first_words(value.text, 2);
    // A condition or a CTE that is put into a statement elsewhere: `and exists (select …)`, `latest as (select …)`, `"id" in (select …)`; prose has no parenthesis there.
    const bool clause = words.size() > 1 && std::find(kClauses.begin(), kClauses.end(), words[0]) != kClauses.end();
    const std::string_view part = clause ? std::string_view(value.text) : from_sub_query(value.text);
    QuerySite site;
    site.verb = sql::Verb::select;
    site.reason = "a part of a statement";
    if (!analyse_fragment(site, part, facts_)) return false;
    push(at, node, value, std::move(site), 0, value.text.size(), {});
    return true;
  }

  // Why the text, in which nothing is left open, is no statement.
  static std::string refusal(const std::string& text) {
    try {
      sql::usage_of(text, [](const sql::QualifiedName&) { return std::nullopt; });
    } catch (const Error& error) {
      return fmt::format("PostgreSQL's parser refuses it ({}): SQL for another database, or put together at run time", error.what());
    }
    return {};
  }

  enum class Taken { sites,
                     nothing,  // read, and it touches no table, or only defines things
                     unread };

  Taken take_statements(const Node& at, const Node& node, const StringValue& value) {
    if (has_clickhouse_parameter(value.text)) return Taken::unread;
    const auto whole = sql::read_dynamic(value.text, value.holes, {.at_names = tree_.language() == Language::go});
    if (!whole) return Taken::unread;
    std::vector<sql::Statement> statements;
    try {
      statements = sql::split_statements(whole->text);
    } catch (const Error&) {
      return Taken::unread;
    }
    bool any = false;
    const bool ours = goes_to_prisma(node, value);
    for (const sql::Statement& statement : statements) {
      QuerySite site;
      site.statement = statement.text;
      site.statement_certain = whole->certain;
      if (!plausible(node, value) || !analyse(site, facts_, ddl_, ours)) continue;
      const std::size_t begin = original_offset(whole->edits, statement.offset);
      const std::size_t end = original_offset(whole->edits, statement.end());
      std::vector<TextEdit> edits;
      for (const TextEdit& edit : whole->edits) {
        if (edit.begin >= begin && edit.end <= end) edits.push_back({edit.begin - begin, edit.end - begin, edit.text});
      }
      push(at, node, value, std::move(site), begin, end - begin, std::move(edits));
      any = true;
    }
    return any ? Taken::sites : whole->certain ? Taken::nothing
                                               : Taken::unread;
  }

  // prisma.$queryRaw`…`, Prisma.sql`…`, prisma.$executeRawUnsafe('…'): the client whose models the schema has sends it.
  bool goes_to_prisma(const Node& node, const StringValue& value) const {
    if (facts_.models.empty()) return false;
    const auto raw = [](std::string_view name) { return name.ends_with("$queryRaw") || name.ends_with("$executeRaw") || name == "Prisma.sql"; };
    if (raw(value.tag)) return true;
    const Node call = node.parent().is("arguments") ? node.parent().parent() : Node();
    std::string_view callee = call.field("function").text();
    callee = trim(callee.substr(0, callee.find('<')));
    return callee.ends_with("$queryRawUnsafe") || callee.ends_with("$executeRawUnsafe");
  }

  // Without a schema to hold it against, prose that happens to parse is told apart by how it is written and where it goes. `Lock users` and `Table users` are labels
  // whatever the schema has.
  bool plausible(const Node& node, const StringValue& value) const {
    if (!value.tag.empty()) return true;
    const std::string word = first_words(value.text, 1)[0];
    const bool label = (word == "table" || word == "lock" || word == "truncate" || word == "analyze" || word == "vacuum") && value.text.find('\n') == std::string::npos;
    if (!facts_.relations.empty() && !label) return true;
    const bool capitals = label ? value.text.find(to_upper(word)) != std::string::npos : value.text.find(word) == std::string::npos;
    if (capitals || value.text.find('\n') != std::string::npos) return true;
    static constexpr std::array<std::string_view, 9> kCalls{"query", "execute", "exec", "raw", "prepare", "sql", "fetch", "select", "text"};
    for (Node up = node.parent(); up && up.end() - up.begin() < 4 * (node.end() - node.begin()) + 200; up = up.parent()) {
      const std::string callee = to_lower(up.field("function") ? up.field("function").text() : up.field("name") ? up.field("name").text()
                                                                                                                : up.field("method").text());
      for (const std::string_view call : kCalls) {
        if (callee.find(call) != std::string::npos) return true;
      }
    }
    return false;
  }

  // TypeScript's grammar has no tag<Type[]>`…`: before the template it takes whatever is an expression, a whole arrow function or the other arm of a ternary.
  static std::size_t begin_of(const Node& at) {
    if (!at.is("call_expression") || !at.field("arguments").is("template_string")) return at.begin();
    Node tag = at.field("function");
    for (;;) {
      Node inner;
      if (tag.is("arrow_function")) inner = tag.field("body");
      else if (tag.is("ternary_expression")) inner = tag.field("alternative");
      else if (tag.is("assignment_expression") || (tag.is("binary_expression") && !is_type_list(tag))) inner = tag.field("right");
      if (!inner) return tag.begin();
      tag = inner;
    }
  }

  // `prisma.$queryRaw<Row>` read as two comparisons.
  static bool is_type_list(const Node& tag) {
    const std::string_view sign = tag.field("operator").text();
    return sign == "<" || sign == ">";
  }

  void push(const Node& at, const Node& node, const StringValue& value, QuerySite site, std::size_t offset, std::size_t length, std::vector<TextEdit> edits) {
    site.origin = Origin::raw_sql;
    place(site, tree_.source(), begin_of(at), at.end());
    site.function = function_around(node);
    found_.push_back({std::move(site), value, offset, length, std::move(edits)});
  }

  const Tree& tree_;
  StringReader reader_;
  const SchemaFacts& facts_;
  bool ddl_;
  std::map<std::size_t, Node> heredoc_;
  std::vector<FoundSql> found_;
  std::vector<std::pair<std::size_t, std::size_t>> taken_;
};

}  // namespace

std::vector<FoundSql> find_sql(const Tree& tree, const Constants& constants, const SchemaFacts& facts, bool ddl) {
  return Finder(tree, constants, facts, ddl).find();
}

namespace {

struct Part {
  std::size_t offset;
  std::string text;
};

// The statements of an .sql file: of a psql script, its meta-commands and the data of COPY left out; of one with a quote that nothing closes, those before it.
std::vector<Part> parts_of(std::string_view text) {
  std::vector<Part> out;
  if (!text.starts_with('\\') && text.find("\n\\") == std::string_view::npos) {
    try {
      for (sql::Statement& statement : sql::split_statements(text)) out.push_back({statement.offset, std::move(statement.text)});
      return out;
    } catch (const Error&) {
      out.clear();
    }
  }
  const auto file = std::make_shared<const catalog::ScriptFile>(catalog::ScriptFile{.name = {}, .text = std::string(text)});
  for (const catalog::ScriptItem& item : catalog::split_script(file)) {
    if (item.kind == catalog::ItemKind::statement && item.end > item.begin) out.push_back({item.begin, std::string(item.text())});
  }
  return out;
}

}  // namespace

std::vector<FoundSql> find_statements(std::string_view text, const SchemaFacts& facts, bool ddl) {
  std::vector<FoundSql> out;
  for (const Part& statement : parts_of(text)) {
    FoundSql found;
    found.site.origin = Origin::sql_file;
    const auto dynamic = sql::read_dynamic(statement.text, {});
    if (!dynamic) continue;
    found.site.statement = dynamic->text;
    found.site.statement_certain = dynamic->certain;
    if (!analyse(found.site, facts, ddl)) continue;
    place(found.site, text, statement.offset, statement.offset + statement.text.size());
    found.value.text = std::string(text);
    found.value.pieces.push_back({0, text.size(), 0, '\0', true});
    found.offset = statement.offset;
    found.length = statement.text.size();
    found.edits = dynamic->edits;
    out.push_back(std::move(found));
  }
  return out;
}

}  // namespace contraflow::code
