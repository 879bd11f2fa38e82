// SPDX-License-Identifier: Apache-2.0
#include "lint/rule.h"

#include <gtest/gtest.h>

namespace contraflow::lint {
namespace {

// each() asks Present first: what it leaves out must be nothing that a look at every action finds.
TEST(Present, EachFindsWhatALookAtEveryActionFinds) {
  const Statement statement;
  const Session session;
  const FileState file;
  const Schema schema;
  const Majors majors;
  std::vector<Action> kinds;
  for (const bool locks : {true, false}) {
    for (const bool is_private : {true, false}) {
      for (const Fact fact : {Fact::none, Fact::cannot_run_in_block, Fact::view_made}) {
        Action action;
        action.locks = locks;
        action.is_private = is_private;
        action.fact = fact;
        kinds.push_back(action);
      }
    }
  }
  for (const effects::OperationFacts* facts = effects::begin_facts(); facts != effects::end_facts(); ++facts) {
    for (Action kind : kinds) {
      kind.operation = facts->operation;
      const std::vector<Action> actions{Action{}, kind};
      const Context context{statement, actions, session, nullptr, file, schema, majors};
      int found = 0, of_fact = 0;
      each(context, {facts->operation}, [&](const Action&) { ++found; });
      each(context, kind.fact, [&](const Action&) { ++of_fact; });
      const bool other = facts->operation == Action{}.operation;  // the first one, too
      EXPECT_EQ(found, (kind.locks && !kind.is_private && kind.fact != Fact::cannot_run_in_block ? 1 : 0) + (other ? 1 : 0)) << facts->name;
      EXPECT_EQ(of_fact, kind.fact == Fact::none ? 2 : 1) << facts->name;
      if (other) continue;
      EXPECT_EQ(context.present.has(facts->operation), found > 0) << facts->name;
    }
  }
}

}  // namespace
}  // namespace contraflow::lint
