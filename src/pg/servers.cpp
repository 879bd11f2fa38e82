// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/process.h"
#include "base/text.h"
#include "pg/sandbox.h"

namespace contraflow::pg {
namespace {

namespace fs = std::filesystem;

bool executable(const fs::path& path) {
  std::error_code error;
  return fs::is_regular_file(path, error) && ::access(path.c_str(), X_OK) == 0;
}

bool has_server(const fs::path& folder) {
  return executable(folder / "postgres") && executable(folder / "initdb");
}

// Where the server itself lies: a folder on PATH may hold links to it only. A package may be named by its
// root: <root>/bin, or <root>/native/bin in the npm packages. Empty where there is no server.
fs::path bindir_of(const fs::path& folder) {
  for (const fs::path& candidate : {folder, folder / "bin", folder / "native" / "bin"}) {
    if (folder.empty() || !has_server(candidate)) continue;
    std::error_code error;
    const fs::path real = fs::canonical(candidate / "postgres", error).parent_path();
    return has_server(real) ? real : fs::canonical(candidate, error);
  }
  return {};
}

// Self-contained packages bring libpq beside the binaries; distributions keep it in the system's folders.
std::string library_dir_of(const fs::path& bindir) {
  const fs::path libraries = bindir.parent_path() / "lib";
  std::error_code error;
  return fs::exists(libraries / "libpq.so.5", error) ? libraries.string() : "";
}

// "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", "postgres (PostgreSQL) 18beta1"
bool read_version(ServerBinaries& server) {
  ProcessOptions options;
  if (!server.library_dir.empty()) options.environment.emplace_back("LD_LIBRARY_PATH", server.library_dir);
  const ProcessResult result = run_process({server.bindir + "/postgres", "--version"}, options);
  const std::vector<std::string> words = split(trim(result.output), ' ');
  if (!result.succeeded() || words.size() < 3) return false;
  server.version = words[2];
  server.major = std::atoi(server.version.c_str());
  return server.major > 0;
}

std::vector<std::string> folders_named_by_user(const std::vector<std::string>& extra) {
  std::vector<std::string> out = extra;
  if (const char* listed = std::getenv("CONTRAFLOW_PG_BINDIR"))
    for (const std::string& folder : split(listed, ':'))
      if (!folder.empty()) out.push_back(folder);
  return out;
}

// Folders such as /usr/lib/postgresql/15/bin: `pattern` has one "*", a whole or the end of a component.
void add_matches(const std::string& pattern, std::vector<std::string>& out) {
  const std::size_t star = pattern.find('*');
  const fs::path parent = fs::path(pattern.substr(0, star)).parent_path();
  const std::string prefix = pattern.substr(parent.string().size() + 1, star - parent.string().size() - 1);
  std::error_code error;
  for (fs::directory_iterator it(parent, error), end; !error && it != end; it.increment(error))
    if (it->path().filename().string().starts_with(prefix))
      out.push_back(it->path().string() + pattern.substr(star + 1));
}

std::vector<std::string> folders_of_system() {
  std::vector<std::string> out;
  if (const char* path = std::getenv("PATH")) out = split(path, ':');
  for (const char* pattern :
       {"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/lib/postgresql*/bin",
        "/usr/libexec/postgresql*", "/usr/local/pgsql*/bin", "/opt/postgresql*/bin",
        "/opt/homebrew/opt/postgresql*/bin", "/home/linuxbrew/.linuxbrew/opt/postgresql*/bin"})
    add_matches(pattern, out);
  return out;
}

class Finder {
 public:
  bool add(const std::string& folder) {
    const std::string bindir = bindir_of(folder);
    if (bindir.empty()) return false;
    if (!seen_.insert(bindir).second) return true;
    ServerBinaries server{.bindir = bindir, .version = "", .library_dir = library_dir_of(bindir)};
    if (!read_version(server)) return false;
    found_.push_back(std::move(server));
    return true;
  }
  bool nothing_found() const { return found_.empty(); }
  std::vector<ServerBinaries> newest_first() && {
    std::stable_sort(found_.begin(), found_.end(),
                     [](const auto& a, const auto& b) { return a.major > b.major; });
    return std::move(found_);
  }

 private:
  std::set<std::string> seen_;
  std::vector<ServerBinaries> found_;
};

}  // namespace

bool named_by(const std::string& folder, const ServerBinaries& server) {
  return bindir_of(folder) == server.bindir;
}

std::vector<ServerBinaries> find_servers(const std::vector<std::string>& extra) {
  Finder finder;
  for (const std::string& folder : folders_named_by_user(extra)) {
    if (!finder.add(folder))
      throw Error(ErrorCode::usage, fmt::format("no PostgreSQL server that starts in {}", folder),
                  "--pg-bindir and CONTRAFLOW_PG_BINDIR name folders with `initdb` and `postgres`");
  }
  for (const std::string& folder : folders_of_system()) finder.add(folder);
  // Last, because it is a slow script on Debian, and elsewhere lies beside the server.
  if (const auto pg_config = finder.nothing_found() ? find_program("pg_config") : std::nullopt) {
    const ProcessResult result = run_process({*pg_config, "--bindir"});
    if (result.succeeded()) finder.add(std::string(trim(result.output)));
  }
  return std::move(finder).newest_first();
}

}  // namespace contraflow::pg
