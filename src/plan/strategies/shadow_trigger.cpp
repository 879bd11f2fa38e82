// SPDX-License-Identifier: Apache-2.0
#include "plan/strategies/shadow_trigger.h"

#include <fmt/format.h>

#include "plan/strategies/conversion.h"
#include "sql/expression.h"

namespace contraflow::plan {
namespace {

// BEFORE triggers fire in the order of their names: this one comes last, after those of the user's that set the columns.
constexpr std::string_view kTrigger = "zz_contraflow_sync";

std::string function_name(const QualifiedName& table) {
  return sql::quote(QualifiedName{table.schema, sql::truncate_identifier("contraflow_sync_" + table.name)});
}

// A child's has its parent's name in it: columns of its own may have one, too.
std::string trigger_name(const QualifiedName& table, const QualifiedName& columns_of) {
  if (table == columns_of) return std::string(kTrigger);
  return sql::quote_identifier(sql::truncate_identifier(fmt::format("{}_{}", kTrigger, columns_of.name)));
}

std::string of_row(const std::string& expression, const ShadowColumn& column) { return sql::qualify_columns(expression, "NEW", column.id.relation); }

// `target := value`, where the conversion may refuse a value: NULL rather than a failed statement of the application's.
std::string assign(const std::string& target, const std::string& value, bool may_fail) {
  const std::string plain = fmt::format("NEW.{} := {};", sql::quote_identifier(target), value);
  if (!may_fail) return "  " + plain + "\n";
  return fmt::format("  BEGIN\n    {}\n  EXCEPTION WHEN data_exception OR integrity_constraint_violation OR undefined_object THEN\n    NEW.{} := NULL;\n  END;\n", plain,
                     sql::quote_identifier(target));
}

// Both names are in use: whoever wrote one of them decides. The second column has no default, so a value in it on INSERT was given.
// A row that the backfill has not reached may be written anew behind its end (by ctid): an UPDATE of anything else fills it, too.
std::string both_ways(const ShadowColumn& column) {
  const std::string old_name = sql::quote_identifier(column.old_name);
  const std::string new_name = sql::quote_identifier(column.shadow_name);
  const std::string up = of_row(column.up, column);
  const std::string down = of_row(sql::rename_columns(column.down_at_first.empty() ? column.down : column.down_at_first, {{column.id.name, column.shadow_name}}), column);
  const auto nested = [](std::string text) {
    std::string out = "  ";
    for (const char c : text) {
      out += c;
      if (c == '\n') out += "  ";
    }
    while (out.ends_with(' ')) out.pop_back();
    return out;
  };
  return fmt::format(
      "  IF (TG_OP = 'INSERT' AND NEW.{1} IS NOT NULL) OR (TG_OP = 'UPDATE' AND {4}) THEN\n{2}"
      "  ELSIF TG_OP = 'INSERT' OR NEW.{1} IS NULL OR {5} THEN\n{3}  END IF;\n",
      old_name, new_name, nested(assign(column.old_name, down, column.down_may_fail)),
      nested(assign(column.shadow_name, up, column.up_may_fail)), differs("NEW." + new_name, "OLD." + new_name, column.shadow_type),
      differs("NEW." + old_name, "OLD." + old_name, column.retired_type));
}

}  // namespace

Statements create_sync_triggers(const std::vector<QualifiedName>& tables, const std::vector<ShadowColumn>& columns, bool swapped) {
  std::string body, computed;
  std::map<std::string, std::string> old_names;
  for (const ShadowColumn& column : columns) old_names[column.id.name] = column.old_name;
  for (const ShadowColumn& column : columns) {
    if (!column.computed.empty()) {  // of the first columns, as they are once the trigger has set them
      computed += assign(swapped ? column.retired_name : column.shadow_name, of_row(swapped ? column.computed : sql::rename_columns(column.computed, old_names), column), false);
    } else if (swapped) {
      body += assign(column.retired_name, of_row(column.kept(), column), column.shadow_wins && column.down_may_fail);
    } else if (column.two_way()) {
      body += both_ways(column);
    } else {
      body += assign(column.shadow_name, of_row(column.up, column), column.up_may_fail);
    }
  }
  body += computed;
  Statements out = drop_sync_triggers(tables);
  out.push_back(fmt::format("CREATE OR REPLACE FUNCTION {}() RETURNS trigger LANGUAGE plpgsql AS $function$\nBEGIN\n{}  RETURN NEW;\nEND\n$function$",
                            function_name(tables.front()), body));
  // The backfill writes the same values itself; not firing for its rows is worth half of its time.
  for (const QualifiedName& table : tables) {
    out.push_back(fmt::format(
        "CREATE TRIGGER {} BEFORE INSERT OR UPDATE ON {} FOR EACH ROW\n  WHEN (current_setting('contraflow.backfill', true) IS DISTINCT FROM "
        "'on')\n  EXECUTE FUNCTION {}()",
        trigger_name(table, tables.front()), sql::quote(table), function_name(tables.front())));
  }
  return out;
}

Statements drop_sync_triggers(const std::vector<QualifiedName>& tables) {
  Statements out;
  for (const QualifiedName& table : tables) out.push_back(fmt::format("DROP TRIGGER IF EXISTS {} ON {}", trigger_name(table, tables.front()), sql::quote(table)));
  return out;
}

Statements drop_sync(const std::vector<QualifiedName>& tables) {
  Statements out = drop_sync_triggers(tables);
  out.push_back(fmt::format("DROP FUNCTION IF EXISTS {}()", function_name(tables.front())));
  return out;
}

}  // namespace contraflow::plan
