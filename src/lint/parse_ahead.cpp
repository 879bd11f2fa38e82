// SPDX-License-Identifier: Apache-2.0
#include "lint/parse_ahead.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <map>
#include <mutex>
#include <utility>

#include "base/error.h"
#include "base/helpers.h"
#include "base/text.h"
#include "base/utf8.h"
#include "lint/newer_syntax.h"

namespace contraflow::lint {
namespace {

constexpr std::size_t kBatch = 32;  // statements parsed in one call
constexpr std::size_t kAhead = 10;  // batches that may wait

std::size_t offset_of(const Error& error, std::string_view text) {
  if (!error.location()) return 0;
  std::size_t at = 0;
  for (int line = 1; line < error.location()->line; ++line) {
    const std::size_t newline = text.find('\n', at);
    if (newline == std::string_view::npos) break;
    at = newline + 1;
  }
  const auto column = static_cast<std::size_t>(std::max(error.location()->column, 1) - 1);
  return std::min(at + byte_of_character(text.substr(at), column), text.size());
}

}  // namespace

Parsed parse_statement(std::string_view text) {
  Parsed out;
  try {
    out.tree = std::make_shared<const sql::ParseTree>(sql::parse(text));
  } catch (const Error& error) {
    out.error = error.message();
    out.error_offset = offset_of(error, text);
    if (auto newer = without_newer_syntax(text)) {
      try {
        out.tree = std::make_shared<const sql::ParseTree>(sql::parse(newer->text));
        out.newer = std::move(newer->found);
        out.error.clear();
      } catch (const Error&) {
        out.tree.reset();
      }
    }
  }
  if (out.tree != nullptr && out.tree->size() == 0) {
    out.tree.reset();
    out.error = "no statement";
  }
  return out;
}

std::optional<std::string> do_body(const PgQuery__Node& node) {
  if (node.node_case != PG_QUERY__NODE__NODE_DO_STMT) return std::nullopt;
  const NodeList arguments(node.do_stmt->args, node.do_stmt->n_args);
  const PgQuery__DefElem* language = option_named(arguments, "language");
  const PgQuery__DefElem* body = option_named(arguments, "as");
  if (body == nullptr || (language != nullptr && to_lower(constant_of(language->arg).value_or("")) != "plpgsql")) return std::nullopt;
  return constant_of(body->arg).value_or("");
}

namespace {

// Statements of a file that go to the parser in one call, if nothing but white space and semicolons is between them: the call is what costs.
struct Batch {
  struct Piece {
    std::size_t begin, end;
  };
  static constexpr std::size_t kShort = 2'000;
  std::vector<Piece> pieces;
  bool together = true;  // then each is shorter than kShort

  // `follows`: no other item is between it and the one before.
  void add(const catalog::ScriptItem& item, bool follows) {
    together = together && (follows || pieces.empty()) && !item.copies_from_stdin && item.end - item.begin < kShort;
    pieces.push_back({item.begin, item.end});
  }
};

std::vector<Parsed> trees(std::string_view text, const Batch& batch) {
  const std::vector<Batch::Piece>& pieces = batch.pieces;
  std::vector<Parsed> out(pieces.size());
  if (batch.together && pieces.size() > 1) {
    const std::size_t begin = pieces.front().begin;
    try {
      const auto tree = std::make_shared<const sql::ParseTree>(sql::parse_statements(text.substr(begin, pieces.back().end - begin), Batch::kShort));
      if (tree->size() == pieces.size()) {
        for (std::size_t i = 0; i < pieces.size(); ++i) {
          out[i].tree = tree;
          out[i].index = i;
          out[i].text_begin = pieces[i].begin - begin;
        }
        return out;
      }
    } catch (const Error&) {
      // One of them is not of this grammar: each is read by itself.
    }
  }
  for (std::size_t i = 0; i < pieces.size(); ++i) out[i] = parse_statement(text.substr(pieces[i].begin, pieces[i].end - pieces[i].begin));
  return out;
}

std::vector<Parsed> parse(std::string_view text, const Batch& batch) {
  std::vector<Parsed> out = trees(text, batch);
  for (Parsed& parsed : out) {
    if (parsed.tree == nullptr || parsed.index >= parsed.tree->size()) continue;
    if (const auto body = do_body(parsed.tree->node(parsed.index))) parsed.body = statements_of_body(*body);
  }
  return out;
}

// Calls batch(…) with the statements of a file in batches, item by item.
template <class F>
class Batches {
 public:
  explicit Batches(F batch) : batch_(std::move(batch)) {}
  void add(const catalog::ScriptItem& item) {
    if (item.kind != catalog::ItemKind::statement) {
      follows_ = false;
      return;
    }
    if (gathered_.pieces.empty()) gathered_.pieces.reserve(kBatch);
    gathered_.add(item, std::exchange(follows_, true));
    if (gathered_.pieces.size() == kBatch) end();
  }
  void end() {
    if (!gathered_.pieces.empty()) batch_(std::exchange(gathered_, {}));
  }

