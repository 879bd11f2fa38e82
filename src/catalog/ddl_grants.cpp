// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "catalog/alter.h"
#include "catalog/ddl_parts.h"

namespace contraflow::catalog {

using namespace parts;

namespace {

using Key = std::tuple<std::string, std::string, std::string>;  // grantor, grantee, privilege
using Privileges = std::map<Key, bool>;                         // -> grantable

Privileges index_grants(const std::vector<Grant>& grants) {
  Privileges privileges;
  for (const auto& grant : grants)
    privileges[{grant.grantor, grant.grantee, grant.privilege}] |= grant.grantable;
  return privileges;
}

// Grantors in the order in which they receive the right to grant, the owner first.
std::vector<std::string> grantor_order(const std::string& owner, const Privileges& privileges) {
  std::vector<std::string> order{owner};
  auto known = [&](const std::string& role) {
    return std::find(order.begin(), order.end(), role) != order.end();
  };
  for (std::size_t i = 0; i < order.size(); ++i)
    for (const auto& [key, grantable] : privileges)
      if (grantable && std::get<0>(key) == order[i] && !known(std::get<1>(key)))
        order.push_back(std::get<1>(key));
  for (const auto& [key, grantable] : privileges)
    if (!known(std::get<0>(key))) order.push_back(std::get<0>(key));
  return order;
}

enum class Action { revoke,
                    revoke_option,
                    grant,
                    grant_with_option };

struct Writer {
  const GrantTarget& target;
  Statements& out;

  std::string privilege_list(const std::vector<std::string>& privileges) const {
    std::vector<std::string> all;
    for (const auto& grant : target.all)
      if (grant.grantee == target.owner) all.push_back(grant.privilege);
    std::sort(all.begin(), all.end());
    if (all.size() > 1 && all == privileges) return "ALL" + target.columns;
    std::vector<std::string> items;
    for (const auto& privilege : privileges) items.push_back(privilege + target.columns);
    return join(items);
  }

  void write(const std::string& grantor, const std::string& grantee, Action action,
             const std::vector<std::string>& privileges) const {
    const std::string list = privilege_list(privileges);
    std::string text;
    switch (action) {
      case Action::revoke:
        text = fmt::format("{}REVOKE {} ON {} FROM {}", target.head, list, target.on, quote_role(grantee));
        break;
      case Action::revoke_option:
        text = fmt::format("{}REVOKE GRANT OPTION FOR {} ON {} FROM {}", target.head, list, target.on,
                           quote_role(grantee));
        break;
      case Action::grant:
        text = fmt::format("{}GRANT {} ON {} TO {}", target.head, list, target.on, quote_role(grantee));
        break;
      case Action::grant_with_option:
        text = fmt::format("{}GRANT {} ON {} TO {} WITH GRANT OPTION", target.head, list, target.on,
                           quote_role(grantee));
        break;
    }
    // Only the owner's grants can be made by whoever may act for the owner; others must be made in their own
    // name.
    const bool foreign = !target.owner.empty() && grantor != target.owner;
    if (foreign) out.push_back("SET SESSION AUTHORIZATION " + sql::quote_identifier(grantor));
    out.push_back(text);
    if (foreign) out.push_back("RESET SESSION AUTHORIZATION");
  }

  // As write_all() with both of them, but in the order of the ACL, as pg_dump writes it.
  void write_grants(const std::string& grantor, const Privileges& with_option, const Privileges& plain,
                    const std::vector<Grant>& acl) const {
    std::map<std::string, int> ranks;
    for (const auto& grant : acl)
      if (grant.grantor == grantor) ranks[grant.grantee] = grant.rank;
    std::vector<std::pair<int, std::string>> order;
    for (const auto& [grantee, rank] : ranks) order.emplace_back(rank, grantee);
    std::sort(order.begin(), order.end());
    const auto of = [&](const Privileges& privileges, const std::string& grantee) {
      Privileges some;
      for (const auto& [key, grantable] : privileges)
        if (std::get<1>(key) == grantee) some[key] = grantable;
      return some;
    };
    for (const auto& [rank, grantee] : order) {
      write_all(grantor, Action::grant_with_option, of(with_option, grantee));
      write_all(grantor, Action::grant, of(plain, grantee));
    }
  }

