// SPDX-License-Identifier: Apache-2.0
#include "pg/connection.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "pg/conninfo.h"
#include "pg/sandbox.h"
#include "pg/text_array.h"

namespace contraflow::pg {
namespace {

using Strings = std::vector<std::string>;

class LiveConnection : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    sandbox_ = std::make_unique<Sandbox>();
    conninfo_ = sandbox_->create_database("connection");
  }
  static void TearDownTestSuite() { sandbox_.reset(); }
  static inline std::unique_ptr<Sandbox> sandbox_;
  static inline std::string conninfo_;
  Connection connection_{conninfo_};
};

std::string sqlstate_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const ServerError& error) {
    return error.sqlstate();
  }
  return "no error";
}

TEST(TextArray, ReadsWhatTheServerWrites) {
  EXPECT_EQ(parse_text_array("{}"), Strings{});
  EXPECT_EQ(parse_text_array("{a,b}"), (Strings{"a", "b"}));
  EXPECT_EQ(parse_text_array(R"({"a,b","say \"x\"","back\\slash",NULL,"NULL",""})"),
            (Strings{"a,b", "say \"x\"", "back\\slash", "", "NULL", ""}));
  EXPECT_EQ(parse_text_array("[0:1]={a,b}"), (Strings{"a", "b"}));
  EXPECT_EQ(parse_text_array("{{a,b},{c,d}}"), (Strings{"a", "b", "c", "d"}));
  EXPECT_THROW(parse_text_array("a"), std::logic_error);
  EXPECT_THROW(parse_text_array("{\"a}"), std::logic_error);
}

TEST(Conninfo, ReplacesOneSettingAndQuotes) {
  EXPECT_EQ(with_setting("host=h dbname=a password='x y'", "dbname", "it's"),
            R"(password='x y' host=h dbname='it\'s')");
  EXPECT_EQ(with_setting("postgresql://me@h:6000/a", "dbname", "b"), "user=me host=h port=6000 dbname=b");
  EXPECT_EQ(with_setting("shop", "application_name", "x"), "dbname=shop application_name=x");
}

TEST(Conninfo, ErrorsNameNoPassword) {
  for (const char* conninfo :
       {"host=h password=hunter2 x", "postgresql://me:hun%zzter2@h/db", "password='hunter2"}) {
    try {
      check_conninfo(conninfo);
      ADD_FAILURE() << conninfo;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::usage);
      EXPECT_EQ(error.message().find("hun"), std::string::npos) << error.message();
    }
  }
}

TEST(ConnectionFailure, SaysWhereAndHidesThePassword) {
  try {
    Connection connection("host=/nonexistent port=1 user=me dbname=shop password=hunter2");
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::environment);
    EXPECT_NE(error.message().find("host=/nonexistent port=1 dbname=shop user=me"), std::string::npos);
    EXPECT_EQ(error.message().find("hunter2"), std::string::npos) << error.message();
  }
}

TEST_F(LiveConnection, ReturnsValuesAndNulls) {
  const Result result =
      connection_.query("select $1::int, $2::text, true, array['a,b', null, 'ü']", {"42", {}});
  ASSERT_EQ(result.rows(), 1);
  ASSERT_EQ(result.columns(), 4);
  EXPECT_EQ(result.column_name(0), "int4");
  EXPECT_EQ(result.integer(0, 0), 42);
  EXPECT_TRUE(result.is_null(0, 1));
  EXPECT_EQ(result.text(0, 1), "");
  EXPECT_TRUE(result.boolean(0, 2));
  EXPECT_EQ(result.text_array(0, 3), (Strings{"a,b", "", "ü"}));
}

TEST_F(LiveConnection, ExecuteReturnsTheLastResult) {
  const Result result = connection_.execute("create temp table t (a int); insert into t values (1), (2)");
  EXPECT_EQ(result.command_tag(), "INSERT 0 2");
  EXPECT_EQ(result.rows_affected(), 2);
}

