// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <stdexcept>
#include <vector>

#include "catalog/model.h"
#include "catalog/rename.h"

namespace contraflow::diff {

using catalog::ObjectId;

// One property of an object that both schemas have. `definition` stands for all that can only be changed by
// replacing the object.
enum class Aspect {
  definition,
  owner,
  grants,
  comment,
  security_labels,
  type,
  default_expression,
  not_null,
  not_null_name,
  identity,
  generated,
  storage,
  compression,
  statistics_target,
  options,
  tablespace,
  access_method,
  persistence,
  replica_identity,
  row_security,
  partition,
  inheritance,
  validated,
  deferrability,
  enabled,
  labels,
  version,
  home_schema,
  populated,
  clustered,
  owned_by,
  column_comments,
  column_grants,
  column_defaults,
  membership,
  partition_parent,
  local,
};
std::string_view aspect_name(Aspect aspect);

struct Create {
  ObjectId id;
};
struct Drop {
  ObjectId id;
};
using Rename = catalog::Renaming;
struct Alter {
  ObjectId id;
  Aspect aspect;
};

using Change = std::variant<Rename, Create, Drop, Alter>;

// `add column public.users.email`, `change type of column …`: one line for people.
std::string describe(const Change& change);

}  // namespace contraflow::diff
