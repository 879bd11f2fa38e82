// SPDX-License-Identifier: Apache-2.0
#include "pg/sandbox.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/error.h"
#include "base/text.h"
#include "pg/connection.h"

namespace contraflow::pg {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

bool disappears(const fs::path& path) {
  for (int tries = 0; tries < 1000; ++tries) {
    if (!fs::exists(path)) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

// The sandbox's own folder: the socket lies in <folder>/run.
fs::path folder_of(const Sandbox& sandbox) { return fs::path(sandbox.host()).parent_path(); }

long postmaster_of(const fs::path& folder) {
  std::ifstream file(folder / "data" / "postmaster.pid");
  long pid = 0;
  file >> pid;
  return pid;
}

// A sandbox owned by a child process, which ends by `signal`. Returns what the child wrote: the folder.
fs::path folder_of_killed_owner(int signal) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const Sandbox sandbox;
    const std::string folder = folder_of(sandbox);
    if (::write(ends[1], folder.data(), folder.size()) < 0) ::_exit(1);
    for (;;) ::pause();
  }
  char buffer[512];
  const ssize_t got = ::read(ends[0], buffer, sizeof buffer);
  const fs::path folder = std::string(buffer, got > 0 ? static_cast<std::size_t>(got) : 0);
  EXPECT_TRUE(fs::exists(folder / "data" / "PG_VERSION")) << folder;
  ::kill(child, signal);
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  ::close(ends[1]);
  return folder;
}

TEST(FindServers, NewestFirstEachOnce) {
  const std::vector<ServerBinaries> servers = find_servers();
  ASSERT_FALSE(servers.empty()) << "install PostgreSQL, or set CONTRAFLOW_PG_BINDIR";
  for (std::size_t i = 1; i < servers.size(); ++i) {
    EXPECT_GE(servers[i - 1].major, servers[i].major);
    EXPECT_NE(servers[i - 1].bindir, servers[i].bindir);
  }
  EXPECT_TRUE(servers[0].version.starts_with(std::to_string(servers[0].major)));
  EXPECT_EQ(find_servers({servers[0].bindir, servers[0].bindir + "/../bin"}).size(), servers.size());
  EXPECT_THROW(find_servers({"/nonexistent"}), Error);
}

// Not even a superuser, by no detour: what a source's DO block hides is read by nobody before it runs.
TEST(Sandbox, StartsNoProgramUnlessAllowed) {
  for (const bool allowed : {false, true}) {
    Sandbox sandbox({.programs = allowed});
    Connection connection(sandbox.create_database("programs"));
    connection.execute("CREATE TABLE t (a text)");
    const auto run = [&] { connection.execute("DO $$ BEGIN EXECUTE 'COPY t FROM PRO' || 'GRAM ''echo started'''; END $$"); };
    if (allowed)
      EXPECT_NO_THROW(run());
    else
      EXPECT_THROW(run(), ServerError);
    EXPECT_EQ(connection.execute("SELECT FROM t").rows(), allowed ? 1 : 0);
    // It goes on as ever: files of its own, workers, extensions.
    EXPECT_NO_THROW(connection.execute("CREATE TABLE u AS SELECT generate_series(1, 1000) n; CREATE INDEX ON u (n); ANALYZE u; CHECKPOINT"));
  }
}

// Landlock: a path is no matter for seccomp. Where the kernel has none, docs/rehearse.md says what is left.
TEST(Sandbox, WritesNoFileOfThisMachineUnlessAllowed) {
  if (::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1) GTEST_SKIP() << "this kernel has no Landlock";
  for (const bool allowed : {false, true}) {
    Sandbox sandbox({.programs = allowed});
    Connection connection(sandbox.create_database("files"));
    connection.execute("SELECT lo_from_bytea(4711, 'x')");
    const fs::path reached = fs::temp_directory_path() / fmt::format("contraflow-reached-{}-{}", ::getpid(), allowed);
    for (const char* how : {"COPY (SELECT 1) TO '{}'", "SELECT lo_export(4711, '{}')"}) {
      const auto run = [&] { connection.execute(fmt::format("DO $do$ BEGIN EXECUTE $sql${}$sql$; END $do$", replace_all(how, "{}", reached.string()))); };
      if (allowed)
        EXPECT_NO_THROW(run()) << how;
      else
        EXPECT_THROW(run(), ServerError) << how;
      EXPECT_EQ(fs::exists(reached), allowed) << how;
      fs::remove(reached);
    }
    // It goes on as ever: files, sorts and tablespaces of its own, renames from folder to folder.
    EXPECT_NO_THROW(connection.execute("SET work_mem = '64kB'; CREATE TABLE u AS SELECT generate_series(1, 100000) n ORDER BY 1 DESC; CREATE INDEX ON u (n); ANALYZE u; SELECT pg_switch_wal()"));
    EXPECT_NO_THROW(connection.execute("VACUUM FULL u"));
    EXPECT_NO_THROW(connection.execute("CHECKPOINT"));
    EXPECT_NO_THROW(connection.execute("SET allow_in_place_tablespaces = on"));
    EXPECT_NO_THROW(connection.execute("CREATE TABLESPACE beside LOCATION ''"));
    EXPECT_NO_THROW(connection.execute("ALTER TABLE u SET TABLESPACE beside; DROP TABLE u"));
    EXPECT_NO_THROW(connection.execute("CHECKPOINT"));
    EXPECT_NO_THROW(connection.execute("DROP TABLESPACE beside"));
    EXPECT_NO_THROW(connection.execute("COPY (SELECT 1) TO '/dev/null'"));
  }
}

TEST(Sandbox, StartsWithoutTcpAndLeavesNothing) {
  { const Sandbox cold; }
  const auto start = std::chrono::steady_clock::now();
  Sandbox sandbox;
  const auto ready = std::chrono::steady_clock::now();
  const fs::path folder = folder_of(sandbox);
  {
    Connection connection(sandbox.create_database("Shop: \"x\""));
    EXPECT_EQ(connection.server_major(), sandbox.major());
    EXPECT_EQ(connection.execute("show listen_addresses").text(0, 0), "");
    EXPECT_EQ(connection.execute("show fsync").text(0, 0), "off");
    EXPECT_EQ(connection.execute("show server_encoding").text(0, 0), "UTF8");
    EXPECT_EQ(connection.execute("select current_user").text(0, 0), sandbox.user());
    EXPECT_EQ(connection.execute("select lower('ÄÖ')").text(0, 0), "äö");
  }
  const long postmaster = postmaster_of(folder);
  EXPECT_EQ(::kill(static_cast<pid_t>(postmaster), 0), 0);
  const auto stop = std::chrono::steady_clock::now();
  sandbox = Sandbox();
  EXPECT_FALSE(fs::exists(folder));
  EXPECT_NE(::kill(static_cast<pid_t>(postmaster), 0), 0);
  const auto milliseconds = [](auto duration) {
    return std::chrono::duration<double, std::milli>(duration).count();
  };
  fmt::print("warm start {:.0f} ms; stop and start of another {:.0f} ms\n", milliseconds(ready - start),
             milliseconds(std::chrono::steady_clock::now() - stop));
}

TEST(Sandbox, EachFoundMajorWorks) {
  for (const ServerBinaries& server : find_servers()) {
    Sandbox sandbox(
        {.major = server.major, .bindirs = {server.bindir}, .url = "", .settings = {"wal_level = logical"}});
    EXPECT_EQ(sandbox.major(), server.major);
    const std::string source = sandbox.create_database("source");
    Connection(source).execute("create table t (a int); insert into t values (7)");
    const std::string copy = sandbox.create_database("copy", source);
    EXPECT_EQ(Connection(copy).execute("select a from t").integer(0, 0), 7);
    EXPECT_EQ(Connection(copy).execute("show wal_level").text(0, 0), "logical");
    const Connection still_open(copy);
    sandbox.drop_database(copy);
    EXPECT_THROW(Connection{copy}, Error);
    EXPECT_THROW(sandbox.drop_database(copy), Error);
    EXPECT_THROW(sandbox.create_database("x", "dbname=elsewhere"), Error);
  }
}

TEST(Sandbox, ManyAtOnceDoNotCollide) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([i] {
      Sandbox sandbox;
      Connection connection(sandbox.create_database("many"));
      connection.execute(fmt::format("create table t as select {} as a", i));
      EXPECT_EQ(connection.execute("select a from t").integer(0, 0), i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Sandbox, NothingRemainsAfterSignals) {
  for (const int signal : {SIGKILL, SIGINT, SIGTERM}) {
    const fs::path folder = folder_of_killed_owner(signal);
    EXPECT_TRUE(disappears(folder)) << folder << " after signal " << signal;
  }
}

TEST(Sandbox, CollectsWhatADeadGuardianLeft) {
  // Owner and guardian killed at once, as when a container is stopped: the guardian is the postmaster's
  // parent.
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const Sandbox sandbox;
    const fs::path folder = folder_of(sandbox);
    std::ifstream status(fmt::format("/proc/{}/stat", postmaster_of(folder)));
    std::string pid, name, state;
    long guardian = 0;
    status >> pid >> name >> state >> guardian;
    const std::string text = folder.string();
    if (::write(ends[1], text.data(), text.size()) < 0) ::_exit(1);
    ::kill(static_cast<pid_t>(guardian), SIGKILL);
    ::kill(::getpid(), SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  char buffer[512];
  const ssize_t got = ::read(ends[0], buffer, sizeof buffer);
  const fs::path folder = std::string(buffer, got > 0 ? static_cast<std::size_t>(got) : 0);
  ::close(ends[0]);
  ::close(ends[1]);
  ASSERT_TRUE(fs::exists(folder));
  const Sandbox next;
  // Another test's sandbox that starts at the same moment may be the one that removes it.
  for (int i = 0; i < 50 && fs::exists(folder); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_FALSE(fs::exists(folder));
}

TEST(Sandbox, SaysWhatIsMissing) {
  try {
    const Sandbox sandbox({.major = 9, .bindirs = {}, .url = "", .settings = {}});
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::environment);
    EXPECT_NE(error.hint().find("apt-get install postgresql-9"), std::string::npos);
  }
  try {
    const Sandbox sandbox({.major = {}, .bindirs = {}, .url = "", .settings = {"no_such_setting = 1"}});
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("no_such_setting"), std::string::npos) << error.message();
  }
}

TEST(SandboxUrl, UsesAServerOfTheUsersAndDropsItsDatabases) {
  Sandbox server;
  const std::string url =
      fmt::format("postgresql://postgres@/postgres?host={}&port={}", server.host(), server.port());
  const std::string count = "select count(*) from pg_database where datname like 'contraflow%'";
  Connection observer(url);
  {
    Sandbox first({.major = server.major(), .bindirs = {}, .url = url, .settings = {}});
    Sandbox second({.major = {}, .bindirs = {}, .url = url, .settings = {}});
    const std::string source = first.create_database("same");
    Connection(source).execute("create table t (a int)");
    EXPECT_NO_THROW(Connection(first.create_database("same", source)).execute("select a from t"));
    second.create_database("same");
    EXPECT_EQ(observer.execute(count).integer(0, 0), 3);
    EXPECT_EQ(first.host(), server.host());
    EXPECT_THROW(Sandbox({.major = 9, .bindirs = {}, .url = url, .settings = {}}), Error);
    EXPECT_EQ(observer.execute(count).integer(0, 0),
              3);  // a third on the same server leaves the living alone
  }
  EXPECT_EQ(observer.execute(count).integer(0, 0), 0);
  observer.execute("create database contraflow_sb_0123abcd_left_1");  // of an owner that was killed
  { const Sandbox next({.major = {}, .bindirs = {}, .url = url, .settings = {}}); }
  EXPECT_EQ(observer.execute(count).integer(0, 0), 0);
}

}  // namespace
}  // namespace contraflow::pg