TEST_F(LiveConnection, ServerErrorsAreTyped) {
  connection_.execute("create temp table t (a int primary key); insert into t values (1)");
  try {
    connection_.execute("select\n nope from t");
    ADD_FAILURE();
  } catch (const ServerError& error) {
    EXPECT_EQ(error.sqlstate(), "42703");
    EXPECT_EQ(error.position(), 9);
  }
  try {
    connection_.execute("insert into t values (1)");
    ADD_FAILURE();
  } catch (const ServerError& error) {
    EXPECT_EQ(error.sqlstate(), "23505");
    EXPECT_EQ(error.detail(), "Key (a)=(1) already exists.");
  }
  try {
    connection_.execute("do $$ begin raise 'oops' using hint = 'do this'; end $$");
    ADD_FAILURE();
  } catch (const ServerError& error) {
    EXPECT_EQ(error.hint(), "do this");
    EXPECT_NE(error.context().find("PL/pgSQL"), std::string::npos);
  }
}

TEST_F(LiveConnection, PipelineReturnsResultsInOrder) {
  Strings statements{"begin"};
  // Far more than the socket's buffers hold, both ways.
  for (int i = 0; i < 200; ++i)
    statements.push_back("select " + std::to_string(i) + ", repeat('x', 100000) -- " +
                         std::string(10000, 'y'));
  statements.emplace_back("commit");
  const std::vector<Result> results = connection_.pipeline(statements);
  ASSERT_EQ(results.size(), 202U);
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(results[static_cast<std::size_t>(i) + 1].integer(0, 0), i);
    EXPECT_EQ(results[static_cast<std::size_t>(i) + 1].text(0, 1).size(), 100000U);
  }
  EXPECT_FALSE(connection_.in_transaction());
}

TEST_F(LiveConnection, PipelineStopsAtTheFirstErrorAndStaysUsable) {
  connection_.execute("create temp table t (a int)");
  EXPECT_EQ(sqlstate_of([&] {
              connection_.pipeline({"insert into t values (1)", "select 1/0", "selec"});
            }),
            "22012");
  EXPECT_EQ(connection_.execute("select count(*) from t").integer(0, 0), 0);  // one implicit transaction
  EXPECT_TRUE(connection_.pipeline({}).empty());
}

TEST_F(LiveConnection, NoticesReachTheHandlerAndItsExceptionsTheCaller) {
  std::vector<std::string> messages;
  connection_.on_notice(
      [&](const Notice& notice) { messages.push_back(notice.severity + " " + notice.message); });
  connection_.execute("drop table if exists nothing_here");
  EXPECT_EQ(messages, Strings{"NOTICE table \"nothing_here\" does not exist, skipping"});
  connection_.on_notice([](const Notice&) { throw Error(ErrorCode::refused, "stop"); });
  EXPECT_THROW(connection_.execute("drop table if exists nothing_here"), Error);
  connection_.on_notice({});
  EXPECT_NO_THROW(connection_.execute("drop table if exists nothing_here"));
}

TEST_F(LiveConnection, CancelsFromAnotherThread) {
  std::atomic<bool> done = false;
  std::thread canceller([&] {
    while (!done) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      if (!done) connection_.cancel();
    }
  });
  EXPECT_EQ(sqlstate_of([&] { connection_.execute("select pg_sleep(60)"); }), "57014");
  done = true;
  canceller.join();
}

TEST_F(LiveConnection, CopyIsRefusedAndTheConnectionStaysUsable) {
  connection_.execute("create temp table t (a int)");
  EXPECT_THROW(connection_.execute("copy t from stdin"), Error);
  EXPECT_THROW(connection_.execute("copy (select generate_series(1, 100000)) to stdout; select 1"), Error);
  EXPECT_EQ(connection_.execute("select 1").integer(0, 0), 1);
  EXPECT_FALSE(connection_.in_transaction());
}

TEST_F(LiveConnection, ALostConnectionIsNoServerError) {
  Connection other(conninfo_);
  connection_.query("select pg_terminate_backend($1::int)", {std::to_string(other.backend_pid())});
  try {
    other.execute("select 1");
    ADD_FAILURE();
  } catch (const ServerError&) {
    ADD_FAILURE() << "a statement's error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::environment);
  }
}

TEST_F(LiveConnection, NulBytesAreRefused) {
  EXPECT_THROW(connection_.execute(std::string_view("select 1\0; drop", 15)), Error);
}

}  // namespace
}  // namespace contraflow::pg
