// SPDX-License-Identifier: Apache-2.0
#include "code/prisma_calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/text.h"
#include "code/sql_sites.h"
#include "sql/name.h"

namespace contraflow::code {
namespace {

struct Method {
  std::string_view name;
  sql::Verb verb;
  bool own;  // no other common library has a method of this name
};

constexpr std::array<Method, 18> kMethods{{{"findMany", sql::Verb::select, true},
                                           {"findFirst", sql::Verb::select, true},
                                           {"findFirstOrThrow", sql::Verb::select, true},
                                           {"findUnique", sql::Verb::select, true},
                                           {"findUniqueOrThrow", sql::Verb::select, true},
                                           {"count", sql::Verb::select, false},
                                           {"aggregate", sql::Verb::select, false},
                                           {"groupBy", sql::Verb::select, false},
                                           {"create", sql::Verb::insert, false},
                                           {"createMany", sql::Verb::insert, true},
                                           {"createManyAndReturn", sql::Verb::insert, true},
                                           {"update", sql::Verb::update, false},
                                           {"updateMany", sql::Verb::update, true},
                                           {"updateManyAndReturn", sql::Verb::update, true},
                                           {"upsert", sql::Verb::insert, false},
                                           {"delete", sql::Verb::delete_, false},
                                           {"deleteMany", sql::Verb::delete_, true},
                                           {"findRaw", sql::Verb::select, true}}};

const Method* method_named(std::string_view name) {
  const auto* it = std::find_if(kMethods.begin(), kMethods.end(), [&](const Method& m) { return m.name == name; });
  return it == kMethods.end() ? nullptr : it;
}

Node peel(Node node) {
  while (node.is("parenthesized_expression") || node.is("as_expression") || node.is("satisfies_expression") || node.is("non_null_expression") ||
         node.is("await_expression")) {
    const Node inner = node.first_named();
    if (!inner) break;
    node = inner;
  }
  return node;
}

struct Property {
  std::string name;
  Node value;  // for a shorthand, its identifier
  // Of an object that is spread into this one: read, but no place to edit.
  enum class Spread { no,
                      always,
                      sometimes } spread = Spread::no;
};

class Analysis {
 public:
  Analysis(const Tree& tree, const Constants& constants, const SchemaFacts& facts) : tree_(tree), constants_(constants), facts_(facts) {}

  PrismaCalls find() {
    learn();
    walk(tree_.root(), [&](Node node) {
      if (node.is("call_expression")) {
        typed(node);
        call(node);
      }
      return true;
    });
    return std::move(out_);
  }

 private:
  // The properties of an object literal; false for `complete` where something is spread into it that is not written in this file, or a name is computed.
  std::vector<Property> properties(const Node& object, bool& complete) const {
    std::vector<Property> out;
    collect(object, Property::Spread::no, 0, out, complete);
    return out;
  }

  void collect(const Node& object, Property::Spread spread, int depth, std::vector<Property>& out, bool& complete) const {
    for (const Node& child : object.named_children()) {
      if (child.is("pair")) {
        const Node key = child.field("key");
        std::string name(key.text());
        if (key.is("string") && name.size() >= 2) name = name.substr(1, name.size() - 2);
        if (key.is("computed_property_name")) {
          complete = false;
          continue;
        }
        out.push_back({std::move(name), peel(child.field("value")), spread});
      } else if (child.is("shorthand_property_identifier")) {
        out.push_back({std::string(child.text()), child, spread});
      } else if (child.is("spread_element")) {
        collect_spread(child.first_named(), spread == Property::Spread::sometimes ? spread : Property::Spread::always, depth + 1, out, complete);
      } else if (!child.is("comment")) {
        complete = false;
      }
    }
  }

  // `...(cond && { a })`, `...(cond ? { a } : {})`, `...base` where this file says what it is: whatever may be among the properties.
  void collect_spread(const Node& given, Property::Spread spread, int depth, std::vector<Property>& out, bool& complete) const {
    const Node node = peel(given);
    if (depth > 8) {
      complete = false;
    } else if (node.is("object")) {
      collect(node, spread, depth, out, complete);
    } else if (node.is("ternary_expression")) {
      collect_spread(node.field("consequence"), Property::Spread::sometimes, depth + 1, out, complete);
      collect_spread(node.field("alternative"), Property::Spread::sometimes, depth + 1, out, complete);
    } else if (node.is("binary_expression")) {
      if (node.field("operator").text() != "&&") collect_spread(node.field("left"), Property::Spread::sometimes, depth + 1, out, complete);
      collect_spread(node.field("right"), Property::Spread::sometimes, depth + 1, out, complete);
    } else if (node.is("identifier")) {
      const Node named = peel(constants_.find(node.text(), node));
      if (named.is("object"))
        collect(named, spread, depth, out, complete);
      else if (node.text() != "undefined")
        complete = false;
    } else if (!node.is("undefined") && !node.is("null")) {
      complete = false;
    }
  }

