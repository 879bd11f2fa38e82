// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "catalog/source.h"
#include "cli/queries_output.h"

namespace contraflow::cli {

// Prepares each site's statement on a sandbox: on the schema before the plan, and after each of its forward files. What fails already before the
// plan is unknown, not broken: the text was not read rightly, or the schema is not the one that it is written for.
std::vector<SiteProof> prove_sites(const std::vector<code::QuerySite>& sites, const std::string& schema, const std::string& plan_folder,
                                   const catalog::LoadOptions& load);

// A database on the loader's sandbox with the schema of `source` (a copy where that is live).
std::string sandbox_copy(catalog::SourceLoader& loader, const std::string& source);

// The plan's forward files that are there, ascending: "1_expand.sql", …
std::vector<std::string> forward_files(const std::string& plan_folder);

// Runs one file of the folder as its reader would: psql -X -v ON_ERROR_STOP=1 -f. Error{refused} with psql's words.
void run_plan_file(const std::string& conninfo, const std::string& plan_folder, const std::string& file);

}  // namespace contraflow::cli
