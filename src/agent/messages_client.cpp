// SPDX-License-Identifier: Apache-2.0
#include "agent/messages_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <random>
#include <thread>

#include "agent/context.h"
#include "agent/messages_stream.h"
#include "base/error.h"
#include "base/text.h"

namespace contraflow::agent {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::milliseconds;

constexpr std::size_t kMostBytes = 4 << 20;

struct Free {
  void operator()(CURL* p) const { curl_easy_cleanup(p); }
  void operator()(curl_slist* p) const { curl_slist_free_all(p); }
  void operator()(CURLU* p) const { curl_url_cleanup(p); }
};

struct Reply {
  long status = 0;
  milliseconds retry_after{0};
  std::size_t bytes = 0;
  std::string body;  // of an answer that is no stream
  MessagesStream stream;
};

std::size_t on_bytes(char* data, std::size_t size, std::size_t count, void* reply_pointer) {
  auto& reply = *static_cast<Reply*>(reply_pointer);
  const std::string_view bytes(data, size * count);
  reply.bytes += bytes.size();
  if (reply.bytes > kMostBytes) return 0;  // ends the transfer with an error
  if (reply.status == 200) reply.stream.feed(bytes);
  else reply.body += bytes;
  return bytes.size();
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* reply_pointer) {
  auto& reply = *static_cast<Reply*>(reply_pointer);
  const std::string line = to_lower(std::string_view(data, size * count));
  if (line.starts_with("http/")) {
    const std::size_t blank = line.find(' ');
    if (blank != std::string::npos) std::from_chars(line.data() + blank + 1, line.data() + line.size(), reply.status);
  }
  if (line.starts_with("retry-after:")) {
    const std::string_view value = trim(std::string_view(line).substr(12));
    int seconds = 0;
    std::from_chars(value.data(), value.data() + value.size(), seconds);
    reply.retry_after = std::chrono::seconds(std::clamp(seconds, 0, 120));
  }
  return size * count;
}

// A key goes over TLS, or does not leave the machine.
void check_endpoint(const MessagesOptions& options) {
  const std::unique_ptr<CURLU, Free> url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, options.base_url.c_str(), 0) != CURLUE_OK) throw Error(ErrorCode::usage, "ANTHROPIC_BASE_URL is no URL", "");
  char *scheme = nullptr, *host = nullptr;
  curl_url_get(url.get(), CURLUPART_SCHEME, &scheme, 0);
  curl_url_get(url.get(), CURLUPART_HOST, &host, 0);
  const std::string_view scheme_text = scheme == nullptr ? "" : scheme, host_text = host == nullptr ? "" : host;
  const bool local = host_text == "localhost" || host_text == "127.0.0.1" || host_text == "[::1]";
  const bool good = scheme_text == "https" || (scheme_text == "http" && local);
  curl_free(scheme);
  curl_free(host);
  if (!good) throw Error(ErrorCode::usage, "ANTHROPIC_BASE_URL is neither https nor on this machine: a key would go over the network in clear", "give a https:// address");
}

Reply post(const MessagesOptions& options, const std::string& body, std::string& failure) {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (ready != CURLE_OK) throw Error(ErrorCode::environment, "libcurl cannot be initialised", "");
  const std::unique_ptr<CURL, Free> curl(curl_easy_init());
  curl_slist* list = nullptr;
  for (const std::string& header : {std::string("content-type: application/json"), std::string("accept: text/event-stream"), std::string("anthropic-version: 2023-06-01"), "x-api-key: " + options.api_key}) {
    if (!header.ends_with(": ")) list = curl_slist_append(list, header.c_str());
  }
  const std::unique_ptr<curl_slist, Free> headers(list);
  Reply reply;
  std::string url = options.base_url;
  while (url.ends_with('/')) url.pop_back();
  url += "/v1/messages";
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_POST, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl.get(), CURLOPT_FOLLOWLOCATION, 0L);  // the key is for this endpoint only
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_CONNECTTIMEOUT, static_cast<long>(options.connect_timeout.count()));
  curl_easy_setopt(curl.get(), CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_LOW_SPEED_TIME, static_cast<long>(options.silence.count()));
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, static_cast<long>(options.longest.count()));
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, on_bytes);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &reply);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &reply);
  const CURLcode code = curl_easy_perform(curl.get());
  // A stream that is complete counts, however the connection ended.
  if (code != CURLE_OK && !reply.stream.complete()) failure = reply.bytes > kMostBytes ? "the answer is larger than 4 MB" : curl_easy_strerror(code);
  return reply;
}

bool is_passing(long status) { return status == 408 || status == 429 || status >= 500; }

// What the endpoint says of itself, one line, without the key.
std::string said(const MessagesOptions& options, const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  std::string message = body;
  if (json.is_object() && json.contains("error") && json["error"].is_object() && json["error"].contains("message") && json["error"]["message"].is_string()) message = json["error"]["message"];
  if (!options.api_key.empty()) message = replace_all(message, options.api_key, "***");
  return shown_text(message, 300);
}

}  // namespace

MessagesAnswer send_messages(const MessagesOptions& options, Json request) {
  check_endpoint(options);
  if (options.api_key.find_first_of("\r\n") != std::string::npos) throw Error(ErrorCode::usage, "ANTHROPIC_API_KEY holds a line end", "");
  request["model"] = options.model;
  request["stream"] = true;
  const std::string body = request.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::mt19937 random{std::random_device{}()};
  milliseconds pause = options.first_pause;
  for (int attempt = 1;; ++attempt) {
    std::string failure;
    const Reply reply = post(options, body, failure);
    if (failure.empty() && reply.status == 200 && !reply.stream.malformed().empty()) failure = reply.stream.malformed();
    if (failure.empty() && reply.status == 200 && reply.stream.complete()) {
      return reply.stream.answer();
    }
    if (failure.empty() && reply.status == 200) failure = reply.stream.error_type().empty() ? "the stream ended in the middle of the answer" : reply.stream.error_type();
    if (failure.empty()) failure = fmt::format("HTTP {}{}", reply.status, reply.body.empty() ? "" : ": " + said(options, reply.body));
    const std::string& kind = reply.stream.error_type();
    const bool lasting = (reply.status != 0 && reply.status != 200 && !is_passing(reply.status)) || kind == "invalid_request_error" || kind == "authentication_error" || kind == "permission_error";
    if (lasting || attempt >= options.attempts) {
      throw Error(ErrorCode::environment, fmt::format("the endpoint did not answer{}: {}", lasting || options.attempts == 1 ? "" : fmt::format(" in {} attempts", attempt), failure),
                  reply.status == 401 || reply.status == 403 ? "ANTHROPIC_API_KEY is not accepted there" : "");
    }
    const milliseconds wait = std::max(reply.retry_after, milliseconds(static_cast<long long>(static_cast<double>(pause.count()) * std::uniform_real_distribution<double>(0.75, 1.25)(random))));
    if (options.note) options.note(fmt::format("{}; again in {:.1f} s (attempt {} of {})", failure, static_cast<double>(wait.count()) / 1000, attempt + 1, options.attempts));
    std::this_thread::sleep_for(wait);
    pause = std::min(pause * 2, options.longest_pause);
  }
}

}  // namespace contraflow::agent
