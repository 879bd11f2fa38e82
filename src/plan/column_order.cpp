// SPDX-License-Identifier: Apache-2.0
#include "plan/column_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "catalog/of_kind.h"
#include "sql/column_aliases.h"

namespace contraflow::plan {

// Columns that are added, or take another's place, stand at the end of their table.
std::vector<std::string> tables_in_other_order(const Planner& p) {
  std::vector<std::string> out;
  for (const auto& [id, object] : catalog::of_kind(p.to, catalog::Kind::table)) {
    if (!p.from.find(id) || p.made_anew.contains(id)) continue;
    // Sorted by name on both sides; where no column came, went, moved or is made anew, nothing can stand elsewhere.
    const std::vector<const Object*> before_all = Planner::columns(p.from, id), after_all = Planner::columns(p.to, id);
    const auto stays = [&](const Object* old, const Object* now) {
      return old->id.name == now->id.name && std::get<catalog::Column>(old->body).position == std::get<catalog::Column>(now->body).position && !p.altered.contains(now->id) &&
             !p.moved_columns.contains(now->id);
    };
    if (std::equal(before_all.begin(), before_all.end(), after_all.begin(), after_all.end(), stays)) continue;
    std::vector<std::tuple<int, int, std::string>> comes_out;  // kept, added, second column, computed anew in contract; in the order of their schema
    std::vector<std::pair<int, std::string>> desired;
    for (const catalog::Object* member : after_all) {
      const auto* column = std::get_if<catalog::Column>(&member->body);
      desired.emplace_back(column->position, member->id.name);
      const auto* before = p.from.find_body<catalog::Column>(member->id);
      const auto altered = p.altered.find(member->id);
      const bool computed_anew = before && column->generated != catalog::Generated::none && altered != p.altered.end() && altered->second.contains(Aspect::generated);
      const bool second = before && p.moved_columns.contains(member->id);
      const int turn = !before ? 1 : computed_anew ? 3
                                 : second          ? 2
                                                   : 0;
      comes_out.emplace_back(turn, turn == 0 ? before->position : column->position, member->id.name);
    }
    std::sort(comes_out.begin(), comes_out.end());
    std::sort(desired.begin(), desired.end());
    const bool same = std::equal(desired.begin(), desired.end(), comes_out.begin(), comes_out.end(), [](const auto& a, const auto& b) { return a.second == std::get<2>(b); });
    if (!same) out.push_back(catalog::quoted_name(id));
  }
  return out;
}

// The server keeps these lists in the order in which the columns stand, not in which they were written.
void note_listed_columns(Planner& p, const std::vector<std::string>& tables) {
  const auto note = [&](const ObjectId& id, const sql::QualifiedName& table, std::size_t columns) {
    if (columns < 2 || std::find(tables.begin(), tables.end(), sql::quote(table)) == tables.end()) return;
    p.notes.push_back(fmt::format("{} lists columns of {} in the order in which they stand there, which differs: it means the same", describe(id), sql::quote(table)));
  };
  for (const auto& [id, object] : catalog::of_kind(p.to, catalog::Kind::statistics)) {
    const auto columns = std::count_if(object.depends_on.begin(), object.depends_on.end(), [](const ObjectId& need) { return need.kind == catalog::Kind::column; });
    note(id, std::get<catalog::StatisticsObject>(object.body).table, static_cast<std::size_t>(columns));
  }
  for (const auto& [id, object] : catalog::of_kind(p.to, catalog::Kind::publication)) {
    for (const catalog::PublicationTable& member : std::get<catalog::Publication>(object.body).tables) note(id, member.table, member.columns.size());
  }
}

void refuse_columns_by_position(Planner& p, const std::vector<std::string>& tables) {
  std::set<std::string> moving(tables.begin(), tables.end());
  for (const ObjectId& column : p.moved_columns) moving.insert(sql::quote(sql::QualifiedName{column.schema, column.relation}));
  if (moving.empty()) return;
  for (const catalog::Database* database : {&p.from, &p.to}) {
    for (const auto& [id, object] : database->objects) {
      std::string definition;
      if (const auto* view = std::get_if<catalog::View>(&object.body)) definition = view->definition;
      if (const auto* view = std::get_if<catalog::MaterializedView>(&object.body)) definition = view->definition;
      if (definition.empty() || !(p.replaced.contains(id) || p.created.contains(id) || p.dropped.contains(id) || p.altered.contains(id))) continue;
      for (const sql::QualifiedName& table : sql::relations_with_column_aliases(definition)) {
        if (!moving.contains(sql::quote(table))) continue;
        p.refuse(fmt::format("{} names columns of {} by their position (an alias with a list of columns, as JOIN … USING leaves behind after a rename), which changes in this plan: write it without",
                             describe(id), sql::quote(table)));
      }
    }
  }
}

}  // namespace contraflow::plan
