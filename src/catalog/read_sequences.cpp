// SPDX-License-Identifier: Apache-2.0
//
// Sequences; those of identity columns become part of their column.
#include "catalog/reader.h"

namespace contraflow::catalog::detail {

namespace {

void read_sequence(Reader& reader, const pg::Result& result, int row) {
  Cells cells(result, row);
  const Oid oid = cells.oid();
  const auto found = reader.relations.find(oid);
  if (found == reader.relations.end()) return;  // of a schema that is not read
  Relation& relation = found->second;
  SequenceOptions options;
  options.type = cells.text();
  options.start = cells.text();
  options.increment = cells.text();
  options.minimum = cells.text();
  options.maximum = cells.text();
  options.cache = cells.text();
  options.cycle = cells.boolean();
  const char ownership = cells.letter();
  const Oid owner = cells.oid();
  const int attnum = cells.number();
  const Address address{catalog_oid::relation, oid, 0};
  Object* column = ownership ? reader.identify({catalog_oid::relation, owner, attnum}) : nullptr;
  std::vector<Grant> grants = reader.grants(relation.acl_null, relation.acl, 's', relation.owner);

  if (ownership == 'i') {
    if (!column) {  // the column of a member of an extension
      if (Object* extension = reader.resolve({catalog_oid::relation, owner, 0}))
        reader.alias(address, extension);
      return;
    }
    Column& body = std::get<Column>(column->body);
    body.identity_options = std::move(options);
    body.identity_sequence = relation.name;
    body.identity_persistence = relation.persistence;
    body.identity_grants = std::move(grants);
    reader.alias(address, column);
    return;
  }
  Sequence sequence;
  sequence.options = std::move(options);
  sequence.persistence = relation.persistence;
  if (column) sequence.owned_by = column->id;
  relation.object =
      reader.add(catalog_oid::relation, oid,
                 relation_id(Kind::sequence, relation.name.schema, relation.name.name), std::move(sequence));
  if (relation.object) {
    relation.object->owner = relation.owner;
    relation.object->default_grants = reader.default_grants('s', relation.owner);
    relation.object->grants = std::move(grants);
  }
}

}  // namespace

void ask_sequences(Reader& reader) {
  reader.ask(
      "SELECT s.seqrelid, format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, "
      "s.seqcache, "
      "s.seqcycle, d.deptype, d.refobjid, d.refobjsubid FROM pg_sequence s LEFT JOIN pg_depend d ON "
      "d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid AND d.objsubid = 0 AND "
      "d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')",
      [&reader](const pg::Result& result) {
        for (int row = 0; row < result.rows(); ++row) read_sequence(reader, result, row);
      });
}

}  // namespace contraflow::catalog::detail
