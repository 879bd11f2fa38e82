// SPDX-License-Identifier: Apache-2.0
//
// TOML++ 3.3 asserts (and with NDEBUG lets the compiler assume) of a key's first character what a file that holds `[)` refutes. Without either it
// reports the mistake itself, with its place.
#pragma once

#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expr) static_cast<void>(0)
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")
