// SPDX-License-Identifier: Apache-2.0
#include "catalog/reader.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace contraflow::catalog::detail {

Options parse_options(const std::vector<std::string>& pairs) {
  Options options;
  for (const std::string& pair : pairs) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos) {
      options[pair] = {};
    } else {
      options[pair.substr(0, equals)] = pair.substr(equals + 1);
    }
  }
  return options;
}

Options Cells::options() { return parse_options(texts()); }

std::vector<int> Cells::numbers() {
  std::vector<int> numbers;
  const std::string_view text = result_.text(row_, column_++);
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    int number = 0;
    const auto [next, error] = std::from_chars(at, end, number);
    if (error == std::errc{}) numbers.push_back(number);
    at = next == at ? at + 1 : next;  // braces, commas, spaces
  }
  return numbers;
}

std::string held_catalogs_query() {
  using namespace catalog_oid;
  const std::pair<Oid, const char*> kRare[] = {
      {extension, "pg_depend WHERE refclassid = 3079 AND objid >= 16384 AND deptype = 'e'"},
      {language, "pg_language WHERE oid >= 16384"},
      {collation, "pg_collation WHERE oid >= 16384"},
      {conversion, "pg_conversion WHERE oid >= 16384"},
      {cast, "pg_cast WHERE oid >= 16384"},
      {transform, "pg_transform WHERE oid >= 16384"},
      {am, "pg_am WHERE oid >= 16384"},
      {foreign_data_wrapper, "pg_foreign_data_wrapper WHERE oid >= 16384"},
      {operator_, "pg_operator WHERE oid >= 16384"},
      {opfamily, "pg_opfamily WHERE oid >= 16384"},
      {opclass, "pg_opclass WHERE oid >= 16384"},
      {amop, "pg_amop WHERE oid >= 16384"},
      {amproc, "pg_amproc WHERE oid >= 16384"},
      {ts_parser, "pg_ts_parser WHERE oid >= 16384"},
      {ts_template, "pg_ts_template WHERE oid >= 16384"},
      {ts_dict, "pg_ts_dict WHERE oid >= 16384"},
      {ts_config, "pg_ts_config WHERE oid >= 16384"},
      {proc, "pg_proc WHERE oid >= 16384 AND prokind = 'a'"},
      {type, "pg_type WHERE oid >= 16384 AND typisdefined AND (typtype = 'r' OR typtype = 'b' AND NOT (typcategory = 'A' AND typelem <> 0))"},
  };
  std::string items;
  for (const auto& [oid, from] : kRare) items += (items.empty() ? "" : ", ") + ("CASE WHEN EXISTS (SELECT FROM " + std::string(from) + ") THEN " + std::to_string(oid) + " END");
  return "SELECT array_remove(ARRAY[" + items + "], NULL)";
}

Object* Reader::add(Oid catalog, Oid oid, ObjectId id, Body body) {
  const Address address{catalog, oid, 0};
  if (Object* extension = member_of(address)) {
    alias(address, extension);
    return nullptr;
  }
  auto [it, inserted] = database.objects.try_emplace(id);
  if (!inserted) {
    throw std::logic_error("internal error, please report: two objects in the catalog are " + describe(id));
  }
  Object& object = it->second;
  object.id = std::move(id);
  object.body = std::move(body);
  enter(address, &object);
  return &object;
}

Object* Reader::add_owned(Oid catalog, Oid oid, ObjectId id, Body body, Oid owner, char acl_type,
                          bool acl_null, const std::vector<std::string>& acl) {
  Object* object = add(catalog, oid, std::move(id), std::move(body));
  if (!object) return nullptr;
  object->owner = role(owner);
  if (acl_type) {
    object->default_grants = default_grants(acl_type, object->owner);
    object->grants = acl_null ? object->default_grants : grants(false, acl, acl_type, object->owner);
  }
  return object;
}

Object* Reader::member_of(Address address) const {
  const auto it = addresses.find(address);
  return it == addresses.end() ? nullptr : it->second.extension;
}

Object* Reader::resolve(Address address) const {
  if (const auto it = addresses.find(address); it != addresses.end()) {
    const Known& known = it->second;
    if (known.alias) return known.alias;
    if (known.object) return known.object;
    if (known.extension) return known.extension;
  }
  // Columns of views, composite types and members of extensions are parts of their relation.
  if (address.sub != 0) return resolve({address.catalog, address.oid, 0});
  return nullptr;
}

