// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "apply/observer.h"
#include "apply/options.h"

namespace contraflow::apply {

// Looks at a session of ours from a second connection, in a thread of its own. Without that connection (too many clients) it sees nothing, and the
// run goes on.
class Watcher {
 public:
  Watcher(const std::string& conninfo, const std::string& application_name);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // Who blocks `pid`, seen once, `after` from now: shortly before its lock timeout.
  void look(int pid, Milliseconds after);
  std::vector<Blocker> seen();  // what was seen since look(); forgets it

  // Once a second until unfollow(): progress of a concurrent build or a long scan, and who blocks it.
  void follow(int pid, std::function<void(const Progress&)> tell);
  void unfollow();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// follow() as long as it lives.
class Following {
 public:
  Following(Watcher& watcher, int pid, std::function<void(const Progress&)> tell) : watcher_(watcher) { watcher_.follow(pid, std::move(tell)); }
  ~Following() { watcher_.unfollow(); }
  Following(const Following&) = delete;
  Following& operator=(const Following&) = delete;

 private:
  Watcher& watcher_;
};

// Who blocks `pid` just now.
std::vector<Blocker> blockers_of(pg::Connection& connection, int pid);

// Cancels those that `allowed` names; a sentence for each that was. Error where the role may not.
std::vector<std::string> cancel_blockers(pg::Connection& connection, const std::vector<Blocker>& blockers, CancelBlockers allowed);

}  // namespace contraflow::apply
