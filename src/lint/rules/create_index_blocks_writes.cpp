// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "lint/rule.h"

namespace contraflow::lint {
namespace {

using effects::Operation;

void check_create_index_blocks_writes(const Context& context, Reporter& reporter) {
  each(context, {Operation::create_index}, [&](const Action& action) {
    Finding& finding = reporter.report(action, fmt::format("building index {} stops all writes to {}", action.object, table_text(action)));
    finding.why = "SHARE is held for the whole build: every INSERT, UPDATE and DELETE waits.";
    const bool partitioned = [&] {
      const Relation* known = context.schema.relations.find(action.key);
      return known != nullptr && known->kind == RelationKind::partitioned;
    }();
    finding.fix = partitioned ? fmt::format("CREATE INDEX {} ON ONLY {} (…); then CREATE INDEX CONCURRENTLY on each partition, then ALTER INDEX … ATTACH PARTITION", action.object, table_text(action))
                              : fmt::format("CREATE {}INDEX CONCURRENTLY {} ON {} ({});  -- outside of a transaction", action.what == "unique" ? "UNIQUE " : "", action.object, table_text(action), action.column);
  });
}

}  // namespace

extern const Rule create_index_blocks_writes_rule;
const Rule create_index_blocks_writes_rule{"create-index-blocks-writes", Category::lock, Severity::error, "CREATE INDEX without CONCURRENTLY stops all writes while it builds", true, check_create_index_blocks_writes};

}  // namespace contraflow::lint
