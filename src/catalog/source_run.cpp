// SPDX-License-Identifier: Apache-2.0
#include "catalog/source_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/text.h"
#include "catalog/source.h"
#include "catalog/source_scan.h"
#include "sql/name.h"

namespace contraflow::catalog {

namespace {

enum class Control { none,
                     begin,
                     end };

Control transaction_control(const ScriptItem& item) {
  if (item.kind != ItemKind::statement || item.words.empty()) return Control::none;
  const std::string& word = item.words[0];
  if (word == "begin" || item.starts_with({"start", "transaction"})) return Control::begin;
  if (word == "commit" || word == "end" || word == "abort" || item.starts_with({"prepare", "transaction"}))
    return Control::end;
  if (word == "rollback" && !item.starts_with({"rollback", "to"})) return Control::end;
  return Control::none;
}

// Statements after which the database holds something: `\connect` to another one must not follow them.
bool fills_database(const ScriptItem& item) {
  static constexpr std::array<std::string_view, 8> kElsewhere = {"set", "reset", "select", "show",
                                                                 "discard", "begin", "commit", "rollback"};
  if (item.kind != ItemKind::statement || item.words.empty()) return false;
  if (std::find(kElsewhere.begin(), kElsewhere.end(), item.words[0]) != kElsewhere.end()) return false;
  const std::string_view second =
      item.words.size() > 1 ? std::string_view(item.words[1]) : std::string_view();
  return second != "role" && second != "database" && second != "tablespace" && second != "user";
}

class ScriptRunner {
 public:
  ScriptRunner(pg::Connection& connection, const std::vector<ScriptItem>& items, const RunOptions& options)
      : connection_(connection), items_(items), options_(options) {}

  void run() {
    connection_.execute("SET lc_messages = 'C'");  // missing_role() reads the message
    wrapped_ =
        options_.one_transaction && std::none_of(items_.begin(), items_.end(), [](const ScriptItem& item) {
          return transaction_control(item) != Control::none;
        });
    if (wrapped_) connection_.execute("BEGIN");
    try {
      for (std::size_t i = 0; i < items_.size() && !quit_;) i = step(i);
      if (wrapped_) commit();
    } catch (const Error&) {
      abandon_transaction();
      throw;
    }
  }

 private:
  // Deferred constraints are checked here: the error belongs to the script as a whole.
  void commit() {
    try {
      connection_.execute("COMMIT");
    } catch (const pg::ServerError& error) {
      throw script_error(error, items_.back(), connection_.server_major());
    }
  }

  // Returns the item to go on with: the next, or an earlier one where a transaction has to be run again.
  std::size_t step(std::size_t i) {
    const ScriptItem& item = items_[i];
    if (item.kind == ItemKind::meta_command) {
      run_meta_command(item);
      return i + 1;
    }
    if (skipped_.contains(i) || leave_out(item)) return i + 1;
    if (!connection_.in_transaction()) transaction_start_ = i;
    try {
      if (item.copies_from_stdin) {
        connection_.copy_in(item.text(), item.data());
      } else {
        connection_.execute(item.text());
      }
    } catch (const pg::ServerError& error) {
      return recover(error, i);
    }
    filled_ = filled_ || fills_database(item);
    return i + 1;
  }

  // What a throwaway server of our own lacks is supplied and the statement run again; inside a transaction,
  // which is lost with the error, that means all of the transaction.
  std::size_t recover(const pg::ServerError& error, std::size_t i) {
    const ScriptItem& item = items_[i];
    const Error failure = script_error(error, item, connection_.server_major());
    const bool in_transaction = connection_.in_transaction();
    // 25001: CREATE INDEX CONCURRENTLY and its like; 55P04: a new enum value is used in the transaction that
    // adds it; 2D000: a DO block or procedure that commits as it goes.
    if (wrapped_ && (error.sqlstate() == "25001" || error.sqlstate() == "55P04" || error.sqlstate() == "2D000")) {
      connection_.execute("ROLLBACK");
      wrapped_ = false;
      return 0;
    }
    if (!options_.private_server) throw failure;
    if (in_transaction) connection_.execute("ROLLBACK");
    if (is_known_role(error, item) || is_unknown_setting(error, item)) {
      skipped_.insert(i);
    } else if (recoveries_++ >= kMaxRecoveries || !supply(error)) {
      throw failure;
    } else if (const std::string role = missing_role(error); !role.empty() && options_.made_role && failure.location()) {
      options_.made_role(role, *failure.location());
    }
    if (!in_transaction) return i;
    if (wrapped_) connection_.execute("BEGIN");
    return wrapped_ ? 0 : transaction_start_;
  }

