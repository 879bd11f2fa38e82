// SPDX-License-Identifier: Apache-2.0
#include "plan/read_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "base/hash.h"
#include "base/text.h"
#include "base/utf8.h"
#include "plan/write_json.h"
#include "plan/write_sql.h"
#include "sql/scan.h"

namespace contraflow::plan {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

// One value of the file and where it stands. Every key of an object must be asked for: end() refuses the rest.
class Node {
 public:
  Node(const Json& value, std::string pointer, const std::string& file) : value_(value), pointer_(std::move(pointer)), file_(file) {}

  [[noreturn]] void fail(const std::string& problem) const {
    throw Error(ErrorCode::usage, fmt::format("{} at {}: {}", file_, pointer_.empty() ? "/" : pointer_, problem),
                "plan.json is written by contraflow: edit the SQL files and run contraflow plan --refresh, or plan again");
  }
  bool has(const char* key) const {
    need(value_.is_object(), "an object");
    return value_.contains(key);
  }
  Node at(const char* key) {
    if (!has(key)) fail(fmt::format("the key \"{}\" is missing", key));
    known_.emplace_back(key);
    return {value_.at(key), pointer_ + "/" + key, file_};
  }
  void end() const {
    for (const auto& [key, ignored] : value_.items()) {
      if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
      const std::string near = nearest(key, known_);
      fail(fmt::format("unknown key \"{}\"{}", key, near.empty() ? "" : fmt::format(", did you mean \"{}\"?", near)));
    }
  }
  std::vector<Node> items() const {
    need(value_.is_array(), "an array");
    std::vector<Node> out;
    for (std::size_t i = 0; i < value_.size(); ++i) out.emplace_back(value_[i], fmt::format("{}/{}", pointer_, i), file_);
    return out;
  }
  std::string text() const {
    need(value_.is_string(), "a string");
    return value_.get<std::string>();
  }
  bool boolean() const {
    need(value_.is_boolean(), "true or false");
    return value_.get<bool>();
  }
  int integer() const {
    need(value_.is_number_integer() && value_ >= 0 && value_ <= 1000000, "a whole number");
    return value_.get<int>();
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> out;
    for (const Node& item : items()) out.push_back(item.text());
    return out;
  }
  // The value of `all` whose name this is.
  template <typename T, typename Name>
  T one_of(std::initializer_list<T> all, Name name) const {
    const std::string written = text();
    std::vector<std::string> names;
    for (const T value : all) {
      if (name(value) == written) return value;
      names.emplace_back(name(value));
    }
    fail(fmt::format("\"{}\" is none of {}", written, join(names, ", ")));
  }
  // "schema.name" as sql::quote() writes it.
  sql::QualifiedName qualified_name() const {
    const std::string written = text();
    std::vector<std::string> parts;
    for (const sql::Token& token : sql::scan(written, file_)) {
      const std::string part = written.substr(token.begin, token.end - token.begin);
      if (part != ".") parts.push_back(sql::identifier_value(part));
    }
    sql::QualifiedName out;
    if (!parts.empty()) out.name = parts.back();
    if (parts.size() == 2) out.schema = parts.front();
    if (parts.empty() || parts.size() > 2 || sql::quote(out) != written) fail(fmt::format("\"{}\" is not a name as SQL writes it", written));
    return out;
  }
  std::vector<sql::QualifiedName> qualified_names() const {
    std::vector<sql::QualifiedName> out;
    for (const Node& item : items()) out.push_back(item.qualified_name());
    return out;
  }
  std::string hash() const {
    const std::string out = text();
    if (out.size() != 64 || out.find_first_not_of("0123456789abcdef") != std::string::npos) fail("expected a SHA-256 in hexadecimal digits");
    return out;
  }

 private:
  void need(bool right, const char* expected) const {
    if (!right) fail(fmt::format("expected {}, found {}", expected, value_.type_name()));
  }

