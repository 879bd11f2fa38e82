// SPDX-License-Identifier: Apache-2.0
#include "catalog/fingerprint.h"

#include "base/hash.h"
#include "base/text.h"
#include "catalog/ddl.h"

namespace contraflow::catalog {

std::string fingerprint(const Database& database) { return sha256(join(create_database(database), ";\n")); }

}  // namespace contraflow::catalog
