// SPDX-License-Identifier: Apache-2.0
//
// Operators, operator families with their loose members, operator classes.
#include <fmt/format.h>

#include "catalog/read_generic.h"
#include "catalog/reader_sql.h"

namespace contraflow::catalog::detail {

namespace {

// An operator without a function is a shell that a COMMUTATOR or NEGATOR clause left behind: not dumpable, no
// object.
void ask_operator_rows(Reader& reader) {
  const auto side = [](const char* oid) {
    return fmt::format("CASE WHEN {0} = 0 THEN 'NONE' ELSE format_type({0}, NULL) END", oid);
  };
  ask_kind(
      reader, {Kind::operator_, catalog_oid::operator_, '\0'},
      "o.oid, o.oprnamespace, '', o.oprname, " + side("o.oprleft") + " || ', ' || " + side("o.oprright") +
          ", o.oprowner, true, NULL, NULL, ARRAY[format('CREATE OPERATOR %I.%s (%s)', n.nspname, o.oprname, "
          "concat_ws(', ', 'FUNCTION = ' || " +
          function_name("o.oprcode") +
          ", CASE WHEN o.oprleft <> 0 THEN 'LEFTARG = ' || format_type(o.oprleft, NULL) END, "
          "CASE WHEN o.oprright <> 0 THEN 'RIGHTARG = ' || format_type(o.oprright, NULL) END, " +
          operator_option("COMMUTATOR", "o.oprcom") + ", " + operator_option("NEGATOR", "o.oprnegate") +
          ", " + function_option("RESTRICT", "o.oprrest") + ", " + function_option("JOIN", "o.oprjoin") +
          ", CASE WHEN o.oprcanhash THEN 'HASHES' END, CASE WHEN o.oprcanmerge THEN 'MERGES' END))]",
      fmt::format("pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE o.oprcode <> 0 AND "
                  "o.oprnamespace IN {}",
                  kUserSchemas));
}

// The operators and functions that depend on `owner`, as items of CREATE OPERATOR CLASS or ALTER OPERATOR
// FAMILY … ADD. Since 14 a class's member may belong to the family only ("soft" in amadjustmembers): then it
// is a loose one.
std::string members_of(const char* owner_catalog, const char* owner) {
  return fmt::format(
      "(SELECT string_agg(i.item, ', ' ORDER BY i.rank, i.number, i.item COLLATE \"C\") FROM ("
      "SELECT 1 AS rank, m.amopstrategy AS number, format('OPERATOR %s %s (%s, %s)%s', m.amopstrategy, {2}, "
      "format_type(m.amoplefttype, NULL), format_type(m.amoprighttype, NULL), (SELECT format(' FOR ORDER BY "
      "%I.%I', "
      "sn.nspname, sf.opfname) FROM pg_opfamily sf JOIN pg_namespace sn ON sn.oid = sf.opfnamespace WHERE "
      "sf.oid = "
      "m.amopsortfamily)) AS item FROM pg_amop m JOIN pg_depend d ON d.classid = 'pg_amop'::regclass AND "
      "d.objid = "
      "m.oid WHERE d.refclassid = '{0}'::regclass AND d.refobjid = {1} "
      "UNION ALL SELECT 2, m.amprocnum, format('FUNCTION %s (%s, %s) %s', m.amprocnum, "
      "format_type(m.amproclefttype, "
      "NULL), format_type(m.amprocrighttype, NULL), {3}) FROM pg_amproc m JOIN pg_depend d ON d.classid = "
      "'pg_amproc'::regclass AND d.objid = m.oid WHERE d.refclassid = '{0}'::regclass AND d.refobjid = {1}) "
      "i)",
      owner_catalog, owner, bare_operator_name("m.amopopr"), function_signature("m.amproc"));
}

void ask_families_and_classes(Reader& reader) {
  ask_kind(reader, {Kind::operator_family, catalog_oid::opfamily, '\0'},
           "f.oid, f.opfnamespace, '', f.opfname, a.amname, f.opfowner, true, NULL, NULL, "
           "ARRAY[format('CREATE OPERATOR FAMILY %I.%I USING %I', n.nspname, f.opfname, a.amname), "
           "format('ALTER OPERATOR FAMILY %I.%I USING %I ADD ', n.nspname, f.opfname, a.amname) || " +
               members_of("pg_opfamily", "f.oid") + "]",
           fmt::format("pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace JOIN pg_am a ON a.oid = "
                       "f.opfmethod WHERE f.opfnamespace IN {}",
                       kUserSchemas));
  // A class without members must name something: its storage is its type.
  ask_kind(
      reader, {Kind::operator_class, catalog_oid::opclass, '\0'},
      "c.oid, c.opcnamespace, '', c.opcname, a.amname, c.opcowner, true, NULL, NULL, "
      "ARRAY[format('CREATE OPERATOR CLASS %I.%I %sFOR TYPE %s USING %I FAMILY %I.%I AS %s', n.nspname, "
      "c.opcname, "
      "CASE WHEN c.opcdefault THEN 'DEFAULT ' END, format_type(c.opcintype, NULL), a.amname, fn.nspname, "
      "f.opfname, coalesce(nullif(concat_ws(', ', CASE WHEN c.opckeytype <> 0 THEN 'STORAGE ' || "
      "format_type(c.opckeytype, NULL) END, " +
          members_of("pg_opclass", "c.oid") + "), ''), 'STORAGE ' || format_type(c.opcintype, NULL)))]",
      fmt::format(
          "pg_opclass c JOIN pg_namespace n ON n.oid = c.opcnamespace JOIN pg_am a ON a.oid = c.opcmethod "
          "JOIN pg_opfamily f ON f.oid = c.opcfamily JOIN pg_namespace fn ON fn.oid = f.opfnamespace "
          "WHERE c.opcnamespace IN {}",
          kUserSchemas));
  reader.ask(
      "SELECT classid, objid, refclassid, refobjid, pg_describe_object(classid, objid, 0) FROM pg_depend "
      "WHERE classid IN ('pg_amop'::regclass, 'pg_amproc'::regclass) AND refclassid IN "
      "('pg_opclass'::regclass, "
      "'pg_opfamily'::regclass) AND objid >= 16384",
      [&reader](const pg::Result& result) {
        for (int row = 0; row < result.rows(); ++row) {
          Cells cells(result, row);
          const Oid catalog = cells.oid();
          const Oid oid = cells.oid();
          const Oid owner_catalog = cells.oid();
          const Oid owner_oid = cells.oid();
          Object* owner = reader.resolve({owner_catalog, owner_oid, 0});
          if (owner) reader.alias({catalog, oid, 0}, owner);
        }
      });
  // ALTER OPERATOR FAMILY on a family of the system's: pg_dump does not see it either, so it is said. (The
  // dependency on the pinned family is not recorded.)
  reader.ask(
      "SELECT pg_describe_object('pg_amop'::regclass, m.oid, 0) FROM pg_amop m WHERE m.oid >= 16384 AND "
      "m.amopfamily < 16384 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_amop'::regclass "
      "AND "
      "d.objid = m.oid AND (d.refclassid = 'pg_opclass'::regclass OR d.deptype = 'e')) "
      "UNION ALL SELECT pg_describe_object('pg_amproc'::regclass, m.oid, 0) FROM pg_amproc m WHERE m.oid >= "
      "16384 AND m.amprocfamily < 16384 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = "
      "'pg_amproc'::regclass AND d.objid = m.oid AND (d.refclassid = 'pg_opclass'::regclass OR d.deptype = "
      "'e'))",
      [&reader](const pg::Result& result) {
        for (int row = 0; row < result.rows(); ++row) {
          reader.unsupported(ObjectId{}, result.string(row, 0));
        }
      });
}

}  // namespace

void ask_operators(Reader& reader) {
  if (reader.holds(catalog_oid::operator_)) ask_operator_rows(reader);
  if (reader.holds(catalog_oid::opfamily) || reader.holds(catalog_oid::opclass) || reader.holds(catalog_oid::amop) || reader.holds(catalog_oid::amproc)) ask_families_and_classes(reader);
}

}  // namespace contraflow::catalog::detail
