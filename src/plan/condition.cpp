// SPDX-License-Identifier: Apache-2.0
#include "plan/condition.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "base/hash.h"
#include "catalog/ddl.h"

namespace contraflow::plan {

using namespace catalog;
using sql::quote_literal;

namespace {

std::string relation_literal(const std::string& schema, const std::string& name) {
  return quote_literal(sql::quote(sql::QualifiedName{schema, name}));
}

std::string regclass(const std::string& schema, const std::string& name) {
  return fmt::format("to_regclass({})", relation_literal(schema, name));
}

std::string in_catalog(std::string_view table, std::string_view where) {
  return fmt::format("EXISTS (SELECT FROM pg_{} WHERE {})", table, where);
}

// A row of a catalog that is found by name, and by schema where the kind has one.
std::string named(std::string_view table, std::string_view prefix, const ObjectId& id, const std::string& more = {}) {
  std::string where = fmt::format("{}name = {}", prefix, quote_literal(id.name));
  if (!id.schema.empty()) {
    where += fmt::format(" AND {}namespace = to_regnamespace({})", prefix, quote_literal(sql::quote_identifier(id.schema)));
  }
  return in_catalog(table, where + more);
}

std::string relation_kind(const ObjectId& id, std::string_view kinds) {
  return in_catalog("class", fmt::format("oid = {} AND relkind IN ({})", regclass(id.schema, id.name), kinds));
}

}  // namespace

std::string exists(const ObjectId& id) {
  const auto member = [&](std::string_view table, std::string_view relation_column, std::string_view name_column) {
    return in_catalog(table, fmt::format("{} = {} AND {} = {}", relation_column, regclass(id.schema, id.relation),
                                         name_column, quote_literal(id.name)));
  };
  const std::string qualified = quoted_name(id);
  switch (id.kind) {
    case Kind::schema: return fmt::format("to_regnamespace({}) IS NOT NULL", quote_literal(qualified));
    case Kind::extension: return named("extension", "ext", id);
    case Kind::language: return named("language", "lan", id);
    case Kind::collation: return named("collation", "coll", id);
    case Kind::conversion: return named("conversion", "con", id);
    case Kind::enum_type:
    case Kind::shell_type:
    case Kind::base_type:
    case Kind::domain:
    case Kind::range_type: return fmt::format("to_regtype({}) IS NOT NULL", quote_literal(qualified));
    case Kind::composite_type: return relation_kind(id, "'c'");
    case Kind::routine:
    case Kind::aggregate: {
      // The identity has the types of the input arguments alone, as proargtypes has them.
      return fmt::format(
          "EXISTS (SELECT FROM pg_proc WHERE proname = {} AND pronamespace = to_regnamespace({}) AND "
          "oidvectortypes(proargtypes) = {})",
          quote_literal(id.name), quote_literal(sql::quote_identifier(id.schema)),
          quote_literal(id.arguments));
    }
    case Kind::operator_: return fmt::format("to_regoperator({}) IS NOT NULL", quote_literal(qualified));
    case Kind::operator_family:
      return named("opfamily", "opf", id,
                   fmt::format(" AND opfmethod = (SELECT oid FROM pg_am WHERE amname = {})", quote_literal(id.arguments)));
    case Kind::operator_class:
      return named("opclass", "opc", id,
                   fmt::format(" AND opcmethod = (SELECT oid FROM pg_am WHERE amname = {})", quote_literal(id.arguments)));
    case Kind::cast:
      return in_catalog("cast", fmt::format("format('%s AS %s', format_type(castsource, NULL), format_type(casttarget, NULL)) = {}",
                                            quote_literal(id.name)));
    case Kind::transform:
      return in_catalog("transform", fmt::format("format('FOR %s LANGUAGE %I', format_type(trftype, NULL), (SELECT lanname FROM "
                                                 "pg_language WHERE oid = trflang)) = {}",
                                                 quote_literal(id.name)));
    case Kind::access_method: return named("am", "am", id);
    case Kind::text_search_parser: return named("ts_parser", "prs", id);
    case Kind::text_search_template: return named("ts_template", "tmpl", id);
    case Kind::text_search_dictionary: return named("ts_dict", "dict", id);
    case Kind::text_search_configuration: return named("ts_config", "cfg", id);
    case Kind::foreign_data_wrapper: return named("foreign_data_wrapper", "fdw", id);
    case Kind::foreign_server: return named("foreign_server", "srv", id);
    case Kind::user_mapping:
      return fmt::format("EXISTS (SELECT FROM pg_user_mappings WHERE srvname = {} AND usename = {})",
                         quote_literal(id.relation), quote_literal(id.name));
    case Kind::sequence: return relation_kind(id, "'S'");
    case Kind::table: return relation_kind(id, "'r', 'p'");
    case Kind::foreign_table: return relation_kind(id, "'f'");
    case Kind::view: return relation_kind(id, "'v'");
    case Kind::materialized_view: return relation_kind(id, "'m'");
    case Kind::index: return relation_kind(id, "'i', 'I'");
    case Kind::column:
      return in_catalog("attribute", fmt::format("attrelid = {} AND attname = {} AND NOT attisdropped",
                                                 regclass(id.schema, id.relation), quote_literal(id.name)));
    case Kind::constraint: return member("constraint", "conrelid", "conname");
    case Kind::domain_constraint:
      return in_catalog("constraint", fmt::format("contypid = to_regtype({}) AND conname = {}",
                                                  relation_literal(id.schema, id.relation), quote_literal(id.name)));
    case Kind::trigger: return member("trigger", "tgrelid", "tgname");
    case Kind::rule: return member("rewrite", "ev_class", "rulename");
    case Kind::policy: return member("policy", "polrelid", "polname");
    case Kind::statistics: return named("statistic_ext", "stx", id);
    case Kind::event_trigger: return named("event_trigger", "evt", id);
    case Kind::publication: return named("publication", "pub", id);
    case Kind::subscription:
      return in_catalog("subscription", fmt::format("subname = {} AND subdbid = (SELECT oid FROM pg_database WHERE datname = "
                                                    "current_database())",
                                                    quote_literal(id.name)));
    case Kind::default_privileges:
    case Kind::privileges:
    case Kind::large_object: return {};  // nothing that comes and goes under a name
  }
  throw std::logic_error("internal error: object kind out of range");
}

namespace {

// `EXISTS (…)` or `NOT EXISTS (…)` and nothing behind it: the parenthesis that it opens closes at the end.
bool is_one_exists(const std::string& condition) {
  if (!condition.starts_with("EXISTS (") && !condition.starts_with("NOT EXISTS (")) return false;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = condition.find('('); i < condition.size(); ++i) {
    const char c = condition[i];
    if (c == '\'') quoted = !quoted;  // a doubled quote closes and opens again
    if (quoted) continue;
    if (c == '(') ++depth;
    if (c == ')' && --depth == 0) return i + 1 == condition.size();
  }
  return false;
}

}  // namespace

