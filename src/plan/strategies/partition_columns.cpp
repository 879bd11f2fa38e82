// SPDX-License-Identifier: Apache-2.0
#include "plan/strategies/partition_columns.h"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/ddl.h"
#include "plan/strategies/column_parts.h"

namespace contraflow::plan {

using namespace catalog;

void refuse_renamed_columns(Planner& p, const ObjectId& id, const QualifiedName& parent) {
  for (const diff::Rename& rename : p.renames) {
    if (rename.to.kind != Kind::column || rename.to.schema != parent.schema || rename.to.relation != parent.name) continue;
    p.refuse(fmt::format("{} joins {}, whose {} gets another name through a second column, which its rows do not have: make two plans, let it join afterwards", describe(id), sql::quote(parent),
                         describe_renamed(rename.from)));
  }
}

void refuse_other_columns(Planner& p, const ObjectId& id, const QualifiedName& old_parent, const QualifiedName& new_parent) {
  for (const auto& [table, what] : {std::pair{id, "own columns"}, {table_id(old_parent), "present parent's columns"}, {table_id(new_parent), "new parent's columns"}}) {
    const auto changes = [&, &table = table](const ObjectId& object) { return object.kind == Kind::column && object.schema == table.schema && object.relation == table.name; };
    if (!p.from.find(table) || !p.to.find(table)) continue;  // it comes or goes as a whole
    if (std::any_of(p.created.begin(), p.created.end(), changes) || std::any_of(p.dropped.begin(), p.dropped.end(), changes)) {
      p.refuse(fmt::format("{} moves from {} to {} while its {} come or go: make two plans, detach it in the first and attach it in the second", describe(id), sql::quote(old_parent), sql::quote(new_parent), what));
      return;
    }
  }
}

namespace {

// The table has a column that goes and that the parent never had: it can join only when that one is purged, and then the parent's own are purged too.
bool waits_for_purge(const Planner& p, const ObjectId& id, const QualifiedName& parent) {
  const std::vector<const Object*> columns = Planner::columns(p.from, id);
  return std::any_of(columns.begin(), columns.end(), [&](const Object* column) {
    return p.dropped.contains(column->id) && !p.from.find(column_id(parent.schema, parent.name, column->id.name));
  });
}

}  // namespace

std::vector<std::size_t> lend_leaving_columns(Planner& p, const ObjectId& id, const QualifiedName& parent) {
  std::vector<std::size_t> out;
  refuse_renamed_columns(p, id, parent);
  if (waits_for_purge(p, id, parent)) {
    for (const Object* column : Planner::columns(p.to, table_id(parent))) {
      if (!p.created.contains(column->id) || p.from.find(column_id(id.schema, id.name, column->id.name))) continue;
      p.refuse(fmt::format("{} is attached to {} when a column of its own is purged, but {} comes to both long before: make two plans, attach it in the second", describe(id), sql::quote(parent),
                           describe(column->id)));
    }
    return out;
  }
  for (const Object* leaving : Planner::columns(p.from, table_id(parent))) {
    const ObjectId lent = column_id(id.schema, id.name, leaving->id.name);
    if (p.to.find(leaving->id) || p.to.find(lent)) continue;
    const Object* own = p.from.find(lent);
    Column column = std::get<Column>(leaving->body);
    if (own) {
      const Column& same = std::get<Column>(own->body);
      if (same.type != column.type || same.collation != column.collation || same.not_null < column.not_null || same.generated != column.generated ||
          (column.generated != Generated::none && same.default_expression != column.default_expression)) {
        p.refuse(fmt::format("{} is attached to {}, and both lose {}, which is not the same in both: make two plans, one that drops the columns, one that attaches", describe(id), sql::quote(parent),
                             sql::quote_identifier(lent.name)));
      }
      p.take(lent);  // it goes with the parent's
      continue;
    }
    const std::string name = sql::quote_identifier(lent.name), alter = "ALTER TABLE " + quoted_name(id);
    if (column.not_null || column.generated != Generated::none || column.identity != Identity::none) {
      p.refuse(fmt::format("{} is attached to {}, which loses {} in the same plan, and the rows of {} have nothing for it: make two plans, one that drops the column, one that attaches", describe(id),
                           sql::quote(parent), describe(leaving->id), quoted_name(id)));
      continue;
    }
    column.default_expression.clear();  // what the parent gives to new rows is no matter of the rows that are there
    Operation& operation = p.add(Phase::expand, "lend", lent,
                                 brief({fmt::format("{} ADD COLUMN IF NOT EXISTS {}", alter, column_definition(lent, column, p.to.major()))}, negate(is_partition_of(id, parent))),
                                 brief({fmt::format("{} DROP COLUMN IF EXISTS {}", alter, name)}, negate(is_partition_of(id, parent))));
    operation.groupable = false;
    operation.step.effects = {{name_of(id), effects::LockMode::access_exclusive, effects::Work::none}};
    out.push_back(p.operations.size() - 1);
  }
  return out;
}

void order_columns_around(Planner& p, std::size_t attach) {
  for (const ObjectId& id : p.operations[attach].provides) {
    const Table *before = id.kind == Kind::table ? p.from.find_body<Table>(id) : nullptr, *after = before ? p.to.find_body<Table>(id) : nullptr;
    if (!after || before->partition_of || !after->partition_of) continue;
    if (waits_for_purge(p, id, *after->partition_of)) {
      for (std::size_t i = 0; i < p.operations.size(); ++i) {
        const std::set<ObjectId>& removes = p.operations[i].removes;
        const bool purges = p.operations[i].step.phase == Phase::purge && std::any_of(removes.begin(), removes.end(), [&](const ObjectId& gone) {
                              return gone.kind == Kind::column && (table_id({gone.schema, gone.relation}) == id || QualifiedName{gone.schema, gone.relation} == *after->partition_of);
                            });
        if (purges) p.operations[attach].after.push_back(i);
      }
    }
    for (const Object* column : Planner::columns(p.to, table_id(*after->partition_of))) {
      if (!p.created.contains(column->id)) continue;
      if (p.from.find(column_id(id.schema, id.name, column->id.name))) {
        p.operations[attach].needs.insert(column->id);
        continue;
      }
      for (std::size_t i = 0; i < p.operations.size(); ++i) {
        if (i != attach && p.operations[i].provides.contains(column->id)) p.operations[i].after.push_back(attach);
      }
    }
  }
}

}  // namespace contraflow::plan