  // Who is a client, and which names stand for a model's delegate (`const users = prisma.user`, `const { user } = prisma`).
  void learn() {
    walk(tree_.root(), [&](Node node) {
      if (node.is("variable_declarator")) {
        const Node name = node.field("name");
        const Node value = peel(node.field("value"));
        const std::string text(value.text().substr(0, 400));
        if (name.is("identifier")) {
          if (value.is("new_expression") && text.find("PrismaClient") != std::string::npos) clients_.insert(std::string(name.text()));
          if (text.find("$extends") != std::string::npos) clients_.insert(std::string(name.text()));
          if (value.is("member_expression")) {
            const Model* model = facts_.by_accessor(value.field("property").text());
            if (model != nullptr && is_client(value.field("object"))) delegates_[std::string(name.text())] = model;
          }
          if (name.parent().field("type").text().find("PrismaClient") != std::string_view::npos) clients_.insert(std::string(name.text()));
        }
        if (name.is("object_pattern") && is_client(value)) {
          for (const Node& element : name.named_children()) {
            const Node key = element.is("pair_pattern") ? element.field("key") : element;
            const Node alias = element.is("pair_pattern") ? element.field("value") : element;
            if (const Model* model = facts_.by_accessor(key.text())) delegates_[std::string(alias.text())] = model;
          }
        }
      } else if (node.is("required_parameter") || node.is("optional_parameter") || node.is("public_field_definition")) {
        const std::string_view type = node.field("type").text();
        if (type.find("Prisma") != std::string_view::npos) {
          const Node name = node.field("pattern") ? node.field("pattern") : node.field("name");
          clients_.insert(std::string(name.text()));
        }
      } else if (node.is("call_expression") && node.field("function").text().ends_with("$transaction")) {
        const Node body = node.field("arguments").first_named();
        if (body.is("arrow_function") || body.is("function_expression")) {
          Node parameter = body.field("parameter");
          if (!parameter) {
            parameter = body.field("parameters").first_named();
            if (parameter.field("pattern")) parameter = parameter.field("pattern");
          }
          if (parameter) clients_.insert(std::string(parameter.text()));
        }
      }
      // Methods that nothing else has.
      static constexpr std::array<std::string_view, 5> kOwn{"$queryRaw", "$queryRawUnsafe", "$executeRaw", "$executeRawUnsafe", "$transaction"};
      if (node.is("member_expression") && node.text().find(".$") != std::string_view::npos && node.field("object").is("identifier") && std::find(kOwn.begin(), kOwn.end(), node.field("property").text()) != kOwn.end())
        clients_.insert(std::string(node.field("object").text()));
      learn_growth(node);
      return true;
    });
  }

  // `where.name = …`, `where['name'] = …`, `where = …`, `rows.push(…)`, `Object.assign(where, …)`: the literal that the name was declared with is not all of it.
  void learn_growth(const Node& node) {
    Node at;
    if (node.is("assignment_expression") || node.is("augmented_assignment_expression")) {
      at = node.field("left");
    } else if (node.is("call_expression")) {
      const Node function = node.field("function");
      const std::string_view callee = function.text();
      if (!callee.ends_with("push") && !callee.ends_with("unshift") && !callee.ends_with("assign")) return;
      const std::string_view method = function.field("property").text();
      if (method == "assign" && function.field("object").text() == "Object") at = node.field("arguments").first_named();
      if (method == "push" || method == "unshift") at = function.field("object");
    }
    while (at.is("member_expression") || at.is("subscript_expression") || at.is("non_null_expression")) at = at.is("non_null_expression") ? at.first_named() : at.field("object");
    if (at.is("identifier")) grows_.insert(std::string(at.text()));
  }
  bool grows(const Node& name) const { return grows_.contains(std::string(name.text())); }

  // By its declaration in this file, or by the names that clients go by.
  bool is_client(const Node& given) const {
    const Node node = peel(given);
    std::string name;
    if (node.is("identifier")) name = std::string(node.text());
    if (node.is("member_expression")) name = std::string(node.field("property").text());
    if (node.is("call_expression")) {
      const std::string callee = to_lower(node.field("function").text());
      return callee.find("prisma") != std::string::npos || callee.find("$extends") != std::string::npos || callee.find("client") != std::string::npos ||
             callee.find("db") != std::string::npos;
    }
    if (name.empty()) return false;
    if (clients_.contains(name)) return true;
    const std::string lower = to_lower(name);
    return lower.find("prisma") != std::string::npos || lower == "db" || lower == "tx" || lower == "trx" || lower == "client" || lower == "database" ||
           lower == "transaction" || (name.size() > 2 && name.starts_with("db") && name[2] >= 'A' && name[2] <= 'Z');  // dbRead, dbWrite
  }