std::string negate(const std::string& condition) {
  if (condition.empty()) return {};
  constexpr std::string_view kNotNull = " IS NOT NULL";
  if (condition.starts_with("to_reg") && condition.ends_with(kNotNull) && condition.find(" AND ") == std::string::npos &&
      condition.find(" OR ") == std::string::npos) {
    return condition.substr(0, condition.size() - kNotNull.size()) + " IS NULL";
  }
  if (is_one_exists(condition)) return condition.starts_with("NOT ") ? condition.substr(4) : "NOT " + condition;
  return "NOT (" + condition + ")";
}

std::string exists_as_kind(const ObjectId& id) {
  const auto type = [&](std::string_view letter) {
    return in_catalog("type", fmt::format("oid = to_regtype({}) AND typtype = '{}'", quote_literal(quoted_name(id)), letter));
  };
  switch (id.kind) {
    case Kind::enum_type: return type("e");
    case Kind::domain: return type("d");
    case Kind::range_type: return type("r");
    case Kind::base_type: return type("b");
    case Kind::shell_type: return type("p");
    default: return exists(id);
  }
}

std::string absent(const ObjectId& id) { return negate(exists(id)); }

namespace {
std::string combine(const std::vector<std::string>& conditions, std::string_view word) {
  std::vector<std::string> kept;
  for (const std::string& condition : conditions) {
    if (!condition.empty() && std::find(kept.begin(), kept.end(), condition) == kept.end()) kept.push_back(condition);
  }
  if (kept.empty()) return {};
  if (kept.size() == 1) return kept.front();
  for (std::string& condition : kept) {
    if (condition.find(" AND ") != std::string::npos || condition.find(" OR ") != std::string::npos) {
      if (!is_one_exists(condition)) condition = "(" + condition + ")";
    }
  }
  return fmt::format("{}", fmt::join(kept, word));
}
}  // namespace

std::string all_of(const std::vector<std::string>& conditions) { return combine(conditions, " AND "); }
std::string any_of(const std::vector<std::string>& conditions) {
  // One branch that always holds makes the whole always hold.
  for (const std::string& condition : conditions) {
    if (condition.empty()) return {};
  }
  return combine(conditions, " OR ");
}

