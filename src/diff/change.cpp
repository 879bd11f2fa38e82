// SPDX-License-Identifier: Apache-2.0
#include "diff/change.h"

#include <fmt/format.h>

namespace contraflow::diff {

std::string_view aspect_name(Aspect aspect) {
  switch (aspect) {
    case Aspect::definition: return "definition";
    case Aspect::owner: return "owner";
    case Aspect::grants: return "privileges";
    case Aspect::comment: return "comment";
    case Aspect::security_labels: return "security labels";
    case Aspect::type: return "type";
    case Aspect::default_expression: return "default";
    case Aspect::not_null: return "NOT NULL";
    case Aspect::not_null_name: return "name of NOT NULL";
    case Aspect::identity: return "identity";
    case Aspect::generated: return "generation expression";
    case Aspect::storage: return "storage";
    case Aspect::compression: return "compression";
    case Aspect::statistics_target: return "statistics target";
    case Aspect::options: return "options";
    case Aspect::tablespace: return "tablespace";
    case Aspect::access_method: return "access method";
    case Aspect::persistence: return "persistence";
    case Aspect::replica_identity: return "replica identity";
    case Aspect::row_security: return "row security";
    case Aspect::partition: return "partitioning";
    case Aspect::inheritance: return "inheritance";
    case Aspect::validated: return "validation";
    case Aspect::deferrability: return "deferrability";
    case Aspect::enabled: return "enabled state";
    case Aspect::labels: return "labels";
    case Aspect::version: return "version";
    case Aspect::home_schema: return "schema";
    case Aspect::populated: return "population";
    case Aspect::clustered: return "cluster mark";
    case Aspect::owned_by: return "owning column";
    case Aspect::column_comments: return "column comments";
    case Aspect::column_grants: return "column privileges";
    case Aspect::column_defaults: return "column defaults";
    case Aspect::membership: return "members";
    case Aspect::partition_parent: return "parent index";
    case Aspect::local: return "local declaration";
  }
  throw std::logic_error("internal error: aspect out of range");
}

std::string describe(const Change& change) {
  struct Describe {
    std::string operator()(const Rename& c) const {
      return fmt::format("rename {} to {}", catalog::describe(c.from), c.to.name);
    }
    std::string operator()(const Create& c) const { return "add " + catalog::describe(c.id); }
    std::string operator()(const Drop& c) const { return "drop " + catalog::describe(c.id); }
    std::string operator()(const Alter& c) const {
      return fmt::format("change {} of {}", aspect_name(c.aspect), catalog::describe(c.id));
    }
  };
  return std::visit(Describe{}, change);
}

}  // namespace contraflow::diff
