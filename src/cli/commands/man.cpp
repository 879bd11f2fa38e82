// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"
#include "cli/manual.h"

namespace contraflow::cli {
namespace {

Runner add_options(CLI::App& app) {
  const auto format = add_format_option(app, {"roff", "markdown"});
  return [format](Context& context) {
    const Description program = describe();
    context.console.print(*format == "roff" ? man_page(program) : markdown_manual(program));
    return 0;
  };
}

}  // namespace

extern const Command man_command = {"man", "print the manual page", "",
                                    "contraflow man | man -l -\n"
                                    "contraflow man > /usr/local/share/man/man1/contraflow.1",
                                    add_options};

}  // namespace contraflow::cli
