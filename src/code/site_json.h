// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "code/query_site.h"

namespace contraflow::code {

nlohmann::ordered_json site_json(const QuerySite& site);
QuerySite site_of_json(const nlohmann::json& json);  // throws nlohmann's exceptions where it is not one

}  // namespace contraflow::code
