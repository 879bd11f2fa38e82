// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/source.h"
#include "cli/command.h"
#include "code/schema_facts.h"
#include "prisma/schema.h"

namespace contraflow::cli {

struct CodeSchemaOptions {
  std::string schema;  // --schema SOURCE; empty: what is found
  std::string prisma;  // --prisma FILE or folder; empty: what is found in the code base
  std::string root = ".";
  std::string revision;
  std::vector<std::string> bindirs;
  std::string sandbox_url;
};

struct CodeSchema {
  code::SchemaFacts facts;
  std::optional<prisma::Schema> models;
  std::string source;  // what the tables were taken from: "db/schema.sql", "prisma/schema.prisma"; empty: nothing was found
  std::vector<std::string> notes;
};

// "config:database" is [database] url: the tools of `contraflow mcp` name it so, because they do not know it. Error{usage} where none is configured.
std::string named_source(const Context& context, const std::string& source);

// Content that decides what a source of files loads; empty where it cannot be told without loading it.
std::string source_content(const catalog::Source& source);

catalog::LoadOptions load_options(const Context& context, const std::vector<std::string>& bindirs, const std::string& sandbox_url);

// The schema that sites are resolved against: --schema, else the code base's schema.prisma, else [project] migrations. Facts of SQL files are
// kept in the user's cache by their content, so that a second run starts no server.
CodeSchema code_schema(const Context& context, const CodeSchemaOptions& options);

// The schema.prisma of PostgreSQL among the tracked files of a code base, that with most models where there are several; nothing where there is none.
// `revision`: as it was there in git; empty: the working tree.
std::optional<prisma::Schema> find_prisma_schema(const std::string& root, const std::string& revision = "");

}  // namespace contraflow::cli
