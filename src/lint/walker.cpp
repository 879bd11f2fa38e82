// SPDX-License-Identifier: Apache-2.0
#include "lint/walker.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "lint/blocks.h"

namespace contraflow::lint {

Walker::Walker(const CheckOptions& options, Report& report) : options_(options), report_(report), sizes_(options) {
  for (const Rule* rule : rules()) {
    const bool wanted = options.all_rules || rule->by_default || options.enabled.contains(rule->name);
    if (!wanted || options.disabled.contains(rule->name)) continue;
    if (rule->check != nullptr) checking_.push_back(rule);
    if (rule->finish != nullptr) finishing_.push_back(rule);
  }
  if (options.schema != nullptr) load(schema_, *options.schema);
}

void Walker::run(const Input& input, ParseAhead& parsed) {
  const std::vector<catalog::ScriptItem>& items = parsed.items();
  const bool forgotten = input.rollback || options_.each;
  if (!input.rollback || !options_.each) schema_.end_of_migration();
  if (forgotten) schema_.mark();
  start(input, items);
  for (const catalog::ScriptItem& item : items) {
    if (item.kind == catalog::ItemKind::statement) take_item(item, parsed.take());
    else if (!item.words.empty() && (item.words[0] == "c" || item.words[0] == "connect")) session_ = after_commit_ = {};
  }
  finish();
  if (forgotten) schema_.undo();
  if (options_.each) schema_.end_of_migration();
}

namespace {

// Flyway runs a file without transaction where nothing in it could run in one.
bool all_refuse_blocks(const std::vector<catalog::ScriptItem>& items) {
  bool any = false;
  for (const catalog::ScriptItem& item : items) {
    if (item.kind != catalog::ItemKind::statement || item.words.empty()) continue;
    if (item.words[0] == "set" || item.words[0] == "reset") continue;
    const bool concurrently = std::find(item.words.begin(), item.words.end(), "concurrently") != item.words.end();
    if (!concurrently && item.words[0] != "vacuum" && item.words[0] != "reindex") return false;
    any = true;
  }
  return any;
}

bool opens_block(const catalog::ScriptItem& item) { return item.kind == catalog::ItemKind::statement && (item.starts_with({"begin"}) || item.starts_with({"start", "transaction"})); }

}  // namespace

void Walker::start(const Input& input, const std::vector<catalog::ScriptItem>& items) {
  input_ = &input;
  text_ = input.file->text;
  line_starts_.clear();
  findings_.clear();
  spans_.clear();
  small_.clear();
  session_ = after_commit_ = {};
  transaction_.reset();
  savepoints_.clear();
  file_ = {};
  file_.name = input.file->name;
  file_.layout = input.layout;
  file_.runner = input.runner;
  file_.rollback = input.rollback;
  file_.in_plan = input.in_plan;
  file_.lacks_rollback = input.lacks_rollback;
  file_.statements = static_cast<std::size_t>(std::count_if(items.begin(), items.end(), [](const auto& item) { return item.kind == catalog::ItemKind::statement; }));
  findings_.reserve(file_.statements);  // about one each, and they are large to move
  if (input.layout == "flyway" && all_refuse_blocks(items)) file_.runner = Runner::none;
  const bool has_block = std::any_of(items.begin(), items.end(), opens_block);
  if (file_.runner == Runner::together && (file_.statements < 2 || has_block)) file_.runner = Runner::none;
  if (file_.runner != Runner::none) begin(false, 0);
}

void Walker::finish() {
  const Statement nothing{};
  const std::vector<Action> none;
  const Transaction* open = transaction_ && transaction_->explicit_block ? &*transaction_ : nullptr;
  const Context context{nothing, none, session_, open, file_, schema_, options_.majors};
  Reporter reporter(context, findings_, file_);
  statement_begin_ = statement_end_ = 0;
  for (const Rule* rule : finishing_) {
    reporter.begin(*rule);
    rule->finish(context, reporter);
  }
  while (transaction_) commit();
  report_.statements += file_.statements;
  ++report_.files;
  if (input_->report) settle(findings_, *input_, options_, sizes_, spans_, report_);
}

int Walker::line_of(std::size_t offset) const {
  if (line_starts_.empty()) {
    line_starts_.push_back(0);
    for (std::size_t at = text_.find('\n'); at != std::string_view::npos; at = text_.find('\n', at + 1)) line_starts_.push_back(at + 1);
  }
  return static_cast<int>(std::upper_bound(line_starts_.begin(), line_starts_.end(), offset) - line_starts_.begin());
}

void Walker::take_item(const catalog::ScriptItem& item, Parsed parsed) {
  Statement statement;
  statement.text = item.text();
  statement.offset = item.begin;
  statement_begin_ = item.begin;
  statement_end_ = item.end;
  spans_.emplace_back(item.begin, item.end);
  ++file_.index;
  if (parsed.tree == nullptr || parsed.index >= parsed.tree->size()) return unread(statement, parsed);
  statement.node = &parsed.tree->node(parsed.index);
  statement.text_begin = parsed.text_begin;
  statement.newer = std::move(parsed.newer);
  take_statement(statement, parsed.body ? &*parsed.body : nullptr);
}

void Walker::take_statement(const Statement& statement, const std::vector<BodyStatement>* body) {
  if (transaction_) ++transaction_->statements;
  if (statement.node->node_case == PG_QUERY__NODE__NODE_TRANSACTION_STMT) {
    if (take_transaction(*statement.node->transaction_stmt, statement.offset)) return;
  }
  if (take_setting(*statement.node)) {
    std::vector<Action> actions(1);
    actions[0].locks = false;
    actions[0].fact = Fact::set_timeout;
    actions[0].offset = statement.offset;
    actions[0].versions = options_.majors;
    run_rules(Context{statement, actions, session_, transaction_ ? &*transaction_ : nullptr, file_, schema_, options_.majors});
    return;
  }
  if (take_body(statement, body)) return;
  judge(statement);
}

void Walker::judge(const Statement& statement) {
  Analyser analyser(schema_, session_, options_.majors);
  analyser.in_transaction(transaction_ ? &*transaction_ : nullptr);
  std::vector<Action> actions;
  const std::string_view refused = transaction_ ? refused_in_block(*statement.node) : std::string_view();
  if (!refused.empty()) {
    // It fails before it does anything.
    Action action;
    action.locks = false;
    action.fact = Fact::cannot_run_in_block;
    action.what = refused;
    action.offset = statement.offset;
    action.versions = options_.majors;
    actions.push_back(std::move(action));
    analyser.analyse(statement);
    transaction_->fails = true;
  } else {
    actions = analyser.analyse(statement);
  }
  if (statement.conditional && !schema_.complete && statement.node->node_case == PG_QUERY__NODE__NODE_CREATE_STMT && !schema_.created_relations.empty()) {
    schema_.relations.edit(schema_.created_relations.back()).created_here = false;  // as with IF NOT EXISTS
  }
  for (Action& action : actions) {
    if (!small_.contains(action.key)) continue;
    action.is_private = true;  // the plan's procedure refuses to run where the table has grown
  }
  const Context context{statement, actions, session_, transaction_ ? &*transaction_ : nullptr, file_, schema_, options_.majors};
  run_rules(context);
  remember(actions, statement);
}

void Walker::run_rules(const Context& context) {
  Reporter reporter(context, findings_, file_);
  for (const Rule* rule : checking_) {
    reporter.begin(*rule);
    rule->check(context, reporter);
  }
  for (auto finding = findings_.rbegin(); finding != findings_.rend() && finding->statement_end == 0; ++finding) {
    finding->statement_begin = statement_begin_;
    finding->statement_end = statement_end_;
  }
  if (context.transaction != nullptr && context.transaction->fails && context.transaction->explicit_block) keep_errors_of_failing();
}

void Walker::unread(const Statement& statement, const Parsed& parsed) {
  std::vector<Action> actions(1);
  actions[0].locks = false;
  actions[0].fact = Fact::unread;
  actions[0].reason = parsed.error;
  actions[0].offset = statement.offset + std::min(parsed.error_offset, statement.text.size());
  actions[0].versions = options_.majors;
  run_rules(Context{statement, actions, session_, transaction_ ? &*transaction_ : nullptr, file_, schema_, options_.majors});
}

void Walker::remember(const std::vector<Action>& actions, const Statement& statement) {
  const int line = transaction_ ? line_of(statement.offset) : 0;
  for (const Action& action : actions) {
    if (action.fact == Fact::builds_if_not_exists || action.operation == effects::Operation::drop_index_concurrently || action.operation == effects::Operation::drop_index) {
      if (action.fact != Fact::builds_if_not_exists && action.locks) file_.dropped_indexes.insert(action.object);
    }
    if (action.fact == Fact::none && !action.locks && !action.object.empty()) file_.dropped_indexes.insert(action.object);
    if (!transaction_) continue;
    if (action.locks && !action.is_private && action.lock(options_.majors.to) != effects::LockMode::none) {
      transaction_->locks.push_back({action.relation, action.key, action.lock(options_.majors.to), line, std::string(effects::facts_of(action.operation).name)});
      if (effects::blocks_writes(action.lock(options_.majors.to)) && transaction_->ddl_line == 0) transaction_->ddl_line = line;
    }
    const effects::LockMode other = action.locks ? effects::facts_of(action.operation).other : effects::LockMode::none;
    if (action.other && !action.other_is_private && other != effects::LockMode::none) {
      if (other == effects::LockMode::share_row_exclusive) transaction_->referenced.push_back(*action.other);
      transaction_->locks.push_back({*action.other, *action.other, other, line, std::string(effects::facts_of(action.operation).name)});
    }
    if (action.fact == Fact::not_valid_left && action.what.empty()) transaction_->not_valid.emplace_back(action.key, action.object);
    if (action.fact == Fact::enum_add_value) transaction_->enum_values[action.what + '\1' + action.object] = line;
    const bool data = action.fact == Fact::whole_update || action.fact == Fact::whole_delete;
    if (data && !action.is_private && transaction_->data_line == 0) transaction_->data_line = line;
  }
}

}  // namespace contraflow::lint