  // Grouped by grantee, one statement each.
  void write_all(const std::string& grantor, Action action, const Privileges& privileges) const {
    std::map<std::string, std::vector<std::string>> by_grantee;
    for (const auto& [key, grantable] : privileges)
      if (std::get<0>(key) == grantor) by_grantee[std::get<1>(key)].push_back(std::get<2>(key));
    for (const auto& [grantee, list] : by_grantee) write(grantor, grantee, action, list);
  }
};

}  // namespace

namespace parts {

Statements grant_statements(const GrantTarget& target, const std::vector<Grant>& from,
                            const std::vector<Grant>& to) {
  const Privileges before = index_grants(from);
  const Privileges after = index_grants(to);
  Privileges revoked, option_revoked, granted, granted_with_option;
  for (const auto& [key, grantable] : before) {
    auto it = after.find(key);
    if (it == after.end())
      revoked[key] = grantable;
    else if (grantable && !it->second)
      option_revoked[key] = true;
  }
  for (const auto& [key, grantable] : after) {
    auto it = before.find(key);
    if (it != before.end() && (it->second || !grantable)) continue;
    (grantable ? granted_with_option : granted)[key] = true;
  }
  Statements statements;
  const Writer writer{target, statements};
  auto order = grantor_order(target.owner, before);
  std::reverse(order.begin(), order.end());  // who received the right to grant last goes first
  for (const auto& grantor : order) {
    writer.write_all(grantor, Action::revoke, revoked);
    writer.write_all(grantor, Action::revoke_option, option_revoked);
  }
  for (const auto& grantor : grantor_order(target.owner, after)) {
    writer.write_grants(grantor, granted_with_option, granted, to);
  }
  return statements;
}

namespace {

std::string grant_word(const Object& object) {
  switch (object.id.kind) {
    case Kind::view:
    case Kind::materialized_view:
    case Kind::foreign_table:
    case Kind::table:
      return "TABLE";
    case Kind::domain:
      return "TYPE";
    case Kind::aggregate:
      return "FUNCTION";
    case Kind::foreign_server:
      return "FOREIGN SERVER";
    default:
      break;
  }
  const std::string text = reference(object);
  return text.substr(0, text.size() - quoted_name(object.id).size() - 1);
}

}  // namespace

}  // namespace parts

Statements alter_grants(const Object& object, const std::vector<Grant>& from, const std::vector<Grant>& to,
                        const std::string& owner) {
  if (from == to) return {};
  GrantTarget target;
  target.owner = owner.empty() ? object.owner : owner;
  target.all = object.default_grants;
  if (object.id.kind == Kind::privileges) {
    target.on = object.id.name;
    if (!object.id.arguments.empty()) target.columns = fmt::format(" ({})", sql::quote_identifier(object.id.arguments));
  } else if (object.id.kind == Kind::column) {
    target.on = "TABLE " + quoted_relation(object.id);
    target.columns = fmt::format(" ({})", sql::quote_identifier(object.id.name));
  } else if (object.id.kind == Kind::aggregate) {
    target.on =
        fmt::format("FUNCTION {}({})", sql::quote({object.id.schema, object.id.name}), object.id.arguments);
  } else {
    target.on = grant_word(object) + " " + quoted_name(object.id);
  }
  return grant_statements(target, from, to);
}

Statements alter_default_privileges(const Object* from, const Object* to) {
  const Object* object = to ? to : from;
  if (!object) return {};
  const auto& built_in = std::get<DefaultPrivileges>(object->body).built_in;
  GrantTarget target;
  target.head =
      fmt::format("ALTER DEFAULT PRIVILEGES FOR ROLE {}{} ", sql::quote_identifier(object->id.relation),
                  object->id.schema.empty() ? "" : " IN SCHEMA " + sql::quote_identifier(object->id.schema));
  for (char c : object->id.name) target.on += static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  target.owner = object->id.relation;
  target.all = built_in;
  return grant_statements(target, from ? from->grants : built_in, to ? to->grants : built_in);
}

}  // namespace contraflow::catalog
