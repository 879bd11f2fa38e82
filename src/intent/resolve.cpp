// SPDX-License-Identifier: Apache-2.0
#include <variant>

#include "intent/intent.h"
#include "intent/resolver.h"

namespace contraflow::intent {

IntentResult resolve(const std::vector<Intent>& intents, const catalog::Database& database) {
  Resolver resolver(database);
  for (std::size_t i = 0; i < intents.size(); ++i) {
    resolver.begin(i);
    std::visit([&](const auto& action) { resolver(action); }, intents[i].action);
  }
  return resolver.take_result();
}

}  // namespace contraflow::intent
