// SPDX-License-Identifier: Apache-2.0
#include <variant>

#include "intent/intent.h"
#include "intent/resolver.h"

namespace contraflow::intent {

IntentResult resolve(const std::vector<Intent>& intents, const catalog::Database& database) {
  Resolver resolver(database);
  for (const Intent& intent : intents)
    std::visit([&](const auto& action) { resolver(action); }, intent.action);
  return resolver.take_result();
}

}  // namespace contraflow::intent
