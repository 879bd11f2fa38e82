// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "cli/describe.h"

namespace contraflow::cli {

// "--rename OLD=NEW …", "say what this does (default: …)", "contraflow plan [OPTION…]": the same words in help, man page and docs/cli.md.
std::string option_title(const OptionDescription& option);
std::string option_text(const OptionDescription& option);
std::string command_usage(const CommandDescription& command);

std::string man_page(const Description& program);                 // roff, section 1: everything
std::string command_man_page(const CommandDescription& command);  // contraflow-NAME(1)
std::string markdown_manual(const Description& program);          // docs/cli.md

}  // namespace contraflow::cli
