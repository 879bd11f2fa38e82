// SPDX-License-Identifier: Apache-2.0
#include "agent/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <istream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <thread>

#include "agent/arguments.h"
#include "agent/context.h"
#include "base/error.h"
#include "base/hash.h"

namespace contraflow::agent {
namespace {

// JSON-RPC 2.0, section 5.1, and MCP's own for resources.
enum Code { parse_error = -32700,
            invalid_request = -32600,
            method_not_found = -32601,
            invalid_params = -32602,
            internal_error = -32603,
            busy = -32000,
            resource_not_found = -32002 };

std::string dumped(const Json& json) { return json.dump(-1, ' ', true, Json::error_handler_t::replace); }

struct Line {
  std::string text;
  std::size_t bytes = 0;  // more than the text has: it was too long and is dropped
};

// getline() with a limit: whoever never ends a line does not fill the memory.
std::optional<Line> read_line(std::istream& in) {
  Line line;
  for (int c = 0; (c = in.get()) != std::char_traits<char>::eof();) {
    if (c == '\n') return line;
    ++line.bytes;
    if (line.text.size() < kMostBytes) line.text.push_back(static_cast<char>(c));
  }
  return line.bytes == 0 ? std::nullopt : std::optional(line);
}

// Arrays and objects within each other: the parser has no limit of its own, and printing recurses.
bool too_deep(const std::string& text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      else if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kMostNesting) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

// Names, comments and code as a person would see them, whatever tool they come from. Members too: a name may be one.
Json made_visible(Json json, const Tool& tool, const std::string& member = "") {
  if (json.is_string() && member == tool.exact && !member.empty()) return json;
  if (json.is_string()) return member == tool.lines && !member.empty() ? visible_text(json.get_ref<const std::string&>()) : shown_text(json.get_ref<const std::string&>(), std::string::npos);
  if (json.is_array()) {
    for (Json& element : json) element = made_visible(std::move(element), tool, member);
  } else if (json.is_object()) {
    Json out = Json::object();
    for (auto& [key, value] : json.items()) out[shown_text(key)] = made_visible(std::move(value), tool, key);
    return out;
  }
  return json;
}

struct RpcError {
  int code;
  std::string message;
  Json data = nullptr;
};

// The answers of a batch go out together (2025-03-26 and before).
struct Batch {
  Json answers = Json::array();
  std::size_t open = 0;
};
using BatchPtr = std::shared_ptr<Batch>;

struct Waiting {
  Json id;
  const Tool* tool = nullptr;
  Json arguments;
  BatchPtr batch;
  Json progress_token = nullptr;
  std::shared_ptr<std::atomic<bool>> cancelled = std::make_shared<std::atomic<bool>>(false);
};

class Server {
 public:
  Server(const ServerOptions& options, std::ostream& out) : options_(options), out_(out) {}

  void run(std::istream& in) {
    std::thread worker([this] { work(waiting_); }), slow([this] { work(slow_waiting_); });
    std::exception_ptr failure;
    try {
      while (!failed()) {
        const std::optional<Line> line = read_line(in);
        if (!line) break;
        take(*line);
      }
    } catch (...) {
      failure = std::current_exception();
    }
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      if (failure) waiting_.clear(), slow_waiting_.clear();
    }
    wake_.notify_all();
    worker.join();
    slow.join();
    if (failure) std::rethrow_exception(failure);
    if (worker_failure_) std::rethrow_exception(worker_failure_);
  }

 private:
  bool failed() {
    const std::lock_guard lock(mutex_);
    return worker_failure_ != nullptr || (options_.stopped && options_.stopped());
  }