  const Json& value_;
  std::string pointer_;
  const std::string& file_;
  std::vector<std::string> known_;
};

Grade read_grade(const Node& node) { return node.one_of({Grade::exact, Grade::order, Grade::data}, grade_name); }

Action read_action(Node node) {
  Action out;
  out.mode = node.at("mode").one_of({Mode::none, Mode::brief, Mode::scan, Mode::concurrent, Mode::batched, Mode::blocking}, mode_name);
  out.statements = node.at("statements").texts();
  if (node.has("todo")) out.todo = node.at("todo").text();
  if (node.has("small_tables")) out.small_tables = node.at("small_tables").qualified_names();
  if (node.has("builds_index")) out.builds_index = node.at("builds_index").qualified_name();
  if (node.has("backfill")) {
    Node backfill = node.at("backfill");
    out.backfill = Backfill{backfill.at("table").qualified_name(), backfill.at("key").texts(), backfill.at("assignments").text(), backfill.at("pending").text()};
    backfill.end();
  }
  if ((out.mode == Mode::batched) != out.backfill.has_value()) node.fail("mode batched and the key \"backfill\" belong together");
  node.end();
  return out;
}

effects::Effect read_effect(Node node) {
  using effects::LockMode, effects::Work;
  effects::Effect out;
  out.relation = node.at("relation").qualified_name();
  out.lock = node.at("lock").one_of({LockMode::none, LockMode::access_share, LockMode::row_share, LockMode::row_exclusive, LockMode::share_update_exclusive,
                                     LockMode::share, LockMode::share_row_exclusive, LockMode::exclusive, LockMode::access_exclusive},
                                    effects::lock_name);
  out.work = node.at("work").one_of({Work::none, Work::scan, Work::rewrite, Work::index_build}, effects::work_name);
  for (const auto& [key, value] : {std::pair("blocks_reads", effects::blocks_reads(out.lock)), std::pair("blocks_writes", effects::blocks_writes(out.lock))}) {
    const Node derived = node.at(key);
    if (derived.boolean() != value) derived.fail(fmt::format("a lock {} says otherwise", effects::lock_name(out.lock)));
  }
  node.end();
  return out;
}

std::vector<Precondition> read_preconditions(const Node& node) {
  std::vector<Precondition> out;
  for (Node item : node.items()) {
    out.push_back({item.at("what").text(), item.at("query").text(), item.at("remedy").text()});
    item.end();
  }
  return out;
}

Step read_step(Node node, Phase phase) {
  Step out;
  out.phase = phase;
  out.id = node.at("id").text();
  out.title = node.at("title").text();
  out.tables = node.at("tables").qualified_names();
  out.forward = read_action(node.at("forward"));
  out.undo = read_action(node.at("undo"));
  out.undo_skips_large = node.at("undo_skips_large").boolean();
  out.grade = read_grade(node.at("grade"));
  for (const Node& effect : node.at("effects").items()) out.effects.push_back(read_effect(effect));
  out.preconditions = read_preconditions(node.at("preconditions"));
  // Plans of before 2026-12 have none.
  if (node.has("undo_preconditions")) out.undo_preconditions = read_preconditions(node.at("undo_preconditions"));
  out.notes = node.at("notes").texts();
  node.end();
  return out;
}

// A path that stays inside the folder.
std::string read_path(const Node& node) {
  const std::string out = node.text();
  const fs::path path(out);
  if (out.empty() || path.is_absolute() || std::find(path.begin(), path.end(), "..") != path.end()) node.fail(fmt::format("\"{}\" is not a path inside the folder", out));
  return out;
}

void read_phase(Node node, ReadPlan& out, std::vector<Phase>& seen) {
  const Node name = node.at("phase");
  const Phase phase = name.one_of({Phase::expand, Phase::backfill, Phase::contract, Phase::purge}, phase_name);
  if (!seen.empty() && seen.back() >= phase) name.fail("phases are in ascending order, each once");
  seen.push_back(phase);
  if (out.layout == "psql") {
    for (const bool rollback : {false, true}) {
      const Node file = node.at(rollback ? "rollback_file" : "file");
      if (file.text() != phase_file(phase, rollback)) file.fail(fmt::format("expected \"{}\"", phase_file(phase, rollback)));
      out.hashes[file.text()] = node.at(rollback ? "rollback_sha256" : "sha256").hash();
    }
  } else {
    for (Node item : node.at("files").items()) {
      const std::string path = read_path(item.at("file"));
      out.hashes[path] = item.at("sha256").hash();
      item.end();
    }
  }
  std::vector<std::string> conditions = node.at("gate").texts();
  if (!conditions.empty()) out.plan.gates.push_back({phase, std::move(conditions)});
  for (const Node& step : node.at("steps").items()) {
    out.plan.steps.push_back(read_step(step, phase));
    const std::string& id = out.plan.steps.back().id;
    for (std::size_t i = 0; i + 1 < out.plan.steps.size(); ++i) {
      if (out.plan.steps[i].id == id) step.fail(fmt::format("the id \"{}\" is there twice", id));
    }
  }
  node.end();
}

}  // namespace

