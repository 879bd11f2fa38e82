// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "diff/rename.h"

namespace contraflow::diff {
namespace {

using namespace catalog;

std::string squashed(const std::string& name) {
  std::string out;
  for (const char c : to_lower(name)) {
    if (c != '_' && c != '-' && c != ' ' && c != '.') out += c;
  }
  return out;
}

std::string singular(std::string word) {
  if (word.size() > 4 && word.ends_with("ies")) return word.substr(0, word.size() - 3) + "y";
  if (word.size() > 4 && (word.ends_with("ses") || word.ends_with("xes") || word.ends_with("hes"))) return word.substr(0, word.size() - 2);
  if (word.size() > 3 && word.ends_with("s") && !word.ends_with("ss") && !word.ends_with("us")) word.pop_back();
  return word;
}

// user_name, userName, "User Name" -> {user, name}
std::set<std::string> words(const std::string& name) {
  std::set<std::string> out;
  std::string word;
  const auto end = [&] {
    if (!word.empty()) out.insert(singular(to_lower(word)));
    word.clear();
  };
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool upper = c >= 'A' && c <= 'Z', after_lower = i > 0 && name[i - 1] >= 'a' && name[i - 1] <= 'z';
    if (c == '_' || c == '-' || c == ' ' || c == '.') {
      end();
      continue;
    }
    if (upper && after_lower) end();
    word += c;
  }
  end();
  return out;
}

// Words that say too little: `id` and `user_id` are two things.
bool says_little(const std::set<std::string>& all) {
  static const std::set<std::string> kLittle{"id", "at", "on", "by", "is", "has", "to", "of", "in", "a", "b", "c", "d", "new", "old", "tmp", "temp"};
  return std::all_of(all.begin(), all.end(), [&](const std::string& word) { return kLittle.contains(word) || word.size() < 2; });
}

bool differ_in_digits(const std::string& a, const std::string& b) {
  const auto digits = [](const std::string& text) {
    std::string out;
    for (const char c : text) {
      if (c >= '0' && c <= '9') out += c;
    }
    return out;
  };
  return digits(a) != digits(b);
}

// The dropped and the added of one kind under one parent, and the pairs that fit one another alone.
template <class Fits>
std::vector<std::pair<ObjectId, ObjectId>> only_pairs(const std::vector<ObjectId>& dropped, const std::vector<ObjectId>& created, Fits fits) {
  std::map<ObjectId, std::vector<ObjectId>> ahead, back;
  for (const ObjectId& from : dropped) {
    for (const ObjectId& to : created) {
      if (!fits(from, to)) continue;
      ahead[from].push_back(to);
      back[to].push_back(from);
    }
  }
  std::vector<std::pair<ObjectId, ObjectId>> out;
  for (const auto& [from, targets] : ahead) {
    if (targets.size() == 1 && back[targets[0]].size() == 1) out.emplace_back(from, targets[0]);
  }
  return out;
}

using Group = std::tuple<Kind, std::string, std::string>;  // kind, schema, relation
struct Sides {
  std::vector<ObjectId> dropped, created;
};

std::vector<const Object*> columns_of(const Database& database, const ObjectId& table) {
  std::vector<const Object*> out;
  for (auto it = database.objects.lower_bound(column_id(table.schema, table.name, "")); it != database.objects.end(); ++it) {
    if (it->first.kind != Kind::column || it->first.schema != table.schema || it->first.relation != table.name) break;
    out.push_back(&it->second);
  }
  return out;
}

struct Judge {
  const Database& a;
  const Database& b;

  template <class T>
  const T& in_a(const ObjectId& id) const { return std::get<T>(a.objects.at(id).body); }
  template <class T>
  const T& in_b(const ObjectId& id) const { return std::get<T>(b.objects.at(id).body); }

  bool columns(const ObjectId& from, const ObjectId& to) const {
    const Column& x = in_a<Column>(from);
    const Column& y = in_b<Column>(to);
    if (x.inherited || y.inherited) return false;  // the parent's is asked about
    return x.type == y.type && x.collation == y.collation && x.generated == y.generated && x.identity == y.identity && similar_names(from.name, to.name);
  }

