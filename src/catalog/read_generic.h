// SPDX-License-Identifier: Apache-2.0
//
// The one way in which all kinds of Generic objects are read. Internal to the module.
#pragma once

#include <string>

#include "catalog/reader.h"

namespace contraflow::catalog::detail {

struct GenericKind {
  Kind kind{};
  Oid catalog = 0;
  char acl_type = '\0';  // acldefault()'s letter; none for kinds without privileges
};

// `columns` are: OID, OID of the schema (0: none), ObjectId's relation, name, arguments, OID of the owner (0:
// none), whether the ACL is NULL, the ACL, options (text[]), the CREATE statements (text[], NULL elements are
// left out).
void ask_kind(Reader& reader, const GenericKind& kind, const std::string& columns, const std::string& from);

void ask_operators(Reader& reader);    // operators, operator families and classes
void ask_text_search(Reader& reader);  // parsers, templates, dictionaries, configurations

}  // namespace contraflow::catalog::detail