  void take(const Line& line) {
    if (line.text.find_first_not_of(" \t\r") == std::string::npos) return;
    if (line.bytes > line.text.size()) return garbage(line, {invalid_request, fmt::format("a message has at most {} bytes", kMostBytes)});
    if (too_deep(line.text)) return garbage(line, {invalid_request, fmt::format("more than {} arrays and objects within each other", kMostNesting)});
    const Json message = Json::parse(line.text, nullptr, false);
    if (message.is_discarded()) return garbage(line, {parse_error, "this is no JSON"});
    if (!message.is_array()) return one(message, nullptr);
    if (message.empty() || structured()) return garbage(line, {invalid_request, message.empty() ? "an empty batch" : "protocol version " + version_ + " has no batches"});
    const auto batch = std::make_shared<Batch>();
    {
      const std::lock_guard lock(mutex_);
      batch->open = message.size() + 1;  // this loop holds it open, too
    }
    for (const Json& element : message) one(element, batch);
    close(batch);
  }

  void garbage(const Line& line, const RpcError& error) {
    options_.audit->record({{"event", "garbage"}, {"bytes", line.bytes}, {"sha256", sha256(line.text)}, {"why", error.message}});
    answer_error(nullptr, error, nullptr);
  }

  void one(const Json& message, const BatchPtr& batch) {
    const auto text = [&](const char* key) { return message.is_object() && message.contains(key) && message[key].is_string() ? message[key].get<std::string>() : std::string(); };
    const bool has_id = message.is_object() && message.contains("id");
    const Json id = has_id ? message["id"] : Json(nullptr);
    const bool good_id = id.is_string() ? id.get_ref<const std::string&>().size() <= 200 : id.is_number_integer();
    if (text("jsonrpc") != "2.0" || (has_id && !good_id)) return answer_error(good_id ? id : Json(nullptr), {invalid_request, "this is no JSON-RPC 2.0 message"}, batch);
    if (message.contains("result") || message.contains("error")) return close(batch);  // an answer; nothing was asked
    const std::string method = text("method");
    if (method.empty()) return answer_error(id, {invalid_request, "the message has no method"}, batch);
    const Json params = message.contains("params") ? message["params"] : Json::object();
    if (!has_id) {
      notified(method, params);
      return close(batch);
    }
    if (!params.is_object()) return answer_error(id, {invalid_params, "params are an object"}, batch);
    options_.audit->record({{"event", "request"}, {"id", id}, {"method", shown_text(method, 80)}, {"params", shown_text(dumped(params), 4000)}});
    requested(id, method, params, batch);
  }

  void notified(const std::string& method, const Json& params) {
    options_.audit->record({{"event", "notification"}, {"method", shown_text(method, 80)}, {"params", shown_text(dumped(params), 400)}});
    if (method != "notifications/cancelled" || !params.is_object() || !params.contains("requestId")) return;
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(params["requestId"].dump());
    if (found != calls_.end()) found->second->store(true);
  }

  void requested(const Json& id, const std::string& method, const Json& params, const BatchPtr& batch) {
    if (method == "ping") return answer(id, Json::object(), batch);
    if (method == "initialize") return initialize(id, params, batch);
    if (version_.empty()) return answer_error(id, {invalid_request, "initialize comes first"}, batch);
    if ((method == "tools/list" || method == "prompts/list" || method.starts_with("resources/")) && params.contains("cursor")) return answer_error(id, {invalid_params, "there are no further pages"}, batch);
    if (method == "tools/list") return answer(id, tools(), batch);
    if (method == "tools/call") return call(id, params, batch);
    if (method == "resources/list") return answer(id, resources(), batch);
    if (method == "resources/templates/list") return answer(id, templates(), batch);
    if (method == "resources/read") return read(id, params, batch);
    if (method == "prompts/list") return answer(id, prompts(), batch);
    if (method == "prompts/get") return prompt(id, params, batch);
    if (method == "logging/setLevel") return answer_error(id, {method_not_found, "this server does not log to clients"}, batch);
    answer_error(id, {method_not_found, fmt::format("there is no method \"{}\"", shown_text(method, 60))}, batch);
  }