  bool tables(const ObjectId& from, const ObjectId& to) const {
    const Table* x = a.find_body<Table>(from);
    const Table* y = b.find_body<Table>(to);
    if (x && y && (x->partition_key != y->partition_key || x->partition_of != y->partition_of || x->partition_bound != y->partition_bound)) return false;
    const auto left = columns_of(a, from), right = columns_of(b, to);
    if (left.size() < 2 || left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i) {
      const Column& l = std::get<Column>(left[i]->body);
      const Column& r = std::get<Column>(right[i]->body);
      if (left[i]->id.name != right[i]->id.name || l.type != r.type || l.not_null != r.not_null) return false;
    }
    return similar_names(from.name, to.name);
  }

  // Under the same name in another schema. What it refers to may have moved along, so types are compared without their schemas, and a table may have
  // changed a little on its way.
  bool moved(const ObjectId& from, const ObjectId& to) const {
    if (from.schema == to.schema || from.name != to.name) return false;
    const auto bare = [](const std::string& type) { return type.substr(type.rfind('.') + 1); };
    switch (from.kind) {
      case Kind::table: {
        const auto left = columns_of(a, from), right = columns_of(b, to);
        const auto shared = std::count_if(left.begin(), left.end(), [&](const Object* column) {
          const auto* same = b.find_body<Column>(column_id(to.schema, to.name, column->id.name));
          return same && bare(same->type_base) == bare(std::get<Column>(column->body).type_base);
        });
        return !left.empty() && static_cast<std::size_t>(shared) * 3 >= std::max(left.size(), right.size()) * 2;
      }
      case Kind::sequence: return !in_a<Sequence>(from).owned_by && !in_b<Sequence>(to).owned_by;
      case Kind::enum_type: return in_a<EnumType>(from).labels == in_b<EnumType>(to).labels;
      case Kind::domain: return bare(in_a<Domain>(from).base_type) == bare(in_b<Domain>(to).base_type);
      case Kind::composite_type: return in_a<CompositeType>(from).attributes.size() == in_b<CompositeType>(to).attributes.size();
      default: return false;
    }
  }

  bool types(const ObjectId& from, const ObjectId& to) const {
    if (!similar_names(from.name, to.name)) return false;
    for (const Aspect aspect : changed_aspects(a.objects.at(from), b.objects.at(to))) {
      if (aspect == Aspect::definition || aspect == Aspect::labels || aspect == Aspect::not_null || aspect == Aspect::default_expression) return false;
    }
    return true;
  }

  bool same_owner_of_sequence(const ObjectId& from, const ObjectId& to) const {
    const Sequence& x = in_a<Sequence>(from);
    const Sequence& y = in_b<Sequence>(to);
    return x.owned_by && x.owned_by == y.owned_by && x.options == y.options;
  }

  bool free_sequences(const ObjectId& from, const ObjectId& to) const {
    const Sequence& x = in_a<Sequence>(from);
    const Sequence& y = in_b<Sequence>(to);
    return !x.owned_by && !y.owned_by && x.options == y.options && similar_names(from.name, to.name);
  }

  // Nothing but the name differs, or what differs can be altered in place.
  // The old one cannot stand until the new one does: both are one foreign key that changes with its columns.
  bool foreign_keys_of_changing_columns(const ObjectId& x, const ObjectId& y) const {
    const auto *before = a.find_body<Constraint>(x), *after = b.find_body<Constraint>(y);
    if (!before || !after || before->type != ConstraintType::foreign_key || after->type != ConstraintType::foreign_key) return false;
    if (before->columns != after->columns || before->references != after->references || before->referenced_columns != after->referenced_columns || !before->references) return false;
    const auto changes = [&](const QualifiedName& table, const std::vector<std::string>& names) {
      return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
        const ObjectId id = column_id(table.schema, table.name, name);
        const auto *old_column = a.find_body<Column>(id), *new_column = b.find_body<Column>(id);
        return old_column && new_column && old_column->type != new_column->type;
      });
    };
    return changes({x.schema, x.relation}, before->columns) || changes(*before->references, before->referenced_columns);
  }

  bool same_but_for_name(const ObjectId& from, const ObjectId& to) const {
    const Object& target = b.objects.at(to);
    if (const auto* index = std::get_if<Index>(&a.objects.at(from).body)) {
      if (!index->constraint.empty() || index->table != std::get<Index>(target.body).table || !index->valid) return false;
    }
    if (const auto* constraint = std::get_if<Constraint>(&a.objects.at(from).body)) {
      const bool by_name = constraint->type == ConstraintType::check || constraint->type == ConstraintType::not_null;
      if (constraint->inherited && by_name) return false;  // the parent's takes it along
    }
    if (const auto* trigger = std::get_if<Trigger>(&a.objects.at(from).body); trigger && trigger->inherited) return false;
    const Database renamed = rename_in_model(only(from), {{from, to}});
    const Object* object = renamed.find(to);
    if (!object) return false;
    for (const Aspect aspect : changed_aspects(*object, target)) {
      if (aspect == Aspect::definition || aspect == Aspect::partition_parent || aspect == Aspect::deferrability || aspect == Aspect::validated) return false;
    }
    return true;
  }

  Database only(const ObjectId& id) const {
    Database out;
    out.server_version = a.server_version;
    out.objects.emplace(id, a.objects.at(id));
    return out;
  }

  bool name_is_free(const ObjectId& to) const {
    for (const Kind kind : {Kind::table, Kind::foreign_table, Kind::view, Kind::materialized_view, Kind::index, Kind::sequence, Kind::composite_type}) {
      if (a.find(ObjectId{kind, to.schema, "", to.name, ""})) return false;
    }
    return true;
  }
};

