// SPDX-License-Identifier: Apache-2.0
//
// The reads of a code base on tables with soft delete, as statements that a test can run.
#pragma once

#include <string>
#include <vector>

#include "code/code_patch.h"

namespace contraflow::code {

struct DeletedRead {
  std::string file;
  int line = 1;
  std::string function;      // around it, may be empty
  std::string call;          // prisma.user.findUnique; empty for SQL
  sql::QualifiedName table;  // whose deleted rows it is about
  std::string statement;     // with $1 …; for Prisma's calls what the client asks the server; empty where `reason` says why there is none
  std::string reason;
  bool sees_deleted = false;  // by rule or comment
  // Prisma's call as TypeScript behind the client: "user.findUnique(", texts[0] $parameters[0] texts[1] …; empty where it cannot be written so.
  std::vector<std::string> texts;
  std::vector<int> parameters;
};

struct DeletedReads {
  std::vector<DeletedRead> reads;
  bool patched = false;   // the code base names the column already: its statements are taken as they stand. Otherwise as patch_code leaves them.
  std::string evidence;   // where it does: "src/a.ts:4"
  std::string extension;  // the file of contraflow's client extension, where the code base has it
};

enum class ReadsAs { found,      // as they stand where the code base names the column, else as patch_code leaves them
                     written,    // as they stand
                     patched };  // as patch_code leaves them

// `facts` with the columns of the soft deletes. Error as scan().
DeletedReads find_deleted_reads(const SchemaFacts& facts, const ScanOptions& scan, const PatchOptions& options, ReadsAs as);

}  // namespace contraflow::code