std::string belongs_to(const ObjectId& part, const ObjectId& table) {
  if (part.kind == Kind::index) {
    return in_catalog("index", fmt::format("indexrelid = {} AND indrelid = {}", regclass(part.schema, part.name), regclass(table.schema, table.name)));
  }
  return in_catalog("depend", fmt::format("classid = 'pg_class'::regclass AND objid = {} AND refclassid = 'pg_class'::regclass AND refobjid = {}",
                                          regclass(part.schema, part.name), regclass(table.schema, table.name)));
}

std::string column_has_type(const ObjectId& id, const std::string& type) {
  return in_catalog("attribute",
                    fmt::format("attrelid = {} AND attname = {} AND NOT attisdropped AND format_type(atttypid, atttypmod) = {}",
                                regclass(id.schema, id.relation), quote_literal(id.name), quote_literal(type)));
}

std::string column_is_not_null(const ObjectId& id) {
  return in_catalog("attribute", fmt::format("attrelid = {} AND attname = {} AND attnotnull",
                                             regclass(id.schema, id.relation), quote_literal(id.name)));
}

std::string column_order_is(const ObjectId& table, const std::vector<std::string>& columns) {
  std::vector<std::string> quoted;
  for (const std::string& column : columns) quoted.push_back(quote_literal(column));
  return fmt::format(
      "(SELECT array_agg(attname::text ORDER BY attnum) FROM pg_attribute WHERE attrelid = {} AND attnum > 0 AND "
      "NOT attisdropped) = ARRAY[{}]::text[]",
      regclass(table.schema, table.name), fmt::join(quoted, ", "));
}

std::string columns_present(const ObjectId& table, std::vector<std::string> columns) {
  std::sort(columns.begin(), columns.end());
  std::vector<std::string> quoted;
  for (const std::string& column : columns) quoted.push_back(quote_literal(column));
  return fmt::format(
      "(SELECT array_agg(attname::text ORDER BY attname::text COLLATE \"C\") FROM pg_attribute WHERE attrelid = {} AND attnum > 0 "
      "AND NOT attisdropped) = ARRAY[{}]::text[]",
      regclass(table.schema, table.name), fmt::join(quoted, ", "));
}

std::string foreign_key_points_at(const ObjectId& id, const sql::QualifiedName& table) {
  return in_catalog("constraint", fmt::format("conrelid = {} AND conname = {} AND confrelid = {}", regclass(id.schema, id.relation), quote_literal(id.name), regclass(table.schema, table.name)));
}

std::string constraint_is_validated(const ObjectId& id) {
  return in_catalog("constraint", fmt::format("conrelid = {} AND conname = {} AND convalidated",
                                              regclass(id.schema, id.relation), quote_literal(id.name)));
}

std::string index_is_valid(const ObjectId& id) {
  return in_catalog("index", fmt::format("indexrelid = {} AND indisvalid", regclass(id.schema, id.name)));
}

std::string enum_labels_are(const ObjectId& type, const std::vector<std::string>& labels) {
  std::vector<std::string> quoted;
  for (const std::string& label : labels) quoted.push_back(quote_literal(label));
  return fmt::format(
      "(SELECT array_agg(enumlabel::text ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = "
      "to_regtype({})) IS NOT DISTINCT FROM {}",
      quote_literal(quoted_name(type)),
      labels.empty() ? "NULL" : fmt::format("ARRAY[{}]::text[]", fmt::join(quoted, ", ")));
}

std::string enum_has_label(const ObjectId& type, const std::string& label) {
  return in_catalog("enum", fmt::format("enumtypid = to_regtype({}) AND enumlabel = {}", quote_literal(quoted_name(type)),
                                        quote_literal(label)));
}

std::string sequence_bounds_are(const sql::QualifiedName& sequence, const SequenceOptions& options) {
  return in_catalog("sequence", fmt::format("seqrelid = {} AND seqmin = {} AND seqmax = {} AND seqstart = {}", regclass(sequence.schema, sequence.name),
                                            options.minimum, options.maximum, options.start));
}

std::string publishes_table(const ObjectId& publication, const sql::QualifiedName& table) {
  return in_catalog("publication_rel", fmt::format("prpubid = (SELECT oid FROM pg_publication WHERE pubname = {}) AND prrelid = {}",
                                                   quote_literal(publication.name), regclass(table.schema, table.name)));
}

std::string publishes_schema(const ObjectId& publication, const std::string& schema) {
  return in_catalog("publication_namespace", fmt::format("pnpubid = (SELECT oid FROM pg_publication WHERE pubname = {}) AND pnnspid = to_regnamespace({})",
                                                         quote_literal(publication.name), quote_literal(sql::quote_identifier(schema))));
}

