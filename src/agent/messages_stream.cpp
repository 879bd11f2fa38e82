// SPDX-License-Identifier: Apache-2.0
#include "agent/messages_stream.h"

#include "base/error.h"

namespace contraflow::agent {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostBlocks = 64;

std::string text_in(const Json& json, const char* key) { return json.is_object() && json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : std::string(); }

long long number_in(const Json& json, const char* key) { return json.is_object() && json.contains(key) && json[key].is_number_integer() ? json[key].get<long long>() : 0; }

}  // namespace

void MessagesStream::feed(std::string_view bytes) {
  for (const char c : bytes) {
    if (c != '\n') {
      line_ += c;
      continue;
    }
    if (line_.ends_with('\r')) line_.pop_back();
    if (line_.empty()) {
      if (!data_.empty()) event(data_);
      data_.clear();
    } else if (line_.starts_with("data:")) {
      data_ += line_.substr(line_.starts_with("data: ") ? 6 : 5);
    }
    line_.clear();
  }
}

void MessagesStream::event(const std::string& data) {
  const Json json = Json::parse(data, nullptr, false);
  if (!json.is_object()) {
    malformed_ = "an event of the answer is no JSON object";
    return;
  }
  const std::string type = text_in(json, "type");
  const auto block = [&]() -> Block* {
    const long long index = number_in(json, "index");
    return index >= 0 && static_cast<std::size_t>(index) < blocks_.size() ? &blocks_[static_cast<std::size_t>(index)] : nullptr;
  };
  if (type == "message_start") {
    if (json.contains("message") && json["message"].is_object() && json["message"].contains("usage")) {
      input_tokens_ = number_in(json["message"]["usage"], "input_tokens") + number_in(json["message"]["usage"], "cache_read_input_tokens") + number_in(json["message"]["usage"], "cache_creation_input_tokens");
    }
  } else if (type == "content_block_start") {
    if (blocks_.size() >= kMostBlocks || !json.contains("content_block")) {
      malformed_ = "the answer has more parts than it may";
      return;
    }
    const Json& begun = json["content_block"];
    blocks_.push_back({text_in(begun, "type"), text_in(begun, "text"), text_in(begun, "id"), text_in(begun, "name"), ""});
  } else if (type == "content_block_delta") {
    Block* open = block();
    if (open == nullptr || !json.contains("delta")) {
      malformed_ = "the answer goes on with a part that was not begun";
      return;
    }
    open->text += text_in(json["delta"], "text");
    open->json += text_in(json["delta"], "partial_json");
  } else if (type == "message_delta") {
    if (json.contains("delta")) stop_reason_ = text_in(json["delta"], "stop_reason");
    if (json.contains("usage")) output_tokens_ = number_in(json["usage"], "output_tokens");
  } else if (type == "message_stop") {
    complete_ = true;
  } else if (type == "error") {
    error_type_ = json.contains("error") ? text_in(json["error"], "type") : "unknown";
    if (error_type_.empty()) error_type_ = "unknown";
  }
}

MessagesAnswer MessagesStream::answer() const {
  MessagesAnswer out;
  out.stop_reason = stop_reason_;
  out.input_tokens = input_tokens_;
  out.output_tokens = output_tokens_;
  out.content = Json::array();
  for (const Block& block : blocks_) {
    if (block.type == "text") {
      out.text += block.text;
      if (!block.text.empty()) out.content.push_back({{"type", "text"}, {"text", block.text}});
    } else if (block.type == "tool_use") {
      const Json input = block.json.empty() ? Json::object() : Json::parse(block.json, nullptr, false);
      if (!input.is_object()) throw Error(ErrorCode::environment, "the model called a tool with what is no JSON object", "");
      out.tool_uses.push_back({block.id, block.name, input});
      out.content.push_back({{"type", "tool_use"}, {"id", block.id}, {"name", block.name}, {"input", input}});
    }
  }
  return out;
}

}  // namespace contraflow::agent
