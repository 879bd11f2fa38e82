// SPDX-License-Identifier: Apache-2.0
#include "cli/align.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace contraflow::cli {

using namespace catalog;

std::string main_owner(const Database& database) {
  std::map<std::string, int> count;
  for (const auto& [id, object] : database.objects) {
    // Every database has schema public and pg_catalog, owned by a role that owns nothing else.
    if (!object.owner.empty() && id.kind != Kind::schema && id.kind != Kind::privileges) ++count[object.owner];
  }
  std::string best = database.owner;
  int most = 0;
  for (const auto& [owner, number] : count) {
    if (number > most) std::tie(best, most) = std::pair(owner, number);
  }
  return best;
}

namespace {

void hand_over(Object& object, const std::string& from, const std::string& to) {
  if (from == to) return;
  if (object.owner == from) object.owner = to;
  for (auto* grants : {&object.grants, &object.default_grants}) {
    for (Grant& grant : *grants) {
      if (grant.grantee == from) grant.grantee = to;
      if (grant.grantor == from) grant.grantor = to;
    }
  }
  if (object.id.kind == Kind::default_privileges && object.id.relation == from) object.id.relation = to;
}

void take_owners(LoadedSource& loaded, const LoadedSource& live) {
  const std::string usual = main_owner(live.database);
  std::map<ObjectId, Object> objects;
  for (auto& [id, object] : loaded.database.objects) {
    const Object* other = live.database.find(id);
    const Object* relation = nullptr;
    for (const Kind kind : {Kind::table, Kind::view, Kind::materialized_view, Kind::foreign_table}) {
      if (!id.relation.empty() && !relation) relation = live.database.find(ObjectId{kind, id.schema, "", id.relation, ""});
    }
    const std::string owner = other && !other->owner.empty() ? other->owner : relation && !relation->owner.empty() ? relation->owner
                                                                                                                   : usual;
    hand_over(object, loaded.default_owner, owner);
    ObjectId key = object.id;
    objects.emplace(std::move(key), std::move(object));
  }
  loaded.database.objects = std::move(objects);
}

void take_extension_versions(LoadedSource& loaded, const LoadedSource& live) {
  for (auto& [id, object] : loaded.database.objects) {
    auto* extension = std::get_if<Extension>(&object.body);
    const auto* other = live.database.find_body<Extension>(id);
    if (extension && other) extension->version = other->version;
  }
}

void leave_out_bookkeeping(Database& database, const Database& other, const std::vector<std::string>& tables) {
  for (const std::string& table : tables) {
    std::erase_if(database.objects, [&](const auto& entry) {
      const ObjectId& id = entry.first;
      if (other.find(id)) return false;
      const auto* index = std::get_if<Index>(&entry.second.body);
      const auto* sequence = std::get_if<Sequence>(&entry.second.body);
      return (id.kind == Kind::table && id.name == table) || id.relation == table || (index && index->table == table) ||
             (sequence && sequence->owned_by && sequence->owned_by->relation == table);
    });
  }
}

}  // namespace

void align(LoadedSource& from, LoadedSource& to) {
  // Tables made from SQL are empty here and may be huge where the plan runs.
  if (!from.live) from.database.sizes.clear();
  if (from.live != to.live) {
    LoadedSource& loaded = from.live ? to : from;
    const LoadedSource& live = from.live ? from : to;
    if (!loaded.default_owner.empty()) take_owners(loaded, live);
    take_extension_versions(loaded, live);
  }
  leave_out_bookkeeping(from.database, to.database, to.bookkeeping);
  leave_out_bookkeeping(to.database, from.database, from.bookkeeping);
}

}  // namespace contraflow::cli
