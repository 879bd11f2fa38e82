// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <libpq-fe.h>

#include <memory>

#include "pg/connection.h"

// Inside the module only: what a Result is made of.
namespace contraflow::pg {

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPointer = std::unique_ptr<PGresult, ClearResult>;

struct Result::Impl {
  ResultPointer result;
};

}  // namespace contraflow::pg