  void initialize(const Json& id, const Json& params, const BatchPtr& batch) {
    const std::string asked = params.contains("protocolVersion") && params["protocolVersion"].is_string() ? params["protocolVersion"].get<std::string>() : "";
    if (asked.empty()) return answer_error(id, {invalid_params, "protocolVersion is missing"}, batch);
    const bool known = std::find(kProtocolVersions.begin(), kProtocolVersions.end(), asked) != kProtocolVersions.end();
    version_ = known ? asked : kProtocolVersions.front();
    answer(id, {{"protocolVersion", version_}, {"capabilities", {{"tools", Json::object()}, {"resources", Json::object()}, {"prompts", Json::object()}}}, {"serverInfo", {{"name", "contraflow"}, {"version", options_.version}}}, {"instructions", options_.instructions}}, batch);
  }

  // What came with later versions is left out for earlier ones.
  bool structured() const { return version_ >= "2025-06-18"; }

  Json tools() const {
    Json list = Json::array();
    for (const Tool& tool : options_.tools) {
      Json entry{{"name", tool.name}, {"description", tool.description}, {"inputSchema", tool.input_schema}};
      if (version_ != kProtocolVersions.back()) entry["annotations"] = {{"title", tool.title}, {"readOnlyHint", tool.read_only}, {"destructiveHint", tool.destructive}, {"openWorldHint", false}};
      if (structured()) {
        entry["title"] = tool.title;
        entry["outputSchema"] = {{"type", "object"}, {"required", {"notice", "result"}}, {"properties", {{"notice", {{"type", "string"}}}, {"result", tool.result_schema}}}};
      }
      list.push_back(std::move(entry));
    }
    return {{"tools", list}};
  }

  std::vector<Resource> all_resources() const {
    std::vector<Resource> all = options_.resources;
    if (options_.changing_resources) {
      for (Resource& resource : options_.changing_resources()) all.push_back(std::move(resource));
    }
    return all;
  }

  Json prompts() const {
    Json list = Json::array();
    for (const Prompt& prompt : options_.prompts) {
      Json arguments = Json::array();
      for (const Prompt::Argument& argument : prompt.arguments) arguments.push_back({{"name", argument.name}, {"description", argument.description}, {"required", argument.required}});
      list.push_back({{"name", prompt.name}, {"title", prompt.title}, {"description", prompt.description}, {"arguments", arguments}});
    }
    return {{"prompts", list}};
  }

  void prompt(const Json& id, const Json& params, const BatchPtr& batch) {
    const std::string name = params.contains("name") && params["name"].is_string() ? params["name"].get<std::string>() : "";
    const auto found = std::find_if(options_.prompts.begin(), options_.prompts.end(), [&](const Prompt& one) { return one.name == name; });
    if (found == options_.prompts.end()) return answer_error(id, {invalid_params, fmt::format("there is no prompt \"{}\"", shown_text(name, 60))}, batch);
    const Json arguments = params.contains("arguments") ? params["arguments"] : Json::object();
    Json schema{{"properties", Json::object()}, {"required", Json::array()}};
    for (const Prompt::Argument& argument : found->arguments) {
      schema["properties"][argument.name] = {{"type", "string"}, {"maxLength", 500}};
      if (argument.required) schema["required"].push_back(argument.name);
    }
    if (const std::string wrong = wrong_arguments(schema, arguments); !wrong.empty()) return answer_error(id, {invalid_params, wrong}, batch);
    try {
      answer(id, {{"description", found->description}, {"messages", {{{"role", "user"}, {"content", {{"type", "text"}, {"text", found->text(arguments)}}}}}}}, batch);
    } catch (const Error& error) {
      answer_error(id, {invalid_params, error.message()}, batch);
    }
  }

