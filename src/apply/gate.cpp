// SPDX-License-Identifier: Apache-2.0
#include "apply/gate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <thread>

#include "base/text.h"
#include "sql/name.h"

namespace contraflow::apply {
namespace {

// Words and quoted names of a statement: enough for the forms in which plans rename and drop.
std::vector<std::string> words_of(const std::string& statement) {
  std::vector<std::string> out;
  std::string word;
  bool quoted = false;
  for (const char c : statement) {
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == ' ' || c == '\n' || c == ',')) {
      if (!word.empty()) out.push_back(std::exchange(word, {}));
      if (c == ',') out.emplace_back(",");
    } else {
      word += c;
    }
  }
  if (!word.empty()) out.push_back(word);
  return out;
}

std::string value_of(const std::string& identifier) {
  if (!identifier.starts_with('"')) return identifier;
  return replace_all(identifier.substr(1, identifier.size() - 2), "\"\"", "\"");
}

sql::QualifiedName name_of(const std::string& text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (text[i] == '.' && !quoted) return {value_of(text.substr(0, i)), value_of(text.substr(i + 1))};
  }
  return {"", value_of(text)};
}

std::string text_of(const plan::Plan& plan, plan::Phase phase) {
  std::string out;
  for (const plan::Step* step : plan.in_phase(phase)) out += step->title + "\n" + join(step->forward.statements, "\n") + "\n";
  return out;
}

