// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "catalog/git_library.h"
#include "catalog/source_files.h"

namespace contraflow::catalog {

namespace {

GitPointer<git_repository> open_repository(const std::string& folder) {
  git_repository* repository = nullptr;
  if (git_repository_open_ext(&repository, folder.c_str(), 0, nullptr) != 0) {
    throw Error(ErrorCode::usage,
                fmt::format("cannot open a git repository around the working folder: {}", git_reason()),
                "run contraflow inside of the repository that git:REV:PATH names a file of");
  }
  return GitPointer<git_repository>(repository);
}

class GitFiles : public Files {
 public:
  GitFiles(const std::string& folder, std::string revision) : revision_(std::move(revision)) {
    repository_ = open_repository(folder);
    git_object* found = nullptr;
    if (git_revparse_single(&found, repository_.get(), revision_.c_str()) != 0) {
      throw Error(ErrorCode::usage,
                  fmt::format("git revision \"{}\" does not exist: {}", revision_, git_reason()),
                  "name a branch, tag or commit, as in git:main:db/schema.sql; a shallow clone lacks old "
                  "commits (git fetch --unshallow)");
    }
    const GitPointer<git_object> object(found);
    git_object* peeled = nullptr;
    if (git_object_peel(&peeled, object.get(), GIT_OBJECT_TREE) != 0) {
      throw Error(ErrorCode::usage, fmt::format("git revision \"{}\" is no commit: {}", revision_, git_reason()));
    }
    tree_.reset(reinterpret_cast<git_tree*>(peeled));
  }

  bool is_folder(const std::string& path) const override {
    if (clean(path).empty()) return true;
    const GitPointer<git_tree_entry> entry = find(path);
    return entry && git_tree_entry_type(entry.get()) == GIT_OBJECT_TREE;
  }

  std::optional<std::string> read(const std::string& path) const override {
    const GitPointer<git_tree_entry> entry = find(path);
    if (!entry || git_tree_entry_type(entry.get()) != GIT_OBJECT_BLOB) return std::nullopt;
    const GitPointer<git_object> object = open(entry.get(), path);
    auto* blob = reinterpret_cast<git_blob*>(object.get());
    std::string text(static_cast<const char*>(git_blob_rawcontent(blob)),
                     static_cast<std::size_t>(git_blob_rawsize(blob)));
    if (git_tree_entry_filemode(entry.get()) == GIT_FILEMODE_LINK) {
      const std::string own = clean(path);
      const std::size_t slash = own.rfind('/');
      return read((slash == std::string::npos ? "" : own.substr(0, slash + 1)) + text);
    }
    if (text.starts_with("version https://git-lfs.github.com/spec/")) {
      throw Error(
          ErrorCode::usage,
          fmt::format("\"{}\" is stored in Git LFS: the repository has only a pointer to it", display(path)),
          "check that revision out (git lfs pull) and name the file");
    }
    return text;
  }

  std::vector<Entry> list(const std::string& folder) const override {
    std::vector<Entry> entries;
    const std::string own = clean(folder);
    GitPointer<git_object> object;
    const git_tree* tree = tree_.get();
    if (!own.empty()) {
      const GitPointer<git_tree_entry> entry = find(own);
      if (!entry || git_tree_entry_type(entry.get()) != GIT_OBJECT_TREE) return entries;
      object = open(entry.get(), own);
      tree = reinterpret_cast<const git_tree*>(object.get());
    }
    for (std::size_t i = 0; i < git_tree_entrycount(tree); ++i) {
      const git_tree_entry* entry = git_tree_entry_byindex(tree, i);
      entries.push_back({git_tree_entry_name(entry), git_tree_entry_type(entry) == GIT_OBJECT_TREE});
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
    return entries;
  }

  std::string display(const std::string& path) const override {
    return fmt::format("git:{}:{}", revision_, clean(path));
  }

 private:
  // Paths of trees have no "." and "..", and no slash at either end.
  static std::string clean(const std::string& path) {
    std::vector<std::string> parts;
    std::string part;
    for (const char c : path + "/") {
      if (c != '/') {
        part += c;
        continue;
      }
      if (part == ".." && !parts.empty())
        parts.pop_back();
      else if (!part.empty() && part != ".")
        parts.push_back(part);
      part.clear();
    }
    std::string out;
    for (const std::string& p : parts) out += (out.empty() ? "" : "/") + p;
    return out;
  }

  GitPointer<git_tree_entry> find(const std::string& path) const {
    git_tree_entry* entry = nullptr;
    if (git_tree_entry_bypath(&entry, tree_.get(), clean(path).c_str()) != 0) return nullptr;
    return GitPointer<git_tree_entry>(entry);
  }

  GitPointer<git_object> open(const git_tree_entry* entry, const std::string& path) const {
    git_object* object = nullptr;
    if (git_tree_entry_to_object(&object, repository_.get(), entry) != 0) {
      throw Error(ErrorCode::environment,
                  fmt::format("cannot read \"{}\" from the repository: {}", display(path), git_reason()),
                  "a partial clone lacks file contents: fetch them first (git fetch --refetch)");
    }
    return GitPointer<git_object>(object);
  }

  GitLibrary library_;
  std::string revision_;
  GitPointer<git_repository> repository_;
  GitPointer<git_tree> tree_;
};

}  // namespace

std::unique_ptr<Files> git_files(const std::string& working_folder, const std::string& revision) {
  return std::make_unique<GitFiles>(working_folder, revision);
}

std::string git_prefix(const std::string& working_folder) {
  const GitLibrary library;
  const GitPointer<git_repository> repository = open_repository(working_folder);
  const char* root = git_repository_workdir(repository.get());
  if (root == nullptr) return {};
  std::string folder = working_folder;
  if (!folder.ends_with('/')) folder += '/';
  const std::string base = root;
  return folder.starts_with(base) ? folder.substr(base.size()) : std::string();
}

}  // namespace contraflow::catalog