  void typed(const Node& node) {
    const Node function = node.field("function");
    if (!function.is("member_expression") || function.field("property").text() != "$queryRawTyped") return;
    const Node query = peel(node.field("arguments").first_named());
    if (!query.is("call_expression")) return;
    TypedCall out;
    out.query = std::string(query.field("function").text());
    if (const std::size_t dot = out.query.rfind('.'); dot != std::string::npos) out.query.erase(0, dot + 1);
    out.site.origin = Origin::typed_sql;
    out.site.call = std::string(function.text());
    out.site.function = function_around(node);
    place(out.site, tree_.source(), node.begin(), node.end());
    out_.typed.push_back(std::move(out));
  }

  void call(const Node& node) {
    const Node function = node.field("function");
    if (!function.is("member_expression")) return;
    const Method* method = method_named(function.field("property").text());
    if (method == nullptr) return;
    const Node receiver = peel(function.field("object"));
    const Model* model = nullptr;
    Node client;
    bool known_client = false;
    if (receiver.is("member_expression")) {
      model = facts_.by_accessor(receiver.field("property").text());
      client = receiver.field("object");
      known_client = is_client(client);
    } else if (receiver.is("subscript_expression")) {
      std::string_view key = receiver.field("index").text();
      if (key.size() >= 2 && (key[0] == '"' || key[0] == '\'')) model = facts_.by_accessor(key.substr(1, key.size() - 2));
      client = receiver.field("object");
      known_client = is_client(client);
    } else if (receiver.is("identifier")) {
      const auto it = delegates_.find(std::string(receiver.text()));
      if (it != delegates_.end()) {
        model = it->second;
        known_client = true;
      }
    }
    if (model == nullptr) return;
    const std::vector<Node> arguments = node.field("arguments").named_children();
    Node object = arguments.empty() ? Node() : peel(arguments[0]);
    bool opaque = false, grown = false;
    if (object && !object.is("object")) {
      Node named = object.is("identifier") ? peel(constants_.find(object.text(), object)) : Node();
      if (named.is("object")) {
        grown = grows(object);
        object = named;
      } else {
        opaque = true;
        object = Node();
      }
    }
    // Some other object with a property of a model's name: only what looks like Prisma's arguments is taken.
    if (!known_client && !method->own && !looks_like_arguments(object)) return;

    PrismaCall out{.model = model, .method = std::string(method->name), .call = node, .arguments = object, .opaque = opaque, .grows = grown};
    out.site.origin = Origin::prisma;
    out.site.verb = method->verb;
    out.site.call = single_line(function.text());
    out.site.function = function_around(node);
    place(out.site, tree_.source(), node.begin(), node.end());
    uses_.clear();
    read_call(out, *method);
    for (auto& [key, use] : uses_) out.site.tables.push_back(std::move(use));
    std::stable_sort(out.site.tables.begin(), out.site.tables.end(), [](const TableUse& l, const TableUse& r) { return l.nested < r.nested; });
    if (!known_client) {
      out.site.confidence = Confidence::medium;
      out.site.reason = fmt::format("nothing in this file says that {} is a Prisma client", single_line(client.text()));
    } else if (out.opaque) {
      out.site.confidence = Confidence::medium;
      out.site.reason = "its arguments are put together elsewhere";
    } else if (out.condition_elsewhere) {
      out.site.confidence = Confidence::medium;
      out.site.reason = "the condition on a relation is put together elsewhere: its tables and columns are not known";
    }
    if (out.grows && out.site.confidence == Confidence::high) {
      out.site.confidence = Confidence::medium;
      out.site.reason = "a part of its arguments is changed before the call: not all of its columns are known";
    }
    out.site.statement_certain = !out.opaque && !out.grows;
    out_.calls.push_back(std::move(out));
  }

  static std::string single_line(std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (c != '\n' && c != '\r' && c != ' ' && c != '\t') out += c;
    }
    return out;
  }

  bool looks_like_arguments(const Node& object) const {
    if (!object) return false;
    bool complete = true;
    for (const Property& property : properties(object, complete)) {
      static constexpr std::array<std::string_view, 14> kNames{"where", "data", "select", "include", "orderBy", "take", "skip", "by", "_count", "_sum", "omit", "update", "create", "distinct"};
      if (std::find(kNames.begin(), kNames.end(), property.name) != kNames.end()) return true;
    }
    return false;
  }

