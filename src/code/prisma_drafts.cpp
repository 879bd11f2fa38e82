// SPDX-License-Identifier: Apache-2.0
#include "code/prisma_drafts.h"

#include <algorithm>

#include "base/edit.h"
#include "base/text.h"

namespace contraflow::code {

using prisma::Attribute;
using prisma::Block;
using prisma::BlockKind;
using prisma::Field;
using prisma::Span;

void FieldDraft::set(const std::string& attribute, const std::string& text) {
  const auto it = std::find_if(attributes.begin(), attributes.end(), [&](const auto& one) { return one.first == attribute; });
  if (text.empty()) {
    if (it != attributes.end()) attributes.erase(it);
  } else if (it != attributes.end()) {
    it->second = text;
  } else {
    attributes.emplace_back(attribute, text);
  }
}

void FieldDraft::set_native(const std::string& text) {
  std::erase_if(attributes, [](const auto& one) { return one.first.starts_with("db."); });
  if (!text.empty()) attributes.emplace_back("db.", text);
}

std::string FieldDraft::text() const {
  std::string out = name + (type.empty() ? "" : " " + type);
  for (const auto& [attribute, text] : attributes) out += " " + text;
  return out;
}

std::string NewField::line() const { return "  " + name + " " + type + (attributes.empty() ? "" : " " + join(attributes, " ")) + "\n"; }

namespace {

FieldDraft draft_of(const prisma::Schema& schema, const Field& field) {
  FieldDraft out{.name = field.name, .type = field.type + (field.list ? "[]" : "") + (field.optional ? "?" : ""), .attributes = {}};
  for (const Attribute& attribute : field.attributes) out.attributes.emplace_back(attribute.name, schema.text.substr(attribute.span.begin, attribute.span.end - attribute.span.begin));
  return out;
}

}  // namespace

FieldDraft& PrismaDrafts::field(const Field& field) {
  const auto it = drafts_.find(&field);
  return it != drafts_.end() ? it->second : drafts_.emplace(&field, draft_of(schema_, field)).first->second;
}

bool PrismaDrafts::field_is_without(const Field& field, const std::string& attribute) const {
  const auto it = drafts_.find(&field);
  if (it == drafts_.end()) return field.find(attribute) == nullptr;
  return std::none_of(it->second.attributes.begin(), it->second.attributes.end(), [&](const auto& one) { return one.first == attribute; });
}

bool PrismaDrafts::set_on_field(const Block& block, const std::string& name, const std::string& attribute, const std::string& text) {
  if (const Field* known = block.field(name)) {
    if (dropped(*known)) return false;
    field(*known).set(attribute, text);
    return true;
  }
  for (NewField& added : fields_[&block]) {
    if (added.name != name) continue;
    added.attributes.insert(added.attributes.begin(), text);
    return true;
  }
  return false;
}

void PrismaDrafts::add_below(const Block& block, const Field* above, const std::string& label) {
  const std::size_t at = above != nullptr ? line_of(above->span).end : schema_.text.find('\n', block.body.begin) + 1;
  labels_[at] += "  " + label + "\n";
}

void PrismaDrafts::set_block_attribute(const Block& block, const std::string& name, const std::string& text) {
  for (const Attribute& attribute : block.attributes) {
    if (attribute.name != name) continue;
    if (text.empty())
      drop(attribute);
    else
      replaced_[&attribute] = text;
    return;
  }
  if (!text.empty()) add(block, text);
}

bool PrismaDrafts::adds(const Block& block, const std::string& field) const {
  const auto it = fields_.find(&block);
  return it != fields_.end() && std::any_of(it->second.begin(), it->second.end(), [&](const NewField& one) { return one.name == field; });
}

bool PrismaDrafts::adds_type(const Block& block, const std::string& type) const {
  const auto it = fields_.find(&block);
  return it != fields_.end() && std::any_of(it->second.begin(), it->second.end(), [&](const NewField& one) { return one.type.substr(0, one.type.find_first_of("[?")) == type; });
}

// The line of a part, with its line end.
Span PrismaDrafts::line_of(const Span& span) const {
  std::size_t begin = span.begin;
  while (begin > 0 && schema_.text[begin - 1] != '\n') --begin;
  const std::size_t end = schema_.text.find('\n', span.end);
  return {begin, end == std::string::npos ? schema_.text.size() : end + 1};
}

// Lines of `///` belong to what stands below them, and go with it; those of `//` stay.
std::size_t PrismaDrafts::documented(std::size_t line) const {
  while (line > 0) {
    std::size_t above = line - 1;
    while (above > 0 && schema_.text[above - 1] != '\n') --above;
    if (!trim(std::string_view(schema_.text).substr(above, line - above)).starts_with("///")) break;
    line = above;
  }
  return line;
}

std::vector<std::pair<std::string, std::string>> PrismaDrafts::files() const {
  std::map<std::size_t, std::string> inserted = labels_;
  std::vector<TextEdit> edits;
  const auto drop_line = [&](const Span& span, bool with_documentation) {
    const Span line = line_of(span);
    edits.push_back({with_documentation ? documented(line.begin) : line.begin, line.end, ""});
  };
  for (const Block& block : schema_.blocks) {
    if (dropped(block)) {
      drop_line(block.span, true);
      continue;
    }
    const Field* last_column = nullptr;
    for (const Field& field : block.fields) {
      if (schema_.model(field.type) == nullptr) last_column = &field;
      if (dropped(field)) {
        drop_line(field.span, true);
      } else if (const auto draft = drafts_.find(&field); draft != drafts_.end() && draft->second.text() != draft_of(schema_, field).text()) {
        edits.push_back({field.span.begin, field.span.end, draft->second.text()});
      }
    }
    for (const Attribute& attribute : block.attributes) {
      if (dropped(attribute))
        drop_line(attribute.span, false);
      else if (const auto text = replaced_.find(&attribute); text != replaced_.end())
        edits.push_back({attribute.span.begin, attribute.span.end, text->second});
    }
    if (const auto fields = fields_.find(&block); fields != fields_.end()) {
      const std::size_t top = schema_.text.find('\n', block.body.begin) + 1;
      for (const NewField& field : fields->second) {
        // Behind the last column's field, before the relations that often follow.
        const Field* above = field.relation ? (block.fields.empty() ? nullptr : &block.fields.back()) : last_column;
        inserted[above != nullptr ? line_of(above->span).end : top] += field.line();
      }
    }
    if (const auto attributes = attributes_.find(&block); attributes != attributes_.end()) {
      for (const std::string& attribute : attributes->second) inserted[block.body.end] += "  " + attribute + "\n";
    }
  }
  std::vector<TextEdit> all;  // what is put in first: it may stand where something is taken away
  for (const auto& [at, text] : inserted) all.push_back({at, at, text});
  all.insert(all.end(), edits.begin(), edits.end());

  const auto home = [&](const Block* near) -> const prisma::Part& {
    if (near != nullptr) return schema_.part_at(near->span.begin);
    const prisma::Part* best = &schema_.parts.back();
    std::ptrdiff_t most = 0;
    for (const prisma::Part& part : schema_.parts) {
      const auto count = std::count_if(schema_.blocks.begin(), schema_.blocks.end(), [&](const Block& block) { return block.kind == BlockKind::model && &schema_.part_at(block.span.begin) == &part; });
      if (count > most) {
        most = count;
        best = &part;
      }
    }
    return *best;
  };
  std::vector<std::pair<std::string, std::string>> out;
  for (const prisma::Part& part : schema_.parts) {
    std::vector<TextEdit> own;
    for (const TextEdit& edit : all) {
      if (edit.begin >= part.span.begin && edit.begin < part.span.end) own.push_back({edit.begin - part.span.begin, std::min(edit.end, part.span.end) - part.span.begin, edit.text});
    }
    const std::string before = schema_.text.substr(part.span.begin, part.span.end - part.span.begin);
    std::string text = apply_edits(before, own);
    for (const auto& [near, block] : blocks_) {
      if (&home(near) == &part) text += "\n" + block;
    }
    if (text == before) continue;
    text = prisma::format(text, part.file);
    if (text != before) out.emplace_back(part.file, text);
  }
  return out;
}

}  // namespace contraflow::code
