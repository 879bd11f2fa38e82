// SPDX-License-Identifier: Apache-2.0
//
// Inside the module: the events of a streamed answer (server-sent events), put together.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "agent/messages_client.h"

namespace contraflow::agent {

class MessagesStream {
 public:
  // Bytes as they come, in whatever pieces.
  void feed(std::string_view bytes);

  bool complete() const { return complete_; }                    // message_stop was received
  const std::string& error_type() const { return error_type_; }  // of an `error` event: "overloaded_error"
  const std::string& malformed() const { return malformed_; }    // why the stream cannot be read
  MessagesAnswer answer() const;

 private:
  struct Block {
    std::string type, text, id, name, json;
  };
  void event(const std::string& data);

  std::string line_, data_;
  std::vector<Block> blocks_;
  std::string stop_reason_, error_type_, malformed_;
  long long input_tokens_ = 0, output_tokens_ = 0;
  bool complete_ = false;
};

}  // namespace contraflow::agent
