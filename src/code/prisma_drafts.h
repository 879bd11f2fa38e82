// SPDX-License-Identifier: Apache-2.0
//
// Changes of a schema.prisma that wait to be written: what is dropped, what gets another text, what is added. Whatever else stands in the files stays.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "prisma/schema.h"

namespace contraflow::code {

struct FieldDraft {
  std::string name, type;                                       // with [] or ?
  std::vector<std::pair<std::string, std::string>> attributes;  // name, text: "default", "@default(1)"

  void set(const std::string& attribute, const std::string& text);  // an empty text takes it away
  void set_native(const std::string& text);                         // "@db.VarChar(20)"
  std::string text() const;
};

struct NewField {
  std::string name, type;
  std::vector<std::string> attributes;
  bool relation = false;  // stands behind the columns
  std::string column = {};
  std::string line() const;
};

// The schema must outlive it.
class PrismaDrafts {
 public:
  explicit PrismaDrafts(const prisma::Schema& schema) : schema_(schema) {}

  FieldDraft& field(const prisma::Field& field);
  bool field_is_without(const prisma::Field& field, const std::string& attribute) const;
  // An attribute of a field that is there or is added; false where there is none of that name.
  bool set_on_field(const prisma::Block& block, const std::string& field, const std::string& attribute, const std::string& text);

  bool drop(const prisma::Field& field) { return dropped_.insert(&field).second; }
  void drop(const prisma::Attribute& attribute) { dropped_.insert(&attribute); }
  void drop(const prisma::Block& block) { dropped_.insert(&block); }
  template <class Part>
  bool dropped(const Part& part) const { return dropped_.contains(&part); }

  void add(const prisma::Block& block, NewField field) { fields_[&block].push_back(std::move(field)); }
  void add(const prisma::Block& block, const std::string& attribute) { attributes_[&block].push_back(attribute); }
  void add_below(const prisma::Block& block, const prisma::Field* above, const std::string& label);
  void set_block_attribute(const prisma::Block& block, const std::string& name, const std::string& text);
  void replace(const prisma::Attribute& attribute, const std::string& text) { replaced_[&attribute] = text; }
  void add_block(const prisma::Block* near, std::string text) { blocks_.emplace_back(near, std::move(text)); }  // into the file of `near`
  bool adds(const prisma::Block& block, const std::string& field) const;
  bool adds_type(const prisma::Block& block, const std::string& type) const;

  // The files that change, as prisma format writes them.
  std::vector<std::pair<std::string, std::string>> files() const;

 private:
  prisma::Span line_of(const prisma::Span& span) const;
  std::size_t documented(std::size_t line) const;

  const prisma::Schema& schema_;
  std::map<const prisma::Field*, FieldDraft> drafts_;
  std::set<const void*> dropped_;
  std::map<const prisma::Block*, std::vector<NewField>> fields_;
  std::map<const prisma::Block*, std::vector<std::string>> attributes_;
  std::map<const prisma::Attribute*, std::string> replaced_;
  std::map<std::size_t, std::string> labels_;  // where they are put in
  std::vector<std::pair<const prisma::Block*, std::string>> blocks_;
};

}  // namespace contraflow::code