  TableUse& use(const Model& model, sql::Verb verb, bool nested) {
    const auto key = std::tuple(model.table, verb, nested);
    auto it = std::find_if(uses_.begin(), uses_.end(), [&](const auto& entry) { return entry.first == key; });
    if (it == uses_.end()) {
      TableUse out{.table = model.table, .known = true, .verb = verb, .nested = nested};
      uses_.emplace_back(key, std::move(out));
      it = std::prev(uses_.end());
    }
    return it->second;
  }

  static void add_column(TableUse& to, const std::string& column) {
    const auto at = std::lower_bound(to.columns.begin(), to.columns.end(), column);
    if (at == to.columns.end() || *at != column) to.columns.insert(at, column);
  }
  static void add_unknown(TableUse& to, const std::string& name) {
    if (std::find(to.unknown_columns.begin(), to.unknown_columns.end(), name) == to.unknown_columns.end()) to.unknown_columns.push_back(name);
  }
  static void add_all(TableUse& to, const Model& model) {
    to.all_columns = true;
    for (const std::string& column : model.columns()) add_column(to, column);
  }
  // The key columns of a relation, on the side that holds them.
  void join(const Model& model, const ModelField& field, sql::Verb verb, bool nested) {
    for (const std::string& column : field.relation_fields) add_column(use(model, verb, nested), column);
    const Model* other = facts_.model(field.relation);
    if (other == nullptr || !field.relation_fields.empty()) return;
    for (const std::string& column : key_of(*other, model, field)) add_column(use(*other, sql::Verb::select, true), column);
  }

  // The columns of `other` that hold the key of the relation that `field` of `model` is the far side of.
  static std::vector<std::string> key_of(const Model& other, const Model& model, const ModelField& field) {
    for (const ModelField& back : other.fields) {
      if (back.relation == model.name && back.relation_name == field.relation_name && !back.relation_fields.empty()) return back.relation_fields;
    }
    return {};
  }

  // What a value may be: the arms of `a ? b : c`, `a && b`, `a || b` and `a ?? b`, the constant of this file that a name stands for. `undefined`, `null` and `false` are nothing.
  void add_alternatives(const Node& given, std::vector<Node>& out, int depth = 0) const {
    const Node value = peel(given);
    if (!value || value.text() == "undefined" || value.text() == "null" || value.text() == "false") return;
    const std::string_view sign = value.is("binary_expression") ? value.field("operator").text() : std::string_view();
    if (depth < 8 && value.is("ternary_expression")) {
      add_alternatives(value.field("consequence"), out, depth + 1);
      add_alternatives(value.field("alternative"), out, depth + 1);
    } else if (depth < 8 && (sign == "&&" || sign == "||" || sign == "??")) {
      if (sign != "&&") add_alternatives(value.field("left"), out, depth + 1);
      add_alternatives(value.field("right"), out, depth + 1);
    } else if (value.is("identifier") || value.is("shorthand_property_identifier")) {
      const Node named = peel(constants_.find(value.text(), value));
      const bool literal = named.is("object") || named.is("array") || named.is("call_expression");
      if (depth < 8 && !grows(value) && (literal || named.is("ternary_expression")))
        add_alternatives(named, out, depth + 1);
      else
        out.push_back(value);
    } else {
      out.push_back(value);
    }
  }
  std::vector<Node> alternatives(const Node& given) const {
    std::vector<Node> out;
    add_alternatives(given, out);
    return out;
  }
  // The same, lists taken apart: the elements of an array, the object that each row of `rows.map(…)` becomes.
  std::vector<Node> elements(const Node& given) const {
    std::vector<Node> out;
    for (const Node& value : alternatives(given)) {
      if (value.is("array")) {
        for (const Node& element : value.named_children()) {
          if (!element.is("comment")) add_alternatives(element, out);
        }
      } else if (const Node element = element_of(value)) {
        out.push_back(element);
      } else {
        out.push_back(value);
      }
    }
    return out;
  }

  // An object, or the object that a constant of this file names; anything else makes the call opaque.
  Node object_of(const Node& given, PrismaCall& call) {
    Node node = peel(given);
    if (node.is("identifier") || node.is("shorthand_property_identifier")) {
      const Node named = peel(constants_.find(node.text(), node));
      if (named.is("object")) {
        call.grows = call.grows || grows(node);
        return named;
      }
    }
    if (node.is("object")) return node;
    call.opaque = true;
    return {};
  }

  void read_where(const Model& model, const Node& given, PrismaCall& call, sql::Verb verb, bool nested) {
    for (const Node& condition : elements(given)) read_condition(model, condition, call, verb, nested);
  }

