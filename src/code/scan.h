// SPDX-License-Identifier: Apache-2.0
//
// Every place of a code base that touches tables.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "code/query_site.h"
#include "code/schema_facts.h"

namespace contraflow::code {

struct ScanOptions {
  std::filesystem::path root = ".";  // files below it; names in the result are relative to it
  std::string revision;              // scan this git revision instead of the working tree
  std::vector<std::string> tables;   // only sites that touch one of these (NAME or SCHEMA.NAME); empty: all
  std::vector<std::string> exclude;  // path patterns with * and ?
  bool untracked = false;            // also files that git neither tracks nor ignores
  bool ddl = false;                  // also DDL statements
  bool cache = true;
  unsigned threads = 0;  // 0: one a core
};

struct SkippedFile {
  std::string file;
  std::string reason;  // "binary", "not UTF-8", "2.4 MB in 3 lines: generated or minified", "syntax errors: …"
};

struct ScanStatistics {
  std::size_t files = 0;  // of a language that is known
  std::size_t bytes = 0;
  std::size_t candidates = 0;  // named a table
  std::size_t parsed = 0;      // not in the cache
  double seconds = 0;
};

struct ScanResult {
  std::vector<QuerySite> sites;  // by file, then by place
  std::vector<SkippedFile> skipped;
  std::vector<std::string> languages_missing;  // files of these were met, but their grammar was not built in
  ScanStatistics statistics;
};

// Error{usage} where the folder or the revision does not exist. A file that cannot be read never ends a scan: it is in `skipped`.
ScanResult scan(const SchemaFacts& facts, const ScanOptions& options);

// The sites of one text; `file` decides the language. For tests and editors.
std::vector<QuerySite> scan_text(const std::string& file, const std::string& text, const SchemaFacts& facts, bool ddl = false);

}  // namespace contraflow::code