 private:
  F batch_;
  Batch gathered_;
  bool follows_ = false;
};

}  // namespace

std::vector<Parsed> parse_all(const std::vector<catalog::ScriptItem>& items) {
  std::vector<Parsed> out;
  Batches batches([&](const Batch& batch) {
    std::vector<Parsed> parsed = parse(items[0].file->text, batch);
    if (out.empty()) out = std::move(parsed);  // as a rule, there is one
    else std::move(parsed.begin(), parsed.end(), std::back_inserter(out));
  });
  for (const catalog::ScriptItem& item : items) batches.add(item);
  batches.end();
  return out;
}

struct ParseAhead::State {
  std::shared_ptr<const catalog::ScriptFile> file;  // null: `current` holds every statement
  std::vector<catalog::ScriptItem> items;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Batch> batches;                        // what is split; empty from where it is parsed
  std::map<std::size_t, std::vector<Parsed>> done;  // batch -> results
  std::size_t next = 0;                             // to be parsed
  std::size_t wanted = 0;                           // the batch that is taken from
  bool split = false;                               // no batch comes any more
  bool stop = false;
  std::size_t taken = 0;  // statements
  std::vector<Parsed> current;
  std::optional<Helpers> helpers;  // last: they use the rest

  State() = default;
  ~State() {
    const std::lock_guard lock(mutex);
    stop = true;
    changed.notify_all();
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  void work();
  bool may_begin() const { return next < std::min(batches.size(), wanted + kAhead); }
  void parse_next(std::unique_lock<std::mutex>& lock);
  void add(Batch batch);
};

void ParseAhead::State::work() {
  std::unique_lock lock(mutex);
  while (true) {
    const auto called = [&] { return stop || (split && next >= batches.size()) || may_begin(); };
    linger(lock, called);
    changed.wait(lock, called);
    if (!may_begin() || stop) return;
    parse_next(lock);
  }
}

// The next batch that nobody has begun, without the lock meanwhile.
void ParseAhead::State::parse_next(std::unique_lock<std::mutex>& lock) {
  const std::size_t number = next++;
  const Batch batch = std::move(batches[number]);
  lock.unlock();
  std::vector<Parsed> result = parse(file->text, batch);
  lock.lock();
  done.emplace(number, std::move(result));
  changed.notify_all();
}

void ParseAhead::State::add(Batch batch) {
  const std::lock_guard lock(mutex);
  batches.push_back(std::move(batch));
  changed.notify_one();
}

ParseAhead::ParseAhead(std::shared_ptr<const catalog::ScriptFile> file, unsigned threads) : state_(std::make_unique<State>()) {
  constexpr std::size_t kWorthAThread = 8 * 1024;  // bytes: one costs more than a few statements
  State& state = *state_;
  state.file = std::move(file);
  if (threads > 1 && state.file->text.size() >= kWorthAThread) state.helpers.emplace(threads - 1, [&state] { state.work(); });
  Batches batches([&](Batch batch) { state.add(std::move(batch)); });
  catalog::split_script(state.file, [&](catalog::ScriptItem item) {
    batches.add(item);
    state.items.push_back(std::move(item));
  });
  batches.end();
  const std::lock_guard lock(state.mutex);
  state.split = true;
  state.changed.notify_all();
}

ParseAhead::ParseAhead(std::vector<catalog::ScriptItem> items, std::vector<Parsed> parsed) : state_(std::make_unique<State>()) {
  state_->items = std::move(items);
  state_->current = std::move(parsed);
}

ParseAhead::~ParseAhead() = default;

const std::vector<catalog::ScriptItem>& ParseAhead::items() const { return state_->items; }

Parsed ParseAhead::take() {
  State& state = *state_;
  const std::size_t place = state.taken++;
  if (state.file == nullptr) return std::move(state.current[place]);
  if (place % kBatch == 0) {
    const std::size_t batch = place / kBatch;
    std::unique_lock lock(state.mutex);
    state.wanted = batch;
    state.changed.notify_all();
    while (!state.done.contains(batch)) {
      if (state.may_begin()) {
        state.parse_next(lock);
        continue;
      }
      const auto called = [&] { return state.done.contains(batch) || state.may_begin(); };
      linger(lock, called);
      if (!called()) state.changed.wait(lock);
    }
    state.current = std::move(state.done.at(batch));
    state.done.erase(batch);
  }
  return std::move(state.current[place % kBatch]);
}

}  // namespace contraflow::lint
