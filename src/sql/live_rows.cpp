// SPDX-License-Identifier: Apache-2.0
#include "sql/live_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/text.h"
#include "sql/parse_tree.h"
#include "sql/scan.h"

namespace contraflow::sql {
namespace {

struct Word {
  std::size_t begin, end;
  std::string text;  // lower case
  int depth;         // of parentheses and brackets around it
};

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

// A relation of a FROM clause and the joins above it, outermost first.
struct Above {
  const PgQuery__JoinExpr* join;
  bool right;  // which side of it
};
struct Place {
  const PgQuery__RangeVar* range;
  std::vector<Above> joins;
};

bool nullable_side(const Above& above) {
  switch (above.join->jointype) {
    case PG_QUERY__JOIN_TYPE__JOIN_LEFT: return above.right;
    case PG_QUERY__JOIN_TYPE__JOIN_RIGHT: return !above.right;
    case PG_QUERY__JOIN_TYPE__JOIN_FULL: return true;
    default: return false;
  }
}

class Editor {
 public:
  Editor(std::string_view statement, const IsTable& is_table, std::string_view column) : text_(statement), is_table_(is_table), column_(column) {
    int depth = 0;
    for (const Token& token : scan(statement)) {
      if (token.kind == TokenKind::line_comment || token.kind == TokenKind::block_comment) continue;
      const std::string_view word = statement.substr(token.begin, token.end - token.begin);
      if (word == ")" || word == "]") --depth;
      words_.push_back({token.begin, token.end, to_lower(word), depth});
      if (word == "(" || word == "[") ++depth;
    }
  }

  StatementEdits run() {
    const ParseTree tree = parse(text_);
    for (std::size_t i = 0; i < tree.size(); ++i) below(tree.raw(i).base, {});
    return std::move(out_);
  }

 private:
  using Names = std::set<std::string>;

  static void collect_ctes(const PgQuery__WithClause* with, Names& names) {
    for (std::size_t i = 0; with != nullptr && i < with->n_ctes; ++i) names.insert(with->ctes[i]->common_table_expr->ctename);
  }

  // Every query below, with the names that CTEs hide.
  void below(const ProtobufCMessage& root, const Names& ctes) {
    walk(root, [&](const ProtobufCMessage& message) {
      if (&message == &root) return true;
      Names names = ctes;
      if (const auto* query = message_as<PgQuery__SelectStmt>(message, pg_query__select_stmt__descriptor)) {
        collect_ctes(query->with_clause, names);
        if (query->larg == nullptr) select(*query, names);
      } else if (const auto* changed = message_as<PgQuery__UpdateStmt>(message, pg_query__update_stmt__descriptor)) {
        collect_ctes(changed->with_clause, names);
        update(*changed, names);
      } else if (const auto* removed = message_as<PgQuery__DeleteStmt>(message, pg_query__delete_stmt__descriptor)) {
        collect_ctes(removed->with_clause, names);
        remove(*removed, names);
      } else if (const auto* added = message_as<PgQuery__InsertStmt>(message, pg_query__insert_stmt__descriptor)) {
        collect_ctes(added->with_clause, names);
        insert(*added);
      } else {
        whole(message);
        return true;
      }
      below(message, names);
      return false;
    });
  }

  bool is_target(const PgQuery__RangeVar& range, const Names& ctes) const {
    if (range.schemaname[0] == '\0' && ctes.contains(range.relname)) return false;
    return is_table_({range.schemaname, range.relname});
  }

  static std::string shown_name(const PgQuery__RangeVar& range) { return range.alias != nullptr ? range.alias->aliasname : range.relname; }

