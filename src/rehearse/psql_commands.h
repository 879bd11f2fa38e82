// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace contraflow::rehearse {

// Why a line of psql's meta-commands may not run beside a sandbox: it starts a program of the shell, writes files, or connects elsewhere. Empty: it may.
// What is not known is refused. A line can hold several commands, each begins with a backslash outside of quotes.
std::string reaches_outside(std::string_view meta_command);

}  // namespace contraflow::rehearse
