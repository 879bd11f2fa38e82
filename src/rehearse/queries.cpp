// SPDX-License-Identifier: Apache-2.0
#include "rehearse/queries.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/text.h"
#include "rehearse/parameters.h"

namespace contraflow::rehearse {
namespace {

// Names and types of a result's columns, in order.
using Form = std::vector<std::pair<std::string, std::string>>;

Form form_of(pg::Connection& connection, const pg::Result& result) {
  Form out;
  if (result.columns() == 0) return out;
  std::string types, modifiers;  // arrays
  for (int column = 0; column < result.columns(); ++column) {
    types += fmt::format("{}{}", column == 0 ? "" : ",", result.column_type(column));
    modifiers += fmt::format("{}{}", column == 0 ? "" : ",", result.column_modifier(column));
  }
  const pg::Result named = connection.query(
      "SELECT pg_catalog.format_type(t, m) FROM unnest($1::oid[], $2::int[]) WITH ORDINALITY AS u(t, m, n) ORDER BY n", {"{" + types + "}", "{" + modifiers + "}"});
  for (int column = 0; column < result.columns(); ++column) out.emplace_back(result.column_name(column), named.string(column, 0));
  return out;
}

// What a client that reads the columns by name would miss; further columns hurt nobody.
std::string missing_in(const Form& want, const Form& got) {
  for (const auto& [name, type] : want) {
    const auto found =
        std::find_if(got.begin(), got.end(), [&, &name = name](const auto& column) { return column.first == name; });
    if (found == got.end()) return fmt::format("its result has no column {} any more", name);
    if (found->second != type)
      return fmt::format("column {} of its result is {} instead of {}", name, found->second, type);
  }
  return {};
}

struct Outcome {
  std::string error, sqlstate;
  Form form;
};

}  // namespace

struct QueryProbe::Impl {
  struct Entry {
    AppQuery query;
    QueryEvidence evidence;
    bool usable = false;
    std::optional<Form> form;
    std::optional<Prepared> held;
  };
  std::vector<Entry> entries;
  std::optional<pg::Connection> outside, inside;

  // Runs in a transaction that is rolled back; `fresh`: prepares first.
  static Outcome execute(pg::Connection& connection, const Entry& entry, const std::string& statement_name,
                         bool in_transaction, const Prepared* prepared) {
    Outcome out;
    try {
      if (in_transaction) connection.execute("BEGIN");
      std::optional<Prepared> own;
      if (!prepared) own = prepare(connection, statement_name, entry.query.text);
      const pg::Result result = connection.execute(execute_text(prepared ? *prepared : *own, 0));
      if (!prepared) out.form = form_of(connection, result);
    } catch (const pg::ServerError& error) {
      out.error = error.message();
      out.sqlstate = error.sqlstate();
    }
    if (in_transaction) connection.execute("ROLLBACK");
    try {
      if (!prepared) connection.execute("DEALLOCATE " + statement_name);
    } catch (const pg::ServerError&) {
      // It was never prepared, or the rollback has nothing to do with it.
    }
    return out;
  }

