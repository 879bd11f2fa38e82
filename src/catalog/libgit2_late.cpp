// SPDX-License-Identifier: Apache-2.0
//
// The functions of libgit2 that are used here, loaded with the first repository (base/late_library.h).
#include <git2.h>

#include "base/late_library.h"

#define CONTRAFLOW_LIBRARY "libgit2.so." LIBGIT2_SOVERSION
#define CONTRAFLOW_PACKAGE "libgit2-" LIBGIT2_SOVERSION

CONTRAFLOW_FORWARD(void, git_blob_free, (git_blob * blob), (blob))
CONTRAFLOW_FORWARD(int, git_blob_lookup, (git_blob * *blob, git_repository* repo, const git_oid* id), (blob, repo, id))
CONTRAFLOW_FORWARD(const void*, git_blob_rawcontent, (const git_blob* blob), (blob))
CONTRAFLOW_FORWARD(git_object_size_t, git_blob_rawsize, (const git_blob* blob), (blob))
CONTRAFLOW_FORWARD(void, git_buf_dispose, (git_buf * buffer), (buffer))
CONTRAFLOW_FORWARD(const git_error*, git_error_last, (), ())
CONTRAFLOW_FORWARD(size_t, git_index_entrycount, (const git_index* index), (index))
CONTRAFLOW_FORWARD(void, git_index_free, (git_index * index), (index))
CONTRAFLOW_FORWARD(const git_index_entry*, git_index_get_byindex, (git_index * index, size_t n), (index, n))
CONTRAFLOW_FORWARD(int, git_libgit2_init, (), ())
CONTRAFLOW_FORWARD(int, git_libgit2_shutdown, (), ())
CONTRAFLOW_FORWARD(void, git_object_free, (git_object * object), (object))
CONTRAFLOW_FORWARD(int, git_object_peel, (git_object * *peeled, const git_object* object, git_object_t target_type), (peeled, object, target_type))
CONTRAFLOW_FORWARD(void, git_patch_free, (git_patch * patch), (patch))
CONTRAFLOW_FORWARD(int, git_patch_from_buffers, (git_patch * *out, const void* old_buffer, size_t old_len, const char* old_as_path, const void* new_buffer, size_t new_len, const char* new_as_path, const git_diff_options* opts), (out, old_buffer, old_len, old_as_path, new_buffer, new_len, new_as_path, opts))
CONTRAFLOW_FORWARD(int, git_patch_to_buf, (git_buf * out, git_patch* patch), (out, patch))
CONTRAFLOW_FORWARD(void, git_repository_free, (git_repository * repo), (repo))
CONTRAFLOW_FORWARD(int, git_repository_index, (git_index * *out, git_repository* repo), (out, repo))
CONTRAFLOW_FORWARD(int, git_repository_open_ext, (git_repository * *out, const char* path, unsigned int flags, const char* ceiling_dirs), (out, path, flags, ceiling_dirs))
CONTRAFLOW_FORWARD(const char*, git_repository_workdir, (const git_repository* repo), (repo))
CONTRAFLOW_FORWARD(int, git_revparse_single, (git_object * *out, git_repository* repo, const char* spec), (out, repo, spec))
CONTRAFLOW_FORWARD(const git_status_entry*, git_status_byindex, (git_status_list * statuslist, size_t idx), (statuslist, idx))
CONTRAFLOW_FORWARD(size_t, git_status_list_entrycount, (git_status_list * statuslist), (statuslist))
CONTRAFLOW_FORWARD(void, git_status_list_free, (git_status_list * statuslist), (statuslist))
CONTRAFLOW_FORWARD(int, git_status_list_new, (git_status_list * *out, git_repository* repo, const git_status_options* opts), (out, repo, opts))
CONTRAFLOW_FORWARD(const git_tree_entry*, git_tree_entry_byindex, (const git_tree* tree, size_t idx), (tree, idx))
CONTRAFLOW_FORWARD(int, git_tree_entry_bypath, (git_tree_entry * *out, const git_tree* root, const char* path), (out, root, path))
CONTRAFLOW_FORWARD(git_filemode_t, git_tree_entry_filemode, (const git_tree_entry* entry), (entry))
CONTRAFLOW_FORWARD(void, git_tree_entry_free, (git_tree_entry * entry), (entry))
CONTRAFLOW_FORWARD(const git_oid*, git_tree_entry_id, (const git_tree_entry* entry), (entry))
CONTRAFLOW_FORWARD(const char*, git_tree_entry_name, (const git_tree_entry* entry), (entry))
CONTRAFLOW_FORWARD(int, git_tree_entry_to_object, (git_object * *object_out, git_repository* repo, const git_tree_entry* entry), (object_out, repo, entry))
CONTRAFLOW_FORWARD(git_object_t, git_tree_entry_type, (const git_tree_entry* entry), (entry))
CONTRAFLOW_FORWARD(size_t, git_tree_entrycount, (const git_tree* tree), (tree))
CONTRAFLOW_FORWARD(void, git_tree_free, (git_tree * tree), (tree))
CONTRAFLOW_FORWARD(int, git_tree_walk, (const git_tree* tree, git_treewalk_mode mode, git_treewalk_cb callback, void* payload), (tree, mode, callback, payload))
