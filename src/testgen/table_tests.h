// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "testgen/rows.h"
#include "testgen/test_file.h"

namespace contraflow::testgen {

// A row that stands in a table before the plan: as the current schema shows it, and as the desired one must.
struct Seed {
  Row old_row, new_row;
};

// Both schemas with the seeds in them, and what the plan makes of the one into the other.
struct World {
  const plan::Plan& plan;
  const Shape& shape;
  RowMaker& before;
  RowMaker& desired;
  std::map<QualifiedName, std::vector<Seed>> seeds;  // by old name
  std::vector<std::string> notes;
};

// What `row` of the current shape becomes; nothing where a conversion could not be evaluated (`failed` says which). Columns that the plan adds are left to their defaults.
std::optional<Row> converted(World& world, const TablePair& table, const Row& row, std::string* failed = nullptr);

// A row of a table that is there before and after, and what it becomes: both schemas take them. Where what was made up for the old type cannot be converted
// ('made up' to a number), contents of the new type stand in the old one. Nothing where none was found, which a note says.
std::optional<Seed> row_of_both(World& world, const TablePair& table, long long number, long long stride);

// The values of an enum type, by its name as columns have it; null: it is none.
const std::vector<std::string>* labels_of(const Database& database, const std::string& type);

// The row's contents in the order of these columns; NULL where it has none.
std::vector<pg::Value> values_of(const Row& row, const std::vector<std::string>& columns);

// Whether the default gives the same for every row, so that a test can name it.
bool constant(const catalog::Column& column, const World& world);

// The tests of one table, written into the file of each state. Made once, so that the same rows are used in all states.
class TableTests {
 public:
  TableTests(World& world, const TablePair& table);
  void rows_of_before(TestFile& file, State state) const;  // the seeds in the shapes that stand then
  void rows_kept(TestFile& file, State state = 0) const;   // the seeds in the current shape
  void rules_kept(TestFile& file) const;                   // and what only holds as long as nothing of them is lost
  void write(TestFile& file, State state) const;

 private:
  struct Ruled {
    Rule rule;
    std::optional<Row> old_refused, new_refused;  // rows that it alone refuses, in either shape
    std::optional<Row> rival;                     // in the shape of its side: what a unique rule needs to be there first
    std::optional<Row> old_rival = {};            // the same in the old shape, for a rule of the desired schema
    std::optional<Rule> successor = {};           // of the desired schema: says the same by another name
  };
  // Numbers of the rows that the tests write: one for each purpose, so that they do not get in each other's way.
  enum Number : long long { written = 101,
                            changed_to = 102,
                            with_default = 103,
                            refused = 104,
                            labelled = 105,
                            rival = 106 };
  static constexpr Number kNumbers[] = {written, changed_to, with_default, refused, labelled, rival};

  void find_rules();
  void old_shape(TestFile& file, State state) const;
  void rows_in_new_shape(TestFile& file, State state) const;
  void new_shape(TestFile& file, State state) const;
  void beside(TestFile& file, State state) const;
  void old_name_reads_by_own_right(TestFile& file) const;
  void defaults(TestFile& file, State state, bool old) const;
  enum class Which { all,
                     lasting,     // but for those over columns whose contents are lost with the plan: they may not come back on the way back from there
                     fleeting };  // those alone
  void rules(TestFile& file, State state, bool old, Which which = Which::all) const;
  bool fleeting(const Rule& rule) const;
  void references(TestFile& file, State state) const;
  void referenced_again(TestFile& file) const;
  void twin(TestFile& file, State state, bool old) const;
  void numbered(TestFile& file, bool old) const;
  void gone(TestFile& file, State state) const;
  void enum_values(TestFile& file, State state) const;
  void soft_delete(TestFile& file, State state) const;
  void round_trip(TestFile& file, const QualifiedName& name, const Row& row, const std::vector<std::string>& columns, bool old, const std::string& says) const;
  std::string where(const Row& row, bool old) const;
  std::string select(const QualifiedName& name, const std::vector<std::string>& columns) const;
  std::vector<std::string> stable(bool old) const;  // columns whose contents are known beforehand
  std::string says(bool old) const;
  bool comes_after(const ColumnPair& pair, State state) const;
  const QualifiedName& itself(State state) const;
  bool says_the_same(const Rule& old_rule, const Rule& new_rule) const;
  std::string without_attached() const;
  void shown_by_parent(TestFile& file, State state) const;
  bool app_writes() const;  // the application keeps second columns in step, not a trigger
  pg::Value expected(const ColumnPair& pair, long long number) const;
  const Seed& referenced_seed() const;
  RowMaker& maker(bool old) const { return old ? world_.before : world_.desired; }

  World& world_;
  const TablePair& table_;
  std::vector<std::string> old_key_, new_key_;
  std::map<long long, Row> old_rows_, new_rows_, new_of_old_;  // fresh rows by number; what the old ones become
  std::vector<Ruled> rules_;
  std::set<std::string> old_altered_, new_altered_;  // columns that triggers write
  bool inherited_ = false;                           // other tables inherit from it: its own rows alone are asked for
};

}  // namespace contraflow::testgen