bool is_class(const ObjectId& id, const Judge& judge) {
  if (id.kind == Kind::index || id.kind == Kind::sequence || id.kind == Kind::table) return true;
  const auto* constraint = judge.b.find_body<Constraint>(id);
  return constraint && !constraint->index_name.empty();
}

// What is gone from one schema and new in another one. Where a whole schema is gone and another one has its tables, that one was renamed.
void propose_moves(const Judge& judge, const std::map<Group, Sides>& groups, std::vector<Proposal>& out) {
  std::map<Kind, Sides> kinds;
  for (const auto& [key, sides] : groups) {
    if (!std::get<2>(key).empty()) continue;
    Sides& all = kinds[std::get<0>(key)];
    for (const auto& [from, to] : {std::pair{&sides.dropped, &all.dropped}, std::pair{&sides.created, &all.created}}) to->insert(to->end(), from->begin(), from->end());
  }
  std::vector<std::pair<ObjectId, ObjectId>> pairs;
  for (const Kind kind : {Kind::table, Kind::sequence, Kind::enum_type, Kind::domain, Kind::composite_type}) {
    const auto taken = [&](const ObjectId& id) {
      return std::any_of(out.begin(), out.end(), [&](const Proposal& proposal) { return proposal.rename.from == id || proposal.rename.to == id; });
    };
    for (auto& pair : only_pairs(kinds[kind].dropped, kinds[kind].created, [&](const ObjectId&x, const ObjectId&y) { return judge.moved(x, y); })) {
      if (!taken(pair.first) && !taken(pair.second) && !name_is_taken(judge.a, pair.second)) pairs.push_back(std::move(pair));
    }
  }
  std::set<std::pair<std::string, std::string>> whole;
  const Sides& schemas = kinds[Kind::schema];
  for (const auto& [from, to] : only_pairs(schemas.dropped, schemas.created, [&](const ObjectId&x, const ObjectId&y) {
         const auto moved = std::count_if(pairs.begin(), pairs.end(), [&](const auto& pair) { return pair.first.schema == x.name && pair.second.schema == y.name; });
         const auto tables = std::count_if(judge.a.objects.begin(), judge.a.objects.end(), [&](const auto& entry) { return entry.first.kind == Kind::table && entry.first.schema == x.name; });
         return moved > 0 && moved * 2 >= tables;
       })) {
    whole.insert({from.name, to.name});
    out.push_back({{from, to}, false, "the same tables"});
  }
  for (const auto& [from, to] : pairs) {
    if (!whole.contains({from.schema, to.schema})) out.push_back({{from, to}, false, "same name in another schema"});
  }
}

// Values: one gone, one new, at the same place among the others.
void propose_values(const Judge& judge, const ObjectId& id, std::vector<Proposal>& out) {
  const auto& x = judge.in_a<EnumType>(id).labels;
  const auto& y = judge.in_b<EnumType>(id).labels;
  if (x.size() != y.size()) return;
  std::size_t at = x.size();
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] == y[i]) continue;
    if (at != x.size()) return;
    at = i;
  }
  if (at == x.size() || std::find(x.begin(), x.end(), y[at]) != x.end() || std::find(y.begin(), y.end(), x[at]) != y.end()) return;
  if (!similar_names(x[at], y[at])) return;
  out.push_back({{enum_value_id(id.schema, id.name, x[at]), enum_value_id(id.schema, id.name, y[at])}, false, "same place among the values, similar name"});
}

}  // namespace