  void read_condition(const Model& model, const Node& given, PrismaCall& call, sql::Verb verb, bool nested) {
    const Node object = object_of(given, call);
    if (!object) return;
    bool complete = true;
    for (const Property& property : properties(object, complete)) {
      if (property.name == "AND" || property.name == "OR" || property.name == "NOT") {
        read_where(model, property.value, call, verb, nested);
        continue;
      }
      const ModelField* field = model.field(property.name);
      if (field == nullptr) {
        // A compound key: `userId_postId: { … }`.
        if (property.value.is("object") && property.name.find('_') != std::string::npos) {
          bool all = true;
          for (const Property& part : properties(property.value, all)) {
            if (const ModelField* key = model.field(part.name); key != nullptr && !key->column.empty()) add_column(use(model, verb, nested), key->column);
          }
        } else {
          add_unknown(use(model, verb, nested), property.name);
        }
        continue;
      }
      if (!field->column.empty()) {
        add_column(use(model, verb, nested), field->column);
        continue;
      }
      const Model* other = facts_.model(field->relation);
      if (other == nullptr) continue;
      join(model, *field, verb, nested);
      use(*other, sql::Verb::select, true);
      for (const Node& condition : alternatives(property.value)) read_relation_filter(*other, *field, property.name, condition, call);
    }
    if (!complete) call.opaque = true;
  }

  // `author: { … }`, `posts: { some: { … } }`: one of what the condition may be.
  void read_relation_filter(const Model& other, const ModelField& field, const std::string& name, const Node& condition, PrismaCall& call) {
    if (!condition.is("object")) {
      call.condition_elsewhere = call.condition_elsewhere || condition.is("call_expression") || condition.is("identifier") || condition.is("await_expression");
      return;
    }
    bool all = true;
    bool quantified = false;
    for (const Property& part : properties(condition, all)) {
      static constexpr std::array<std::string_view, 5> kQuantifiers{"some", "every", "none", "is", "isNot"};
      if (std::find(kQuantifiers.begin(), kQuantifiers.end(), part.name) == kQuantifiers.end()) continue;
      quantified = true;
      filtered(name, other, part.value, field.list, part.name, call);
      read_where(other, part.value, call, sql::Verb::select, true);
    }
    if (quantified) return;
    filtered(name, other, condition, field.list, "", call);
    read_where(other, condition, call, sql::Verb::select, true);
  }

  static void filtered(const std::string& name, const Model& other, const Node& value, bool list, const std::string& quantifier, PrismaCall& call) {
    call.nested.push_back({.how = NestedRead::How::filtered, .path = name, .model = &other, .arguments = value.is("object") ? value : Node(), .value = value, .list = list, .quantifier = quantifier});
  }

  // Columns that come back, and relations that are read through. `select` and `include` of one level.
  void read_selection(const Model& model, const Node& arguments, PrismaCall& call, sql::Verb verb, bool nested, const std::string& path) {
    TableUse& own = use(model, verb, nested);
    Node select, include;
    bool complete = true;
    std::set<std::string> omitted;
    if (arguments) {
      for (const Property& property : properties(arguments, complete)) {
        if (property.name == "select") select = property.value;
        if (property.name == "select" && property.spread == Property::Spread::sometimes) add_all(own, model);
        if (property.name == "include") include = property.value;
        if (property.name == "omit" && property.value.is("object")) {
          bool all = true;
          for (const Property& part : properties(property.value, all)) omitted.insert(part.name);
        }
      }
    }
    if (!complete) call.opaque = true;
    if (!select || select.text() == "undefined") {
      own.all_columns = true;
      for (const ModelField& field : model.fields) {
        if (!field.column.empty() && !omitted.contains(field.name)) add_column(own, field.column);
      }
    }
    for (const Node& part : {select, include}) {
      if (!part || part.text() == "undefined") continue;
      const Node chosen = peel(part);
      if (part == select && (chosen.is("ternary_expression") || chosen.is("binary_expression"))) add_all(use(model, verb, nested), model);  // one arm may be `undefined`
      for (const Node& choice : alternatives(part)) {
        if (choice.is("object")) {
          read_fields(model, choice, part == select, call, verb, nested, path);
        } else {
          call.opaque = true;
          add_all(use(model, verb, nested), model);  // whatever it names: at most all
        }
      }
    }
  }