Object* Reader::identify(Address address) const {
  const auto it = addresses.find(address);
  return it == addresses.end() ? nullptr : it->second.object;
}

const Object* Reader::schema_extension(const std::string& name) const {
  for (const auto& [oid, schema_name] : schemas) {
    if (schema_name == name) return member_of({catalog_oid::schema, oid, 0});
  }
  return nullptr;
}

void Reader::unsupported(const ObjectId& id, const std::string& what) {
  not_supported.emplace_back(id, what);
}

const std::string& Reader::role(Oid oid) const {
  static const std::string none;
  const auto it = roles.find(oid);
  return it == roles.end() ? none : it->second;
}

const std::string& Reader::schema(Oid oid) const {
  static const std::string none;
  const auto it = schemas.find(oid);
  return it == schemas.end() ? none : it->second;
}

namespace {

const char* privilege_name(char letter) {
  switch (letter) {  // utils/acl.h, ACL_*_CHR
    case 'a':
      return "INSERT";
    case 'r':
      return "SELECT";
    case 'w':
      return "UPDATE";
    case 'd':
      return "DELETE";
    case 'D':
      return "TRUNCATE";
    case 'x':
      return "REFERENCES";
    case 't':
      return "TRIGGER";
    case 'm':
      return "MAINTAIN";
    case 'X':
      return "EXECUTE";
    case 'U':
      return "USAGE";
    case 'C':
      return "CREATE";
    case 'T':
      return "TEMPORARY";
    case 'c':
      return "CONNECT";
    case 's':
      return "SET";
    case 'A':
      return "ALTER SYSTEM";
    default:
      return nullptr;
  }
}

// A role name as aclitem's output function writes it: in double quotes, doubled inside, unless it is plain.
std::string acl_role(std::string_view text, std::size_t& at) {
  std::string name;
  bool quoted = false;
  for (; at < text.size(); ++at) {
    if (text[at] == '"') {
      if (quoted && at + 1 < text.size() && text[at + 1] == '"') {
        name += text[at++];
        continue;
      }
      quoted = !quoted;
    } else if (!quoted && (text[at] == '=' || text[at] == '/')) {
      break;
    } else {
      name += text[at];
    }
  }
  return name;
}

// "grantee=privileges/grantor", with * after what may be granted on.
void parse_acl_item(std::string_view text, std::vector<Grant>& out) {
  std::size_t at = 0;
  const std::string grantee = acl_role(text, at);
  const std::size_t begin = at < text.size() ? at + 1 : at;  // after '='
  const std::size_t slash = text.find('/', begin);
  std::string grantor;
  if (slash != std::string_view::npos) {
    std::size_t after = slash + 1;
    grantor = acl_role(text, after);
  }
  const std::size_t end = slash == std::string_view::npos ? text.size() : slash;
  const int rank = out.empty() ? 0 : out.back().rank + 1;
  for (std::size_t i = begin; i < end; ++i) {
    const char* name = privilege_name(text[i]);
    const bool grantable = i + 1 < end && text[i + 1] == '*';
    out.push_back({grantee, name ? std::string(name) : std::string(1, text[i]), grantable, grantor, rank});
    if (grantable) ++i;
  }
}

}  // namespace

std::vector<Grant> Reader::grants(bool null, const std::vector<std::string>& acl, char type,
                                  const std::string& owner) const {
  if (null) return default_grants(type, owner);
  std::vector<Grant> result;
  result.reserve(acl.size() * 4);
  for (const std::string& item : acl) parse_acl_item(item, result);
  std::sort(result.begin(), result.end());
  return result;
}

std::vector<Grant> Reader::default_grants(char type, const std::string& owner) const {
  std::vector<Grant> result;
  const auto it = acl_templates.find(type);
  if (it == acl_templates.end()) return result;
  for (const std::string& item : it->second) parse_acl_item(item, result);
  for (Grant& grant : result) {
    if (grant.grantee == bootstrap_superuser) grant.grantee = owner;
    grant.grantor = owner;
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::string Reader::column_name(Oid relation, int attnum) const {
  const auto it = relations.find(relation);
  if (it == relations.end()) return {};
  const auto column = it->second.columns.find(attnum);
  return column == it->second.columns.end() ? std::string{} : column->second;
}

std::vector<std::string> Reader::column_names(Oid relation, const std::vector<int>& attnums) const {
  std::vector<std::string> names;
  names.reserve(attnums.size());
  for (const int attnum : attnums) names.push_back(column_name(relation, attnum));
  return names;
}

}  // namespace contraflow::catalog::detail