  void fail(Entry& entry, const std::string& state, const char* how, const std::string& error,
            const std::string& sqlstate) {
    if (entry.evidence.verdict != Verdict::refuted)
      entry.evidence.reason = fmt::format("{} ({}): {}", state, how, error);
    entry.evidence.verdict = Verdict::refuted;
    if (entry.evidence.failures.size() < 20) entry.evidence.failures.push_back({state, how, error, sqlstate});
  }
};

QueryProbe::QueryProbe(std::vector<AppQuery> queries) : impl_(std::make_unique<Impl>()) {
  for (AppQuery& query : queries) {
    Impl::Entry entry;
    entry.evidence = {.name = query.name,
                      .version = query.version,
                      .text = query.text,
                      .reason = "was not tried",
                      .writes = is_write(query.text)};
    entry.query = std::move(query);
    impl_->entries.push_back(std::move(entry));
  }
}
QueryProbe::~QueryProbe() = default;

void QueryProbe::baseline(const std::string& conninfo, const std::string& version) {
  pg::Connection connection(conninfo, "contraflow queries");
  for (Impl::Entry& entry : impl_->entries) {
    if (entry.query.version != version) continue;
    const Outcome outcome = Impl::execute(connection, entry, "contraflow_fresh", true, nullptr);
    entry.usable = outcome.error.empty();
    entry.evidence.reason =
        outcome.error.empty() ? "works" : "does not work on the schema that it is for: " + outcome.error;
    entry.evidence.verdict = outcome.error.empty() ? Verdict::proven : Verdict::unknown;
    if (outcome.error.empty()) {
      entry.form = outcome.form;
      entry.evidence.states = 1;
    }
  }
}

void QueryProbe::hold(const std::string& conninfo, const std::string& version) {
  release();
  impl_->outside.emplace(conninfo, "contraflow queries");
  impl_->inside.emplace(conninfo, "contraflow queries");
  int number = 0;
  for (Impl::Entry& entry : impl_->entries) {
    entry.held.reset();
    if (entry.query.version != version || !entry.usable) continue;
    const std::string name = fmt::format("q{}", ++number);
    try {
      entry.held = prepare(*impl_->outside, name, entry.query.text);
      (void)prepare(*impl_->inside, name, entry.query.text, 0);
      // A plan that has been made is what breaks, not a text that was parsed.
      for (pg::Connection* connection : {&*impl_->outside, &*impl_->inside}) {
        connection->execute("BEGIN");
        connection->execute(execute_text(*entry.held, 0));
        connection->execute("ROLLBACK");
      }
    } catch (const pg::ServerError&) {
      for (pg::Connection* connection : {&*impl_->outside, &*impl_->inside})
        if (connection->in_transaction()) connection->execute("ROLLBACK");
      entry.held.reset();  // this state breaks it already: after() has said so
    }
  }
}

void QueryProbe::after(const std::string& conninfo, const std::string& version, const std::string& state) {
  pg::Connection fresh(conninfo, "contraflow queries");
  for (Impl::Entry& entry : impl_->entries) {
    if (entry.query.version != version || !entry.usable) continue;
    bool good = true;
    // Values that were sampled anew may break a constraint: that is no fault of the schema. The query's own constants, and values that worked before the
    // step, are what the application will send again: a label that an enum has no more.
    const auto take = [&](const Outcome& outcome, const char* how, bool same_values) {
      if (outcome.error.empty() || (outcome.sqlstate.starts_with("22") && !(same_values && outcome.sqlstate == "22P02"))) return;
      good = false;
      impl_->fail(entry, state, how, outcome.error, outcome.sqlstate);
    };
    const Outcome anew = Impl::execute(fresh, entry, "contraflow_fresh", true, nullptr);
    take(anew, "prepared anew", entry.held && entry.held->types.empty());
    if (anew.error.empty() && entry.form) {
      const std::string missing = missing_in(*entry.form, anew.form);
      if (!missing.empty()) {
        good = false;
        impl_->fail(entry, state, "prepared anew", missing, "");
      }
    }
    if (entry.held) {
      if (!entry.evidence.writes)
        take(Impl::execute(*impl_->outside, entry, "", false, &*entry.held), "prepared before the step", true);
      take(Impl::execute(*impl_->inside, entry, "", true, &*entry.held),
           "prepared before the step, in a transaction", true);
    }
    if (good) ++entry.evidence.states;
  }
}

void QueryProbe::release() {
  impl_->outside.reset();
  impl_->inside.reset();
}

std::vector<QueryEvidence> QueryProbe::evidence() const {
  std::vector<QueryEvidence> out;
  for (const Impl::Entry& entry : impl_->entries) {
    out.push_back(entry.evidence);
    if (out.back().verdict == Verdict::proven)
      out.back().reason = fmt::format("works in {}", count_of(entry.evidence.states, "state"));
  }
  return out;
}

}  // namespace contraflow::rehearse
