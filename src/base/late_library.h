// SPDX-License-Identifier: Apache-2.0
//
// Libraries that are loaded when the first of their functions is called. libpq and libgit2 bring thirty libraries with them (LDAP, Kerberos,
// two of TLS), which take the dynamic linker 7 ms: longer than `check` needs for a thousand statements, and it calls neither.
#pragma once

namespace contraflow {

// The address of a function. Error{environment} where the library is not installed or does not have it.
void* late_function(const char* library, const char* package, const char* name);

}  // namespace contraflow

// Defines a function that a library's header declares: the compiler holds the two against each other. CONTRAFLOW_LIBRARY and CONTRAFLOW_PACKAGE
// (Debian's, for the message) are defined by who uses this.
#define CONTRAFLOW_FORWARD(result, name, parameters, arguments)                                                                               \
  extern "C" result name parameters {                                                                                                         \
    static const auto function = reinterpret_cast<decltype(&name)>(contraflow::late_function(CONTRAFLOW_LIBRARY, CONTRAFLOW_PACKAGE, #name)); \
    return function arguments;                                                                                                                \
  }