  bool supply(const pg::ServerError& error) {
    try {
      return supply_missing(connection_, error);
    } catch (const pg::ServerError&) {
      return false;  // the script gave up its rights (SET ROLE): its own error says more
    }
  }

  // Roles belong to the cluster, so another source that was loaded before may have made (or still need) the
  // same role.
  static bool is_known_role(const pg::ServerError& error, const ScriptItem& item) {
    const bool creates =
        item.starts_with({"create", "role"}) || item.starts_with({"create", "group"}) ||
        (item.starts_with({"create", "user"}) && !item.starts_with({"create", "user", "mapping"}));
    const bool drops = item.starts_with({"drop", "role"}) || item.starts_with({"drop", "user"}) ||
                       item.starts_with({"drop", "group"});
    return (creates && error.sqlstate() == "42710") || (drops && error.sqlstate() == "2BP01");
  }

  // pg_dump of a newer or older major sets parameters that this server does not have; they do not shape the
  // schema.
  bool is_unknown_setting(const pg::ServerError& error, const ScriptItem& item) const {
    static constexpr std::array<std::string_view, 4> kParameters = {
        "transaction_timeout", "default_with_oids", "idle_session_timeout", "default_toast_compression"};
    if (error.sqlstate() != "42704" || !item.starts_with({"set"}) || item.words.size() < 2) return false;
    if (std::find(kParameters.begin(), kParameters.end(), item.words[1]) == kParameters.end()) return false;
    note(item,
         fmt::format("parameter {} is unknown to PostgreSQL {}", item.words[1], connection_.server_major()));
    return true;
  }

  // Statements about the cluster or the database as such are no part of a schema.
  bool leave_out(const ScriptItem& item) {
    for (const std::string_view verb : {"create", "drop", "alter"}) {
      if (item.starts_with({verb, "database"})) {
        note(item, "the database itself is not part of the schema");
        return true;
      }
    }
    if (item.starts_with({"comment", "on", "database"}) ||
        item.starts_with({"security", "label", "on", "database"})) {
      note(item, "the database itself is not part of the schema");
      return true;
    }
    if (item.starts_with({"grant"}) || item.starts_with({"revoke"})) {
      if (!is_database_privilege(item)) return false;
      note(item, "privileges on the database are not part of the schema");
      return true;
    }
    if (item.starts_with({"alter", "system"})) {
      throw Error(ErrorCode::usage, "ALTER SYSTEM configures a server, not a schema",
                  "take the statement out of the file")
          .at(item.location());
    }
    if (options_.private_server && item.starts_with({"create", "tablespace"}) && item.words.size() > 2) {
      create_tablespace(item.words[2]);
      note(item, "the throwaway server keeps the tablespace in its own folder");
      return true;
    }
    return false;
  }

  static bool is_database_privilege(const ScriptItem& item) {
    SqlScanner scanner(item.text());
    std::string previous;
    for (Token token = scanner.next(); token.kind != TokenKind::end; token = scanner.next()) {
      if (token.kind == TokenKind::comment) continue;
      const std::string word = to_lower(scanner.text(token));
      if (previous == "on") return word == "database";
      previous = word;
    }
    return false;
  }

  void create_tablespace(const std::string& name) {
    const bool known =
        connection_.query("SELECT FROM pg_catalog.pg_tablespace WHERE spcname = $1", {name}).rows() > 0;
    if (known || connection_.server_major() < 15) return;
    connection_.execute("SET allow_in_place_tablespaces = on");
    connection_.execute(fmt::format("CREATE TABLESPACE {} LOCATION ''", sql::quote_identifier(name)));
  }

