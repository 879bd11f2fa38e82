// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "testgen/probes.h"

namespace contraflow::testgen {

// The tests of what is no table: views, functions, triggers, policies, privileges, sequences, publications, partitions, types. Two steps, as their tables need rows first.
class ObjectTests {
 public:
  explicit ObjectTests(World& world);
  std::set<QualifiedName> tables() const;  // that must have rows
  void find();                             // runs the probes in both schemas
  void write(TestFile& file, State state) const;

 private:
  struct Found {
    std::string heading;
    State first = 0, last = 0;
    struct Outcome {
      std::string says;
      Probe before, desired;
      std::vector<std::string> old_rows, new_rows;
    };
    std::vector<Outcome> outcomes;
  };
  using States = std::pair<State, State>;  // the old outcomes hold before the first, the new ones from the second on
  void judge(Subject& subject, const States& states);
  States states_of(const Subject& subject) const;
  bool decided_by(const Subject& subject, const Subject& other) const;

  World& world_;
  std::vector<Subject> subjects_;
  std::vector<Found> found_;
  std::vector<std::string> perturbed_;  // statements that give other contents to what the server makes up
};

}  // namespace contraflow::testgen
