// SPDX-License-Identifier: Apache-2.0
//
// Vitest over Prisma's client with the pg adapter: the statements go the way that the application's go, so types and errors come back as it sees them.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "testgen/stack.h"

namespace contraflow::testgen {
namespace {

namespace fs = std::filesystem;

// What stands in the suite beside the test files. The transaction stays open from the first test of a file to its last: Prisma has it for the length of a call, which
// waits here for the end of the file. A refused statement must not end it, therefore the savepoints.
constexpr const char* kShared = R"(// Written by contraflow tests: what its test files share.
import { PrismaPg } from '@prisma/adapter-pg';
import { afterAll, beforeAll, expect } from 'vitest';
import { PrismaClient } from @CLIENT@;
@IMPORT@
// DATABASE_URL, or PGHOST, PGDATABASE and so on where it is not set.
const url = process.env.DATABASE_URL;
const prisma = new PrismaClient({ adapter: new PrismaPg(url ? { connectionString: url } : {}) })@EXTENDED@;

type Transaction = Omit<typeof prisma, '$connect' | '$disconnect' | '$on' | '$transaction' | '$extends' | '$use'>;
type Row = (string | null)[];
let transaction: Transaction;

/** Everything that the file writes is rolled back. */
export function rolledBack() {
  const over = new Error('rolled back');
  let end = () => {};
  let done: Promise<unknown> = Promise.resolve();
  beforeAll(
    () =>
      new Promise<void>((ready, fail) => {
        done = prisma
          .$transaction(
            (opened) => {
              transaction = opened;
              run('SET CONSTRAINTS ALL IMMEDIATE').then(ready, fail);
              return new Promise((_, reject) => {
                end = () => reject(over);
              });
            },
            { maxWait: 30_000, timeout: 600_000 },
          )
          .catch((error) => {
            if (error !== over) fail(error);
          });
      }),
  );
  afterAll(async () => {
    end();
    await done;
    await prisma.$disconnect();
  });
}

export async function run(statement: string) {
  await transaction.$executeRawUnsafe(statement);
}

/** The SQLSTATE that the server refuses the statement with, and what it says; nothing where it takes it. */
async function refusal(statement: string): Promise<{ sqlstate: string; message: string } | undefined> {
  await run('SAVEPOINT contraflow');
  try {
    await run(statement);
    await run('RELEASE SAVEPOINT contraflow');
  } catch (error) {
    await run('ROLLBACK TO SAVEPOINT contraflow');
    return { sqlstate: sqlstateOf(error), message: causeOf(error)?.originalMessage ?? String(error) };
  }
}

function causeOf(error: unknown) {
  return (error as { meta?: { driverAdapterError?: { cause?: { originalCode?: string; originalMessage?: string } } } }).meta?.driverAdapterError?.cause;
}

function sqlstateOf(error: unknown) {
  return causeOf(error)?.originalCode ?? 'unknown';
}

export async function lives(statement: string) {
  expect(await refusal(statement)).toBeUndefined();
}

export async function refuses(statement: string, sqlstate: string) {
  expect(await refusal(statement)).toMatchObject({ sqlstate });
}

/** Exactly these rows, in whatever order. */
export async function gives(query: string, rows: Row[]) {
  const found = (await transaction.$queryRawUnsafe<Record<string, string | null>[]>(query)).map((row) => Object.values(row));
  const sorted = (list: Row[]) => [...list].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  expect(sorted(found)).toEqual(sorted(rows));
}

/** After the statements, which leave nothing behind, exactly these rows, each as one text; or "refused: SQLSTATE". */
export async function shows(first: string[], query: string, rows: string[]) {
  let found: (string | null)[] = [];
  await run('SAVEPOINT contraflow_shows');
  try {
    for (const statement of first) await run(statement);
    const given = await transaction.$queryRawUnsafe<{ row: string | null }[]>(`SELECT contraflow_row::text AS row FROM (${query}) AS contraflow_row`);
    found = given.map(({ row }) => row);
  } catch (error) {
    found = [`refused: ${sqlstateOf(error)}`];
  }
  await run('ROLLBACK TO SAVEPOINT contraflow_shows');
  expect(found.sort()).toEqual([...rows].sort());
}

/** As many rows, by a call of the client as the application makes it. */
export async function finds(call: (client: Transaction) => PromiseLike<unknown>, rows: number) {
  let found: unknown;
  try {
    found = await call(transaction);
  } catch (error) {
    if ((error as { code?: string }).code !== 'P2025') throw error; // the …OrThrow of nothing
  }
  expect(Array.isArray(found) ? found.length : typeof found === 'number' ? found : found ? 1 : 0).toBe(rows);
}
)";

// The project's own run of Vitest takes *.test.ts and must not take these: they need a database in the state that they are about.
constexpr const char* kConfig = R"(// Written by contraflow tests. DATABASE_URL=… npx vitest run --root THIS_FOLDER 1_expand
import { defineConfig } from 'vitest/config';

export default defineConfig({ test: { include: ['*.phase.ts'], fileParallelism: false, testTimeout: 60_000, hookTimeout: 60_000 } });
)";

