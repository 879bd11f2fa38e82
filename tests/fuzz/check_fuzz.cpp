// SPDX-License-Identifier: Apache-2.0
//
// libFuzzer over the whole of check: bytes become a migration file, split, parsed, walked, judged by every rule and printed in every format.
//
//   tools/fuzz.sh [SECONDS] [DIR]
//
// The first byte chooses: the runner's layout (low bits), one file or two, and whether what follows is contraflow.toml instead. Whatever the
// bytes are, the answer is findings or an Error; anything else (a crash, another exception, a place outside of the file) is a bug.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

#include "base/error.h"
#include "catalog/source_files.h"
#include "cli/config.h"
#include "cli/findings.h"
#include "lint/check.h"
#include "lint/gather.h"

namespace {

using namespace contraflow;

void read_as_config(const std::string& text) {
  static const std::filesystem::path file = std::filesystem::temp_directory_path() / ("contraflow-fuzz-" + std::to_string(getpid()) + ".toml");
  std::ofstream(file, std::ios::binary) << text;
  try {
    cli::read_config(file, std::filesystem::temp_directory_path());
  } catch (const Error&) {  // with its place: an expected outcome
  }
}

void check_places(const lint::Report& report, const std::string& text) {
  for (const lint::Finding& finding : report.findings) {
    if (finding.rule == nullptr || finding.line < 1 || finding.column < 1 || finding.offset > text.size()) std::abort();
  }
}

void read_as_migration(const std::string& text, const std::string& layout, bool twice) {
  lint::CheckOptions options;
  options.all_rules = true;
  options.threads = 1;
  try {
    lint::Gathered gathered = lint::gather_text("fuzz.sql", catalog::check_sql_text(text, "fuzz.sql"), layout);
    if (twice) {
      const std::vector<lint::Input> again = gathered.inputs;
      gathered.inputs.insert(gathered.inputs.end(), again.begin(), again.end());
    }
    const lint::Report report = lint::check(gathered.inputs, options);
    check_places(report, text);
    for (const std::string& format : cli::kFindingFormats) {
      if (cli::render_findings(report, options.majors, format, false).front().empty() && !report.findings.empty()) std::abort();
    }
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  static const std::vector<std::string> layouts = lint::known_layouts();
  const std::uint8_t choice = data[0];
  const std::string text(reinterpret_cast<const char*>(data + 1), size - 1);
  if ((choice & 0xc0) == 0xc0) read_as_config(text);
  else read_as_migration(text, layouts[(choice & 0x1f) % layouts.size()], (choice & 0x20) != 0);
  return 0;
}
