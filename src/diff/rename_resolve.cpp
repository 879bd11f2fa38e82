// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/text.h"
#include "catalog/ddl.h"
#include "diff/rename.h"
#include "sql/name_parts.h"

namespace contraflow::diff {
namespace {

using namespace catalog;

// The ways to write an object's name: the first ones say where it is; a bare member's name only helps where nothing else fits.
std::vector<std::vector<std::string>> spellings(const ObjectId& id) {
  switch (id.kind) {
    case Kind::column: return {{id.schema, id.relation, id.name}, {id.relation, id.name}};
    case Kind::constraint:
    case Kind::domain_constraint:
    case Kind::trigger:
    case Kind::rule:
    case Kind::policy: return {{id.schema, id.relation, id.name}, {id.relation, id.name}, {id.name}};
    case Kind::routine:
    case Kind::aggregate:
      return {{id.schema, id.name + "(" + id.arguments + ")"}, {id.name + "(" + id.arguments + ")"}, {id.schema, id.name}, {id.name}};
    default: break;
  }
  if (is_enum_value(id)) return {{id.schema, id.relation, id.name}, {id.relation, id.name}};
  if (id.schema.empty()) return {{id.name}};
  return {{id.schema, id.name}, {id.name}};
}

bool spelled(const ObjectId& id, const std::vector<std::string>& parts, const std::string& whole) {
  for (const std::vector<std::string>& spelling : spellings(id)) {
    if (spelling == parts || contraflow::join(spelling, ".") == whole) return true;
  }
  return false;
}

bool is_member_by_bare_name(const ObjectId& id, const std::string& whole) { return !id.relation.empty() && (id.name == whole || sql::name_parts(whole) == std::vector{id.name}); }

template <class Visit>
void each_name(const Database& database, Visit visit) {
  for (const auto& [id, object] : database.objects) {
    visit(id);
    if (const auto* type = std::get_if<EnumType>(&object.body)) {
      for (const std::string& label : type->labels) visit(enum_value_id(id.schema, id.name, label));
    }
  }
}

bool has(const Database& database, const ObjectId& id) {
  if (!is_enum_value(id)) return database.find(id) != nullptr;
  const auto* type = database.find_body<EnumType>(ObjectId{Kind::enum_type, id.schema, "", id.relation, ""});
  return type && std::find(type->labels.begin(), type->labels.end(), id.name) != type->labels.end();
}

// `index:name` narrows to a kind.
bool kind_matches(const ObjectId& id, const std::string& kind) {
  if (kind == "value") return is_enum_value(id);
  if (is_enum_value(id)) return kind == "enum value";
  const std::string name(kind_name(id.kind));
  return kind == name || name.ends_with(" " + kind) || (kind == "function" && id.kind == Kind::routine);
}

std::string written(const ObjectId& id) { return contraflow::join(spellings(id).front(), "."); }

[[noreturn]] void unknown(const RenameRequest& request, const Database& a, const Database& b) {
  std::vector<std::string> all;
  bool in_desired = false;
  const std::vector<std::string> parts = sql::name_parts(request.from);
  each_name(a, [&](const ObjectId& id) {
    for (const auto& spelling : spellings(id)) all.push_back(contraflow::join(spelling, "."));
  });
  each_name(b, [&](const ObjectId& id) { in_desired = in_desired || spelled(id, parts, request.from); });
  const std::string near = nearest(request.from, all);
  throw Error(ErrorCode::usage, fmt::format("{}: the current schema has no {}", request.where, request.from),
              in_desired     ? "the desired schema has it: the old name comes first, OLD=NEW"
              : near.empty() ? "write it as TABLE.COLUMN, TABLE, TYPE.VALUE or with the schema before it"
                             : "did you mean " + near + "?");
}

struct Resolver {
  const std::vector<RenameRequest>& requests;
  const Database& a;
  const Database& b;

  std::vector<ObjectId> candidates(const RenameRequest& request) const {
    std::string text = request.from, kind;
    const std::vector<std::string> prefixed = sql::split_outside_quotes(text, ':');
    if (prefixed.size() == 2) {
      bool known = false;
      each_name(a, [&](const ObjectId& id) { known = known || kind_matches(id, prefixed[0]); });
      if (known) {
        kind = prefixed[0];
        text = prefixed[1];
      }
    }
    for (const bool folded : {false, true}) {
      const std::string whole = folded ? to_lower(text) : text;
      const std::vector<std::string> parts = sql::name_parts(whole);
      std::vector<ObjectId> found, bare;
      each_name(a, [&](const ObjectId& id) {
        if (!kind.empty() && !kind_matches(id, kind)) return;
        if (!spelled(id, parts, whole)) return;
        (is_member_by_bare_name(id, whole) ? bare : found).push_back(id);
      });
      if (!found.empty()) return found;
      if (!bare.empty()) return bare;
    }
    return {};
  }

