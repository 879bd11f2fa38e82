// SPDX-License-Identifier: Apache-2.0
#include "cli/plan_choices.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace contraflow::cli {
namespace {

catalog::Database with_type(const std::vector<std::string>& labels) {
  catalog::Database out;
  catalog::Object type;
  type.id = {catalog::Kind::enum_type, "public", "", "Kind", ""};
  catalog::EnumType body;
  body.labels = labels;
  type.body = body;
  out.objects.emplace(type.id, type);
  catalog::Object column;
  column.id = catalog::column_id("public", "Order Lines", "Amount=x");
  column.body = catalog::Column{};
  out.objects.emplace(column.id, column);
  return out;
}

std::map<std::string, std::string> mapped(const std::string& option) {
  PlanChoices choices;
  choices.enum_map = {option};
  return plan_options(choices, with_type({"old one", "x.y", "plain", "it's"}), with_type({"plain", "it's"}), {}).enum_map["public.Kind"];
}

std::string refusal(const std::string& option) {
  try {
    mapped(option);
  } catch (const Error& error) {
    return error.message();
  }
  return "taken";
}

TEST(PlanChoices, MapTakesNamesQuotedOrBare) {
  using Map = std::map<std::string, std::string>;
  for (const char* option : {"Kind.old one=plain", "\"Kind\".\"old one\"=plain", "public.\"Kind\".'old one'=\"plain\"", "\"public\".\"Kind\".old one='plain'", "public.Kind.old one=plain"}) {
    EXPECT_EQ(mapped(option), (Map{{"old one", "plain"}})) << option;
  }
  for (const char* option : {"Kind.x.y=it's", "\"Kind\".'x.y'='it''s'", "public.\"Kind\".x.y=\"it's\""}) EXPECT_EQ(mapped(option), (Map{{"x.y", "it's"}})) << option;
}

TEST(PlanChoices, MapRefusesWhatIsNotThere) {
  EXPECT_EQ(refusal("\"Kind\".\"old won\"=plain"), "--map \"Kind\".\"old won\"=plain: public.Kind has no value old won");
  EXPECT_EQ(refusal("Kind.x.y=plane"), "--map Kind.x.y=plane: public.Kind has no value plane in the desired schema");
  EXPECT_EQ(refusal("kind.x.y=plain"), "--map kind.x.y=plain: there is no enum type kind.x or kind");
  EXPECT_EQ(refusal("Kind=plain"), "--map Kind=plain: expected TYPE.OLD=NEW");
}

TEST(PlanChoices, ColumnsAreQuotedOrBare) {
  for (const char* option : {"\"Order Lines\".\"Amount=x\"=0", "public.\"Order Lines\".\"Amount=x\"=0"}) {
    PlanChoices choices;
    choices.fill = {option};
    const catalog::Database database = with_type({});
    EXPECT_EQ(plan_options(choices, database, database, {}).fill, (std::map<std::string, std::string>{{"public.Order Lines.Amount=x", "0"}})) << option;
  }
}

TEST(PlanChoices, RenamedColumnsAndTypesHaveBothNames) {
  const auto renamed = [](catalog::ObjectId to, const std::string& schema, const std::string& relation, const std::string& name) {
    diff::Rename out{to, to};
    out.from.schema = schema;
    out.from.relation = relation;
    out.from.name = name;
    return out;
  };
  const std::vector<diff::Rename> renames{renamed(catalog::column_id("public", "Order Lines", "Amount=x"), "public", "Order Lines", "amount"),
                                          renamed({catalog::Kind::table, "public", "", "Order Lines", ""}, "old", "", "lines"),
                                          renamed({catalog::Kind::enum_type, "public", "", "Kind", ""}, "public", "", "sort")};
  const catalog::Database database = with_type({"plain", "it's"});
  for (const char* option : {"old.lines.amount=0", "lines.amount=0", "lines.\"Amount=x\"=0", "\"Order Lines\".amount=0", "public.\"Order Lines\".\"Amount=x\"=0"}) {
    PlanChoices choices;
    choices.fill = {option};
    EXPECT_EQ(plan_options(choices, database, database, renames).fill, (std::map<std::string, std::string>{{"public.Order Lines.Amount=x", "0"}})) << option;
  }
  PlanChoices choices;
  choices.enum_map = {"sort.plain=it's"};
  EXPECT_EQ(plan_options(choices, database, database, renames).enum_map["public.Kind"], (std::map<std::string, std::string>{{"plain", "it's"}}));
}

}  // namespace
}  // namespace contraflow::cli
