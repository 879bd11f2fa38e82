// SPDX-License-Identifier: Apache-2.0
//
// Inside the module: what the tools share.
#pragma once

#include <string>
#include <vector>

#include "agent/tools.h"

namespace contraflow::agent {

Json text_argument(const char* description, int most);
Json list_argument(const char* description, int most_items, int most);
Json number_argument(const char* description, int least, int most);
Json input_schema(Json properties, const std::vector<std::string>& required = {});

// Schemas of results: what an object has to hold, what it may hold besides, lists of one kind, texts of a few.
using Members = std::vector<std::pair<const char*, Json>>;
Json object_schema(const Members& required, const Members& optional = {});
Json list_schema(Json element);
Json text_schema(const std::vector<std::string>& values = {});
Json whole_schema();
Json number_schema();
Json flag_schema();

// Runs a command that prints JSON. Exit 1 is Error{refused}, other failures are errors with what the command said.
Json run_json(const ToolOptions& options, const ToolCall& call, const std::vector<std::string>& arguments, const std::string& input = {}, bool refusal_is_result = false);

std::filesystem::path plan_folder(const ToolOptions& options, const std::string& relative);
// Folders with a plan.json in the migrations folder, newest first.
std::vector<std::filesystem::path> all_plan_folders(const ToolOptions& options);

Tool schema_slice_tool(const ToolOptions& options);
Tool check_tool(const ToolOptions& options);
Tool plan_tool(const ToolOptions& options);
Tool review_tool(const ToolOptions& options);
Tool queries_tool(const ToolOptions& options);
Tool status_tool(const ToolOptions& options);
Tool rehearse_tool(const ToolOptions& options);
Tool orm_tool(const ToolOptions& options);
Tool tests_tool(const ToolOptions& options);
Tool apply_tool(const ToolOptions& options);

}  // namespace contraflow::agent
