// SPDX-License-Identifier: Apache-2.0
#include "lint/volatility.h"

#include <algorithm>
#include <iterator>

#include "base/error.h"
#include "lint/tree.h"

namespace contraflow::lint {
namespace {

#include "lint/built_in_functions.inc"

struct Since {
  std::string_view name;
  int major;
};
// Before it there is no such function: a name that the schema may have for itself.
constexpr Since kSince[] = {{"random_normal", 16}, {"uuidv4", 18}, {"uuidv7", 18}};

// Of extensions that come with PostgreSQL: uuid-ossp, pgcrypto.
constexpr std::string_view kVolatileOfExtensions[] = {"gen_random_bytes", "gen_salt", "uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4"};
constexpr std::string_view kStableOfExtensions[] = {"crypt", "digest", "hmac", "unaccent", "uuid_generate_v3", "uuid_generate_v5", "uuid_nil", "uuid_ns_dns", "uuid_ns_url"};

bool among(const auto& sorted, std::string_view name) { return std::binary_search(std::begin(sorted), std::end(sorted), name); }

constexpr int kDeepestInline = 8;  // inline_function() refuses recursion; so do we

class Judge {
 public:
  Judge(const Schema& schema, const std::vector<std::string>& search_path, const Majors& majors) : schema_(schema), search_path_(search_path) { out_.versions = majors; }

  Judgement run(const PgQuery__Node* expression) {
    look(expression, 0);
    return out_;
  }

 private:
  void look(const PgQuery__Node* expression, int depth) {
    if (expression == nullptr) return;
    sql::walk(expression->base, [&](const ProtobufCMessage& message) {
      if (const auto* call = sql::message_as<PgQuery__FuncCall>(message, pg_query__func_call__descriptor)) {
        judge(qualified(NodeList(call->funcname, call->n_funcname)), depth);
      }
      return out_.verdict != Volatility::volatile_;
    });
  }

  void judge(const sql::QualifiedName& name, int depth) {
    if (name.schema.empty() || name.schema == "pg_catalog") {
      if (among(kVolatileFunctions, name.name)) return found(Volatility::volatile_, name);
      if (among(kStableFunctions, name.name)) return;
    }
    if (const Function* function = find(name)) {
      if (function->volatility != 'v') return;
      if (function->may_inline && depth < kDeepestInline && look_into(*function, depth)) return;
      return found(Volatility::volatile_, name);
    }
    if (among(kVolatileOfExtensions, name.name)) return found(Volatility::volatile_, name);
    if (among(kStableOfExtensions, name.name)) return;
    if (out_.verdict == Volatility::stable) found(Volatility::unknown, name);
  }

  // A body of one SELECT of one expression: what remains is judged in its place. False where it cannot be put there.
  bool look_into(const Function& function, int depth) {
    try {
      const sql::ParseTree tree = sql::parse(function.body);
      if (tree.size() != 1 || tree.node(0).node_case != PG_QUERY__NODE__NODE_SELECT_STMT) return false;
      const PgQuery__SelectStmt& select = *tree.node(0).select_stmt;
      const bool plain = select.n_target_list == 1 && select.n_from_clause == 0 && select.where_clause == nullptr && select.n_group_clause == 0 &&
                         select.having_clause == nullptr && select.with_clause == nullptr && select.n_sort_clause == 0 && select.limit_count == nullptr &&
                         select.limit_offset == nullptr && select.n_distinct_clause == 0 && select.n_window_clause == 0 && select.n_values_lists == 0 &&
                         select.n_locking_clause == 0 && select.op == PG_QUERY__SET_OPERATION__SETOP_NONE && select.larg == nullptr;
      if (!plain) return false;
      bool subquery = false;
      sql::walk(select.target_list[0]->base, [&](const ProtobufCMessage& message) {
        subquery = subquery || message.descriptor == &pg_query__sub_link__descriptor;
        return !subquery;
      });
      if (subquery) return false;
      look(select.target_list[0], depth + 1);
      return true;
    } catch (const Error&) {
      return false;
    }
  }

  const Function* find(const sql::QualifiedName& name) const {
    if (!name.schema.empty()) return schema_.functions.find(name);
    for (const std::string& schema : search_path_) {
      if (const Function* function = schema_.functions.find({schema, name.name})) return function;
    }
    return nullptr;
  }

  void found(Volatility verdict, const sql::QualifiedName& name) {
    out_.verdict = verdict;
    out_.function = name.schema.empty() ? name.name : name.schema + "." + name.name;
    for (const Since& since : kSince) {
      if (since.name != name.name || verdict != Volatility::volatile_) continue;
      const Majors narrowed = out_.versions.within({since.major, kNewestMajor});
      if (narrowed.empty()) out_.verdict = Volatility::unknown;  // not the server's own there
      else out_.versions = narrowed;
    }
  }

  const Schema& schema_;
  const std::vector<std::string>& search_path_;
  Judgement out_;
};

}  // namespace

Judgement judge_default(const PgQuery__Node* expression, const Schema& schema, const std::vector<std::string>& search_path, const Majors& majors) {
  return Judge(schema, search_path, majors).run(expression);
}

}  // namespace contraflow::lint
