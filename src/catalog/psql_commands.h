// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "catalog/source_script.h"

namespace contraflow::catalog {

// Why a line of psql's meta-commands may not run beside a sandbox: it starts a program of the shell, writes files, or connects elsewhere. Empty: it may.
// What is not known is refused. A line can hold several commands, each begins with a backslash outside of quotes.
std::string reaches_outside(std::string_view meta_command);

// COPY … FROM or TO PROGRAM, with whatever comments between; a table or column of that name is none.
bool starts_program(const ScriptItem& item);

// The same of one item of a script: a line of commands counts where psql runs the file (else none is run at all), a statement where it starts a program on the server's
// machine (COPY … PROGRAM) or, by psql, moves the places where strings end.
std::string reaches_outside(const ScriptItem& item, bool by_psql);

}  // namespace contraflow::catalog
