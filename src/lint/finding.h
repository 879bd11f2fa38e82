// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "effects/effect.h"
#include "lint/versions.h"

namespace contraflow::lint {

enum class Severity { info,
                      warning,
                      error };
std::string_view severity_name(Severity severity);

struct Rule;

// One place where a hazard holds: data, never thrown.
struct Finding {
  const Rule* rule = nullptr;
  Severity severity = Severity::error;
  std::string file;
  std::size_t offset = 0;  // bytes, in the file
  int line = 1;
  int column = 1;  // characters
  std::string source_line;
  std::string message;   // one line: what happens to what
  std::string why;       // one or two sentences
  std::string fix;       // what to write instead; several lines
  std::string relation;  // "public.users"; empty where none is named
  effects::LockMode lock = effects::LockMode::none;
  effects::Work work = effects::Work::none;
  Majors versions;                  // where it holds, within those asked for
  std::string depends;              // what decides, where it is not known here
  std::string size;                 // "40 rows, 8 kB", where the severity followed from it
  std::string subject;              // what a later statement of the file may settle
  std::size_t statement_begin = 0;  // of the statement that it belongs to, in the file
  std::size_t statement_end = 0;
};

}  // namespace contraflow::lint
