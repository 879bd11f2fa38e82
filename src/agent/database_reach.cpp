// SPDX-License-Identifier: Apache-2.0
#include "agent/database_reach.h"

#include <algorithm>

#include "base/text.h"

namespace contraflow::agent {
namespace {

bool holds(const std::string& text, const std::string& part) { return !part.empty() && text.find(part) != std::string::npos; }

}  // namespace

bool is_remote(const std::string& host) { return !host.empty() && host != "localhost" && host != "127.0.0.1" && host != "::1" && !host.starts_with('/'); }

bool word_names(const std::string& text, const ProtectedDatabase& one) { return holds(text, one.url) || (!one.variable.empty() && holds(text, as_variable(one.variable))); }

// pg_service.conf's entry; empty: not known.
std::optional<NamedTarget> DatabaseReach::service(const std::string& name, const Variables& own) const {
  std::string path = state_.setting("PGSERVICEFILE", own);
  if (path.empty()) path = state_.setting("HOME", own) + "/.pg_service.conf";
  const auto content = input_.read_file ? input_.read_file(path) : std::nullopt;
  if (!content) return std::nullopt;
  std::optional<NamedTarget> out;
  for (const std::string& line : split_lines(*content)) {
    const std::string text(trim(line));
    if (text.starts_with('[')) {
      if (out) break;
      if (text == "[" + name + "]") out.emplace();
      continue;
    }
    const std::size_t equal = text.find('=');
    if (!out || equal == std::string::npos) continue;
    const std::string key(trim(text.substr(0, equal))), value(trim(text.substr(equal + 1)));
    if (key == "host" || key == "hostaddr") out->host = value;
    if (key == "port") out->port = value;
    if (key == "dbname") out->database = value;
  }
  return out;
}

bool DatabaseReach::same_place(const ProtectedDatabase& one, const NamedTarget& target, const std::string& inside) const {
  const std::vector<std::string> hosts = split(to_lower(target.host), ',');
  const std::string host = to_lower(one.host);
  if (is_remote(host)) {
    if (target.host.empty()) return !inside.empty() && to_lower(inside) == host;
    return std::any_of(hosts.begin(), hosts.end(), [&](const std::string& each) {
      std::string_view name = trim(each);
      if (name.ends_with('.')) name.remove_suffix(1);  // the root of the names
      return holds("," + host + ",", "," + std::string(name) + ",");
    });
  }
  // Nothing but name and port tells the databases of one machine apart.
  if (one.database.empty() || one.database != target.database) return false;
  if (!target.host.empty() && std::none_of(hosts.begin(), hosts.end(), [](const std::string& each) { return !is_remote(each); })) return false;
  const std::string own_port = one.port.empty() ? "5432" : one.port, port = target.port.empty() ? "5432" : target.port;
  return !inside.empty() || own_port == port;
}

Reach DatabaseReach::of_client(const ClientArguments& arguments, const Variables& own, const std::string& inside) const {
  Reach out;
  NamedTarget target;
  for (const SeenWord& word : arguments.databases) {
    out.hidden |= word.hidden;
    for (const ProtectedDatabase& one : input_.databases) out.reaches |= word_names(word.text, one);
  }
  if (!arguments.databases.empty()) {
    const std::string& text = arguments.databases.front().text;
    if (text.find("://") != std::string::npos || text.find('=') != std::string::npos) target = named(text);
    else target.database = text;
  }
  for (const SeenWord& word : arguments.hosts) {
    out.hidden |= word.hidden;
    for (const ProtectedDatabase& one : input_.databases) out.reaches |= word_names(word.text, one);
    target.host += (target.host.empty() ? "" : ",") + word.text;
  }
  if (!arguments.port.empty()) target.port = arguments.port;
  if (target.service.empty() && target.host.empty()) target.service = state_.setting("PGSERVICE", own);
  if (!target.service.empty()) {
    if (std::any_of(input_.databases.begin(), input_.databases.end(), [&](const ProtectedDatabase& one) { return one.service == target.service; })) out.reaches = true;
    if (const auto found = service(target.service, own)) {
      if (target.host.empty()) target.host = found->host;
      if (target.port.empty()) target.port = found->port;
      if (target.database.empty()) target.database = found->database;
    } else if (target.host.empty()) {
      out.hidden = true;
    }
  }
  // The environment of this machine is not that of another one.
  const auto from_environment = [&](const char* name) { return inside.empty() ? state_.setting(name, own) : own.contains(name) ? own.at(name).text
                                                                                                                               : ""; };
  if (target.host.empty()) target.host = from_environment("PGHOST");
  if (target.host.empty()) target.host = from_environment("PGHOSTADDR");
  if (target.port.empty()) target.port = from_environment("PGPORT");
  if (target.database.empty()) target.database = from_environment("PGDATABASE");
  out.reaches |= std::any_of(input_.databases.begin(), input_.databases.end(), [&](const ProtectedDatabase& one) { return word_names(target.host, one) || word_names(target.database, one) || same_place(one, target, inside); });
  return out;
}

NamedTarget DatabaseReach::named(const std::string& conninfo) const {
  const std::string text = conninfo.starts_with("jdbc:") ? conninfo.substr(5) : conninfo;
  const std::size_t scheme = text.find("://");
  // Drivers have names of their own in the scheme: postgresql+asyncpg://
  const std::string plain = scheme != std::string::npos && text.starts_with("postgres") ? "postgresql" + text.substr(scheme) : text;
  if (const auto found = input_.target_of ? input_.target_of(plain) : std::nullopt) return *found;
  NamedTarget out;
  if (scheme == std::string::npos) return out;
  // What libpq does not take: the host as it stands there.
  std::string rest = text.substr(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("?#"));
  const std::size_t slash = rest.find('/');
  if (slash != std::string::npos) out.database = rest.substr(slash + 1);
  rest = rest.substr(0, slash);
  if (const std::size_t at = rest.rfind('@'); at != std::string::npos) rest = rest.substr(at + 1);
  out.host = rest.substr(0, rest.rfind(':'));
  return out;
}

}  // namespace contraflow::agent