  Json templates() const {
    Json list = Json::array();
    for (const ResourceTemplate& one : options_.templates) list.push_back({{"uriTemplate", one.uri}, {"name", one.name}, {"description", one.description}, {"mimeType", "text/markdown"}});
    return {{"resourceTemplates", list}};
  }

  Json resources() const {
    Json list = Json::array();
    for (const Resource& resource : all_resources()) {
      if (resource.listed) list.push_back({{"uri", resource.uri}, {"name", resource.name}, {"description", resource.description}, {"mimeType", "text/markdown"}});
    }
    return {{"resources", list}};
  }

  void read(const Json& id, const Json& params, const BatchPtr& batch) {
    const std::string uri = params.contains("uri") && params["uri"].is_string() ? params["uri"].get<std::string>() : "";
    for (const Resource& resource : all_resources()) {
      if (resource.uri != uri) continue;
      try {
        return answer(id, {{"contents", {{{"uri", uri}, {"mimeType", "text/markdown"}, {"text", visible_text(resource.read())}}}}}, batch);
      } catch (const Error& error) {
        return answer_error(id, {internal_error, visible_text(error.message())}, batch);
      }
    }
    answer_error(id, {resource_not_found, "there is no such resource", {{"uri", shown_text(uri, 200)}}}, batch);
  }

  void call(const Json& id, const Json& params, const BatchPtr& batch) {
    const std::string name = params.contains("name") && params["name"].is_string() ? params["name"].get<std::string>() : "";
    const auto tool = std::find_if(options_.tools.begin(), options_.tools.end(), [&](const Tool& one) { return one.name == name; });
    if (tool == options_.tools.end()) return answer_error(id, {invalid_params, fmt::format("there is no tool \"{}\"", shown_text(name, 60))}, batch);
    Waiting waiting{id, &*tool, params.contains("arguments") ? params["arguments"] : Json::object(), batch};
    if (params.contains("_meta") && params["_meta"].is_object() && params["_meta"].contains("progressToken")) {
      const Json& token = params["_meta"]["progressToken"];
      if (token.is_number_integer() || (token.is_string() && token.get_ref<const std::string&>().size() <= 200)) waiting.progress_token = token;
    }
    if (const std::string wrong = wrong_arguments(tool->input_schema, waiting.arguments); !wrong.empty()) {
      // From 2025-11-25 on the model is to see what it did wrong: the result of a call that failed.
      if (version_ < "2025-11-25") return answer_error(id, {invalid_params, wrong}, batch);
      options_.audit->record({{"event", "result"}, {"id", id}, {"outcome", "refused"}, {"why", wrong}});
      return answer(id, {{"content", {{{"type", "text"}, {"text", dumped({{"notice", kDataNotice}, {"error", wrong}})}}}}, {"isError", true}}, batch);
    }
    std::optional<RpcError> refused;
    {
      const std::lock_guard lock(mutex_);
      if (calls_.contains(id.dump())) refused = {invalid_request, "a call with this id is under way"};
      else if (calls_.size() >= kMostWaiting) refused = {busy, fmt::format("{} calls are waiting", kMostWaiting)};
      else {
        calls_[id.dump()] = waiting.cancelled;
        (tool->slow ? slow_waiting_ : waiting_).push_back(std::move(waiting));
      }
    }
    if (refused) return answer_error(id, *refused, batch);
    wake_.notify_all();
  }

