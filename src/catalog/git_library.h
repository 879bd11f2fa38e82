// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <git2.h>

#include <memory>
#include <string>

namespace contraflow::catalog {

// libgit2 while it is in use; instances nest.
struct GitLibrary {
  GitLibrary() { git_libgit2_init(); }
  ~GitLibrary() { git_libgit2_shutdown(); }
  GitLibrary(const GitLibrary&) = delete;
  GitLibrary& operator=(const GitLibrary&) = delete;
};

struct GitDeleter {
  void operator()(git_repository* p) const { git_repository_free(p); }
  void operator()(git_index* p) const { git_index_free(p); }
  void operator()(git_object* p) const { git_object_free(p); }
  void operator()(git_tree* p) const { git_tree_free(p); }
  void operator()(git_tree_entry* p) const { git_tree_entry_free(p); }
  void operator()(git_blob* p) const { git_blob_free(p); }
  void operator()(git_status_list* p) const { git_status_list_free(p); }
  void operator()(git_patch* p) const { git_patch_free(p); }
};
template <class T>
using GitPointer = std::unique_ptr<T, GitDeleter>;

// What libgit2 says of its last failure on this thread.
inline std::string git_reason() {
  const git_error* error = git_error_last();
  return error != nullptr && error->message != nullptr ? error->message : "unknown error";
}

}  // namespace contraflow::catalog
