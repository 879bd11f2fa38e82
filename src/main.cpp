// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstring>

#ifdef CONTRAFLOW_MIMALLOC
#include <mimalloc.h>
#endif

#include "base/keep.h"
#include "cli/run.h"

#ifdef CONTRAFLOW_MIMALLOC
namespace {

// `check` lives for milliseconds, a third of them spent on touching pages for the first time: pages of 2 MB where the system gives them. The hundred
// megabytes of a plan are faster in small ones. Before the first allocation, which static initialisers make; glibc passes them what main() gets.
// MIMALLOC_… in the environment still decides.
void allocate_in_large_pages(int argc, char** argv, char** /*environment*/) {
  if (argc < 2 || std::strcmp(argv[1], "check") != 0) return;
  mi_option_set_default(mi_option_large_os_pages, 1);
  mi_option_set_default(mi_option_eager_commit_delay, 0);
}

__attribute__((section(".preinit_array"), used)) void (*const before_initialisers)(int, char**, char**) = allocate_in_large_pages;

}  // namespace
#endif

int main(int argc, char** argv) {
  // A reader that goes away shows as EPIPE where we write, so that sandboxes are still cleaned up.
  std::signal(SIGPIPE, SIG_IGN);
  contraflow::process_ends = true;
  contraflow::cli::Console console(stdout, stderr);
  return contraflow::cli::run(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc), console);
}
