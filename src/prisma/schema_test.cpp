// SPDX-License-Identifier: Apache-2.0
#include "prisma/schema.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"
#include "prisma/to_sql.h"

namespace contraflow::prisma {
namespace {

constexpr const char* kLoose = R"(generator client {
  provider="prisma-client-js"
      output = "../x"   // c
}
datasource db {
 provider = "postgresql"
   relationMode   = "foreignKeys"
}
// lead comment
/// doc
model User {
id Int @id    @default(autoincrement()) // trailing
   email    String   @db.VarChar( 200 )   @unique
  /// doc for name
  name String?
  // plain
  veryLongFieldName DateTime @default( now() ) @map("very_long")


  a Int
  posts Post[]
  tags   String[]   @default([ "a","b" ])
  @@index([email,name], map: "x")
  @@map("users") // m

  @@unique([ a ,email])
}


model Post {
  id Int @id
  author   User? @relation(fields:[authorId],references: [id], onDelete:Cascade)
  authorId Int?
  x Unsupported("tsvector")?
}
enum Role { 
  ADMIN   @map("admin")
  USER   // u
  LONGER_NAME @map("l")

  @@map("role")
}
)";

// What prisma format 7.10 makes of it.
constexpr const char* kFormatted = R"(generator client {
  provider = "prisma-client-js"
  output   = "../x" // c
}

datasource db {
  provider     = "postgresql"
  relationMode = "foreignKeys"
}

// lead comment
/// doc
model User {
  id                Int      @id @default(autoincrement()) // trailing
  email             String   @unique @db.VarChar(200)
  /// doc for name
  name              String?
  // plain
  veryLongFieldName DateTime @default(now()) @map("very_long")

  a     Int
  posts Post[]
  tags  String[] @default(["a", "b"])

  @@unique([a, email])
  @@index([email, name], map: "x")
  @@map("users") // m
}

model Post {
  id       Int                      @id
  author   User?                    @relation(fields: [authorId], references: [id], onDelete: Cascade)
  authorId Int?
  x        Unsupported("tsvector")?
}

enum Role {
  ADMIN       @map("admin")
  USER // u
  LONGER_NAME @map("l")

  @@map("role")
}
)";

TEST(Prisma, FormatsAsPrismaDoes) {
  EXPECT_EQ(format(kLoose), kFormatted);
  EXPECT_EQ(format(kFormatted), kFormatted);
}

TEST(Prisma, KnowsWhereThingsStand) {
  const Schema schema = parse(kLoose);
  const Block* user = schema.model("User");
  ASSERT_NE(user, nullptr);
  EXPECT_EQ(user->mapped_name(), "users");
  EXPECT_EQ(user->field("veryLongFieldName")->column(), "very_long");
  const Span span = user->field("name")->span;
  EXPECT_EQ(schema.text.substr(span.begin, span.end - span.begin), "name String?");
  EXPECT_TRUE(user->field("tags")->list);
  EXPECT_TRUE(schema.model("Post")->field("x")->optional);
}

TEST(Prisma, RefusesWithThePlace) {
  try {
    parse("model User {\n  id Int @id(\n}\n");
    FAIL();
  } catch (const Error& error) {
    ASSERT_TRUE(error.location());
    EXPECT_EQ(error.location()->line, 3);
  }
  EXPECT_THROW(parse("model User {"), Error);
  EXPECT_THROW(parse("modle User {}"), Error);
  EXPECT_THROW(parse("model A {\n  id\n}"), Error);
}

TEST(Prisma, ValuesAreRead) {
  EXPECT_EQ(list_elements("[a, b(sort: Desc), \"x,y\"]"), (std::vector<std::string>{"a", "b(sort: Desc)", "\"x,y\""}));
  EXPECT_EQ(call_value("dbgenerated(\"gen_random_uuid()\")").name, "dbgenerated");
  EXPECT_EQ(string_value("\"a\\\"b\""), "a\"b");
}

TEST(Prisma, ModelsBecomeSql) {
  EXPECT_EQ(join(to_sql(parse(kFormatted)), ";\n"), R"(CREATE TYPE "role" AS ENUM ('admin', 'USER', 'l');
CREATE TABLE "users" (
    "id" SERIAL NOT NULL,
    "email" VARCHAR(200) NOT NULL,
    "name" TEXT,
    "very_long" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "a" INTEGER NOT NULL,
    "tags" TEXT[] DEFAULT ARRAY['a', 'b']::TEXT[],
    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "Post" (
    "id" INTEGER NOT NULL,
    "authorId" INTEGER,
    "x" tsvector,
    CONSTRAINT "Post_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "users_email_key" ON "users" ("email");
CREATE UNIQUE INDEX "users_a_email_key" ON "users" ("a", "email");
CREATE INDEX "x" ON "users" ("email", "name");
ALTER TABLE "Post" ADD CONSTRAINT "Post_authorId_fkey" FOREIGN KEY ("authorId") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE)");
}

// As Prisma Migrate named them in langfuse (five migrations) and civitai: 63 bytes with the suffix.
TEST(Prisma, LongNamesAreCut) {
  EXPECT_EQ(default_name("annotation_queue_items", {"object_id", "object_type", "project_id", "queue_id"}, "_idx"), "annotation_queue_items_object_id_object_type_project_id_que_idx");
  EXPECT_EQ(default_name("observation_media", {"project_id", "trace_id", "observation_id", "media_id", "field"}, "_key"), "observation_media_project_id_trace_id_observation_id_media__key");
  EXPECT_EQ(default_name("in_app_agent_pending_tool_approvals", {"conversation_id", "project_id"}, "_fkey"), "in_app_agent_pending_tool_approvals_conversation_id_projec_fkey");
  EXPECT_EQ(default_name("ModelVersionSponsorshipSettings", {"modelVersionMonetizationId"}, "_key"), "ModelVersionSponsorshipSettings_modelVersionMonetizationId_key");
  EXPECT_EQ(default_name(std::string(58, 'a') + "é", {}, "_key"), std::string(58, 'a') + "_key");  // not through a character
}

TEST(Prisma, ManyToManyAndTypesThatDoNotExist) {
  const auto sql = to_sql(parse("model A {\n  id Int @id\n  bs B[]\n}\nmodel B {\n  id String @id @db.Uuid\n  as A[]\n}\n"));
  EXPECT_EQ(sql[2], "CREATE TABLE \"_AToB\" (\n    \"A\" INTEGER NOT NULL,\n    \"B\" UUID NOT NULL,\n    CONSTRAINT \"_AToB_AB_pkey\" PRIMARY KEY (\"A\", \"B\")\n)");
  EXPECT_THROW(to_sql(parse("model A {\n  id Foo @id\n}\n")), Error);
  EXPECT_THROW(to_sql(parse("datasource db {\n  provider = \"mysql\"\n}\n")), Error);
}

}  // namespace
}  // namespace contraflow::prisma
