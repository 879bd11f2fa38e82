// SPDX-License-Identifier: Apache-2.0
#include "agent/shell_line.h"

#include <gtest/gtest.h>

namespace contraflow::agent {
namespace {

// One command a line: words in brackets, $NAME and $(…) as parts.
std::string shown(const ShellWord& word) {
  std::string out;
  for (const ShellPart& part : word.parts) {
    out += part.kind == ShellPart::Kind::text ? part.value : part.kind == ShellPart::Kind::variable ? "{$" + part.value + (part.fallback.empty() ? "" : "|" + part.fallback) + "}"
                                                                                                    : "{" + part.value + "}";
  }
  return out;
}

std::string read(const std::string& line) {
  std::string out;
  for (const ShellCommand& command : shell_commands(line)) {
    if (!out.empty()) out += " ; ";
    if (command.piped) out += "| ";
    for (const ShellWord& word : command.words) out += "[" + shown(word) + "]";
    if (command.input) out += "<<" + shown(*command.input);
    if (command.input_file) out += "<" + shown(*command.input_file);
    if (command.output_file) out += (command.appends ? ">>" : ">") + shown(*command.output_file);
  }
  return out;
}

TEST(ShellLine, Words) {
  EXPECT_EQ(read("a 'b c'\"d $e\"f"), "[a][b cd {$e}f]");
  EXPECT_EQ(read("a\\ b \\$c"), "[a b][$c]");
  EXPECT_EQ(read("a '' \"\""), "[a][][]");
  EXPECT_EQ(read("a # b"), "[a]");
  EXPECT_EQ(read("a#b"), "[a#b]");
  EXPECT_EQ(read("a \\\n b"), "[a][b]");
  EXPECT_EQ(read("$'a\\nb\\x41\\101\\''"), "[a\nbAA']");
  EXPECT_EQ(read("'$a' \"\\$a\""), "[$a][$a]");
  EXPECT_EQ(read("${a} ${b:-c d} ${e%/*} ${!f} $1 $"), "[{$a}][{$b|c d}][{$e}][{$!f}][{$1}][$]");
  EXPECT_EQ(read("'not closed"), "[not closed]");
}

TEST(ShellLine, Substitutions) {
  EXPECT_EQ(read("a $(b 'c)' $(d)) `e \\`f\\``"), "[a][{b 'c)' $(d)}][{e `f`}]");
  EXPECT_EQ(read("\"$(a \"b\")\""), "[{a \"b\"}]");
  EXPECT_EQ(read("a <(b) >(c)"), "[a][{b}][{c}]");
  EXPECT_EQ(read("$(a"), "[{a}]");
}

TEST(ShellLine, Commands) {
  EXPECT_EQ(read("a; b && c || d & e\nf"), "[a] ; [b] ; [c] ; [d] ; [e] ; [f]");
  EXPECT_EQ(read("a | b |& c"), "[a] ; | [b] ; | [c]");
  EXPECT_EQ(read("(a; b) | c"), "[a] ; [b] ; | [c]");
  EXPECT_EQ(read("if a; then b; fi"), "[if][a] ; [then][b] ; [fi]");
}

TEST(ShellLine, Redirections) {
  EXPECT_EQ(read("a >x 2>&1 2>/dev/null <y"), "[a]<y>x");
  EXPECT_EQ(read("a >>x"), "[a]>>x");
  EXPECT_EQ(read("a &>x"), "[a]>x");
  EXPECT_EQ(read("a b2>x"), "[a][b2]>x");
  EXPECT_EQ(read("a <<<'b c'"), "[a]<<b c");
  EXPECT_EQ(read("a <<E; c\nx $y\nE\nd"), "[a]<<x {$y}\n ; [c] ; [d]");
  EXPECT_EQ(read("a <<'E' | c\nx $y\nE"), "[a]<<x $y\n ; | [c]");
  EXPECT_EQ(read("a <<-E\n\tx\n\tE\nb"), "[a]<<x\n ; [b]");
  EXPECT_EQ(read("a <<E\nx"), "[a]<<x\n");
}

}  // namespace
}  // namespace contraflow::agent
