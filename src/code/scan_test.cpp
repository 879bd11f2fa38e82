// SPDX-License-Identifier: Apache-2.0
#include "code/scan.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "code/tree.h"

namespace contraflow::code {
namespace {

constexpr const char* kModels = R"(
datasource db {
  provider = "postgresql"
}
model User {
  id    Int    @id
  email String @unique
  name  String?
  posts Post[]
  @@map("users")
}
model Post {
  id       Int  @id
  title    String
  authorId Int  @map("author_id")
  author   User @relation(fields: [authorId], references: [id])
}
)";

SchemaFacts facts() {
  SchemaFacts out;
  add_models(out, prisma::parse(kModels));
  return out;
}

// "3:7 select users(email,id) *!~ statement?": star, unfiltered, nested; the confidence where it is not high.
std::vector<std::string> sites(const std::string& file, const std::string& text) {
  std::vector<std::string> out;
  for (const QuerySite& site : scan_text(file, text, facts())) {
    std::string line = fmt::format("{}:{}", site.line, site.column);
    for (const TableUse& use : site.tables)
      line += fmt::format(" {} {}({}){}{}{}", sql::verb_name(use.verb), use.table.name, use.all_columns ? "all" : join(use.columns, ","), use.star ? "*" : "",
                          use.unfiltered ? "!" : "", use.nested ? "~" : "");
    if (site.confidence != Confidence::high) line += " " + std::string(confidence_name(site.confidence));
    out.push_back(line);
  }
  return out;
}
using Sites = std::vector<std::string>;

TEST(Scan, RareStatements) {
  EXPECT_EQ(sites("a.ts", "db.query('TABLE users');"), Sites{"1:10 select users(email,id,name)*!"});
  EXPECT_EQ(sites("a.py", "cur.execute('table users')"), Sites{"1:13 select users(email,id,name)*!"});
  EXPECT_EQ(sites("a.go", "package a\nfunc f() { db.Exec(`PREPARE p AS UPDATE users SET name = $1 WHERE id = $2`) }"), Sites{"2:20 update users(id,name)"});
  EXPECT_EQ(sites("a.rb", "execute('LOCK TABLE users')"), Sites{"1:9 lock users()"});
  EXPECT_EQ(sites("a.ts", "db.query('VALUES ((SELECT email FROM users WHERE id = 1))');"), Sites{"1:10 select users(email,id)"});
  EXPECT_EQ(sites("a.ts", "db.query('CREATE TABLE kept AS SELECT id FROM users WHERE id < 5');"), Sites{"1:10 ddl kept() select users(id)"});
  // Labels, and names that only a CTE has.
  EXPECT_EQ(sites("a.ts", "const labels = ['Table users', 'Lock users', 'Truncate users', 'Analyze users'];"), Sites{});
  EXPECT_EQ(sites("a.ts", "db.query('WITH users AS (SELECT 1 AS id) SELECT id FROM users');"), Sites{});
  EXPECT_EQ(sites("a.ts", "db.query('CREATE VIEW v AS SELECT id FROM users');"), Sites{});  // --ddl
}

// What a condition decides, and what is put together before the call.
TEST(Scan, PrismaValuesThatMayBeSeveralThings) {
  const auto one = [](const std::string& call) { return sites("a.ts", "async function f(prisma, x, a, b, rows) {\n" + call + "\n}\n"); };
  // A nested write in one arm, as an element of a list, or of what `map` makes.
  EXPECT_EQ(one("await prisma.user.update({ where: { id: 1 }, data: { posts: x ? { deleteMany: { title: a }, create: rows.map((r) => ({ title: r })) } : undefined } });"),
            Sites{"2:7 update users(all) select Post(author_id)~ delete Post(title)~ insert Post(author_id,title)~"});
  EXPECT_EQ(one("await prisma.user.update({ where: { id: 1 }, data: { posts: { connectOrCreate: rows.map((r) => ({ where: { id: r }, create: { title: r } })) } }, select: { id: true } });"),
            Sites{"2:7 update users(id) select Post(author_id,id)~ insert Post(author_id,title)~"});
  EXPECT_EQ(one("await prisma.user.update({ where: { id: 1 }, data: { posts: nested(x) }, select: { id: true } });"), Sites{"2:7 update users(id) select Post(author_id)~ medium"});
  // Conditions and selections.
  EXPECT_EQ(one("await prisma.user.count({ where: { email: a, posts: x ? { some: { title: b } } : undefined } });"), Sites{"2:7 select users(email) select Post(author_id,title)~"});
  EXPECT_EQ(one("await prisma.user.count({ where: x ? { email: a } : undefined });"), Sites{"2:7 select users(email)"});
  EXPECT_EQ(one("await prisma.user.findMany({ where: { id: 1 }, select: { id: true, posts: x && { select: { title: true } } } });"), Sites{"2:7 select users(id) select Post(author_id,title)~"});
  EXPECT_EQ(one("await prisma.user.findMany({ where: { id: 1 }, select: x ? { id: true } : undefined });"), Sites{"2:7 select users(all)"});
  // Not all of it is what the name was declared with.
  EXPECT_EQ(one("const where: any = { id: 1 };\nif (x) where.email = a;\nawait prisma.user.count({ where });"), Sites{"4:7 select users(id) medium"});
  EXPECT_EQ(one("const data: any[] = [];\nfor (const r of rows) data.push({ name: r });\nawait prisma.user.createMany({ data });"), Sites{"4:7 insert users(all) medium"});
  EXPECT_EQ(one("let data: any[] = [];\nif (x) { data = build(); }\nawait prisma.user.createMany({ data });"), Sites{"4:7 insert users(all) medium"});
  EXPECT_EQ(one("const where: any = { id: 1 };\nawait prisma.user.count({ where });"), Sites{"3:7 select users(id)"});
}

// A long comment before the statement: 200 characters of it were all that was looked at, and then a word that is not there.
TEST(Scan, StatementAfterALongComment) {
  const std::string comment = "-- " + std::string(2'500, 'x') + "\n";
  EXPECT_EQ(sites("a.ts", "db.query(`" + comment + "SELECT id FROM users WHERE id = 1`);"), Sites{"1:10 select users(id)"});
  EXPECT_EQ(sites("a.py", "db.execute('''/* " + std::string(700, 'x') + " */ FROM users WHERE id = 1''')"), Sites{"1:12 select users() low"});
}

// What Prisma's client sends goes to the database of its models, whatever functions it calls.
TEST(Scan, FunctionsInRawSqlOfPrisma) {
  EXPECT_EQ(sites("a.ts", "db.query(`SELECT iif(id = 1, 1, 2) FROM users WHERE id = 1`);"), Sites{"1:10 select users(id) low"});
  EXPECT_EQ(sites("a.ts", "await prisma.$queryRaw<Row[]>`SELECT iif(id = 1, 1, 2) FROM users WHERE id = 1`;"), Sites{"1:1 select users(id) medium"});
  EXPECT_EQ(sites("a.ts", "const q = Prisma.sql`SELECT iif(id = 1, 1, 2) FROM users WHERE id = 1`;"), Sites{"1:11 select users(id) medium"});
  EXPECT_EQ(sites("a.ts", "tx.$executeRawUnsafe<number>(`DELETE FROM users WHERE myOwn(id)`);"), Sites{"1:30 delete users(id) medium"});
  EXPECT_EQ(sites("a.ts", "clickhouse.$query`SELECT topK(id) FROM users WHERE id = 1`;"), Sites{"1:1 select users(id) low"});
}

// Whose calls they are: by the client's name, or by what only Prisma's client has.
TEST(Scan, ClientsOfPrisma) {
  EXPECT_EQ(sites("a.ts", "const n = await dbRead.user.count();"), Sites{"1:17 select users()!"});
  EXPECT_EQ(sites("a.ts", "const n = await store.user.count();"), Sites{});
  EXPECT_EQ(sites("a.ts", "await store.$executeRaw`SELECT 1`;\nconst n = await store.user.count();"), Sites{"2:17 select users()!"});
  EXPECT_EQ(sites("a.ts", "await store.user.findMany({ select: { id: true } });"), Sites{"1:7 select users(id)! medium"});
}

// Parts of a statement, and what its comments do not hide.
TEST(Scan, FragmentsAndComments) {
  EXPECT_EQ(sites("a.ts", "const more = Prisma.sql`, EXISTS (SELECT 1 FROM users WHERE id = t.id) \"isUser\"`;"), Sites{"1:14 select users() low"});
  EXPECT_EQ(sites("a.ts", "const c = Prisma.sql`\"authorId\" IN (SELECT id FROM users WHERE name = ${x})`;"), Sites{"1:11 select users() low"});
  EXPECT_EQ(sites("a.ts", "const s = ', one (and another)'; const u = '\"users\" (select)';"), Sites{});
  EXPECT_EQ(sites("a.ts", "prisma.$queryRaw`SELECT id FROM users WHERE id ${comparison} ${key}`;"), Sites{"1:1 select users(id) medium"});
  EXPECT_EQ(sites("a.ts", "db.query(`SELECT id -- the user's\n, ${a} ${b}( FROM users -- it's\n WHERE`);"), Sites{"1:10 select users() low"});
}

// What TypeScript has and the grammar lacks is no syntax error.
TEST(Scan, TypesOfModulesAndAmpersandsInJsx) {
  const std::string text =
      "vi.mock('@/db', async (original) => ({ ...(await original<typeof import(\"@/db\")>()) }));\n"
      "const page = <a href=\"/x?a=1&b=2\" title='R&D'>Terms & Conditions &amp; more &nbsp;{a && b}</a>;\n"
      "db.query('SELECT id FROM users WHERE id = 1');\n";
  EXPECT_EQ(sites("a.tsx", text), Sites{"3:10 select users(id)"});
  const Tree tree(text, Language::tsx);
  EXPECT_FALSE(first_error(tree));
  EXPECT_NE(tree.root().text().find("Terms & Conditions"), std::string_view::npos);  // the source's own text
  EXPECT_NE(tree.root().text().find("typeof import"), std::string_view::npos);
  EXPECT_TRUE(first_error(Tree("const a = ;", Language::tsx)));
}

TEST(Scan, PsqlScripts) {
  EXPECT_EQ(sites("a.sql", "\\set x 1\nDELETE FROM users WHERE id = :x;\n\\if :x\nSELECT name FROM users;\n\\endif\n"), (Sites{"2:1 delete users(id)", "4:1 select users(name)!"}));
  EXPECT_EQ(sites("a.sql", "COPY users (id, name) FROM stdin;\n1\ta;b\n\\.\nSELECT id FROM users WHERE id = 1;\n"), (Sites{"1:1 copy users(id,name)", "4:1 select users(id)"}));
  EXPECT_EQ(sites("a.sql", "SELECT id FROM users WHERE id = 1;\nSELECT 'open FROM users;\n"), Sites{"1:1 select users(id)"});
  EXPECT_EQ(sites("A.java", "class A { @Query(\"select name from users where id = ?1 and email = ?2\") String a; }"), Sites{"1:18 select users(email,id,name)"});
}

TEST(Scan, TypeScript) {
  EXPECT_EQ(sites("a.ts", "await prisma.$queryRaw<User[]>`SELECT * FROM users WHERE id = ${id}`;\n"), Sites{"1:1 select users(email,id,name)*"});
  EXPECT_EQ(sites("a.ts", "prisma.$queryRaw<User>`SELECT id FROM users WHERE id = ${id}`;\n"), Sites{"1:1 select users(id)"});
  EXPECT_EQ(sites("a.ts", "const T = 'users';\ndb.query('SELECT id ' + `FROM ${T}` + \" WHERE id = $1\");\n"), Sites{"2:10 select users(id)"});
  EXPECT_EQ(sites("a.ts", "const q = ['SELECT id', 'FROM users', 'WHERE id = ?'].join(' ');\n"), Sites{"1:11 select users(id)"});
  EXPECT_EQ(sites("a.tsx", "const x = <b title=\"select a user from the list\">update your users</b>;\n"), Sites{});
  EXPECT_EQ(sites("a.ts", "const text = 'Select users from the list and delete them';\n"), Sites{});
  EXPECT_EQ(sites("a.js", "sql`SELECT id FROM users ${where} LIMIT 1`;\n"), Sites{"1:1 select users(id)! medium"});
  EXPECT_EQ(sites("a.js", "q(`SELECT id FROM users ${where} LIMIT 1`);\n"), Sites{"1:3 select users(id)! medium"});
}

TEST(Scan, PrismaCalls) {
  EXPECT_EQ(sites("a.ts", "prisma.user.findMany();\n"), Sites{"1:1 select users(all)!"});
  EXPECT_EQ(sites("a.ts", "this.db.user.findUnique({ where: { email }, select: { id: true } });\n"), Sites{"1:1 select users(email,id)"});
  EXPECT_EQ(sites("a.ts", "prisma.post.findMany({ where: { author: { name: 'x' } }, select: { title: true, author: { select: { email: true } } } });\n"),
            Sites{"1:1 select Post(author_id,title) select users(email,name)~"});
  EXPECT_EQ(sites("a.ts", "prisma.$transaction(async (t) => { await t.user.update({ where: { id }, data: { name, posts: { create: { title: 'a' } } }, select: { id: true } }); });\n"),
            Sites{"1:42 update users(id,name) select Post(author_id)~ insert Post(author_id,title)~"});
  EXPECT_EQ(sites("a.ts", "const { user: people } = prisma;\npeople.deleteMany({});\n"), Sites{"2:1 delete users()!"});
  EXPECT_EQ(sites("a.ts", "cache.user.delete('x'); list.post.update(1);\n"), Sites{});
  EXPECT_EQ(sites("a.ts", "x.user.count({ where: { email: 'a' } });\n"), Sites{"1:1 select users(email) medium"});
}

// A table of the same name in another database: claimed by its name alone, and so marked.
// What a call names need not stand in one object literal.
TEST(Scan, PrismaArgumentsInParts) {
  EXPECT_EQ(sites("a.ts", "prisma.user.create({ data: { email, ...(withPost && { posts: { create: { title: 'a' } } }) }, select: { id: true } });\n"),
            Sites{"1:1 insert users(email,id) select Post(author_id)~ insert Post(author_id,title)~"});
  EXPECT_EQ(sites("a.ts", "const base = { id: true };\nprisma.user.findMany({ where: { id: 1 }, select: { ...base, name: true } });\n"), Sites{"2:1 select users(id,name)"});
  EXPECT_EQ(sites("a.ts", "prisma.user.findMany({ where: { id: 1 }, select: { ...elsewhere, name: true } });\n"), Sites{"1:1 select users(all) medium"});
  EXPECT_EQ(sites("a.ts", "prisma.user.findMany({ where: { id: 1 }, ...(brief ? { select: { id: true } } : {}) });\n"), Sites{"1:1 select users(all)"});
  EXPECT_EQ(sites("a.ts", "prisma.post.createMany({ data: titles.map((title) => ({ title, authorId: 1 })) });\n"), Sites{"1:1 insert Post(author_id,title)"});
  EXPECT_EQ(sites("a.ts", "prisma.post.createMany({ data: rows });\n"), Sites{"1:1 insert Post(all) medium"});
  // The condition on a relation is what a function gives: which tables it reads is not known.
  EXPECT_EQ(sites("a.ts", "prisma.post.findMany({ where: { author: visibleTo(me) }, select: { title: true } });\n"), Sites{"1:1 select Post(author_id,title) select users()~ medium"});
  EXPECT_EQ(sites("a.ts", "prisma.post.findMany({ where: { author: undefined }, select: { title: true } });\n"), Sites{"1:1 select Post(author_id,title) select users()~"});
}

TEST(Scan, ConditionsAndCtesOfStatementsMadeElsewhere) {
  EXPECT_EQ(sites("a.ts", "const c = `and exists (\n select 1 from users u where u.id = x.id)`;\n"), Sites{"1:11 select users() low"});
  EXPECT_EQ(sites("a.ts", "const c = Prisma.sql`latest AS (SELECT max(id) FROM users)`;\n"), Sites{"1:11 select users() low"});
  EXPECT_EQ(sites("a.ts", "const c = 'and read the name from users (select one)';\n"), Sites{});
}

TEST(Scan, TypedTemplateInATernary) {
  EXPECT_EQ(sites("a.ts", "const f = (x: number) =>\n  x\n    ? db.$queryRaw<R[]>`SELECT id FROM users WHERE id = ${x}`\n    : db.$queryRaw<R[]>`SELECT name FROM users WHERE true`;\n"),
            (Sites{"3:7 select users(id)", "4:7 select users(name)"}));
}

TEST(Scan, SqlForOtherDatabases) {
  const auto reason = [](const std::string& statement, SchemaFacts known = facts()) {
    const std::vector<QuerySite> found = scan_text("a.ts", "db.query(\"" + statement + "\");\n", known);
    return found.size() != 1 ? std::to_string(found.size()) : std::string(confidence_name(found[0].confidence)) + " " + found[0].reason;
  };
  const std::string other = "SQL for another database";
  EXPECT_EQ(reason("select toStartOfHour(name) from users where id = 1"), "low neither PostgreSQL nor the schema has a function toStartOfHour(): " + other + "?");
  EXPECT_EQ(reason("select id from users where id = {id:UUID}"), "low {name:Type} is ClickHouse's form of a parameter: " + other);
  EXPECT_EQ(reason("select id from users where name = '{id:UUID}'"), "high ");
  EXPECT_EQ(reason("select id from users final prewhere id = 1"),
            "low PostgreSQL's parser refuses it (syntax error at or near \"prewhere\"): " + other + ", or put together at run time");
  EXPECT_TRUE(reason("select `id` from `users` where id = ?").starts_with("low PostgreSQL's parser refuses it")) << reason("select `id` from `users` where id = ?");
  EXPECT_TRUE(reason("select top 10 [id] from [users]").starts_with("low PostgreSQL's parser refuses it"));
  EXPECT_EQ(reason("select strftime('%Y', name) from users"), "low strftime() is SQLite's, and neither PostgreSQL nor the schema has it: " + other);
  // Prisma's models do not say which functions there are.
  EXPECT_TRUE(reason("select similarity(name, 'x') from users").starts_with("medium PostgreSQL itself has no function similarity()"));
  EXPECT_EQ(reason("SELECT Count(*), date_trunc('day', now()), pg_catalog.LOWER(name), coalesce(name, '') FROM users WHERE id = 1"), "high ");
  SchemaFacts known = facts();
  known.complete = true;
  EXPECT_TRUE(reason("select similarity(name, 'x') from users", known).starts_with("low"));
  known.functions.insert("similarity");
  EXPECT_EQ(reason("select similarity(name, 'x') from users where id = 1", known), "high ");
  known.functions.clear();
  known.extensions = true;
  EXPECT_TRUE(reason("select similarity(name, 'x') from users", known).starts_with("medium"));
}

TEST(Scan, OtherLanguages) {
  EXPECT_EQ(sites("a.py", "cur.execute(\"SELECT id FROM users \"\n            \"WHERE name = %s\", (n,))\n"), Sites{"1:13 select users(id,name)"});
  EXPECT_EQ(sites("a.py", "BASE = 'SELECT email FROM users'\nclass A:\n    def f(self):\n        run(BASE + f' WHERE id = {i}')\n"),
            (Sites{"1:8 select users(email)!", "4:13 select users(email,id)"}));
  EXPECT_EQ(sites("a.go", "package a\nfunc f() { db.Query(`SELECT id FROM users WHERE id = @id`) }\n"), Sites{"2:21 select users(id)"});
  EXPECT_EQ(sites("A.java", "class A { String q = \"UPDATE users SET name = ? \" + \"WHERE id = ?\"; }\n"), Sites{"1:22 update users(id,name)"});
  EXPECT_EQ(sites("A.java", "class A { String q = \"\"\"\n  DELETE FROM users\n  WHERE id = :id\"\"\"; }\n"), Sites{"1:22 delete users(id)"});
  EXPECT_EQ(sites("a.rb", "run(<<~SQL)\n  SELECT id FROM users WHERE id = #{id}\nSQL\nx.joins('JOIN users u ON true')\n"),
            (Sites{"1:5 select users(id)", "4:9 select users() low"}));
  EXPECT_EQ(sites("a.sql", "-- x\nDELETE FROM users;\nCREATE TABLE t (id int);\n"), Sites{"2:1 delete users()!"});
}

TEST(Scan, BadInput) {
  EXPECT_EQ(sites("a.ts", std::string("SELECT id FROM users\0x", 22)), Sites{});
  EXPECT_EQ(sites("a.ts", "q(\"SELECT id FROM users WHERE name = '\xff'\")"), Sites{});
  EXPECT_EQ(sites("a.ts", "\xEF\xBB\xBFq(\"SELECT id FROM users\");\r\n"), Sites{"1:3 select users(id)!"});
  EXPECT_EQ(sites("a.ts", "\tif (x {\r\n\tq(\"SELECT id FROM users\");\r\n"), Sites{"2:4 select users(id)!"});
  EXPECT_EQ(sites("a.ts", std::string(200'000, '(') + "\"SELECT id FROM users\""), Sites{});
  EXPECT_EQ(sites("a.ts", "x = \"SELECT id FROM users" + std::string(5'000, '(') + "\";"), Sites{"1:5 select users() low"});
}

TEST(Scan, TrackedFilesAloneAndOnceMore) {
  const TemporaryFolder folder;
  const auto root = folder.path();
  const auto git = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"git", "-C", root.string(), "-c", "user.name=t", "-c", "user.email=t@example.com"});
    EXPECT_TRUE(run_process(arguments).succeeded());
  };
  git({"init", "-q"});
  write_file(root / "src/a.ts", "prisma.user.findMany();\n");
  write_file(root / "ignored/b.ts", "prisma.user.findMany();\n");
  write_file(root / "min.js", "q(\"SELECT id FROM users\");" + std::string(200'000, ';'));
  write_file(root / ".gitignore", "ignored\n");
  std::filesystem::create_symlink(root / "src", root / "src/loop");
  std::filesystem::create_symlink(root / "src/a.ts", root / "link.ts");
  git({"add", "-A"});
  git({"commit", "-qm", "x"});
  write_file(root / "new.ts", "prisma.user.count();\n");
  ScanOptions options{.root = root, .tables = {"users"}, .cache = false};
  const ScanResult tracked = scan(facts(), options);
  ASSERT_EQ(tracked.sites.size(), 1u);
  EXPECT_EQ(tracked.sites[0].file, "src/a.ts");
  ASSERT_EQ(tracked.skipped.size(), 1u);
  EXPECT_EQ(tracked.skipped[0].file, "min.js");
  options.untracked = true;
  EXPECT_EQ(scan(facts(), options).sites.size(), 2u);
  options.untracked = false;
  write_file(root / "src/a.ts", "\n");
  EXPECT_EQ(scan(facts(), options).sites.size(), 0u);
  options.revision = "HEAD";
  EXPECT_EQ(scan(facts(), options).sites.size(), 1u);
}

}  // namespace
}  // namespace contraflow::code
