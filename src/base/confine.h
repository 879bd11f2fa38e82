// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace contraflow {

// Takes from this process, and from the program that it becomes by exec, the power to start programs and to make, open for writing or remove files (seccomp).
// What is open already stays as it is. False where the system cannot. Safe between fork and exec.
bool confine_this_process() noexcept;

// Takes from this process and all that it forks the power to start programs, except by an exec whose path is this very pointer: its own next one. For a server, which
// has to write files. False where the system cannot.
bool allow_one_program(const char* path) noexcept;

// Takes from this process and all that it forks the power to write, make or remove files anywhere but below `folder` (Landlock, from Linux 5.13 on; /dev/null
// stays). What is open already stays as it is. False where the system cannot.
bool write_only_below(const char* folder) noexcept;

}  // namespace contraflow