  // The fields that a `select` or an `include` names.
  void read_fields(const Model& model, const Node& object, bool select, PrismaCall& call, sql::Verb verb, bool nested, const std::string& path) {
    bool all = true;
    for (const Property& property : properties(object, all)) {
      if (property.value.text() == "false") continue;
      if (property.name == "_count") {
        count(model, property.value, call, nested);
        continue;
      }
      const ModelField* field = joined_by(model, property.name, verb, nested);
      if (field == nullptr) continue;
      const Model* other = facts_.model(field->relation);
      const std::string inner = path.empty() ? property.name : path + "." + property.name;
      for (const Node& choice : alternatives(property.value)) {
        const Node arguments = choice.is("object") ? choice : Node();
        if (!arguments && choice.text() != "true") call.opaque = true;
        const bool literal = choice.begin() >= property.value.begin() && choice.end() <= property.value.end();
        call.nested.push_back({.path = inner, .model = other, .arguments = arguments, .value = literal ? choice : property.value, .list = field->list});
        if (arguments) {
          bool every = true;
          for (const Property& option : properties(arguments, every)) {
            if (option.name == "where") read_where(*other, option.value, call, sql::Verb::select, true);
            if (option.name == "orderBy" || option.name == "cursor") read_order(*other, option.value, call, true);
          }
        }
        read_selection(*other, arguments, call, sql::Verb::select, true, inner);
      }
    }
    if (!all) {
      call.opaque = true;
      if (select) add_all(use(model, verb, nested), model);
    }
  }

  void count(const Model& model, const Node& value, PrismaCall& call, bool nested) {
    std::vector<std::string> names;
    bool complete = true;
    if (value.is("object")) {
      for (const Property& property : properties(value, complete)) {
        if (property.name != "select" || !property.value.is("object")) continue;
        for (const Property& relation : properties(property.value, complete)) {
          names.push_back(relation.name);
          const ModelField* field = model.field(relation.name);
          const Model* other = field != nullptr ? facts_.model(field->relation) : nullptr;
          if (other != nullptr && relation.value.text() != "false")
            call.nested.push_back({.how = NestedRead::How::counted, .path = "_count." + relation.name, .model = other, .arguments = relation.value.is("object") ? relation.value : Node(), .value = relation.value, .list = true});
          if (other == nullptr || !relation.value.is("object")) continue;
          bool all = true;
          for (const Property& option : properties(relation.value, all)) {
            if (option.name == "where") read_where(*other, option.value, call, sql::Verb::select, true);
          }
        }
      }
    } else {
      for (const ModelField& field : model.fields) {
        if (field.relation.empty() || !field.list) continue;
        names.push_back(field.name);
        if (const Model* other = facts_.model(field.relation)) call.nested.push_back({.how = NestedRead::How::counted, .path = "_count." + field.name, .model = other, .list = true});
      }
    }
    for (const std::string& name : names) {
      const ModelField* field = model.field(name);
      const Model* other = field != nullptr ? facts_.model(field->relation) : nullptr;
      if (other == nullptr) continue;
      join(model, *field, sql::Verb::select, nested);
      use(*other, sql::Verb::select, true);
    }
  }

  void read_order(const Model& model, const Node& given, PrismaCall& call, bool nested) {
    const Node value = peel(given);
    if (value.is("array")) {
      for (const Node& element : value.named_children()) {
        if (element.is("string"))
          name_column(model, std::string(element.text().substr(1, element.text().size() - 2)), nested);
        else
          read_order(model, element, call, nested);
      }
      return;
    }
    if (!value.is("object")) return;
    bool complete = true;
    for (const Property& property : properties(value, complete)) {
      const ModelField* field = model.field(property.name);
      if (field == nullptr) continue;
      if (!field->column.empty()) {
        name_column(model, property.name, nested);
      } else if (const Model* other = facts_.model(field->relation)) {
        join(model, *field, sql::Verb::select, nested);
        use(*other, sql::Verb::select, true);
        read_order(*other, property.value, call, true);
      }
    }
  }

  // The relation field of that name, whose model is joined; a column, or a name that the model lacks, is taken down and gives nothing.
  const ModelField* joined_by(const Model& model, const std::string& name, sql::Verb verb, bool nested) {
    const ModelField* field = model.field(name);
    if (field == nullptr) {
      add_unknown(use(model, verb, nested), name);
      return nullptr;
    }
    if (!field->column.empty()) {
      add_column(use(model, verb, nested), field->column);
      return nullptr;
    }
    if (facts_.model(field->relation) == nullptr) return nullptr;
    join(model, *field, verb, nested);
    return field;
  }

  void name_column(const Model& model, const std::string& name, bool nested) {
    const ModelField* field = model.field(name);
    if (field != nullptr && !field->column.empty()) add_column(use(model, sql::Verb::select, nested), field->column);
  }

  // `rows.map((row) => ({ … }))`, or a constant of this file that is one: the object that each of them becomes.
  Node element_of(const Node& given) const {
    Node node = given;
    if (node.is("identifier") || node.is("shorthand_property_identifier")) node = peel(constants_.find(node.text(), node));
    if (!node.is("call_expression") || node.field("function").field("property").text() != "map") return {};
    const Node body = node.field("arguments").first_named();
    if (!body.is("arrow_function")) return {};
    Node result = peel(body.field("body"));
    if (result.is("statement_block")) {
      Node returned;
      for (const Node& statement : result.named_children()) {
        if (statement.is("return_statement")) returned = peel(statement.first_named());
      }
      result = returned;
    }
    return result.is("object") ? result : Node();
  }

