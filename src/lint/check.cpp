// SPDX-License-Identifier: Apache-2.0
#include "lint/check.h"

#include <algorithm>
#include <thread>

#include "lint/parse_ahead.h"
#include "lint/walker.h"

namespace contraflow::lint {

Report check(const std::vector<Input>& inputs, const CheckOptions& options) {
  Report report;
  Walker walker(options, report);
  const unsigned threads = options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
  for (const Input& input : inputs) {
    const std::vector<catalog::ScriptItem> items = catalog::split_script(input.file);
    ParseAhead parsed(items, threads);
    walker.run(input, items, parsed);
  }
  return report;
}

}  // namespace contraflow::lint