  // Whether an expression names the column already, of this relation or without a qualifier.
  bool mentions(const PgQuery__Node* node, const std::string& relation) const {
    bool found = false;
    if (node == nullptr) return false;
    walk(node->base, [&](const ProtobufCMessage& message) {
      if (const auto* ref = message_as<PgQuery__ColumnRef>(message, pg_query__column_ref__descriptor)) {
        const PgQuery__Node& last = *ref->fields[ref->n_fields - 1];
        const bool same = last.node_case == PG_QUERY__NODE__NODE_STRING && column_ == last.string->sval;
        const bool own = ref->n_fields == 1 || (ref->fields[ref->n_fields - 2]->node_case == PG_QUERY__NODE__NODE_STRING &&
                                                relation == ref->fields[ref->n_fields - 2]->string->sval);
        found |= same && own;
      }
      return !found;
    });
    return found;
  }

  void places(const PgQuery__Node& node, std::vector<Above>& above, std::vector<Place>& out) const {
    if (node.node_case == PG_QUERY__NODE__NODE_RANGE_VAR) out.push_back({node.range_var, above});
    if (node.node_case == PG_QUERY__NODE__NODE_RANGE_TABLE_SAMPLE) places(*node.range_table_sample->relation, above, out);
    if (node.node_case != PG_QUERY__NODE__NODE_JOIN_EXPR) return;
    above.push_back({node.join_expr, false});
    places(*node.join_expr->larg, above, out);
    above.back().right = true;
    places(*node.join_expr->rarg, above, out);
    above.pop_back();
  }

  std::size_t word_at(int location) const {
    const auto offset = static_cast<std::size_t>(location);
    const auto it = std::lower_bound(words_.begin(), words_.end(), offset, [](const Word& w, std::size_t o) { return w.begin < o; });
    return it == words_.end() ? kNone : static_cast<std::size_t>(it - words_.begin());
  }

  bool is_function_call(std::size_t i) const { return i + 1 < words_.size() && words_[i + 1].text == "("; }

  // A word that begins a clause behind FROM or WHERE at its level.
  bool begins_clause(std::size_t i) const {
    static constexpr std::array<std::string_view, 13> kClauses{"group", "having", "window", "order", "limit", "offset", "fetch", "for", "union", "intersect", "except", "returning", ";"};
    const std::string& word = words_[i].text;
    if (std::find(kClauses.begin(), kClauses.end(), word) != kClauses.end()) return !(word == "group" && i > 0 && words_[i - 1].text == "within");
    return word == "on" && i + 1 < words_.size() && words_[i + 1].text == "conflict";
  }

  struct Level {
    std::size_t from = kNone, where = kNone, where_end = kNone;  // words; where_end: the first behind WHERE's condition
    std::size_t end = kNone;                                     // the first behind FROM and WHERE
  };

  // The clauses of the level that begins at word `first` (SELECT, UPDATE or DELETE).
  Level level_of(std::size_t first) const {
    Level out;
    const int depth = words_[first].depth;
    std::size_t i = first + 1;
    for (; i < words_.size() && words_[i].depth >= depth; ++i) {
      if (words_[i].depth != depth) continue;
      if (words_[i].text == "from" && out.from == kNone && words_[i - 1].text != "distinct") out.from = i;
      if (words_[i].text == "where") out.where = i;
      if (begins_clause(i)) break;
    }
    out.end = i;
    if (out.where != kNone) out.where_end = i;
    return out;
  }

  // The keyword that begins the level in which a word stands: backwards at its depth.
  std::size_t keyword_before(std::size_t i, std::string_view keyword) const {
    const int depth = words_[i].depth;
    while (i-- > 0) {
      if (words_[i].depth == depth && words_[i].text == keyword) return i;
      if (words_[i].depth < depth) break;
    }
    return kNone;
  }

  static bool is_or(const PgQuery__Node& node) {
    return node.node_case == PG_QUERY__NODE__NODE_BOOL_EXPR && node.bool_expr->boolop == PG_QUERY__BOOL_EXPR_TYPE__OR_EXPR;
  }

  void insert_at(std::size_t offset, std::string text) { out_.edits.push_back({offset, offset, std::move(text)}); }

  // ` AND condition` behind the words [first, last), in parentheses of their own where they are an OR.
  void and_behind(std::size_t first, std::size_t last, bool parentheses, const std::string& condition) {
    if (parentheses) insert_at(words_[first].begin, "(");
    insert_at(words_[last - 1].end, (parentheses ? ") AND " : " AND ") + condition);
  }

