// SPDX-License-Identifier: Apache-2.0
#include "diff/diff.h"

#include <algorithm>
#include <compare>
#include <iterator>
#include <set>
#include <map>

namespace contraflow::diff {
namespace {

std::multiset<std::string> words_of(const std::string& definition) {
  std::multiset<std::string> out;
  std::string word;
  for (const char c : definition + " ") {
    if (c != ' ' && c != ',') {
      word += c;
    } else if (!word.empty()) {
      out.insert(std::move(word));
      word.clear();
    }
  }
  return out;
}

using namespace catalog;

// Collects the aspects of one pair of bodies. One overload a kind; the compiler names the kind that lacks one.
struct Comparison {
  std::vector<Aspect> aspects;

  template <class T>
  void when_differ(const T& a, const T& b, Aspect aspect) {
    if (!(a == b) && std::find(aspects.begin(), aspects.end(), aspect) == aspects.end()) aspects.push_back(aspect);
  }

  void operator()(const Schema&, const Schema&) {}

  void operator()(const Extension& a, const Extension& b) {
    when_differ(a.version, b.version, Aspect::version);
    when_differ(a.schema, b.schema, Aspect::home_schema);
  }

  void operator()(const Table& a, const Table& b) {
    when_differ(a.partitioned, b.partitioned, Aspect::definition);
    when_differ(a.partition_key, b.partition_key, Aspect::definition);
    when_differ(a.of_type, b.of_type, Aspect::definition);
    when_differ(a.persistence, b.persistence, Aspect::persistence);
    when_differ(a.access_method, b.access_method, Aspect::access_method);
    when_differ(a.tablespace, b.tablespace, Aspect::tablespace);
    when_differ(a.options, b.options, Aspect::options);
    when_differ(a.replica_identity, b.replica_identity, Aspect::replica_identity);
    when_differ(a.replica_identity_index, b.replica_identity_index, Aspect::replica_identity);
    when_differ(a.row_security, b.row_security, Aspect::row_security);
    when_differ(a.force_row_security, b.force_row_security, Aspect::row_security);
    when_differ(a.inherits, b.inherits, Aspect::inheritance);
    when_differ(a.partition_of, b.partition_of, Aspect::partition);
    when_differ(a.partition_bound, b.partition_bound, Aspect::partition);
  }

  void operator()(const ForeignTable& a, const ForeignTable& b) {
    when_differ(a.server, b.server, Aspect::definition);
    when_differ(a.options, b.options, Aspect::options);
    when_differ(a.inherits, b.inherits, Aspect::inheritance);
    when_differ(a.partition_of, b.partition_of, Aspect::partition);
    when_differ(a.partition_bound, b.partition_bound, Aspect::partition);
  }

  void operator()(const Column& a, const Column& b) {
    when_differ(a.type, b.type, Aspect::type);
    when_differ(a.collation, b.collation, Aspect::type);
    when_differ(a.not_null, b.not_null, Aspect::not_null);
    if (a.not_null && b.not_null && !a.not_null_name.empty() && !b.not_null_name.empty()) {
      when_differ(a.not_null_name, b.not_null_name, Aspect::not_null_name);
    }
    when_differ(a.generated, b.generated, Aspect::generated);
    when_differ(a.default_expression, b.default_expression,
                b.generated == Generated::none ? Aspect::default_expression : Aspect::generated);
    when_differ(a.identity, b.identity, Aspect::identity);
    when_differ(a.identity_options, b.identity_options, Aspect::identity);
    when_differ(a.identity_sequence, b.identity_sequence, Aspect::identity);
    when_differ(a.storage, b.storage, Aspect::storage);
    when_differ(a.compression, b.compression, Aspect::compression);
    when_differ(a.statistics_target, b.statistics_target, Aspect::statistics_target);
    when_differ(a.options, b.options, Aspect::options);
    when_differ(a.fdw_options, b.fdw_options, Aspect::options);
  }

  void operator()(Constraint a, Constraint b) {
    when_differ(a.validated, b.validated, Aspect::validated);
    // What the definition says beside these two is compared by the parts: NOT VALID and DEFERRABLE are in its text.
    const bool same_parts = a.type == b.type && a.expression == b.expression && a.columns == b.columns &&
                            a.references == b.references && a.referenced_columns == b.referenced_columns &&
                            a.no_inherit == b.no_inherit && a.nulls_not_distinct == b.nulls_not_distinct &&
                            a.enforced == b.enforced && stem(a) == stem(b);
    when_differ(same_parts, true, Aspect::definition);
    if (a.deferrable != b.deferrable || a.initially_deferred != b.initially_deferred) {
      // Only foreign keys can be altered (ALTER CONSTRAINT).
      when_differ(true, false, a.type == ConstraintType::foreign_key ? Aspect::deferrability : Aspect::definition);
    }
    when_differ(a.inherited, b.inherited, Aspect::partition_parent);
  }