// What an assertion says, without the calls that led to it.
std::string before_stack(const std::string& message) { return message.substr(0, message.find("\n    at ")); }

// TypeScript's string literals are JSON's.
std::string ts_string(const std::string& text) { return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

std::string rows_of(const std::vector<std::vector<pg::Value>>& rows) {
  std::vector<std::string> lines;
  for (const auto& row : rows) {
    std::vector<std::string> values;
    for (const pg::Value& value : row) values.push_back(value ? ts_string(*value) : "null");
    lines.push_back(fmt::format("[{}]", join(values, ", ")));
  }
  return fmt::format("[{}]", join(lines, ", "));
}

class Vitest : public Stack {
 public:
  explicit Vitest(VitestProject project) : project_(std::move(project)) {}

  std::string ending() const override { return ".phase.ts"; }

  std::string text(const TestFile& file, const std::string& title) const override {
    std::string body, before;
    std::string group = "rows";  // not begun yet: Vitest refuses a group without tests
    bool open = false;
    for (const Assertion& assertion : file.assertions()) {
      std::string call;
      switch (assertion.kind) {
        case Assertion::Kind::heading: group = assertion.says; continue;
        case Assertion::Kind::run: before += fmt::format("    await run({});\n", ts_string(assertion.statement)); continue;
        case Assertion::Kind::lives: call = fmt::format("lives({})", ts_string(assertion.statement)); break;
        case Assertion::Kind::refuses: call = fmt::format("refuses({}, {})", ts_string(assertion.statement), ts_string(assertion.sqlstate)); break;
        case Assertion::Kind::shows: {
          std::vector<std::string> first, rows;
          for (const std::string& statement : assertion.first) first.push_back(ts_string(statement));
          for (const auto& row : assertion.rows) rows.push_back(ts_string(row[0].value_or("")));
          call = fmt::format("shows([{}], {}, [{}])", join(first, ", "), ts_string(assertion.statement), join(rows, ", "));
          break;
        }
        case Assertion::Kind::gives:
          if (!assertion.client.empty() && !project_.extension.empty()) {
            // findUnique and findFirst return one row of however many there are.
            const bool many = assertion.client.find(".findMany(") != std::string::npos || assertion.client.find(".count(") != std::string::npos;
            const std::string rows = assertion.rows[0][0].value_or("0");
            call = fmt::format("finds((client) => client.{}, {})", assertion.client, many || rows == "0" ? rows : "1");
            break;
          }
          call = fmt::format("gives({}, {})", ts_string(assertion.statement), rows_of(assertion.rows));
          break;
      }
      if (!group.empty()) body += fmt::format("{}\ndescribe({}, () => {{\n", open ? "});\n" : "", ts_string(group));
      open = true;
      group.clear();
      body += fmt::format("  test({}, async () => {{\n{}    await {};\n  }});\n", ts_string(assertion.says), before, call);
      before.clear();
    }
    if (open) body += "});\n";
    if (file.tests() == 0) body = "\ntest.skip('no row to test with, or nothing that rows could show', () => {});\n";
    return fmt::format(
        "// {}\n"
        "// Written by contraflow tests; vitest runs it. Everything is rolled back.\n"
        "import {{ describe, test }} from 'vitest';\n"
        "import {{ {}gives, lives, refuses, rolledBack, run{} }} from './contraflow';\n\nrolledBack();\n{}",
        title, body.find("await finds(") == std::string::npos ? "" : "finds, ", body.find("await shows(") == std::string::npos ? "" : ", shows", body);
  }

  std::map<std::string, std::string> shared_files() const override {
    std::string shared = replace_all(kShared, "@CLIENT@", ts_string(project_.client));
    shared = replace_all(shared, "@IMPORT@", project_.extension.empty() ? "" : fmt::format("import {{ softDelete }} from {};\n", ts_string(project_.extension)));
    return {{"contraflow.ts", replace_all(shared, "@EXTENDED@", project_.extension.empty() ? "" : ".$extends(softDelete)")}, {"vitest.config.ts", kConfig}};
  }

  void require(pg::Sandbox&, const std::string&) const override {
    if (!fs::exists(program()))
      throw Error(ErrorCode::environment, fmt::format("Vitest is not installed: there is no {}", program().string()), fmt::format("npm install in {}", project_.root.string()));
  }

  FileRun run(const std::string& conninfo, const fs::path& file, const std::string& state) const override {
    FileRun out{.state = state, .file = file.filename().string(), .passed = 0, .failures = {}, .broken = {}};
    const TemporaryFolder report("contraflow-vitest");
    const fs::path json = report.path() / "report.json";
    std::vector<std::pair<std::string, std::string>> environment = environment_of(conninfo);
    environment.emplace_back("DATABASE_URL", "");  // never the application's own database
    const ProcessResult result = run_process({fs::absolute(program()).string(), "run", "--root", fs::absolute(file).parent_path().string(), "--reporter=json", "--outputFile=" + json.string(), file.filename().string()},
                                             {.input = {}, .environment = environment, .folder = fs::absolute(project_.root).string(), .timeout = std::chrono::minutes(5)});
    if (result.timed_out) {
      out.broken = "it did not end within 5 minutes";
      return out;
    }
    const auto lines = [](const std::string& text) {
      std::vector<std::string> all = split_lines(text);
      if (all.size() > 6) all.resize(6);
      return join(all, "\n");
    };
    try {
      const nlohmann::json said = nlohmann::json::parse(read_file(json));
      for (const auto& suite : said.at("testResults")) {
        for (const auto& test : suite.at("assertionResults")) {
          const std::string status = test.at("status");
          if (status == "passed") ++out.passed;
          if (status != "failed") continue;
          std::string failure = test.at("title");
          for (const auto& message : test.at("failureMessages")) failure += "\n" + before_stack(message);
          out.failures.push_back(failure);
        }
        const std::string message = suite.at("message");
        if (suite.at("status") == "failed" && out.failures.empty()) out.broken = lines(message.empty() ? "the file could not be run" : message);
      }
      if (said.at("testResults").empty() || (!said.at("success").get<bool>() && out.failures.empty() && out.broken.empty())) out.broken = lines(result.error_output + result.output);
    } catch (const nlohmann::json::exception&) {
      out.broken = lines(result.error_output + result.output);
    } catch (const Error&) {  // no report: it did not come so far
      out.broken = lines(result.error_output + result.output);
    }
    return out;
  }

 private:
  fs::path program() const { return project_.root / "node_modules" / ".bin" / "vitest"; }

  VitestProject project_;
};

}  // namespace

std::unique_ptr<Stack> vitest_stack(VitestProject project) { return std::make_unique<Vitest>(std::move(project)); }

}  // namespace contraflow::testgen
