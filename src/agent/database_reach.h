// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "agent/client_target.h"
#include "agent/direct_ddl.h"
#include "agent/shell_state.h"

namespace contraflow::agent {

struct Reach {
  bool reaches = false;  // a protected database
  bool hidden = false;   // where it leads is not seen
};

// Whether a word holds a protected database's connection string, or its variable.
bool word_names(const std::string& text, const ProtectedDatabase& one);
bool is_remote(const std::string& host);

// To which database a client connects, by its arguments, its environment and pg_service.conf, as libpq would.
class DatabaseReach {
 public:
  DatabaseReach(const HookInput& input, const ShellState& state) : input_(input), state_(state) {}

  // `inside`: the host or container on which the client runs; empty: here.
  Reach of_client(const ClientArguments& arguments, const Variables& own, const std::string& inside) const;
  // A connection string's target, also of drivers whose schemes libpq does not know.
  NamedTarget named(const std::string& conninfo) const;
  bool same_place(const ProtectedDatabase& one, const NamedTarget& target, const std::string& inside) const;

 private:
  std::optional<NamedTarget> service(const std::string& name, const Variables& own) const;

  const HookInput& input_;
  const ShellState& state_;
};

}  // namespace contraflow::agent