  // The definition without its trailing NOT VALID and deferrability, which are aspects of their own.
  static std::string stem(const Constraint& c) {
    std::string text = c.definition;
    for (const std::string_view suffix : {" NOT VALID", " INITIALLY DEFERRED", " DEFERRABLE"}) {
      if (text.size() >= suffix.size() && text.compare(text.size() - suffix.size(), suffix.size(), suffix) == 0) {
        text.resize(text.size() - suffix.size());
      }
    }
    return text;
  }

  void operator()(const Index& a, const Index& b) {
    when_differ(a.definition, b.definition, Aspect::definition);
    when_differ(a.table, b.table, Aspect::definition);
    when_differ(a.constraint, b.constraint, Aspect::definition);
    when_differ(a.nulls_not_distinct, b.nulls_not_distinct, Aspect::definition);
    when_differ(a.valid, b.valid, Aspect::validated);
    when_differ(a.clustered, b.clustered, Aspect::clustered);
    when_differ(a.tablespace, b.tablespace, Aspect::tablespace);
    when_differ(a.parent, b.parent, Aspect::partition_parent);
    when_differ(a.statistics_targets, b.statistics_targets, Aspect::statistics_target);
  }

  void view_columns(const std::vector<ViewColumn>& a, const std::vector<ViewColumn>& b) {
    const auto part = [](const std::vector<ViewColumn>& columns, auto member) {
      using Value = std::decay_t<decltype(columns.front().*member)>;
      std::map<std::string, Value> out;
      for (const ViewColumn& column : columns) {
        if (!(column.*member == Value{})) out[column.name] = column.*member;
      }
      return out;
    };
    when_differ(part(a, &ViewColumn::comment), part(b, &ViewColumn::comment), Aspect::column_comments);
    when_differ(part(a, &ViewColumn::grants), part(b, &ViewColumn::grants), Aspect::column_grants);
    when_differ(part(a, &ViewColumn::default_expression), part(b, &ViewColumn::default_expression),
                Aspect::column_defaults);
    const auto shape = [](const std::vector<ViewColumn>& columns) {
      std::vector<std::pair<std::string, std::string>> out;
      for (const ViewColumn& column : columns) out.emplace_back(column.name, column.type);
      return out;
    };
    when_differ(shape(a), shape(b), Aspect::definition);
  }

  void operator()(const View& a, const View& b) {
    when_differ(a.definition, b.definition, Aspect::definition);
    when_differ(a.options, b.options, Aspect::options);
    view_columns(a.columns, b.columns);
  }

  void operator()(const MaterializedView& a, const MaterializedView& b) {
    when_differ(a.definition, b.definition, Aspect::definition);
    when_differ(a.options, b.options, Aspect::options);
    when_differ(a.access_method, b.access_method, Aspect::access_method);
    when_differ(a.tablespace, b.tablespace, Aspect::tablespace);
    when_differ(a.populated, b.populated, Aspect::populated);
    when_differ(a.statistics_targets, b.statistics_targets, Aspect::statistics_target);
    view_columns(a.columns, b.columns);
  }

  void operator()(const Sequence& a, const Sequence& b) {
    when_differ(a.options, b.options, Aspect::options);
    when_differ(a.persistence, b.persistence, Aspect::persistence);
    when_differ(a.owned_by, b.owned_by, Aspect::owned_by);
  }

  void operator()(const EnumType& a, const EnumType& b) { when_differ(a.labels, b.labels, Aspect::labels); }

  void operator()(const Domain& a, const Domain& b) {
    when_differ(a.base_type, b.base_type, Aspect::definition);
    when_differ(a.collation, b.collation, Aspect::definition);
    when_differ(a.not_null, b.not_null, Aspect::not_null);
    when_differ(a.default_expression, b.default_expression, Aspect::default_expression);
  }

  void operator()(const CompositeType& a, const CompositeType& b) {
    const auto uncommented = [](CompositeType type) {
      for (CompositeAttribute& attribute : type.attributes) attribute.comment.reset();
      return type;
    };
    when_differ(uncommented(a), uncommented(b), Aspect::definition);
    if (uncommented(a) == uncommented(b)) when_differ(a, b, Aspect::column_comments);
  }

  void operator()(const Routine& a, const Routine& b) { when_differ(a.definition, b.definition, Aspect::definition); }

  void operator()(const Trigger& a, const Trigger& b) {
    when_differ(a.definition, b.definition, Aspect::definition);
    when_differ(a.enabled, b.enabled, Aspect::enabled);
  }