  // What create and update write, with nested writes.
  void read_data(const Model& model, const Node& given, PrismaCall& call, sql::Verb verb, bool nested) {
    use(model, verb, nested);
    for (const Node& one : elements(given)) read_row(model, one, call, verb, nested);
  }

  void read_row(const Model& model, const Node& given, PrismaCall& call, sql::Verb verb, bool nested) {
    const Node object = object_of(given, call);
    if (!object) {
      add_all(use(model, verb, nested), model);  // whatever it names: at most all
      return;
    }
    bool complete = true;
    for (const Property& property : properties(object, complete)) {
      const ModelField* field = joined_by(model, property.name, verb, nested);
      if (field == nullptr) continue;
      const Model* other = facts_.model(field->relation);
      for (const Node& write : alternatives(property.value)) {
        if (write.is("object")) nested_write(model, *field, *other, write, call);
        else call.opaque = true;
      }
    }
    if (!complete) {
      call.opaque = true;
      add_all(use(model, verb, nested), model);
    }
  }

  void nested_write(const Model& model, const ModelField& field, const Model& other, const Node& value, PrismaCall& call) {
    bool complete = true;
    for (const Property& property : properties(value, complete)) {
      const std::string& name = property.name;
      if (name == "create" || name == "createMany") {
        Node data = property.value;
        if (name == "createMany" && data.is("object")) {
          bool all = true;
          for (const Property& part : properties(data, all)) {
            if (part.name == "data") data = part.value;
          }
        }
        read_data(other, data, call, sql::Verb::insert, true);
        for (const std::string& column : key_of(other, model, field)) add_column(use(other, sql::Verb::insert, true), column);  // Prisma fills it in
        if (!field.relation_fields.empty()) join(model, field, sql::Verb::insert, true);
      } else if (name == "connectOrCreate" || name == "upsert" || name == "update" || name == "updateMany") {
        for (const Node& object : elements(property.value)) {
          if (!object.is("object")) {
            use(other, name == "connectOrCreate" ? sql::Verb::insert : sql::Verb::update, true);
            call.opaque = true;
            continue;
          }
          bool all = true, wrapped = false;
          for (const Property& part : properties(object, all)) {
            if (part.name == "where") read_where(other, part.value, call, sql::Verb::select, true);
            if (part.name == "create") {
              read_data(other, part.value, call, sql::Verb::insert, true);
              for (const std::string& column : key_of(other, model, field)) add_column(use(other, sql::Verb::insert, true), column);  // Prisma fills it in
            }
            if (part.name == "update" || part.name == "data") read_data(other, part.value, call, sql::Verb::update, true);
            wrapped |= part.name == "where" || part.name == "create" || part.name == "update" || part.name == "data";
          }
          if (!wrapped) read_data(other, object, call, sql::Verb::update, true);
        }
      } else if (name == "connect" || name == "set" || name == "disconnect") {
        use(other, sql::Verb::select, true);
        for (const Node& key : elements(property.value)) {
          if (key.is("object")) read_where(other, key, call, sql::Verb::select, true);
        }
        // The side that holds the key is written.
        if (field.relation_fields.empty()) {
          for (const std::string& column : key_of(other, model, field)) add_column(use(other, sql::Verb::update, true), column);
        }
      } else if (name == "delete" || name == "deleteMany") {
        use(other, sql::Verb::delete_, true);
        for (const Node& rows : elements(property.value)) {
          if (rows.is("object")) read_where(other, rows, call, sql::Verb::delete_, true);
        }
      }
    }
    if (!complete) call.opaque = true;
  }

