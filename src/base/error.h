// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <optional>
#include <string>

namespace contraflow {

// Where in an input a message points. Lines and columns count from 1, columns in characters (not bytes).
struct Location {
  std::string file;
  int line = 0;
  int column = 0;
  std::string source_line;
};

// Each code is one exit code of the program, documented in docs/cli.md.
enum class ErrorCode {
  refused = 1,      // a refuted verdict, or a plan that may not be written
  usage = 2,        // wrong usage: options, configuration, input that cannot be read
  environment = 3,  // connection, missing server binaries, disk
  interrupted = 4,  // stopped and resumable
};

// The one exception for failures. Thrown by files, `sql` and `pg`; caught in `cli`, at job boundaries and where
// context is added. Findings are data and expected outcomes are return types: neither is ever thrown.
class Error : public std::exception {
 public:
  Error(ErrorCode code, std::string message, std::string hint = {}, std::string sqlstate = {})
      : code_(code), message_(std::move(message)), hint_(std::move(hint)), sqlstate_(std::move(sqlstate)) {}

  const char* what() const noexcept override { return message_.c_str(); }
  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }
  // What the user can do about it; may be empty.
  const std::string& hint() const { return hint_; }
  // The server's SQLSTATE; empty when the error is not the server's.
  const std::string& sqlstate() const { return sqlstate_; }
  const std::optional<Location>& location() const { return location_; }
  Error at(Location location) const {
    Error copy = *this;
    copy.location_ = std::move(location);
    return copy;
  }

 private:
  ErrorCode code_;
  std::string message_;
  std::string hint_;
  std::string sqlstate_;
  std::optional<Location> location_;
};

}  // namespace contraflow
