// SPDX-License-Identifier: Apache-2.0
//
// A client of the Anthropic Messages API, streaming. What it receives is untrusted text; the key that it sends appears in no error and no note.
#pragma once

#include <chrono>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace contraflow::agent {

struct MessagesOptions {
  std::string base_url = "https://api.anthropic.com";
  std::string api_key;  // empty: none is sent, as a local endpoint may want it
  std::string model;
  int attempts = 5;
  std::chrono::milliseconds first_pause{500};  // doubled each time, jittered; a Retry-After that is longer counts
  std::chrono::milliseconds longest_pause{30'000};
  std::chrono::seconds connect_timeout{10};
  std::chrono::seconds silence{60};              // nothing was received for so long
  std::chrono::seconds longest{300};             // of one attempt
  std::function<void(const std::string&)> note;  // why it tries again
};

struct ToolUse {
  std::string id, name;
  nlohmann::ordered_json input;
};

struct MessagesAnswer {
  std::string text;
  std::vector<ToolUse> tool_uses;
  nlohmann::ordered_json content;  // as it is sent back in a conversation that goes on
  std::string stop_reason;
  long long input_tokens = 0, output_tokens = 0;
};

// `request`: messages, system, tools, max_tokens; model and stream are added. Tried again: lost connections, timeouts, streams that end early, HTTP 408, 429 and 5xx (529 overloaded),
// and errors of that kind within the stream. Error{environment} for what stays or cannot be mended by trying (401, 400); Error{usage} for an endpoint to which no key may be sent.
MessagesAnswer send_messages(const MessagesOptions& options, nlohmann::ordered_json request);

}  // namespace contraflow::agent