ReadPlan read_json(std::string_view text, const std::string& file) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& error) {
    throw Error(ErrorCode::usage, fmt::format("{} is not JSON", file), "take it from version control, or plan again").at(locate(text, error.byte > 0 ? error.byte - 1 : 0, file));
  }
  Node root(json, "", file);
  ReadPlan out;
  const Node format = root.at("format");
  if (format.integer() > kPlanFormat) format.fail("written by a newer contraflow");
  if (format.integer() < 1) format.fail("there is no such format");
  out.tool = root.at("tool").text();
  out.layout = root.at("layout").text();
  out.plan.name = root.at("name").text();
  out.plan.server_major = root.at("server_major").integer();
  out.plan.from_fingerprint = root.at("from").text();
  out.plan.to_fingerprint = root.at("to").text();
  out.plan.grade = read_grade(root.at("grade"));
  std::vector<Phase> seen;
  for (const Node& phase : root.at("phases").items()) read_phase(phase, out, seen);
  out.plan.notes = root.at("notes").texts();
  out.plan.column_order = root.at("column_order_differs").texts();
  if (root.has("event_triggers")) out.plan.event_triggers = root.at("event_triggers").boolean();
  root.end();
  return out;
}

ReadPlan read_folder(const fs::path& folder) {
  const fs::path file = folder / "plan.json";
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) {
    throw Error(ErrorCode::usage, fmt::format("{} is not a plan folder: it has no plan.json", folder.string()), "contraflow plan --from SOURCE --to SOURCE --out DIR writes one");
  }
  return read_json(read_text_file(file), file.string());
}

std::string describe(const Mismatch& mismatch) {
  switch (mismatch.kind) {
    case Mismatch::Kind::edited: return fmt::format("{} was edited after the plan was written", mismatch.file);
    case Mismatch::Kind::missing: return fmt::format("{} is missing", mismatch.file);
    case Mismatch::Kind::unknown: return fmt::format("{} is not part of the plan", mismatch.file);
  }
  return {};
}

std::vector<Mismatch> verify(const fs::path& folder) { return verify(folder, read_folder(folder)); }

std::vector<Mismatch> verify(const fs::path& folder, const ReadPlan& read) {
  std::vector<Mismatch> out;
  for (const auto& [file, hash] : read.hashes) {
    std::error_code ignored;
    if (!fs::is_regular_file(folder / file, ignored)) out.push_back({Mismatch::Kind::missing, file});
    else if (sha256(read_file(folder / file)) != hash) out.push_back({Mismatch::Kind::edited, file});
  }
  std::vector<Mismatch> unknown;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string path = entry.path().lexically_relative(folder).generic_string();
    const bool sql = entry.is_regular_file() && (path.ends_with(".sql") || path.ends_with(".sql.conf"));
    if (sql && !read.hashes.contains(path)) unknown.push_back({Mismatch::Kind::unknown, path});
  }
  std::sort(unknown.begin(), unknown.end(), [](const Mismatch& a, const Mismatch& b) { return a.file < b.file; });
  out.insert(out.end(), unknown.begin(), unknown.end());
  return out;
}

}  // namespace contraflow::plan
