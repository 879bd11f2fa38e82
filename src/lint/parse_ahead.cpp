// SPDX-License-Identifier: Apache-2.0
#include "lint/parse_ahead.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "base/text.h"
#include "base/utf8.h"
#include "lint/newer_syntax.h"

namespace contraflow::lint {
namespace {

constexpr std::size_t kBatch = 64;  // statements parsed in one call
constexpr std::size_t kAhead = 32;  // batches that may wait

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

// The statements of a file in batches.
struct Batches {
  explicit Batches(const std::vector<catalog::ScriptItem>& all) : items(&all), place_of_item(all.size()) {
    for (std::size_t i = 0; i < all.size(); ++i) {
      place_of_item[i] = statements.size();
      if (all[i].kind == catalog::ItemKind::statement) statements.push_back(i);
    }
    count = (statements.size() + kBatch - 1) / kBatch;
  }

  std::vector<Parsed> parse(std::size_t batch) const;
  std::vector<Parsed> trees(std::size_t batch) const;

  const std::vector<catalog::ScriptItem>* items;
  std::vector<std::size_t> statements;     // indexes of items that are statements
  std::vector<std::size_t> place_of_item;  // item -> its place among the statements
  std::size_t count = 0;
};

}  // namespace

struct ParseAhead::State {
  explicit State(const std::vector<catalog::ScriptItem>& items) : batches(items) {}

  Batches batches;
  bool all_there = false;  // `current` holds every statement
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::size_t, std::vector<Parsed>> done;  // batch -> results
  std::size_t next = 0;                             // to be parsed
  std::size_t wanted = 0;                           // the batch that is taken from
  bool stop = false;
  std::vector<std::thread> threads;
  std::vector<Parsed> current;
  std::size_t current_batch = static_cast<std::size_t>(-1);

  void work();
  bool may_begin() const { return next < std::min(batches.count, wanted + kAhead); }
  void parse_next(std::unique_lock<std::mutex>& lock);
};

std::vector<Parsed> Batches::parse(std::size_t batch) const {
  std::vector<Parsed> out = trees(batch);
  for (Parsed& parsed : out) {
    if (parsed.tree == nullptr || parsed.index >= parsed.tree->size()) continue;
    if (const auto text = do_body(parsed.tree->node(parsed.index))) parsed.body = statements_of_body(*text);
  }
  return out;
}

std::vector<Parsed> Batches::trees(std::size_t batch) const {
  const std::size_t first = batch * kBatch, last = std::min(first + kBatch, statements.size());
  std::vector<Parsed> out(last - first);
  // Neighbours of one file with nothing but white space and semicolons between them go to the parser in one call, which is what costs.
  const catalog::ScriptItem& front = (*items)[statements[first]];
  const catalog::ScriptItem& back = (*items)[statements[last - 1]];
  bool together = last - first > 1 && front.file == back.file && statements[last - 1] - statements[first] == last - first - 1;
  for (std::size_t i = first; together && i < last; ++i) {
    const catalog::ScriptItem& item = (*items)[statements[i]];
    together = item.file == front.file && !item.copies_from_stdin && item.end - item.begin < 2'000;
  }
  if (together) {
    const std::string_view text = std::string_view(front.file->text).substr(front.begin, back.end - front.begin);
    try {
      const auto tree = std::make_shared<const sql::ParseTree>(sql::parse(text));
      if (tree->size() == last - first) {
        for (std::size_t i = first; i < last; ++i) {
          out[i - first].tree = tree;
          out[i - first].index = i - first;
          out[i - first].text_begin = (*items)[statements[i]].begin - front.begin;
        }
        return out;
      }
    } catch (const Error&) {
      // One of them is not of this grammar: each is read by itself.
    }
  }
  for (std::size_t i = first; i < last; ++i) out[i - first] = parse_statement((*items)[statements[i]].text());
  return out;
}

std::vector<Parsed> parse_all(const std::vector<catalog::ScriptItem>& items) {
  const Batches batches(items);
  std::vector<Parsed> out;
  out.reserve(batches.statements.size());
  for (std::size_t batch = 0; batch < batches.count; ++batch) {
    for (Parsed& parsed : batches.parse(batch)) out.push_back(std::move(parsed));
  }
  return out;
}

void ParseAhead::State::work() {
  std::unique_lock lock(mutex);
  while (true) {
    changed.wait(lock, [&] { return stop || next >= batches.count || may_begin(); });
    if (stop || next >= batches.count) return;
    parse_next(lock);
  }
}

// The next batch that nobody has begun, without the lock meanwhile.
void ParseAhead::State::parse_next(std::unique_lock<std::mutex>& lock) {
  const std::size_t batch = next++;
  lock.unlock();
  std::vector<Parsed> result = batches.parse(batch);
  lock.lock();
  done.emplace(batch, std::move(result));
  changed.notify_all();
}

ParseAhead::ParseAhead(const std::vector<catalog::ScriptItem>& items, unsigned threads) : state_(std::make_unique<State>(items)) {
  // A thread costs more than a few statements.
  if (threads < 2 || state_->batches.count < 2) return;
  for (unsigned i = 1; i < std::min<std::size_t>(threads, state_->batches.count); ++i) state_->threads.emplace_back([state = state_.get()] { state->work(); });
}

ParseAhead::ParseAhead(const std::vector<catalog::ScriptItem>& items, std::vector<Parsed> parsed) : state_(std::make_unique<State>(items)) {
  state_->all_there = true;
  state_->current = std::move(parsed);
}

ParseAhead::~ParseAhead() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stop = true;
  }
  state_->changed.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
}

Parsed ParseAhead::take(std::size_t item) {
  const std::size_t place = state_->batches.place_of_item[item];
  if (state_->all_there) return std::move(state_->current[place]);
  const std::size_t batch = place / kBatch;
  if (batch != state_->current_batch) {
    if (state_->threads.empty()) {
      state_->current = state_->batches.parse(batch);
    } else {
      std::unique_lock lock(state_->mutex);
      state_->wanted = batch;
      state_->changed.notify_all();
      while (!state_->done.contains(batch)) {
        if (state_->may_begin()) {
          state_->parse_next(lock);
        } else {
          state_->changed.wait(lock);
        }
      }
      state_->current = std::move(state_->done.at(batch));
      state_->done.erase(batch);
    }
    state_->current_batch = batch;
  }
  return std::move(state_->current[place % kBatch]);
}

}  // namespace contraflow::lint