  void run_meta_command(const ScriptItem& item) {
    const std::string& name = item.words[0];
    if (is_presentation_only(item)) return;
    if (name == "q" || name == "quit") {
      quit_ = true;
      return;
    }
    if (name == "encoding" && item.words.size() == 2) {
      connection_.execute("SET client_encoding = " + sql::quote_literal(item.words[1]));
      return;
    }
    if (name == "connect" || name == "c") return connect(item);
    if (needs_psql({item})) {
      throw Error(ErrorCode::usage, fmt::format("\\{} can only be run by psql", name),
                  "install psql (apt-get install postgresql-client), or write the file without it")
          .at(item.location());
    }
    throw Error(ErrorCode::usage, fmt::format("psql meta-command \\{} is not supported", name),
                "supported are those that pg_dump writes (\\restrict, \\unrestrict, \\connect), \\i, \\ir, "
                "\\encoding, "
                "\\q and, where psql is installed, \\set, \\gset, \\gexec, \\if … \\endif")
        .at(item.location());
  }

  // pg_dump --create writes it between CREATE DATABASE and the contents: the sandbox's database takes their
  // place.
  void connect(const ScriptItem& item) {
    if (filled_) {
      throw Error(ErrorCode::usage, "the file fills more than one database",
                  "split it: contraflow compares one database with one other")
          .at(item.location());
    }
    connection_.execute("RESET SESSION AUTHORIZATION");
    connection_.execute(connection_.in_transaction() ? "RESET ALL" : "DISCARD ALL");
    connection_.execute("SET lc_messages = 'C'");
    note(item, "the contents go to the throwaway database");
  }

  void note(const ScriptItem& item, const std::string& why) const {
    if (!options_.note) return;
    const Location at = item.location();
    options_.note(fmt::format("{}:{}: left out: {} ({})", at.file, at.line, trim(at.source_line), why));
  }

  void abandon_transaction() {
    try {
      if (connection_.in_transaction()) connection_.execute("ROLLBACK");
    } catch (const Error&) {
      // The connection is gone; the first error is the one that counts.
    }
  }

  static constexpr int kMaxRecoveries = 1000;

  pg::Connection& connection_;
  const std::vector<ScriptItem>& items_;
  const RunOptions& options_;
  std::set<std::size_t> skipped_;
  std::size_t transaction_start_ = 0;
  bool wrapped_ = false;
  bool filled_ = false;
  bool quit_ = false;
  int recoveries_ = 0;
};

}  // namespace

void run_script(pg::Connection& connection, const std::vector<ScriptItem>& items, const RunOptions& options) {
  ScriptRunner(connection, items, options).run();
}

void run_sql_text(pg::Connection& connection, const std::string& text, const std::string& file,
                  bool private_server) {
  const auto read_include = [](const std::string& path) -> std::optional<std::string> {
    std::ifstream in(path, std::ios::binary);
    if (!in || std::filesystem::is_directory(path)) return std::nullopt;
    std::ostringstream out;
    out << in.rdbuf();
    return std::move(out).str();
  };
  RunOptions options;
  options.private_server = private_server;
  run_script(connection, read_script(std::make_shared<ScriptFile>(ScriptFile{file, text}), read_include),
             options);
}

void run_statements(pg::Connection& connection, const std::vector<std::string>& statements) {
  // One script, so that every statement keeps its place: a ROLLBACK for a missing role repeats its
  // transaction.
  const auto file =
      std::make_shared<const ScriptFile>(ScriptFile{"(generated)", join(statements, ";\n") + "\n"});
  std::vector<ScriptItem> items;
  std::size_t begin = 0;
  for (const std::string& statement : statements) {
    ScriptItem item;
    item.kind = ItemKind::statement;
    item.file = file;
    item.begin = begin;
    item.end = begin + statement.size();
    SqlScanner scanner(statement);
    for (Token token = scanner.next(); token.kind != TokenKind::end && item.words.size() < 8;
         token = scanner.next()) {
      if (token.kind == TokenKind::word || token.kind == TokenKind::quoted)
        item.words.push_back(identifier_of(scanner.text(token)));
    }
    begin = item.end + 2;
    items.push_back(std::move(item));
  }
  RunOptions options;
  options.private_server = true;
  run_script(connection, items, options);
}

}  // namespace contraflow::catalog