  // "\n    " where the word is the first of its line, else a blank: a new clause is written as the one before it.
  std::string break_before(std::size_t word) const {
    std::size_t line = words_[word].begin;
    while (line > 0 && (text_[line - 1] == ' ' || text_[line - 1] == '\t')) --line;
    if (line == 0 || text_[line - 1] != '\n') return " ";
    const std::string end = line > 1 && text_[line - 2] == '\r' ? "\r\n" : "\n";
    return end + std::string(text_.substr(line, words_[word].begin - line));
  }

  std::string cased(std::string_view keyword, std::size_t like) const {
    const char first = text_[words_[like].begin];
    return first >= 'a' && first <= 'z' ? to_lower(keyword) : std::string(keyword);
  }

  std::string condition(const PgQuery__RangeVar& range, bool qualified) const {
    const std::string column = quote_identifier(column_);
    return (qualified ? quote_identifier(shown_name(range)) + "." : "") + column + " IS NULL";
  }

  void where(const Level& level, std::size_t anchor, const PgQuery__Node* clause, const std::vector<std::string>& conditions) {
    if (conditions.empty()) return;
    const std::string all = join(conditions, " AND ");
    if (level.where != kNone && clause != nullptr) return and_behind(level.where + 1, level.where_end, is_or(*clause), all);
    insert_at(words_[level.end - 1].end, break_before(anchor) + cased("WHERE", anchor) + " " + all);
  }

  // The ON condition of the nearest join, where that is the place for a condition on this relation.
  bool into_on(const Place& place, const std::string& text) {
    const Above& nearest = place.joins.back();
    const bool own = nearest.join->jointype == PG_QUERY__JOIN_TYPE__JOIN_INNER || (nullable_side(nearest) && nearest.join->jointype != PG_QUERY__JOIN_TYPE__JOIN_FULL);
    if (!own || nearest.join->quals == nullptr) return false;
    std::size_t at = word_at(place.range->location);
    if (at == kNone) return false;
    const int depth = words_[at].depth;
    std::size_t on = at;
    while (on < words_.size() && words_[on].depth >= depth && !(words_[on].depth == depth && words_[on].text == "on")) ++on;
    if (on >= words_.size() || words_[on].depth != depth || words_[on].text != "on") return false;
    static constexpr std::array<std::string_view, 9> kJoins{"left", "right", "inner", "full", "cross", "natural", "join", "where", ","};
    std::size_t end = on + 1;
    for (; end < words_.size() && words_[end].depth >= depth; ++end) {
      if (words_[end].depth != depth) continue;
      const bool join_word = std::find(kJoins.begin(), kJoins.end(), words_[end].text) != kJoins.end() && !is_function_call(end);
      if (join_word || begins_clause(end)) break;
    }
    and_behind(on + 1, end, is_or(*nearest.join->quals), text);
    return true;
  }

  void from(const std::vector<Place>& found, const PgQuery__Node* clause, const Names& ctes, bool alone, std::vector<std::string>& conditions) {
    for (const Place& place : found) {
      if (!is_target(*place.range, ctes)) continue;
      const std::string name = shown_name(*place.range);
      bool known = mentions(clause, name);
      for (const Above& above : place.joins) known |= mentions(above.join->quals, name);
      if (known) continue;
      const std::string text = condition(*place.range, !alone || place.range->alias != nullptr);
      const bool nullable = std::any_of(place.joins.begin(), place.joins.end(), nullable_side);
      if (!nullable) {
        conditions.push_back(text);
      } else if (!into_on(place, text)) {
        out_.refusals.push_back(fmt::format("{} stands on a side of an outer join (FULL, USING or NATURAL) that has no ON condition of its own", name));
      }
    }
  }