  void work(std::deque<Waiting>& lane) {
    while (true) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return ended_ || !lane.empty(); });
      if (lane.empty()) return;
      const Waiting next = std::move(lane.front());
      lane.pop_front();
      lock.unlock();
      try {
        execute(next);
      } catch (...) {  // the audit file: the session ends, as run() tells
        {
          const std::lock_guard again(mutex_);
          worker_failure_ = std::current_exception();
          waiting_.clear(), slow_waiting_.clear();
        }
        return answer_error(next.id, {internal_error, "the outcome cannot be recorded"}, next.batch);
      }
    }
  }

  void execute(const Waiting& next) {
    const auto cancelled = [&] { return next.cancelled->load() || (options_.stopped && options_.stopped()); };
    const auto begun = std::chrono::steady_clock::now();
    Json result, text;
    std::string outcome = "done";
    if (!cancelled()) {
      try {
        int count = 0;
        const auto progress = [&](const std::string& message) {
          if (next.progress_token.is_null() || cancelled()) return;
          Json params{{"progressToken", next.progress_token}, {"progress", ++count}};
          if (version_ >= "2025-03-26") params["message"] = shown_text(message, 200);
          write({{"jsonrpc", "2.0"}, {"method", "notifications/progress"}, {"params", std::move(params)}});
        };
        Json found = made_visible(next.tool->run({next.arguments, cancelled, progress}), *next.tool);
        text = {{"notice", kDataNotice}, {"result", std::move(found)}};
        if (structured()) result["structuredContent"] = text;
      } catch (const Error& error) {
        outcome = error.code() == ErrorCode::refused ? "refused" : "failed";
        text = {{"notice", kDataNotice}, {"error", visible_text(error.message())}, {"what_to_do", visible_text(error.hint())}};
        if (error.location()) text["place"] = visible_text(fmt::format("{}:{}", error.location()->file, error.location()->line));
      } catch (const std::exception& error) {
        outcome = "failed";
        text = {{"notice", kDataNotice}, {"error", visible_text(fmt::format("internal error: {}", error.what()))}};
      }
    }
    if (cancelled()) outcome = "cancelled";
    {
      const std::lock_guard lock(mutex_);
      calls_.erase(next.id.dump());
    }
    const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begun).count();
    options_.audit->record({{"event", "result"}, {"id", next.id}, {"tool", next.tool->name}, {"outcome", outcome}, {"why", text.is_object() ? text.value("error", "") : ""}, {"ms", spent}});
    if (outcome == "cancelled") return close(next.batch);  // "The receiver … not send a response for the cancelled request"
    result["content"] = {{{"type", "text"}, {"text", dumped(text)}}};
    result["isError"] = outcome != "done";
    answer(next.id, std::move(result), next.batch);
  }

  void answer(const Json& id, Json result, const BatchPtr& batch) { put({{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}}, batch); }

  void answer_error(const Json& id, const RpcError& error, const BatchPtr& batch) {
    Json out{{"code", error.code}, {"message", error.message}};
    if (!error.data.is_null()) out["data"] = error.data;
    put({{"jsonrpc", "2.0"}, {"id", id}, {"error", std::move(out)}}, batch);
  }

  void put(Json message, const BatchPtr& batch) {
    if (!batch) return write(message);
    {
      const std::lock_guard lock(mutex_);
      batch->answers.push_back(std::move(message));
    }
    close(batch);
  }

  // One message of the batch is done with.
  void close(const BatchPtr& batch) {
    if (!batch) return;
    Json answers;
    {
      const std::lock_guard lock(mutex_);
      if (--batch->open > 0 || batch->answers.empty()) return;
      answers = std::move(batch->answers);
    }
    write(answers);
  }

  void write(const Json& message) {
    const std::lock_guard lock(output_);
    out_ << dumped(message) << '\n'
         << std::flush;  // a client that went away closes the input, too
  }

  const ServerOptions& options_;
  std::ostream& out_;
  std::mutex output_;
  std::string version_;  // empty before initialize; written by the reading thread before any call
  std::mutex mutex_;     // everything below
  std::condition_variable wake_;
  std::deque<Waiting> waiting_, slow_waiting_;
  std::map<std::string, std::shared_ptr<std::atomic<bool>>> calls_;
  bool ended_ = false;
  std::exception_ptr worker_failure_;
};

}  // namespace

void serve(const ServerOptions& options, std::istream& in, std::ostream& out) { Server(options, out).run(in); }

}  // namespace contraflow::agent