bool similar_names(const std::string& a, const std::string& b) {
  const std::string x = squashed(a), y = squashed(b);
  if (x == y) return true;
  if (x.empty() || y.empty() || differ_in_digits(x, y)) return false;
  const std::set<std::string> left = words(a), right = words(b);
  if (left == right) return true;
  const auto& fewer = left.size() <= right.size() ? left : right;
  const auto& more = left.size() <= right.size() ? right : left;
  if (std::includes(more.begin(), more.end(), fewer.begin(), fewer.end()) && !says_little(fewer)) {
    // `new_total` is there to take the place of `total`, not to be it.
    static const std::set<std::string> kOther{"new", "old", "tmp", "temp", "backup", "copy", "other"};
    return std::none_of(more.begin(), more.end(), [&](const std::string& word) { return !fewer.contains(word) && (word.size() < 2 || kOther.contains(word)); });
  }
  // A few letters apart, as a slip of the pen is; short names have too few to tell.
  const std::size_t longest = std::max(x.size(), y.size());
  return longest >= 5 && edit_distance(x, y) * 5 <= longest;
}

std::vector<Proposal> propose_renames(const Difference& difference, const Database& a, const Database& b) {
  const Judge judge{a, b};
  std::map<Group, Sides> groups;
  std::vector<Proposal> out;
  const auto group = [](const ObjectId& id) { return Group{id.kind, id.schema, id.relation}; };
  for (const Change& change : difference.changes) {
    if (const auto* drop = std::get_if<Drop>(&change)) groups[group(drop->id)].dropped.push_back(drop->id);
    if (const auto* create = std::get_if<Create>(&change)) groups[group(create->id)].created.push_back(create->id);
    if (const auto* alter = std::get_if<Alter>(&change); alter && alter->aspect == Aspect::labels) propose_values(judge, alter->id, out);
  }
  for (const auto& group_of_sides : groups) {
    // No structured binding: C++20's reach into lambdas came to clang only with 16.
    const Group& key = group_of_sides.first;
    const Sides& sides = group_of_sides.second;
    if (sides.dropped.empty() || sides.created.empty()) continue;
    const auto ask = [&](auto fits, const char* reason) {
      for (const auto& [from, to] : only_pairs(sides.dropped, sides.created, fits)) {
        if (!is_class(to, judge) || judge.name_is_free(to)) out.push_back({{from, to}, false, reason});
      }
    };
    switch (std::get<0>(key)) {
      case Kind::column: {
        // Only in tables that both schemas have.
        const ObjectId table{Kind::table, std::get<1>(key), "", std::get<2>(key), ""};
        if (a.find(table) && b.find(table)) ask([&](const ObjectId& x, const ObjectId& y) { return judge.columns(x, y); }, "same type, similar name");
        break;
      }
      case Kind::table: ask([&](const ObjectId& x, const ObjectId& y) { return judge.tables(x, y); }, "same columns, similar name"); break;
      case Kind::enum_type:
      case Kind::domain:
      case Kind::composite_type: ask([&](const ObjectId& x, const ObjectId& y) { return judge.types(x, y); }, "same definition, similar name"); break;
      case Kind::sequence: {
        for (const auto& [from, to] : only_pairs(sides.dropped, sides.created, [&](const ObjectId&x, const ObjectId&y) { return judge.same_owner_of_sequence(x, y); })) {
          if (judge.name_is_free(to)) out.push_back({{from, to}, true, "sequence of the same column"});
        }
        ask([&](const ObjectId& x, const ObjectId& y) { return judge.free_sequences(x, y); }, "same options, similar name");
        break;
      }
      case Kind::index:
      case Kind::constraint:
      case Kind::domain_constraint:
      case Kind::trigger:
      case Kind::rule:
      case Kind::policy:
      case Kind::statistics: {
        // Any of several equal ones will do.
        std::set<ObjectId> used;
        for (const ObjectId& from : sides.dropped) {
          for (const ObjectId& to : sides.created) {
            if (used.contains(to) || !judge.same_but_for_name(from, to) || (is_class(to, judge) && !judge.name_is_free(to))) continue;
            used.insert(to);
            out.push_back({{from, to}, true, "nothing but the name differs"});
            break;
          }
        }
        for (const auto& [from, to] : only_pairs(sides.dropped, sides.created, [&](const ObjectId&x, const ObjectId&y) { return !used.contains(y) && judge.foreign_keys_of_changing_columns(x, y); })) {
          out.push_back({{from, to}, true, "foreign key of the same columns, whose types change"});
        }
        break;
      }
      default: break;
    }
  }
  propose_moves(judge, groups, out);
  return out;
}

}  // namespace contraflow::diff
