// SPDX-License-Identifier: Apache-2.0
//
// Constraints of tables and domains.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "catalog/constraint_name.h"
#include "catalog/reader.h"

namespace contraflow::catalog::detail {

namespace {

ConstraintType constraint_type(char letter) {
  switch (letter) {
    case 'f':
      return ConstraintType::foreign_key;
    case 'p':
      return ConstraintType::primary_key;
    case 'u':
      return ConstraintType::unique;
    case 'x':
      return ConstraintType::exclusion;
    case 'n':
      return ConstraintType::not_null;
    default:
      return ConstraintType::check;
  }
}

// The expression inside "CHECK (…) NO INHERIT NOT VALID": taken from the definition, not deparsed a second
// time.
std::string check_expression(std::string text) {
  constexpr std::string_view kPrefix = "CHECK (";
  if (!text.starts_with(kPrefix)) return {};
  for (bool cut = true; cut;) {
    cut = false;
    for (const std::string_view suffix : {" NOT VALID", " NO INHERIT", " NOT ENFORCED"}) {
      if (text.ends_with(suffix)) {
        text.resize(text.size() - suffix.size());
        cut = true;
      }
    }
  }
  if (!text.ends_with(')')) return {};
  return text.substr(kPrefix.size(), text.size() - kPrefix.size() - 1);
}

std::string column_list(const std::vector<std::string>& columns) {
  std::string text;
  for (const std::string& column : columns)
    text += (text.empty() ? "" : ", ") + sql::quote_identifier(column);
  return text;
}

const char* action(char letter) {
  switch (letter) {
    case 'r':
      return "RESTRICT";
    case 'c':
      return "CASCADE";
    case 'n':
      return "SET NULL";
    case 'd':
      return "SET DEFAULT";
    default:
      return nullptr;  // NO ACTION is not written
  }
}

// The parts of a key's row that only its definition shows.
struct KeyDetails {
  std::vector<std::string> include;
  char match = 's', on_update = 'a', on_delete = 'a';
};

// pg_get_constraintdef() of a key that ask_constraints() found plain; a test compares it with the server's.
std::string compose_definition(const Constraint& constraint, const KeyDetails& details) {
  std::string text;
  if (constraint.type == ConstraintType::foreign_key) {
    text = fmt::format("FOREIGN KEY ({}) REFERENCES {}({})", column_list(constraint.columns),
                       sql::quote(*constraint.references), column_list(constraint.referenced_columns));
    if (details.match == 'f') text += " MATCH FULL";
    if (const char* word = action(details.on_update)) text += fmt::format(" ON UPDATE {}", word);
    if (const char* word = action(details.on_delete)) text += fmt::format(" ON DELETE {}", word);
  } else {
    text = constraint.type == ConstraintType::primary_key ? "PRIMARY KEY " : "UNIQUE ";
    if (constraint.nulls_not_distinct) text += "NULLS NOT DISTINCT ";
    text += "(" + column_list(constraint.columns) + ")";
    if (!details.include.empty()) text += " INCLUDE (" + column_list(details.include) + ")";
  }
  if (constraint.deferrable) text += " DEFERRABLE";
  if (constraint.initially_deferred) text += " INITIALLY DEFERRED";
  if (!constraint.enforced) {
    text += " NOT ENFORCED";
  } else if (!constraint.validated) {
    text += " NOT VALID";
  }
  return text;
}

struct NotNull {
  Oid relation = 0;
  int attnum = 0;
  std::string name;
  bool local = true, inherited = false, remarkable = false;
  Oid oid = 0;
  Constraint body;
};

// 18 and later: a NOT NULL is a constraint. It is the column's own fact, with its name; an object only where
// it says more than that.
void enter_not_null(Reader& reader, std::vector<NotNull>& all) {
  for (NotNull& one : all) {
    Relation& relation = reader.relations[one.relation];
    Object* object = reader.identify({catalog_oid::relation, one.relation, one.attnum});
    if (!object) continue;
    auto& column = std::get<Column>(object->body);
    column.not_null_inherited = one.inherited;
    column.not_null_local = one.local;
    if (one.remarkable) {
      ObjectId id{Kind::constraint, relation.name.schema, relation.name.name, one.name, {}};
      Object* made = reader.add(catalog_oid::constraint, one.oid, std::move(id), std::move(one.body));
      if (made) made->depends_on.insert(object->id);
    } else {
      column.not_null_name = one.name;
      reader.alias({catalog_oid::constraint, one.oid, 0}, object);
    }
  }
}

void read_domain_constraint(Reader& reader, Oid oid, const std::string& name, char kind, Oid domain_oid,
                            std::string definition, bool validated) {
  Object* domain = reader.identify({catalog_oid::type, domain_oid, 0});
  if (!domain) {
    if (Object* extension = reader.resolve({catalog_oid::type, domain_oid, 0})) {
      reader.alias({catalog_oid::constraint, oid, 0}, extension);
    }
    return;
  }
  if (kind == 'n') {
    if (name != default_constraint_name(domain->id.name, {}, "not_null")) {
      std::get<Domain>(domain->body).not_null_name = name;
    }
    reader.alias({catalog_oid::constraint, oid, 0}, domain);
    return;
  }
  Object* object = reader.add(catalog_oid::constraint, oid,
                              ObjectId{Kind::domain_constraint, domain->id.schema, domain->id.name, name, {}},
                              DomainConstraint{std::move(definition), validated});
  if (object) object->depends_on.insert(domain->id);
}

void read_constraints(Reader& reader, const pg::Result& result) {
  std::vector<NotNull> not_nulls;
  std::vector<std::pair<Object*, Oid>> children;
  for (int row = 0; row < result.rows(); ++row) {
    Cells cells(result, row);
    const Oid oid = cells.oid();
    std::string name = cells.text();
    const char kind = cells.letter();
    const Oid table = cells.oid();
    const Oid domain = cells.oid();
    Constraint constraint;
    constraint.definition = cells.text();
    constraint.type = constraint_type(kind);
    const std::vector<int> key = cells.numbers();
    const Oid referenced = cells.oid();
    const std::vector<int> referenced_key = cells.numbers();
    constraint.deferrable = cells.boolean();
    constraint.initially_deferred = cells.boolean();
    constraint.validated = cells.boolean();
    constraint.enforced = cells.boolean();
    // Of keys it says only how they came about (PARTITION OF or ATTACH), not what they are.
    constraint.no_inherit = cells.boolean() && (kind == 'c' || kind == 'n');
    constraint.local = cells.boolean();
    const bool inherited = cells.integer() > 0;
    const Oid parent = cells.oid();
    const std::string index_name = cells.text();
    constraint.nulls_not_distinct = cells.boolean();
    KeyDetails details;
    const auto key_count = static_cast<std::size_t>(cells.integer());
    const std::vector<int> index_columns = cells.numbers();
    details.match = cells.letter();
    details.on_update = cells.letter();
    details.on_delete = cells.letter();
    if (domain != 0) {
      read_domain_constraint(reader, oid, name, kind, domain, std::move(constraint.definition),
                             constraint.validated);
      continue;
    }
    const auto found = reader.relations.find(table);
    if (found == reader.relations.end()) continue;
    Relation& relation = found->second;
    if (relation.member) {
      if (Object* extension = reader.resolve({catalog_oid::relation, table, 0})) {
        reader.alias({catalog_oid::constraint, oid, 0}, extension);
      }
      continue;
    }
    if (!relation.object) continue;
    constraint.inherited = inherited || parent != 0;
    // A partition's copy that existed before ATTACH stays conislocal, one made by PARTITION OF is not:
    // pg_dump tells them apart no more than any statement does.
    if (parent != 0) constraint.local = false;
    constraint.columns = reader.column_names(table, key);
    if (kind == 'c') constraint.expression = check_expression(constraint.definition);
    if (kind == 'n') {
      const bool remarkable = constraint.no_inherit || !constraint.validated;
      not_nulls.push_back({table, key.empty() ? 0 : key.front(), std::move(name), constraint.local, inherited,
                           remarkable, oid, std::move(constraint)});
      continue;
    }
    if (kind == 'f') {
      constraint.references = QualifiedName{};
      if (const auto it = reader.relations.find(referenced); it != reader.relations.end()) {
        constraint.references = it->second.name;
      }
      constraint.referenced_columns = reader.column_names(referenced, referenced_key);
    } else if (kind == 'p' || kind == 'u' || kind == 'x') {
      constraint.index_name = index_name;
      for (std::size_t i = key_count; i < index_columns.size(); ++i) {
        details.include.push_back(reader.column_name(table, index_columns[i]));
      }
    } else if (kind != 'c') {
      const std::string what = fmt::format("constraint {} on {} of unknown kind '{}'",
                                           sql::quote_identifier(name), sql::quote(relation.name), kind);
      reader.unsupported({Kind::constraint, relation.name.schema, relation.name.name, name, {}}, what);
      continue;
    }
    if (constraint.definition.empty()) constraint.definition = compose_definition(constraint, details);
    Object* object =
        reader.add(catalog_oid::constraint, oid,
                   ObjectId{Kind::constraint, relation.name.schema, relation.name.name, name, {}},
                   std::move(constraint));
    if (!object) continue;
    object->depends_on.insert(relation.object->id);
    if (parent) children.emplace_back(object, parent);
  }
  for (const auto& [object, parent] : children) {
    if (const Object* above = reader.identify({catalog_oid::constraint, parent, 0})) {
      std::get<Constraint>(object->body).parent = above->id.name;
    }
  }
  enter_not_null(reader, not_nulls);
}

}  // namespace

// A foreign key to a partitioned table has a row more for each of its partitions, on the same table as its
// parent: parts of the parent, not constraints of their own. Constraint triggers (t) are read as triggers.
void ask_constraints(Reader& reader) {
  // Keys are put together here. Not those with a list of columns to set, WITHOUT OVERLAPS or PERIOD, nor a
  // foreign key to what is not read.
  std::string plain = "k.contype IN ('p', 'u', 'f')";
  if (reader.version >= 15) plain += " AND k.confdelsetcols IS NULL";
  if (reader.version >= 18) plain += " AND NOT k.conperiod";
  plain += fmt::format(" AND (k.contype <> 'f' OR f.relnamespace IN {})", kUserSchemas);
  reader.ask(
      fmt::format(
          "SELECT k.oid, k.conname, k.contype, k.conrelid, k.contypid, "
          "CASE WHEN {} THEN '' ELSE pg_get_constraintdef(k.oid) END, k.conkey, "
          "k.confrelid, k.confkey, k.condeferrable, k.condeferred, k.convalidated, {}, k.connoinherit, "
          "k.conislocal, "
          "k.coninhcount, k.conparentid, i.relname, {}, x.indnkeyatts, x.indkey, "
          "k.confmatchtype, k.confupdtype, k.confdeltype "
          "FROM pg_constraint k LEFT JOIN pg_constraint p ON p.oid = k.conparentid AND k.conparentid <> 0 "
          "LEFT JOIN pg_class i ON i.oid = k.conindid AND k.contype IN ('p', 'u', 'x') "
          "LEFT JOIN pg_index x ON x.indexrelid = i.oid "
          "LEFT JOIN pg_class f ON f.oid = k.confrelid AND k.contype = 'f' "
          "WHERE k.connamespace IN {} AND k.contype <> 't' AND (p.oid IS NULL OR p.conrelid <> k.conrelid)",
          plain, reader.version >= 18 ? "k.conenforced" : "true",
          reader.version >= 15 ? "coalesce(x.indnullsnotdistinct, false)" : "false", kUserSchemas),
      [&reader](const pg::Result& result) { read_constraints(reader, result); });
}

}  // namespace contraflow::catalog::detail