  void select(const PgQuery__SelectStmt& query, const Names& ctes) {
    std::vector<Place> found;
    std::vector<Above> above;
    for (std::size_t i = 0; i < query.n_from_clause; ++i) places(*query.from_clause[i], above, found);
    const bool any = std::any_of(found.begin(), found.end(), [&](const Place& p) { return is_target(*p.range, ctes); });
    if (!any) return;
    const std::size_t target = query.n_target_list > 0 ? word_at(query.target_list[0]->res_target->location) : kNone;
    const std::size_t first = target == kNone ? kNone : keyword_before(target, "select");
    if (first == kNone) {
      table_command(query, found);
      return;
    }
    const Level level = level_of(first);
    if (level.from == kNone) return;
    std::vector<std::string> conditions;
    from(found, query.where_clause, ctes, found.size() == 1 && query.n_from_clause == 1, conditions);
    where(level, level.from, query.where_clause, conditions);
  }

  // TABLE t -> SELECT * FROM t WHERE …
  void table_command(const PgQuery__SelectStmt& query, const std::vector<Place>& found) {
    const std::size_t at = found.size() == 1 && query.n_from_clause == 1 ? word_at(found.front().range->location) : kNone;
    const std::size_t first = at == kNone ? kNone : keyword_before(at, "table");
    if (first == kNone) {
      out_.refusals.emplace_back("a query without SELECT and a target list");
      return;
    }
    out_.edits.push_back({words_[first].begin, words_[first].end, cased("SELECT", first) + " * " + cased("FROM", first)});
    where(level_of(first), first, nullptr, {condition(*found.front().range, false)});
  }

  static bool sets(PgQuery__Node* const* list, std::size_t count, std::string_view column) {
    for (std::size_t i = 0; i < count; ++i) {
      if (column == list[i]->res_target->name) return true;
    }
    return false;
  }

  void update(const PgQuery__UpdateStmt& node, const Names& ctes) {
    std::vector<Place> found;
    std::vector<Above> above;
    for (std::size_t i = 0; i < node.n_from_clause; ++i) places(*node.from_clause[i], above, found);
    const std::size_t at = word_at(node.relation->location);
    const std::size_t first = at == kNone ? kNone : keyword_before(at, "update");
    if (first == kNone) return;
    const Level level = level_of(first);
    std::vector<std::string> conditions;
    // What sets the column is the soft delete or the way back: it says itself which rows.
    if (is_target(*node.relation, ctes) && !sets(node.target_list, node.n_target_list, column_) && !mentions(node.where_clause, shown_name(*node.relation)))
      conditions.push_back(condition(*node.relation, node.relation->alias != nullptr || !found.empty()));
    from(found, node.where_clause, ctes, false, conditions);
    where(level, first, node.where_clause, conditions);
  }

  void remove(const PgQuery__DeleteStmt& node, const Names& ctes) {
    std::vector<Place> found;
    std::vector<Above> above;
    for (std::size_t i = 0; i < node.n_using_clause; ++i) places(*node.using_clause[i], above, found);
    const std::size_t at = word_at(node.relation->location);
    const std::size_t first = at == kNone ? kNone : keyword_before(at, "delete");
    if (first == kNone) return;
    const Level level = level_of(first);
    std::vector<std::string> conditions;
    if (is_target(*node.relation, ctes)) {
      // DELETE FROM t [AS a] [USING …] -> UPDATE t [AS a] SET column = now() [FROM …]
      std::size_t last = at;  // of the relation's own words
      const int depth = words_[at].depth;
      std::size_t behind = at;
      while (behind < level.end && !(words_[behind].depth == depth && (words_[behind].text == "using" || words_[behind].text == "where" || begins_clause(behind)))) last = behind++;
      out_.edits.push_back({words_[first].begin, words_[first + 1].end, cased("UPDATE", first)});
      insert_at(words_[last].end, break_before(first) + cased("SET", first) + " " + quote_identifier(column_) + " = now()");
      if (behind < words_.size() && words_[behind].text == "using") out_.edits.push_back({words_[behind].begin, words_[behind].end, cased("FROM", first)});
      if (!mentions(node.where_clause, shown_name(*node.relation))) conditions.push_back(condition(*node.relation, node.relation->alias != nullptr || !found.empty()));
    }
    from(found, node.where_clause, ctes, false, conditions);
    where(level, first, node.where_clause, conditions);
  }