// A word in the server's regular expressions; names are matched as they are.
std::string word(const std::string& name) {
  std::string out;
  for (const char c : name) {
    if (std::string_view("\\^$.|?*+()[]{}").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return "\\m" + out + "\\M";
}

std::string shown(const OldShape& shape) { return sql::quote(shape.table) + (shape.column.empty() ? "" : "." + sql::quote_identifier(shape.column)); }

std::string mentions(const OldShape& shape, const std::string& expression) {
  std::string out = fmt::format("{} ~ {}", expression, sql::quote_literal(word(shape.table.name)));
  if (!shape.column.empty()) out += fmt::format(" AND {} ~ {}", expression, sql::quote_literal(word(shape.column)));
  return out;
}

constexpr const char* kOurs = "application_name NOT LIKE 'contraflow %'";

class Gate {
 public:
  Gate(pg::Connection& connection, const plan::Plan& plan, plan::Phase phase) : connection_(connection), text_(text_of(plan, phase)), shapes_(old_shape(plan, phase)) {}

  std::vector<GateFinding> look(const std::string& expanded_at, Milliseconds window, std::vector<std::string>& unseen) {
    if (shapes_.empty()) return {};
    visible(unseen, "sessions", [&] { sessions(expanded_at); });
    visible(unseen, "views", [&] { views(); });
    visible(unseen, "functions", [&] { functions(); });
    visible(unseen, "pg_stat_statements", [&] { statements(window, unseen); });
    return std::move(findings_);
  }

 private:
  void visible(std::vector<std::string>& unseen, const char* what, const std::function<void()>& look) {
    try {
      look();
    } catch (const pg::ServerError& error) {
      unseen.push_back(fmt::format("{}: {}", what, error.message()));
    }
  }

  // Prepared statements of other sessions cannot be seen; a session that is older than the deploy may have them.
  void sessions(const std::string& expanded_at) {
    if (!expanded_at.empty()) {
      const pg::Result old = connection_.query(
          fmt::format("SELECT count(*), coalesce(string_agg(DISTINCT coalesce(nullif(application_name, ''), usename::text), ', '), '') FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' "
                      "AND pid <> pg_backend_pid() AND {} AND backend_start < $1::timestamptz",
                      kOurs),
          {expanded_at});
      if (old.integer(0, 0) > 0) {
        findings_.push_back({"session", fmt::format("{} older than the end of the phase before ({}): {}; a session of the deployed version holds statements prepared for the old shape", count_of(old.integer(0, 0), "session is", "sessions are"), expanded_at.substr(0, 19), old.text(0, 1)),
                             "finish the deploy, or restart what has not reconnected since"});
      }
    }
    for (const OldShape& shape : shapes_) {
      const pg::Result using_it = connection_.execute(fmt::format(
          "SELECT format('pid %s %s (%s): %s', pid, usename, application_name, left(regexp_replace(query, '[[:space:]]+', ' ', 'g'), 120)) FROM pg_stat_activity WHERE datname = current_database() "
          "AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND {} AND {} LIMIT 3",
          kOurs, mentions(shape, "query")));
      for (int i = 0; i < using_it.rows(); ++i) findings_.push_back({"session", fmt::format("the last query of a session names {}: {}", shown(shape), using_it.text(i, 0)), "deploy the next version everywhere first"});
    }
  }

  // As a word of its own in the phase's statements.
  bool in_plan(const std::string& name) const {
    const auto part = [](char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0; };
    for (std::size_t at = text_.find(name); at != std::string::npos; at = text_.find(name, at + 1)) {
      if ((at == 0 || !part(text_[at - 1])) && (at + name.size() >= text_.size() || !part(text_[at + name.size()]))) return true;
    }
    return false;
  }

  void views() {
    for (const OldShape& shape : shapes_) {
      if (!shape.dropped) continue;
      const pg::Result found = connection_.query(
          "SELECT DISTINCT v.oid::regclass::text, v.relname::text FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid AND d.classid = 'pg_rewrite'::regclass JOIN pg_class v ON v.oid = r.ev_class "
          "WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = to_regclass($1) AND v.oid <> d.refobjid AND (d.refobjsubid = (SELECT attnum FROM pg_attribute WHERE attrelid = d.refobjid AND attname = $2 "
          "AND NOT attisdropped) OR ($2 = '' AND d.refobjsubid >= 0))",
          {sql::quote(shape.table), shape.column});
      for (int i = 0; i < found.rows(); ++i) {
        if (in_plan(found.string(i, 1))) continue;  // the plan recreates it
        findings_.push_back({"view", fmt::format("view {} uses {}, and the plan does not know it", found.text(i, 0), shown(shape)), "plan again, or change the view first"});
      }
    }
  }

  void functions() {
    for (const OldShape& shape : shapes_) {
      const pg::Result found = connection_.execute(fmt::format(
          "SELECT p.oid::regprocedure::text, p.proname::text FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE l.lanname NOT IN ('c', 'internal') "
          "AND p.pronamespace <> 'pg_catalog'::regnamespace AND p.proname NOT LIKE 'contraflow\\_%' AND {}",
          mentions(shape, "p.prosrc")));
      for (int i = 0; i < found.rows(); ++i) {
        if (in_plan(found.string(i, 1))) continue;
        findings_.push_back({"function", fmt::format("function {} names {} in its body", found.text(i, 0), shown(shape)), "change the function first: it fails once the phase has run"});
      }
    }
  }

  std::map<std::string, std::pair<long long, std::string>> calls(const std::string& relation) {
    std::map<std::string, std::pair<long long, std::string>> out;
    std::string condition;
    for (const OldShape& shape : shapes_) condition += (condition.empty() ? "(" : " OR (") + mentions(shape, "query") + ")";
    const pg::Result rows = connection_.execute(fmt::format(
        "SELECT queryid::text, sum(calls)::bigint, min(left(regexp_replace(query, '[[:space:]]+', ' ', 'g'), 120)) FROM {} WHERE dbid = (SELECT oid FROM pg_database WHERE "
        "datname = current_database()) AND query !~* '^[[:space:]]*(alter|create|drop|begin|set|comment|grant)' AND ({}) GROUP BY queryid",
        relation, condition));
    for (int i = 0; i < rows.rows(); ++i) out[rows.string(i, 0)] = {rows.integer(i, 1), rows.string(i, 2)};
    return out;
  }

  void statements(Milliseconds window, std::vector<std::string>& unseen) {
    if (window.count() == 0) return;
    const pg::Result place = connection_.execute("SELECT quote_ident(n.nspname) || '.pg_stat_statements' FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = 'pg_stat_statements'");
    if (place.rows() == 0) {
      unseen.emplace_back("calls of statements: pg_stat_statements is not installed here");
      return;
    }
    const auto before = calls(place.string(0, 0));
    std::this_thread::sleep_for(window);
    for (const auto& [id, now] : calls(place.string(0, 0))) {
      const auto earlier = before.find(id);
      const long long grown = now.first - (earlier == before.end() ? 0 : earlier->second.first);
      if (grown > 0) findings_.push_back({"statements", fmt::format("{} in {:.0f} s: {}", count_of(grown, "call"), static_cast<double>(window.count()) / 1000, now.second), "the deployed version still runs it: finish the deploy"});
    }
  }

  pg::Connection& connection_;
  std::string text_;
  std::vector<OldShape> shapes_;
  std::vector<GateFinding> findings_;
};

}  // namespace

std::vector<OldShape> old_shape(const plan::Plan& plan, plan::Phase phase) {
  std::set<OldShape> taken, given;  // `given` with dropped = false
  for (const plan::Step* step : plan.in_phase(phase)) {
    for (const std::string& statement : step->forward.statements) {
      const std::vector<std::string> words = words_of(statement);
      if (words.size() < 3) continue;
      const bool alter = words[0] == "ALTER" && words[1] == "TABLE";
      const bool drop = words[0] == "DROP" && (words[1] == "TABLE" || words[1] == "VIEW");
      const bool create = words[0] == "CREATE" && (words[1] == "TABLE" || words[1] == "VIEW");
      std::size_t at = 2;
      while (at < words.size() && (words[at] == "IF" || words[at] == "EXISTS" || words[at] == "NOT" || words[at] == "ONLY")) ++at;
      if (at >= words.size() || !(alter || drop || create)) continue;
      const sql::QualifiedName table = name_of(words[at]);
      if (drop) taken.insert({table, "", true});
      if (create) given.insert({table, "", false});
      for (std::size_t i = at + 1; alter && i + 1 < words.size(); ++i) {
        const auto follows = [&](std::size_t k, const char* text) { return k < words.size() && words[k] == text; };
        if (words[i] == "RENAME" && follows(i + 1, "COLUMN") && i + 4 < words.size()) {
          taken.insert({table, value_of(words[i + 2]), false});
          given.insert({table, value_of(words[i + 4]), false});
        } else if (words[i] == "RENAME" && follows(i + 1, "TO") && i + 2 < words.size()) {
          taken.insert({table, "", false});
          given.insert({{table.schema, value_of(words[i + 2])}, "", false});
        } else if (words[i] == "DROP" && follows(i + 1, "COLUMN")) {
          const std::size_t name = follows(i + 2, "IF") ? i + 4 : i + 2;
          if (name < words.size()) taken.insert({table, value_of(words[name]), true});
        } else if (words[i] == "ADD" && follows(i + 1, "COLUMN")) {
          const std::size_t name = follows(i + 2, "IF") ? i + 5 : i + 2;
          if (name < words.size()) given.insert({table, value_of(words[name]), false});
        }
      }
    }
  }
  std::vector<OldShape> out;
  for (const OldShape& shape : taken) {
    if (!given.contains({shape.table, shape.column, false})) out.push_back(shape);
  }
  return out;
}

std::vector<GateFinding> gate_findings(pg::Connection& connection, const plan::Plan& plan, plan::Phase phase, const std::string& expanded_at, Milliseconds window,
                                       std::vector<std::string>& unseen) {
  if (phase != plan::Phase::contract && phase != plan::Phase::purge) return {};
  return Gate(connection, plan, phase).look(expanded_at, window, unseen);
}

}  // namespace contraflow::apply
