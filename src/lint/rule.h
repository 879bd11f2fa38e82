// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "lint/action.h"
#include "lint/finding.h"
#include "lint/session.h"
#include "lint/statement.h"

namespace contraflow::lint {

// What a rule is about. `lock`: work in proportion to a table under a lock that blocks writers.
enum class Category { lock,
                      brief_lock,
                      transaction,
                      compatibility,
                      data,
                      idempotence,
                      process,
                      style };
std::string_view category_name(Category category);

// Who decides on the transaction around a file's statements.
enum class Runner {
  none,      // psql: each statement by itself, unless BEGIN says otherwise
  wraps,     // the runner puts BEGIN … COMMIT around the file
  together,  // the file goes to the server as one message: an implicit transaction where there are several statements
};

// The file at hand, as far as rules need it.
struct FileState {
  std::string name;
  std::string layout;  // "flyway", …; empty: plain
  Runner runner = Runner::none;
  bool rollback = false;  // it goes back: what it takes away is meant to go
  bool in_plan = false;   // of a plan folder: what it takes away waits for a gate
  std::size_t statements = 0;
  std::size_t index = 0;  // of the statement at hand
  bool lacks_rollback = false;
  std::set<std::string> dropped_indexes;  // by earlier statements
  bool has_block_in_runner = false;       // BEGIN or COMMIT where the runner has its own
  std::size_t block_in_runner = 0;
  std::set<std::pair<const Rule*, std::string>> once;  // what a rule says once a file
  std::unordered_set<std::size_t> reported;            // hashes of rule and relation of the findings
};

class Reporter;

// Which operations and facts there are among actions, as bits: most rules ask for what no action of a statement is.
struct Present {
  explicit Present(const std::vector<Action>& actions) {
    for (const Action& action : actions) {
      facts |= bit(action.fact);
      if (!action.locks || action.is_private || action.fact == Fact::cannot_run_in_block) continue;
      const auto number = static_cast<unsigned>(action.operation);
      operations[number / 64] |= std::uint64_t{1} << number % 64;
    }
  }
  static std::uint64_t bit(Fact fact) { return std::uint64_t{1} << static_cast<unsigned>(fact); }
  bool has(Fact fact) const { return (facts & bit(fact)) != 0; }
  bool has(effects::Operation operation) const { return (operations[static_cast<unsigned>(operation) / 64] >> static_cast<unsigned>(operation) % 64 & 1) != 0; }

  std::uint64_t facts = 0;
  std::uint64_t operations[2] = {0, 0};  // those of each() below
};
static_assert(static_cast<unsigned>(Fact::view_made) < 64 && static_cast<unsigned>(effects::Operation::typed_table_rewrite) < 128);

struct Context {
  const Statement& statement;
  const std::vector<Action>& actions;
  const Session& session;          // before the statement
  const Transaction* transaction;  // before the statement; null: none is open
  const FileState& file;
  const Schema& schema;  // after the statement
  const Majors& majors;
  Present present{actions};
};

struct Rule {
  const char* name;
  Category category;
  Severity severity;
  const char* summary;  // one line, no full stop
  bool by_default;      // false: --enable NAME, or --all
  void (*check)(const Context&, Reporter&);
  // After the last statement of a file; null where a rule has nothing to say there.
  void (*finish)(const Context&, Reporter&) = nullptr;
};

// Takes what a rule found. Findings start with what the action and the rule say; the rule adds its words.
class Reporter {
 public:
  Reporter(const Context& context, std::vector<Finding>& findings, FileState& file) : context_(context), findings_(findings), once_(file.once), reported_(file.reported) {}
  void begin(const Rule& rule) { rule_ = &rule; }

  Finding& report(const Action& action, std::string message);
  Finding& report(std::size_t offset, std::string message);  // of the statement as a whole
  // Another relation than the action's, which retract() is to find.
  void set_relation(Finding& finding, std::string relation);
  // Takes this rule's findings on the relation back: a later statement of the file settles them.
  void retract(const std::string& relation, const std::function<bool(const Finding&)>& settled = {});
  // The same on any relation, where what settles it names none.
  void retract_all(const std::function<bool(const Finding&)>& settled);
  // True the first time that this rule asks for the key in this file.
  bool first(const std::string& key = {});

 private:
  const Context& context_;
  std::vector<Finding>& findings_;
  std::set<std::pair<const Rule*, std::string>>& once_;
  std::unordered_set<std::size_t>& reported_;
  const Rule* rule_ = nullptr;
};

// What a finding says is gone, for Finding::subject: what takes its place in the same transaction settles it. Empty where there is none, so that all can see the gap.
std::string replaceable(const Context& context, const QualifiedName& key, const std::string& member = {});
// The name and the member of such a subject; nothing of any other.
std::optional<std::pair<QualifiedName, std::string>> replaceable_in(const std::string& subject);

// All rules, sorted by name; the table is made by CMake from the files in rules/.
const std::vector<const Rule*>& rules();
const Rule* find_rule(std::string_view name);
// Its page, rules/NAME.md.
std::string_view rule_page(std::string_view name);

// For rules: every action with one of these operations on a table that others use.
template <class F>
void each(const Context& context, std::initializer_list<effects::Operation> operations, F&& found) {
  if (std::none_of(operations.begin(), operations.end(), [&](effects::Operation operation) { return context.present.has(operation); })) return;
  for (const Action& action : context.actions) {
    if (!action.locks || action.is_private || action.fact == Fact::cannot_run_in_block) continue;
    for (const effects::Operation operation : operations) {
      if (action.operation == operation) found(action);
    }
  }
}

template <class F>
void each(const Context& context, Fact fact, F&& found) {
  if (!context.present.has(fact)) return;
  for (const Action& action : context.actions) {
    if (action.fact == fact) found(action);
  }
}

std::string quoted(const QualifiedName& name);  // for messages: public.users
std::string table_text(const Action& action);   // the same of the action's table; "the table" where it has no name

}  // namespace contraflow::lint
