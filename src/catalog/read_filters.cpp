// SPDX-License-Identifier: Apache-2.0
//
// --schema and --exclude: which of the objects read are kept.
#include <algorithm>

#include "catalog/reader.h"

namespace contraflow::catalog::detail {

namespace {

// `*` stands for any characters; everything else for itself.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// The schema that an object belongs to, itself for a schema.
const std::string& home_schema(const ObjectId& id) { return id.kind == Kind::schema ? id.name : id.schema; }

// The kind as kind_name() spells it, with - or _ for the space, or the word of the statement.
bool is_kind(std::string wanted, Kind kind) {
  const auto plain = [](std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c == '_' || c == '-'; }, ' ');
    return text;
  };
  wanted = plain(wanted);
  if (wanted == plain(std::string(kind_name(kind)))) return true;
  if (wanted == "function" || wanted == "procedure") return kind == Kind::routine;
  if (wanted == "type") {
    return kind == Kind::enum_type || kind == Kind::composite_type || kind == Kind::range_type ||
           kind == Kind::base_type || kind == Kind::shell_type;
  }
  return false;
}

// `schema`, `schema.object` or `kind:name`; a member goes with its relation.
bool excluded_by(const std::string& pattern, const ObjectId& id) {
  const auto colon = pattern.find(':');
  if (colon != std::string::npos) {
    const std::string kind = pattern.substr(0, colon);
    const std::string name = pattern.substr(colon + 1);
    if (is_kind(kind, id.kind)) {
      const std::string local = id.relation.empty() ? id.name : id.relation + "." + id.name;
      return matches(name, id.name) || matches(name, local) || matches(name, id.schema + "." + local);
    }
    const bool relation = is_kind(kind, Kind::table) || is_kind(kind, Kind::foreign_table) ||
                          is_kind(kind, Kind::view) || is_kind(kind, Kind::materialized_view) ||
                          is_kind(kind, Kind::domain);
    if (relation && !id.relation.empty() && !id.schema.empty()) {
      return matches(name, id.relation) || matches(name, id.schema + "." + id.relation);
    }
    return false;
  }
  if (matches(pattern, home_schema(id)) && !home_schema(id).empty()) return true;
  if (id.schema.empty()) return id.kind != Kind::schema && matches(pattern, id.name);
  if (matches(pattern, id.schema + "." + id.name) && id.relation.empty()) return true;
  if (!id.relation.empty()) {
    return matches(pattern, id.schema + "." + id.relation) ||
           matches(pattern, id.schema + "." + id.relation + "." + id.name);
  }
  return false;
}

bool kept(const ObjectId& id, const ReadOptions& options) {
  if (!options.schemas.empty()) {
    const std::string& home = home_schema(id);
    // What lives in no schema (extensions, roles' settings, casts) is not of the chosen schemas.
    if (home.empty()) return false;
    if (std::none_of(options.schemas.begin(), options.schemas.end(),
                     [&](const std::string& pattern) { return matches(pattern, home); })) {
      return false;
    }
  }
  const auto out = std::find_if(options.exclude.begin(), options.exclude.end(),
                                [&](const std::string& pattern) { return excluded_by(pattern, id); });
  if (out == options.exclude.end()) return true;
  if (options.excluding) {
    for (const std::string& pattern : options.exclude)  // two may match the same object
      if (excluded_by(pattern, id)) options.excluding->insert(pattern);
  }
  return false;
}

// The relation's own id says whether an index's table is kept; an index's id does not name its table.
bool index_kept(const Object& object, const ReadOptions& options) {
  const auto* index = std::get_if<Index>(&object.body);
  return !index || kept(ObjectId{Kind::table, object.id.schema, {}, index->table, {}}, options);
}

}  // namespace

void apply_filters(Database& database, std::vector<std::pair<ObjectId, std::string>>& not_supported,
                   const ReadOptions& options) {
  const bool filtered = !options.schemas.empty() || !options.exclude.empty();
  if (filtered) {
    std::erase_if(database.objects, [&](const auto& entry) {
      return !kept(entry.first, options) || !index_kept(entry.second, options);
    });
    std::erase_if(database.sizes, [&](const auto& entry) {
      return !kept(ObjectId{Kind::table, entry.first.schema, {}, entry.first.name, {}}, options);
    });
  }
  for (auto& [id, what] : not_supported) {
    if (!filtered || kept(id, options)) database.unsupported.push_back(std::move(what));
  }
  std::sort(database.unsupported.begin(), database.unsupported.end());
  database.unsupported.erase(std::unique(database.unsupported.begin(), database.unsupported.end()),
                             database.unsupported.end());
}

}  // namespace contraflow::catalog::detail
