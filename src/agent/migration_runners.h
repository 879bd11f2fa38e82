// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace contraflow::agent {

// Whether the words of a command are those of a migration runner that changes a schema by itself: `npx prisma migrate deploy`, `python manage.py migrate`. Options may stand between them.
bool runs_migrations(const std::vector<std::string>& words);

}  // namespace contraflow::agent
