// SPDX-License-Identifier: Apache-2.0
#include "lint/rule.h"

#include <algorithm>
#include <stdexcept>

namespace contraflow::lint {

std::string_view severity_name(Severity severity) {
  switch (severity) {
    case Severity::info: return "info";
    case Severity::warning: return "warning";
    case Severity::error: return "error";
  }
  throw std::logic_error("internal error: severity out of range");
}

std::string_view category_name(Category category) {
  switch (category) {
    case Category::lock: return "lock";
    case Category::brief_lock: return "brief-lock";
    case Category::transaction: return "transaction";
    case Category::compatibility: return "compatibility";
    case Category::data: return "data";
    case Category::idempotence: return "idempotence";
    case Category::process: return "process";
    case Category::style: return "style";
  }
  throw std::logic_error("internal error: category out of range");
}

std::string quoted(const QualifiedName& name) { return name.name.empty() ? std::string() : sql::quote(name); }

std::string table_text(const Action& action) { return action.relation.name.empty() ? "the table" : quoted(action.relation); }

namespace {

std::size_t hash_of(const Rule* rule, const std::string& relation) { return std::hash<const void*>()(rule) ^ std::hash<std::string>()(relation); }

Severity lower(Severity severity) { return severity == Severity::error ? Severity::warning : Severity::info; }

}  // namespace

Finding& Reporter::report(const Action& action, std::string message) {
  Finding& finding = report(action.offset, std::move(message));
  set_relation(finding, quoted(action.relation));
  finding.versions = action.versions;
  finding.depends = action.depends;
  // Facts are no locks; what an action locks is the business of the rules about locks.
  if (action.locks && (rule_->category == Category::lock || rule_->category == Category::brief_lock)) {
    finding.lock = action.lock(std::min(action.versions.to, context_.majors.to));
    finding.work = rule_->category == Category::lock ? action.work() : effects::Work::none;
  }
  if (!action.depends.empty() && !action.likely) finding.severity = lower(finding.severity);
  return finding;
}

Finding& Reporter::report(std::size_t offset, std::string message) {
  Finding& finding = findings_.emplace_back();
  finding.rule = rule_;
  finding.severity = rule_->severity;
  // A plan's later phases wait for gates, and a rollback takes away what it is meant to.
  if ((context_.file.in_plan || context_.file.rollback) && rule_->category == Category::compatibility) finding.severity = Severity::info;
  finding.offset = offset;
  finding.message = std::move(message);
  finding.versions = context_.majors;
  return finding;
}

void Reporter::set_relation(Finding& finding, std::string relation) {
  reported_.insert(hash_of(rule_, relation));
  finding.relation = std::move(relation);
}

void Reporter::retract(const std::string& relation, const std::function<bool(const Finding&)>& settled) {
  if (!reported_.contains(hash_of(rule_, relation))) return;  // the usual case, without a look at every finding
  std::erase_if(findings_, [&](const Finding& finding) { return finding.rule == rule_ && finding.relation == relation && (!settled || settled(finding)); });
}

void Reporter::retract_all(const std::function<bool(const Finding&)>& settled) {
  std::erase_if(findings_, [&](const Finding& finding) { return finding.rule == rule_ && settled(finding); });
}

std::string replaceable(const Context& context, const QualifiedName& key, const std::string& member) {
  if (key.name.empty() || (context.transaction == nullptr && context.file.runner == Runner::none)) return {};
  return key.schema + '\n' + key.name + '\n' + member;
}

std::optional<std::pair<QualifiedName, std::string>> replaceable_in(const std::string& subject) {
  const std::size_t first = subject.find('\n'), second = first == std::string::npos ? first : subject.find('\n', first + 1);
  if (second == std::string::npos) return std::nullopt;
  return std::pair{QualifiedName{subject.substr(0, first), subject.substr(first + 1, second - first - 1)}, subject.substr(second + 1)};
}

bool Reporter::first(const std::string& key) { return once_.emplace(rule_, key).second; }

const Rule* find_rule(std::string_view name) {
  const auto& all = rules();
  const auto it = std::lower_bound(all.begin(), all.end(), name, [](const Rule* rule, std::string_view wanted) { return rule->name < wanted; });
  return it != all.end() && (*it)->name == name ? *it : nullptr;
}

}  // namespace contraflow::lint
