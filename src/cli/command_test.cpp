// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "base/file.h"
#include "base/process.h"
#include "cli/completions.h"
#include "cli/manual.h"
#include "cli/run.h"
#include "cli/help.h"
#include "cli/describe.h"
#include "base/utf8.h"
#include "base/text.h"

namespace contraflow::cli {
namespace {

struct Ran {
  int code;
  std::string out;
  std::string err;
};

std::string content_of(std::FILE* file) {
  std::string text;
  std::rewind(file);
  char buffer[4096];
  for (std::size_t got; (got = std::fread(buffer, 1, sizeof buffer, file)) > 0;) text.append(buffer, got);
  std::fclose(file);
  return text;
}

Ran run_command(const std::vector<std::string>& arguments) {
  std::FILE* out = std::tmpfile();
  std::FILE* err = std::tmpfile();
  Console console(out, err);
  const int code = run(arguments, console);
  return {code, content_of(out), content_of(err)};
}

TEST(Commands, EveryRowHasSummaryExamplesAndHelp) {
  for (const Command* command : commands()) {
    const std::string summary = command->summary;
    EXPECT_FALSE(summary.empty() || summary.ends_with('.')) << command->name;
    EXPECT_NE(std::string(command->examples).find("contraflow " + std::string(command->name)),
              std::string::npos)
        << command->name;
    const Ran help = run_command({command->name, "--help"});
    EXPECT_EQ(help.code, 0);
    EXPECT_NE(help.out.find("Examples:"), std::string::npos) << help.out;
    EXPECT_NE(help.out.find("--color"), std::string::npos) << help.out;
    EXPECT_EQ(help.err, "");
  }
}

TEST(Commands, HelpFitsTheTerminalAndListsTheIntents) {
  const std::string text = help_text(describe(), "plan", 80, false);
  for (const std::string& line : split_lines(text.substr(0, text.find("Examples:")))) {
    if (!line.starts_with("        ")) continue;  // a term is not cut
    EXPECT_LE(display_width(line), 80U) << line;
  }
  EXPECT_NE(text.find("soft-delete TABLE"), std::string::npos);
  EXPECT_NE(text.find("--strategy sync|app"), std::string::npos);
  EXPECT_NE(help_text(describe(), "", 80, true).find("\x1b["), std::string::npos);
}

TEST(Commands, RootHelpListsThemAll) {
  const Ran help = run_command({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const Command* command : commands()) EXPECT_NE(help.out.find(command->name), std::string::npos);
  const Ran nothing = run_command({});
  EXPECT_EQ(nothing.code, 2);
  EXPECT_EQ(nothing.out, "");
  EXPECT_NE(nothing.err.find("doctor"), std::string::npos);
}

TEST(Commands, VersionNamesTheParser) {
  const Ran version = run_command({"--version"});
  EXPECT_EQ(version.code, 0);
  EXPECT_NE(version.out.find("parser: PostgreSQL 15"), std::string::npos);
  EXPECT_NE(version.out.find("servers:"), std::string::npos);
}

TEST(Commands, WrongUsageIsExitTwoWithHelp) {
  const Ran unknown = run_command({"doctr"});
  EXPECT_EQ(unknown.code, 2);
  EXPECT_EQ(unknown.err, "error: there is no command 'doctr'\n  = help: did you mean 'doctor'?\n");
  const Ran option = run_command({"doctor", "--nope"});
  EXPECT_EQ(option.code, 2);
  EXPECT_NE(option.err.find("--nope"), std::string::npos);
  EXPECT_NE(option.err.find("contraflow doctor --help"), std::string::npos);
  EXPECT_EQ(run_command({"doctor", "--format", "xml"}).code, 2);
  EXPECT_EQ(run_command({"completions"}).code, 2);
  EXPECT_EQ(run_command({"man", "--config", "/no/such/file.toml"}).code, 2);
}

TEST(Commands, ColorIsObeyedInErrors) {
  EXPECT_NE(run_command({"doctr", "--color", "always"}).err.find("\x1b["), std::string::npos);
  EXPECT_EQ(run_command({"doctr", "--color=never"}).err.find("\x1b["), std::string::npos);
}

TEST(Commands, FullDiskIsAnErrorBrokenPipeIsNot) {
  std::FILE* full = std::fopen("/dev/full", "w");
  ASSERT_NE(full, nullptr);
  std::FILE* err = std::tmpfile();
  Console console(full, err);
  EXPECT_EQ(run({"man"}, console), 3);
  EXPECT_NE(content_of(err).find("No space left"), std::string::npos);
  std::fclose(full);
}

TEST(Completions, ShellsAcceptThem) {
  const Description program = describe();
  const TemporaryFolder folder;
  const std::string script = (folder.path() / "script").string();
  write_file(
      script,
      bash_completions(program) +
          "COMP_WORDS=(contraflow doctor --format ''); COMP_CWORD=3; _contraflow; echo \"${COMPREPLY[*]}\"\n"
          "COMP_WORDS=(contraflow do); COMP_CWORD=1; _contraflow; echo \"${COMPREPLY[*]}\"\n"
          "COMP_WORDS=(contraflow completions z); COMP_CWORD=2; _contraflow; echo \"${COMPREPLY[*]}\"\n"
          "COMP_WORDS=(contraflow --color ''); COMP_CWORD=2; _contraflow; echo \"${COMPREPLY[*]}\"\n"
          "COMP_WORDS=(contraflow apply --phase c); COMP_CWORD=3; _contraflow; echo \"${COMPREPLY[*]}\"\n"
          "COMP_WORDS=(contraflow plan --out ''); COMP_CWORD=3; _contraflow; echo \"${COMPREPLY[*]}\"\n");
  const ProcessResult bash = run_process({"bash", script});
  EXPECT_EQ(bash.output, "text json\ndoctor\nzsh\nauto always never\ncontract\n\n") << bash.error_output;
  for (const std::string shell : {"zsh", "fish"}) {
    write_file(script, shell == "zsh" ? zsh_completions(program) : fish_completions(program));
    if (!find_program(shell)) continue;  // checked where the shell is installed
    EXPECT_TRUE(run_process({shell, "-n", script}).succeeded()) << shell;
  }
  if (find_program("fish")) {
    write_file(script, fish_completions(program));
    const ProcessResult fish = run_process({"fish", "-N", "-c", "source " + script + "; complete -C 'contraflow apply --phase c'; complete -C 'contraflow comp'"});
    EXPECT_TRUE(fish.output.starts_with("contract\t")) << fish.output << fish.error_output;
    EXPECT_NE(fish.output.find("\ncompletions\t"), std::string::npos) << fish.output;
  }
}

TEST(Manual, NamesEveryCommandAndOption) {
  const Description program = describe();
  const std::string page = man_page(program);
  const std::string markdown = markdown_manual(program);
  for (const CommandDescription& command : program.commands) {
    EXPECT_NE(page.find(".SS contraflow " + command.name), std::string::npos);
    EXPECT_NE(markdown.find("## " + command.name), std::string::npos);
    for (const OptionDescription& option : command.options) {
      EXPECT_FALSE(option.text.empty()) << command.name << " " << option.names.front();
      EXPECT_NE(markdown.find(option.names.back()), std::string::npos);
    }
  }
}

// docs/cli.md is made of the descriptions: UPDATE_GOLDEN=1 writes it anew.
TEST(Manual, CommittedReferenceIsCurrent) {
  const std::string path = std::string(CONTRAFLOW_SOURCE_DIR) + "/docs/cli.md";
  const std::string current = markdown_manual(describe());
  if (std::getenv("UPDATE_GOLDEN") != nullptr) write_file(path, current);
  EXPECT_EQ(read_file(path), current) << "run the tests with UPDATE_GOLDEN=1";
}

}  // namespace
}  // namespace contraflow::cli
