// SPDX-License-Identifier: Apache-2.0
//
// Small readers over libpg_query's tree: names, lists, types, constants. Strings that are absent are empty there, never null.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sql/name.h"
#include "sql/parse_tree.h"

namespace contraflow::lint {

using NodeList = std::span<PgQuery__Node* const>;

inline std::string_view text_of(const char* text) { return text == nullptr ? std::string_view() : std::string_view(text); }
std::string_view string_of(const PgQuery__Node* node);  // a String node's text, else empty
std::vector<std::string> strings_of(NodeList list);
sql::QualifiedName qualified(NodeList names);  // the last two of a dotted name
sql::QualifiedName qualified(const PgQuery__RangeVar& relation);
// The names of an object in DROP and COMMENT: a List, an ObjectWithArgs or a TypeName.
std::vector<std::string> names_of_object(const PgQuery__Node& node);

// The type as format_type() would write it, with modifiers; types that are not built in keep the name as written ("public.state", "state").
// `serial` and its kin are integers here.
std::string type_text(const PgQuery__TypeName& type);
std::string base_of(std::string_view type);    // without modifier and array brackets
bool is_built_in_type(std::string_view base);  // as format_type() writes them
bool is_serial(const PgQuery__TypeName& type);

// Constants: the text of 'x', 1, 1.5, true, with signs and casts around them taken off.
std::optional<std::string> constant_of(const PgQuery__Node* node);
std::optional<long long> integer_of(const PgQuery__Node* node);
const PgQuery__DefElem* option_named(NodeList options, std::string_view name);
// An option that is a switch: present without value, or with one that is true.
bool is_on(NodeList options, std::string_view name);

// The first name that a ColumnRef of one or more parts ends with, or empty.
std::string_view column_of(const PgQuery__Node* node);
// Columns named anywhere below.
std::vector<std::string> columns_below(const PgQuery__Node* node);

}  // namespace contraflow::lint