  // What the object is to be called. A bare name lies where the old one does, or where that is renamed to; so does a qualified one, unless it names
  // another schema: what lies in a schema itself moves there.
  std::optional<ObjectId> new_name(const RenameRequest& request, const ObjectId& from, const std::vector<Rename>& containers) const {
    const std::string written_to = from.kind == Kind::routine || from.kind == Kind::aggregate ? request.to.substr(0, request.to.find('(')) : request.to;
    const std::vector<std::string> parts = sql::name_parts(written_to);
    const ObjectId place = located(from, containers, a);
    ObjectId to = place;
    to.name = parts.back();
    if (parts.size() == 1) return to;
    for (ObjectId spelled_as : {from, place}) {
      spelled_as.name = parts.back();
      for (const auto& spelling : spellings(spelled_as)) {
        if (spelling == parts) return to;
      }
    }
    ObjectId whole = place;
    whole.name = written_to;  // a name with a dot in it
    if (has(b, whole)) return whole;
    if (!from.relation.empty() || from.schema.empty() || parts.size() != 2) return {};
    to.schema = parts.front();
    return to;
  }
};

// The index of a key has the key's name: the key is what takes another one, where the desired schema has it as a key.
void take_key_for_index(ObjectId& id, RenameRequest& request, const Database& a, const Database& b) {
  const auto* index = a.find_body<Index>(id);
  if (!index || index->constraint.empty()) return;
  std::vector<std::string> parts = sql::name_parts(request.to);
  if (parts.size() == 2 && parts.front() == id.schema) parts.erase(parts.begin());
  if (parts.size() != 1) return;
  const ObjectId key{Kind::constraint, id.schema, index->table, index->constraint, ""};
  const bool stays_key = std::any_of(b.objects.begin(), b.objects.end(), [&](const auto& entry) { return entry.first.kind == Kind::constraint && entry.first.name == parts.front(); });
  if (!a.find(key) || !stays_key) return;
  id = key;
  request.to = sql::quote_identifier(parts.front());
}

bool only_anew(Kind kind) { return kind == Kind::view || kind == Kind::materialized_view || kind == Kind::routine || kind == Kind::aggregate; }

}  // namespace

RenameRequest parse_rename(const std::string& option) {
  const std::vector<std::string> sides = sql::split_outside_quotes(option, '=');
  if (sides.size() != 2 || trim(sides[0]).empty() || trim(sides[1]).empty()) {
    throw Error(ErrorCode::usage, fmt::format("--rename {}: expected OLD=NEW", option), "for instance --rename users.user_name=username, --rename users=accounts");
  }
  return {std::string(trim(sides[0])), std::string(trim(sides[1])), "--rename " + option, false};
}

ResolvedRenames resolve_renames(const std::vector<RenameRequest>& requests, const Database& a, const Database& b) {
  const Resolver resolver{requests, a, b};
  ResolvedRenames out;
  // Tables, types and schemas first: the names of their parts lie under their new names.
  struct Found {
    RenameRequest request;
    std::vector<ObjectId> ids;
  };
  std::vector<Found> open;
  for (const RenameRequest& request : requests) {
    std::vector<ObjectId> ids = resolver.candidates(request);
    if (ids.empty() && request.hint) continue;  // done already
    if (ids.empty()) unknown(request, a, b);
    open.push_back({request, std::move(ids)});
    if (open.back().ids.size() == 1) take_key_for_index(open.back().ids.front(), open.back().request, a, b);
  }
  const auto turn = [](const ObjectId& id) { return id.kind == Kind::schema ? 0 : id.relation.empty() ? 1
                                                                                                      : 2; };
  for (const int round : {0, 1, 2}) {  // schemas, what lies in them, parts
    for (Found& found : open) {
      const RenameRequest& request = found.request;
      if (found.ids.empty() || std::any_of(found.ids.begin(), found.ids.end(), [&](const ObjectId& id) { return turn(id) > round; })) continue;
      struct Fit {
        ObjectId from, to;
      };
      std::vector<Fit> fits;
      bool misplaced = false;
      ObjectId wanted;
      for (const ObjectId& id : found.ids) {
        const std::optional<ObjectId> to = resolver.new_name(request, id, out.renames);
        if (!to) {
          misplaced = true;
        } else if (has(b, *to)) {
          fits.push_back({id, *to});
        } else {
          wanted = *to;
        }
      }
      if (fits.size() > 1) {
        // The index of a key has the key's name.
        std::vector<Fit> without;
        for (const Fit& fit : fits) {
          const auto* index = a.find_body<Index>(fit.from);
          if (!(index && !index->constraint.empty())) without.push_back(fit);
        }
        if (without.size() == 1) fits = without;
      }
      if (fits.size() > 1) {
        if (request.hint) {
          out.notes.push_back(fmt::format("{}: renamed-from {} could mean several objects and was left out: give --rename", request.where, request.from));
          found.ids.clear();
          continue;
        }
        std::vector<std::string> names;
        for (const Fit& fit : fits) names.push_back(describe_renamed(fit.from));
        const std::string first = is_enum_value(fits[0].from) ? "value" : std::string(kind_name(fits[0].from.kind));
        throw Error(ErrorCode::usage, fmt::format("{}: {} could mean {}", request.where, request.from, contraflow::join(names, ", ")),
                    fmt::format("say which with its schema, or with its kind before it: '{}:{}={}'", first, written(fits[0].from), request.to));
      }
      if (fits.empty()) {
        found.ids.clear();
        if (request.hint) continue;
        if (misplaced && wanted.name.empty()) {
          throw Error(ErrorCode::usage, fmt::format("{}: a rename moves nothing to another table", request.where), "give the bare new name");
        }
        std::vector<std::string> all;
        each_name(b, [&](const ObjectId& id) {
          if (id.kind == wanted.kind && id.schema == wanted.schema && id.relation == wanted.relation) all.push_back(id.name);
        });
        const std::string near = nearest(wanted.name, all);
        throw Error(ErrorCode::usage, fmt::format("{}: the desired schema has no {}", request.where, describe_renamed(wanted)),
                    near.empty() ? "the desired schema must show the object under its new name" : "did you mean " + near + "?");
      }
      const Fit fit = fits[0];
      found.ids.clear();
      if (only_anew(fit.from.kind)) {
        out.notes.push_back(fmt::format("{}: {} is made anew under its new name, before contract unless what it reads only changes there, and the old one goes in contract", request.where,
                                        describe(fit.from)));
        continue;
      }
      if (request.hint && has(a, fit.to) && fit.from.relation == fit.to.relation) continue;  // both are there: nothing was renamed
      const auto same = [&](const Rename& other) { return other.from == fit.from; };
      auto twice = std::find_if(out.renames.begin(), out.renames.end(), same);
      if (twice != out.renames.end()) {
        if (twice->to == fit.to) continue;
        throw Error(ErrorCode::usage, fmt::format("{}: {} is renamed to {} already", request.where, describe_renamed(fit.from), twice->to.name));
      }
      out.renames.push_back({fit.from, fit.to});
    }
  }
  // The names must be free, and the old ones gone, unless another rename sees to it.
  for (const Rename& rename : out.renames) {
    const ObjectId stays = [&] {
      ObjectId id = rename.to;
      id.name = rename.from.name;
      if (is_moved(rename, out.renames)) id.schema = schema_of_before(rename, out.renames);
      return id;
    }();
    const bool refilled = std::any_of(out.renames.begin(), out.renames.end(), [&](const Rename& other) { return other.to == stays; });
    if (has(b, stays) && !refilled) {
      throw Error(ErrorCode::usage, fmt::format("--rename {}: the desired schema still has {}", rename_option(rename), describe_renamed(stays)), "leave the rename out");
    }
    ObjectId taken = rename.from;
    taken.name = rename.to.name;
    if (is_moved(rename, out.renames)) taken.schema = rename.to.schema;
    const bool freed = std::any_of(out.renames.begin(), out.renames.end(), [&](const Rename& other) { return other.from == taken; });
    if (has(a, taken) && !freed) {
      throw Error(ErrorCode::usage, fmt::format("--rename {}: the current schema has {} already", rename_option(rename), describe_renamed(taken)),
                  "let a first plan take that away, then rename");
    }
  }
  return out;
}

std::string rename_option(const Rename& rename) {
  const ObjectId& id = rename.from;
  std::string out;
  if (!id.schema.empty() && id.schema != "public") out += sql::quote_identifier(id.schema) + ".";
  if (!id.relation.empty()) out += sql::quote_identifier(id.relation) + ".";
  return out + sql::quote_identifier(id.name) + "=" + new_name_of(rename);
}

std::string new_name_of(const Rename& rename) {
  return is_moved(rename, {}) ? sql::quote(QualifiedName{rename.to.schema, rename.to.name}) : sql::quote_identifier(rename.to.name);
}

}  // namespace contraflow::diff
