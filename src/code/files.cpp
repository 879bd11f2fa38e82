// SPDX-License-Identifier: Apache-2.0
#include "code/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>

#include "base/error.h"
#include "base/pattern.h"
#include "catalog/git_library.h"

namespace contraflow::code {

namespace fs = std::filesystem;

namespace {

using catalog::git_reason;
using catalog::GitLibrary;
using catalog::GitPointer;

bool excluded(const std::string& path, const std::vector<std::string>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    // `dir/` and `dir` exclude what is below; `**/x/**` is written with plain stars here, which cross slashes.
    std::string p = pattern;
    if (p.ends_with('/')) p += '*';
    return matches_pattern(path, p) || matches_pattern(path, p + "/*") || (p.starts_with("**/") && matches_pattern(path, p.substr(3)));
  });
}

std::string read_bytes(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) throw Error(ErrorCode::usage, std::strerror(errno));
  struct stat status {};
  std::string out;
  if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
    out.resize(static_cast<std::size_t>(status.st_size));
    std::size_t got = 0;
    while (got < out.size()) {
      const ssize_t n = ::read(descriptor, out.data() + got, out.size() - got);
      if (n <= 0) break;
      got += static_cast<std::size_t>(n);
    }
    out.resize(got);
    ::close(descriptor);
    return out;
  }
  ::close(descriptor);
  throw Error(ErrorCode::usage, "no regular file");
}

class WorkingTree : public CodeFiles {
 public:
  WorkingTree(const FilesOptions& options) : root_(fs::absolute(options.root).lexically_normal()) {
    if (!fs::is_directory(root_)) throw Error(ErrorCode::usage, fmt::format("there is no folder \"{}\"", options.root.string()), "name the root of the code base");
    git_repository* found = nullptr;
    if (git_repository_open_ext(&found, root_.c_str(), 0, nullptr) == 0) {
      const GitPointer<git_repository> repository(found);
      if (git_repository_workdir(found) != nullptr) {
        tracked(found, options);
        finish();
        return;
      }
    }
    everything(options);
    finish();
  }

  const std::vector<SourceFile>& list() const override { return files_; }
  std::string read(const SourceFile& file) const override { return read_bytes(root_ / file.path); }

 private:
  void add(std::string path, const FilesOptions& options) {
    const Language language = language_of(path);
    if (language == Language::none || excluded(path, options.exclude)) return;
    files_.push_back({std::move(path), language});
  }

  void tracked(git_repository* repository, const FilesOptions& options) {
    std::error_code ignored;
    const std::string work = fs::canonical(git_repository_workdir(repository), ignored).string() + "/";
    std::string below = fs::canonical(root_, ignored).string() + "/";
    const std::string prefix = below.starts_with(work) ? below.substr(work.size()) : "";
    git_index* opened = nullptr;
    if (git_repository_index(&opened, repository) != 0) throw Error(ErrorCode::environment, fmt::format("cannot read git's index: {}", git_reason()));
    const GitPointer<git_index> index(opened);
    const std::size_t count = git_index_entrycount(opened);
    for (std::size_t i = 0; i < count; ++i) {
      const git_index_entry* entry = git_index_get_byindex(opened, i);
      const std::string_view path = entry->path;
      // Regular files: no symbolic links (0120000), no submodules (0160000).
      if ((entry->mode & 0170000) != 0100000 || !path.starts_with(prefix)) continue;
      add(std::string(path.substr(prefix.size())), options);
    }
    if (!options.untracked) return;
    git_status_options wanted = GIT_STATUS_OPTIONS_INIT;
    wanted.show = GIT_STATUS_SHOW_WORKDIR_ONLY;
    wanted.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED | GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS;
    git_status_list* listed = nullptr;
    if (git_status_list_new(&listed, repository, &wanted) != 0) throw Error(ErrorCode::environment, fmt::format("cannot list untracked files: {}", git_reason()));
    const GitPointer<git_status_list> status(listed);
    for (std::size_t i = 0; i < git_status_list_entrycount(listed); ++i) {
      const git_status_entry* entry = git_status_byindex(listed, i);
      if ((entry->status & GIT_STATUS_WT_NEW) == 0 || entry->index_to_workdir == nullptr) continue;
      const std::string_view path = entry->index_to_workdir->new_file.path;
      if (path.starts_with(prefix)) add(std::string(path.substr(prefix.size())), options);
    }
  }