std::string is_partitioned_by(const ObjectId& table, const std::string& key) {
  return fmt::format("EXISTS (SELECT FROM pg_class WHERE oid = to_regclass({}) AND pg_get_partkeydef(oid) IS NOT DISTINCT FROM {})",
                     quote_literal(quoted_name(table)), key.empty() ? "NULL" : quote_literal(key));
}

std::string is_partition_of(const ObjectId& table, const sql::QualifiedName& parent) {
  return in_catalog("inherits", fmt::format("inhrelid = {} AND inhparent = {}", regclass(table.schema, table.name), regclass(parent.schema, parent.name)));
}

std::string fdw_options_are(const ObjectId& id, const Options& options) {
  std::string row, column;
  switch (id.kind) {
    case Kind::foreign_data_wrapper: row = fmt::format("pg_foreign_data_wrapper WHERE fdwname = {}", quote_literal(id.name)), column = "fdwoptions"; break;
    case Kind::foreign_server: row = fmt::format("pg_foreign_server WHERE srvname = {}", quote_literal(id.name)), column = "srvoptions"; break;
    case Kind::user_mapping:
      row = fmt::format("pg_user_mappings WHERE srvname = {} AND usename = {}", quote_literal(id.relation), quote_literal(id.name)), column = "umoptions";
      break;
    case Kind::foreign_table: row = fmt::format("pg_foreign_table WHERE ftrelid = {}", regclass(id.schema, id.name)), column = "ftoptions"; break;
    case Kind::column:
      row = fmt::format("pg_attribute WHERE attrelid = {} AND attname = {}", regclass(id.schema, id.relation), quote_literal(id.name)), column = "attfdwoptions";
      break;
    default: return {};
  }
  std::vector<std::string> items;
  for (const auto& [name, value] : options) items.push_back(name + "=" + value);
  std::sort(items.begin(), items.end());
  for (std::string& item : items) item = quote_literal(item);
  return fmt::format("EXISTS (SELECT FROM {} AND (SELECT array_agg(o ORDER BY o COLLATE \"C\") FROM unnest({}) AS o) IS NOT DISTINCT FROM {})", row, column,
                     items.empty() ? "NULL" : fmt::format("ARRAY[{}]::text[]", fmt::join(items, ", ")));
}

std::string has_definition(const Object& object) {
  const ObjectId& id = object.id;
  const auto same = [](const std::string& source, const std::string& definition, const std::string& where) {
    return fmt::format("EXISTS (SELECT FROM {} AND md5({}) = {})", where, source, quote_literal(md5(definition)));
  };
  const auto member = [&](std::string_view table, std::string_view relation_column, std::string_view name_column) {
    return fmt::format("pg_{} WHERE {} = {} AND {} = {}", table, relation_column, regclass(id.schema, id.relation), name_column,
                       quote_literal(id.name));
  };
  if (const auto* view = std::get_if<View>(&object.body)) {
    return same("rtrim(pg_get_viewdef(oid), ';')", view->definition,
                fmt::format("pg_class WHERE oid = {}", regclass(id.schema, id.name)));
  }
  if (const auto* view = std::get_if<MaterializedView>(&object.body)) {
    return same("rtrim(pg_get_viewdef(oid), ';')", view->definition,
                fmt::format("pg_class WHERE oid = {}", regclass(id.schema, id.name)));
  }
  if (const auto* routine = std::get_if<Routine>(&object.body)) {
    return same("rtrim(pg_get_functiondef(oid), chr(10))", routine->definition,
                fmt::format("pg_proc WHERE proname = {} AND pronamespace = to_regnamespace({}) AND "
                            "oidvectortypes(proargtypes) = {}",
                            quote_literal(id.name), quote_literal(sql::quote_identifier(id.schema)), quote_literal(id.arguments)));
  }
  if (const auto* trigger = std::get_if<Trigger>(&object.body)) {
    return same("pg_get_triggerdef(oid)", trigger->definition, member("trigger", "tgrelid", "tgname"));
  }
  if (const auto* rule = std::get_if<Rule>(&object.body)) {
    return same("pg_get_ruledef(oid)", rule->definition, member("rewrite", "ev_class", "rulename"));
  }
  if (const auto* constraint = std::get_if<Constraint>(&object.body)) {
    return same("pg_get_constraintdef(oid)", constraint->definition, member("constraint", "conrelid", "conname"));
  }
  if (const auto* index = std::get_if<Index>(&object.body)) {
    return same("pg_get_indexdef(oid)", index->definition, fmt::format("pg_class WHERE oid = {}", regclass(id.schema, id.name)));
  }
  return {};
}

}  // namespace contraflow::plan