  void read_call(PrismaCall& call, const Method& method) {
    const Model& model = *call.model;
    use(model, method.verb, false);
    bool complete = true;
    const std::vector<Property> options = call.arguments ? properties(call.arguments, complete) : std::vector<Property>();
    if (!complete) call.opaque = true;
    const auto option = [&](std::string_view name) {
      const auto it = std::find_if(options.begin(), options.end(), [&](const Property& p) { return p.name == name; });
      return it == options.end() ? Node() : it->value;
    };
    call.where = option("where");
    if (call.where) read_where(model, call.where, call, method.verb, false);
    // Filters that are spread in apply on a condition only: no place to add one to, and no sign that the call always has one.
    if (std::any_of(options.begin(), options.end(), [](const Property& p) { return p.name == "where" && p.spread != Property::Spread::no; })) {
      call.where = Node();
      call.opaque = true;
    }
    for (const std::string_view name : {"orderBy", "cursor", "distinct", "by"}) {
      if (const Node value = option(name)) read_order(model, value, call, false);
    }
    for (const std::string_view name : {"_sum", "_avg", "_min", "_max", "_count", "having"}) {
      if (const Node value = option(name); value.is("object")) {
        bool all = true;
        for (const Property& property : properties(value, all)) name_column(model, property.name, false);
      }
    }
    const std::string& m = call.method;
    if (m == "upsert") {
      if (const Node value = option("create")) read_data(model, value, call, sql::Verb::insert, false);
      if (const Node value = option("update")) read_data(model, value, call, sql::Verb::update, false);
    } else if (const Node value = option("data")) {
      read_data(model, value, call, method.verb, false);
    }
    const bool returns_rows = m != "count" && m != "aggregate" && m != "groupBy" && m != "createMany" && m != "updateMany" && m != "deleteMany";
    if (returns_rows) {
      if (call.opaque && !call.arguments) {
        add_all(use(model, method.verb, false), model);
      } else {
        read_selection(model, call.arguments, call, method.verb, false, "");
      }
    }
    const bool whole = m == "findMany" || m == "findFirst" || m == "findFirstOrThrow" || m == "count" || m == "aggregate" || m == "groupBy" || m == "updateMany" ||
                       m == "updateManyAndReturn" || m == "deleteMany";
    const bool empty_where = !call.where || call.where.text() == "{}" || call.where.text() == "undefined";
    if (whole && empty_where && !(call.opaque && !call.where)) use(model, method.verb, false).unfiltered = true;
    call.site.statement = statement_of(model, method, use(model, method.verb, false), m, related());
  }

  // Conditions that the tables and columns behind relations are there, which are never asked; nothing where one is not known.
  std::optional<std::string> related() const {
    std::string out;
    for (const auto& [key, use] : uses_) {
      if (!use.nested) continue;
      if (!use.unknown_columns.empty()) return std::nullopt;
      std::vector<std::string> list;
      // `name` alone would be the outer table's where this one has it no more.
      for (const std::string& column : use.columns) list.push_back(sql::quote_identifier(use.table.name) + "." + sql::quote_identifier(column));
      out += fmt::format("{}EXISTS (SELECT {} FROM {})", out.empty() ? "" : " AND ", list.empty() ? "1" : contraflow::join(list, ", "), sql::quote(use.table));
    }
    return out;
  }

  // A statement over the columns that the client names for this call: what has to be there for it to work.
  static std::string statement_of(const Model& model, const Method& method, const TableUse& columns, const std::string& name, const std::optional<std::string>& related) {
    if (!columns.unknown_columns.empty() || !related) return {};
    const std::string and_related = related->empty() ? "" : " AND " + *related, or_related = related->empty() ? "" : fmt::format(" WHERE true OR ({})", *related);
    std::vector<std::string> list;
    for (const std::string& column : columns.columns) list.push_back(sql::quote_identifier(column));
    const std::string table = sql::quote(model.table);
    const std::string all = list.empty() ? "1" : contraflow::join(list, ", ");
    switch (method.verb) {
      case sql::Verb::insert:
        if (list.empty()) return fmt::format("INSERT INTO {} DEFAULT VALUES", table);
        return fmt::format("INSERT INTO {} ({}) SELECT {} FROM {} WHERE false{}", table, all, all, table, and_related);
      case sql::Verb::update: {
        if (list.empty()) return {};
        std::vector<std::string> sets;
        for (const std::string& column : list) sets.push_back(column + " = " + column);
        return fmt::format("UPDATE {} SET {} WHERE false{}", table, contraflow::join(sets, ", "), and_related);
      }
      case sql::Verb::delete_: return fmt::format("DELETE FROM {} WHERE false AND ({}) IS NULL{}", table, list.empty() ? "NULL" : fmt::format("ROW({})", all), and_related);
      default: return name == "count" && list.empty() ? fmt::format("SELECT count(*) FROM {}{}", table, or_related) : fmt::format("SELECT {} FROM {}{}", all, table, or_related);
    }
  }

  const Tree& tree_;
  const Constants& constants_;
  const SchemaFacts& facts_;
  PrismaCalls out_;
  std::set<std::string> clients_;
  std::set<std::string> grows_;
  std::map<std::string, const Model*> delegates_;
  std::vector<std::pair<std::tuple<sql::QualifiedName, sql::Verb, bool>, TableUse>> uses_;
};

}  // namespace

PrismaCalls find_prisma_calls(const Tree& tree, const Constants& constants, const SchemaFacts& facts) {
  if (facts.models.empty() || !is_ecmascript(tree.language())) return {};
  return Analysis(tree, constants, facts).find();
}

}  // namespace contraflow::code