  void everything(const FilesOptions& options) {
    std::error_code error;
    fs::recursive_directory_iterator it(root_, fs::directory_options::skip_permission_denied, error), end;
    for (; !error && it != end; it.increment(error)) {
      const std::string name = it->path().filename().string();
      std::error_code ignored;
      const auto status = it->symlink_status(ignored);
      if (fs::is_directory(status)) {
        if (name.starts_with('.') || name == "node_modules") it.disable_recursion_pending();
      } else if (fs::is_regular_file(status)) {
        add(fs::relative(it->path(), root_, ignored).generic_string(), options);
      }
    }
  }

  void finish() {
    std::sort(files_.begin(), files_.end(), [](const SourceFile& l, const SourceFile& r) { return l.path < r.path; });
    files_.erase(std::unique(files_.begin(), files_.end(), [](const SourceFile& l, const SourceFile& r) { return l.path == r.path; }), files_.end());
  }

  GitLibrary library_;
  fs::path root_;
  std::vector<SourceFile> files_;
};

class Revision : public CodeFiles {
 public:
  Revision(const FilesOptions& options) {
    git_repository* found = nullptr;
    const fs::path root = fs::absolute(options.root).lexically_normal();
    if (git_repository_open_ext(&found, root.c_str(), 0, nullptr) != 0)
      throw Error(ErrorCode::usage, fmt::format("\"{}\" is in no git repository: {}", options.root.string(), git_reason()), "a revision can only be scanned in one");
    repository_.reset(found);
    git_object* object = nullptr;
    if (git_revparse_single(&object, found, options.revision.c_str()) != 0)
      throw Error(ErrorCode::usage, fmt::format("git revision \"{}\" does not exist: {}", options.revision, git_reason()), "name a branch, tag or commit");
    const GitPointer<git_object> owner(object);
    git_object* peeled = nullptr;
    if (git_object_peel(&peeled, object, GIT_OBJECT_TREE) != 0)
      throw Error(ErrorCode::usage, fmt::format("git revision \"{}\" is no commit: {}", options.revision, git_reason()));
    const GitPointer<git_object> tree(peeled);
    std::error_code ignored;
    const char* workdir = git_repository_workdir(found);
    std::string prefix;
    if (workdir != nullptr) {
      const std::string work = fs::canonical(workdir, ignored).string() + "/";
      const std::string below = fs::canonical(root, ignored).string() + "/";
      if (below.starts_with(work)) prefix = below.substr(work.size());
    }
    struct Walk {
      Revision* self;
      const FilesOptions* options;
      std::string prefix;
    } state{this, &options, prefix};
    git_tree_walk(
        reinterpret_cast<git_tree*>(peeled), GIT_TREEWALK_PRE,
        [](const char* folder, const git_tree_entry* entry, void* payload) {
          auto& walk = *static_cast<Walk*>(payload);
          const git_filemode_t mode = git_tree_entry_filemode(entry);
          if (mode != GIT_FILEMODE_BLOB && mode != GIT_FILEMODE_BLOB_EXECUTABLE) return 0;
          std::string path = std::string(folder) + git_tree_entry_name(entry);
          if (!path.starts_with(walk.prefix)) return 0;
          path.erase(0, walk.prefix.size());
          const Language language = language_of(path);
          if (language == Language::none || excluded(path, walk.options->exclude)) return 0;
          walk.self->ids_[path] = *git_tree_entry_id(entry);
          walk.self->files_.push_back({std::move(path), language});
          return 0;
        },
        &state);
    std::sort(files_.begin(), files_.end(), [](const SourceFile& l, const SourceFile& r) { return l.path < r.path; });
  }

  const std::vector<SourceFile>& list() const override { return files_; }
  std::string read(const SourceFile& file) const override {
    const std::lock_guard<std::mutex> lock(mutex_);  // one repository object is one thread's at a time
    git_blob* found = nullptr;
    if (git_blob_lookup(&found, repository_.get(), &ids_.at(file.path)) != 0) throw Error(ErrorCode::usage, git_reason());
    const GitPointer<git_blob> blob(found);
    return {static_cast<const char*>(git_blob_rawcontent(found)), static_cast<std::size_t>(git_blob_rawsize(found))};
  }

 private:
  GitLibrary library_;
  GitPointer<git_repository> repository_;
  std::vector<SourceFile> files_;
  std::map<std::string, git_oid> ids_;
  mutable std::mutex mutex_;
};

}  // namespace

std::unique_ptr<CodeFiles> code_files(const FilesOptions& options) {
  if (!options.revision.empty()) return std::make_unique<Revision>(options);
  return std::make_unique<WorkingTree>(options);
}

}  // namespace contraflow::code