  // Statements that have no place for a condition.
  void whole(const ProtobufCMessage& message) {
    const auto target = [&](const PgQuery__RangeVar* range) { return range != nullptr && is_table_({range->schemaname, range->relname}); };
    if (const auto* emptied = message_as<PgQuery__TruncateStmt>(message, pg_query__truncate_stmt__descriptor)) {
      for (std::size_t i = 0; i < emptied->n_relations; ++i) {
        if (emptied->relations[i]->node_case == PG_QUERY__NODE__NODE_RANGE_VAR && target(emptied->relations[i]->range_var)) out_.refusals.emplace_back("TRUNCATE removes the rows for good");
      }
    } else if (const auto* merge = message_as<PgQuery__MergeStmt>(message, pg_query__merge_stmt__descriptor)) {
      const bool reads = merge->source_relation != nullptr && merge->source_relation->node_case == PG_QUERY__NODE__NODE_RANGE_VAR && target(merge->source_relation->range_var);
      if (target(merge->relation) || reads) out_.refusals.emplace_back("MERGE: which of its branches see deleted rows, only its author can say");
    } else if (const auto* copy = message_as<PgQuery__CopyStmt>(message, pg_query__copy_stmt__descriptor)) {
      if (copy->is_from == 0 && target(copy->relation)) out_.refusals.emplace_back("COPY writes deleted rows, too: COPY (SELECT …) TO leaves them out");
    }
  }

  // A unique index that holds for live rows only is found by ON CONFLICT where its condition is given (an index without one is found as well).
  void insert(const PgQuery__InsertStmt& node) {
    if (!is_table_({node.relation->schemaname, node.relation->relname}) || node.on_conflict_clause == nullptr) return;
    const PgQuery__InferClause* infer = node.on_conflict_clause->infer;
    if (infer == nullptr || infer->where_clause != nullptr) return;
    if (infer->conname[0] != '\0') {
      out_.refusals.emplace_back("ON CONFLICT ON CONSTRAINT names a constraint that becomes a partial unique index");
      return;
    }
    const std::size_t at = word_at(infer->location);
    if (at == kNone) return;
    const int depth = words_[at].depth;
    for (std::size_t i = at; i < words_.size(); ++i) {
      if (words_[i].text != ")" || words_[i].depth != depth) continue;
      insert_at(words_[i].end, " WHERE " + quote_identifier(column_) + " IS NULL");
      return;
    }
  }

