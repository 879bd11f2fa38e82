// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace contraflow::agent {

// A word of a command with its variables filled in.
struct SeenWord {
  std::string text;     // "${NAME}" for a protected database's variable and for what is not set
  bool unseen = false;  // a part of it is not known
  bool hidden = false;  // … because a command writes it
};

// The arguments of psql and its like.
struct ClientArguments {
  std::vector<SeenWord> commands, files;  // -c, -f, in their order
  std::vector<SeenWord> databases;        // -d, and the first word that is no option
  std::vector<SeenWord> hosts;
  std::string port;
  bool only_tells = false;  // --version, --help, --list
};

// `program` is psql, pgcli, usql, pg_restore, createdb or dropdb.
ClientArguments client_arguments(const std::string& program, const std::vector<SeenWord>& words);

}  // namespace contraflow::agent