  void operator()(const EventTrigger& a, const EventTrigger& b) {
    when_differ(a.event, b.event, Aspect::definition);
    when_differ(a.tags, b.tags, Aspect::definition);
    when_differ(a.function, b.function, Aspect::definition);
    when_differ(a.enabled, b.enabled, Aspect::enabled);
  }

  void operator()(const Rule& a, const Rule& b) {
    when_differ(a.definition, b.definition, Aspect::definition);
    when_differ(a.enabled, b.enabled, Aspect::enabled);
  }

  void operator()(const Policy& a, const Policy& b) { when_differ(a, b, Aspect::definition); }

  void operator()(const StatisticsObject& a, const StatisticsObject& b) {
    // The server writes the columns in the order of their attribute numbers, which says nothing.
    when_differ(words_of(a.definition), words_of(b.definition), Aspect::definition);
    when_differ(a.target, b.target, Aspect::statistics_target);
  }

  void operator()(const DomainConstraint& a, const DomainConstraint& b) {
    if (a.validated == b.validated) {
      when_differ(a.definition, b.definition, Aspect::definition);
    } else {
      when_differ(a.validated, b.validated, Aspect::validated);
    }
  }

  void operator()(const Publication& a, const Publication& b) {
    when_differ(a.all_tables, b.all_tables, Aspect::definition);
    when_differ(a.options, b.options, Aspect::options);
    when_differ(a.tables, b.tables, Aspect::membership);
    when_differ(a.schemas, b.schemas, Aspect::membership);
  }

  void operator()(const DefaultPrivileges&, const DefaultPrivileges&) {}

  void operator()(const Generic& a, const Generic& b) {
    // TYPE, VERSION, the handler and the like stand before the options, and no ALTER … OPTIONS reaches them.
    const auto head = [](const Generic& generic) {
      return generic.create.empty() ? std::string() : generic.create.front().substr(0, generic.create.front().find(" OPTIONS ("));
    };
    const bool has_options_clause = !a.create.empty() && a.create.front().find(" OPTIONS (") != std::string::npos;
    if (a.options != b.options && !a.options.empty() && !b.options.empty() && a.create.size() == b.create.size() &&
        (!has_options_clause || head(a) == head(b))) {
      when_differ(a.options, b.options, Aspect::options);
      return;
    }
    when_differ(a.create, b.create, Aspect::definition);
  }

  template <class T, class U>
  void operator()(const T&, const U&) {  // the same name, another kind of body: cannot happen, kinds are in the identity
    when_differ(true, false, Aspect::definition);
  }
};

}  // namespace

std::vector<Aspect> changed_aspects(const Object& from, const Object& to) {
  Comparison comparison;
  if (!(from.body == to.body)) std::visit(comparison, from.body, to.body);
  // Privileges compare by what is granted beyond or short of the kind's default, so that a change of owner alone
  // (which moves the owner's implicit privileges) is one change.
  const auto explicit_grants = [](const Object& object) {
    std::set<Grant> grants(object.grants.begin(), object.grants.end());
    std::set<Grant> implicit(object.default_grants.begin(), object.default_grants.end());
    std::pair<std::vector<Grant>, std::vector<Grant>> out;
    std::set_difference(grants.begin(), grants.end(), implicit.begin(), implicit.end(), std::back_inserter(out.first));
    std::set_difference(implicit.begin(), implicit.end(), grants.begin(), grants.end(), std::back_inserter(out.second));
    return out;
  };
  comparison.when_differ(from.owner, to.owner, Aspect::owner);
  if (from.grants != to.grants) {
    comparison.when_differ(explicit_grants(from), explicit_grants(to), Aspect::grants);
  }
  comparison.when_differ(from.comment, to.comment, Aspect::comment);
  comparison.when_differ(from.security_labels, to.security_labels, Aspect::security_labels);
  return comparison.aspects;
}

// Both sides are sorted by name: one walk over them meets each object once.
Difference compare(const Database& from, const Database& to) {
  Difference out;
  std::vector<Change> created;
  auto old = from.objects.begin();
  auto now = to.objects.begin();
  while (old != from.objects.end() || now != to.objects.end()) {
    const auto order = old == from.objects.end() ? std::strong_ordering::greater
                       : now == to.objects.end() ? std::strong_ordering::less
                                                 : old->first <=> now->first;
    if (order < 0) {
      out.changes.emplace_back(Drop{old++->first});
    } else if (order > 0) {
      created.emplace_back(Create{now++->first});
    } else {
      for (const Aspect aspect : changed_aspects(old->second, now->second)) out.changes.emplace_back(Alter{old->first, aspect});
      ++old;
      ++now;
    }
  }
  out.changes.insert(out.changes.end(), std::make_move_iterator(created.begin()), std::make_move_iterator(created.end()));
  return out;
}

}  // namespace contraflow::diff