  std::string_view text_;
  const IsTable& is_table_;
  std::string_view column_;
  std::vector<Word> words_;
  StatementEdits out_;
};

}  // namespace

StatementEdits live_rows_only(std::string_view statement, const IsTable& is_table, std::string_view column) {
  return Editor(statement, is_table, column).run();
}

StatementEdits expand_stars(std::string_view statement, const IsTable& is_table,
                            const std::function<std::optional<std::vector<std::string>>(const QualifiedName&)>& columns_of) {
  StatementEdits out;
  const ParseTree tree = parse(statement);
  std::set<std::string> ctes;
  walk(tree.result().base, [&](const ProtobufCMessage& message) {
    if (const auto* cte = message_as<PgQuery__CommonTableExpr>(message, pg_query__common_table_expr__descriptor)) ctes.insert(cte->ctename);
    return true;
  });
  walk(tree.result().base, [&](const ProtobufCMessage& message) {
    std::vector<const PgQuery__RangeVar*> ranges;
    bool other = false;
    const std::function<void(const PgQuery__Node&)> collect = [&](const PgQuery__Node& node) {
      if (node.node_case == PG_QUERY__NODE__NODE_RANGE_VAR) {
        ranges.push_back(node.range_var);
      } else if (node.node_case == PG_QUERY__NODE__NODE_JOIN_EXPR) {
        collect(*node.join_expr->larg);
        collect(*node.join_expr->rarg);
        other |= node.join_expr->n_using_clause > 0 || node.join_expr->is_natural != 0;
      } else {
        other = true;
      }
    };
    std::size_t count = 0;
    PgQuery__Node* const* targets = nullptr;
    const auto take = [&](PgQuery__Node* const* list, std::size_t n, const PgQuery__RangeVar* relation, PgQuery__Node* const* from, std::size_t n_from) {
      targets = list;
      count = n;
      if (relation != nullptr) ranges.push_back(relation);
      for (std::size_t i = 0; i < n_from; ++i) collect(*from[i]);
    };
    if (const auto* query = message_as<PgQuery__SelectStmt>(message, pg_query__select_stmt__descriptor))
      take(query->target_list, query->n_target_list, nullptr, query->from_clause, query->n_from_clause);
    else if (const auto* changed = message_as<PgQuery__UpdateStmt>(message, pg_query__update_stmt__descriptor))
      take(changed->returning_list, changed->n_returning_list, changed->relation, changed->from_clause, changed->n_from_clause);
    else if (const auto* removed = message_as<PgQuery__DeleteStmt>(message, pg_query__delete_stmt__descriptor))
      take(removed->returning_list, removed->n_returning_list, removed->relation, removed->using_clause, removed->n_using_clause);
    else if (const auto* added = message_as<PgQuery__InsertStmt>(message, pg_query__insert_stmt__descriptor))
      take(added->returning_list, added->n_returning_list, added->relation, nullptr, 0);
    if (count == 0) return true;
    const auto list = [&](const PgQuery__RangeVar& range, bool qualified, std::vector<std::string>& into) {
      const auto columns = range.schemaname[0] == '\0' && ctes.contains(range.relname) ? std::nullopt : columns_of({range.schemaname, range.relname});
      if (!columns) return false;
      const std::string name = quote_identifier(range.alias != nullptr ? range.alias->aliasname : range.relname);
      for (const std::string& column : *columns) into.push_back((qualified ? name + "." : "") + quote_identifier(column));
      return true;
    };
    for (std::size_t i = 0; i < count; ++i) {
      const PgQuery__Node* value = targets[i]->res_target->val;
      if (value == nullptr || value->node_case != PG_QUERY__NODE__NODE_COLUMN_REF) continue;
      const PgQuery__ColumnRef& ref = *value->column_ref;
      if (ref.fields[ref.n_fields - 1]->node_case != PG_QUERY__NODE__NODE_A_STAR) continue;
      std::vector<std::string> columns;
      bool touched = false, known = true;
      std::string wanted = ref.n_fields > 1 ? ref.fields[ref.n_fields - 2]->string->sval : "";
      for (const PgQuery__RangeVar* range : ranges) {
        const std::string name = range->alias != nullptr ? range->alias->aliasname : range->relname;
        if (!wanted.empty() && name != wanted) continue;
        touched |= is_table({range->schemaname, range->relname}) && !ctes.contains(range->relname);
        known &= list(*range, !wanted.empty() || ranges.size() > 1, columns);
      }
      if (!touched) continue;
      if (!known || (wanted.empty() && other)) {
        out.refusals.emplace_back("* stands for columns that are not all known here");
        continue;
      }
      if (ref.location < 0) {  // TABLE t
        const std::string before = to_lower(statement.substr(0, static_cast<std::size_t>(ranges.front()->location)));
        const std::size_t word = before.rfind("table");
        const bool upper = word != std::string::npos && statement[word] == 'T';
        if (word != std::string::npos) out.edits.push_back({word, word + 5, fmt::format("{} {} {}", upper ? "SELECT" : "select", join(columns, ", "), upper ? "FROM" : "from")});
        continue;
      }
      const auto begin = static_cast<std::size_t>(ref.location);
      const std::size_t end = statement.find('*', begin);
      if (end != std::string_view::npos) out.edits.push_back({begin, end + 1, join(columns, ", ")});
    }
    return true;
  });
  return out;
}

}  // namespace contraflow::sql
