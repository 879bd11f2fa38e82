// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>

#include "base/file.h"
#include "cli/command.h"
#include "cli/manual.h"

namespace contraflow::cli {
namespace {

Runner add_options(CLI::App& app) {
  const auto format = add_format_option(app, {"roff", "markdown"});
  const auto pages = std::make_shared<std::string>();
  app.add_option("--pages", *pages, "write contraflow.1 and a page for each command into this folder")->type_name("DIR");
  return [format, pages](Context& context) {
    const Description program = describe();
    if (!pages->empty()) {
      const std::filesystem::path folder(*pages);
      write_file(folder / "contraflow.1", man_page(program));
      for (const CommandDescription& command : program.commands) write_file(folder / ("contraflow-" + command.name + ".1"), command_man_page(command));
      return 0;
    }
    context.console.print(*format == "roff" ? man_page(program) : markdown_manual(program));
    return 0;
  };
}

}  // namespace

extern const Command man_command = {"man", "print the manual page", "",
                                    "contraflow man | man -l -\n"
                                    "contraflow man --pages /usr/local/share/man/man1",
                                    add_options};

}  // namespace contraflow::cli
