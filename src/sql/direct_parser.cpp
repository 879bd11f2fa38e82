// SPDX-License-Identifier: Apache-2.0
#include "sql/direct_parser.h"

#include <cstdlib>
#include <stdexcept>

#if PG_VERSION_NUM != 150001
#error "compare these declarations with the new libpg_query's source, and its pg_query_nodes_to_protobuf() with what is said here"
#endif

// Functions of libpg_query 15-4.0.0 and of PostgreSQL's memory contexts in it that its header does not declare: src/pg_query_internal.h and
// src/pg_query_outfuncs.h of its source. CMakeLists.txt links the static library, whose version it asks for, and gives the two wrapped ones to us.
extern "C" {
struct PgQueryRawTree {  // PgQueryInternalParsetreeAndError
  void* tree;
  char* stderr_buffer;
  PgQueryError* error;
};
MemoryContextData* pg_query_enter_memory_context(void);
void pg_query_exit_memory_context(MemoryContextData* context);
PgQueryRawTree pg_query_raw_parse(const char* input);
void pg_query_free_error(PgQueryError* error);
PgQueryProtobuf pg_query_nodes_to_protobuf(const void* tree);
void MemoryContextSetParent(MemoryContextData* context, MemoryContextData* parent);
void MemoryContextDelete(MemoryContextData* context);
// NOLINTBEGIN(bugprone-reserved-identifier): the linker's --wrap makes these names
MemoryContextData* __real_AllocSetContextCreateInternal(MemoryContextData* parent, const char* name, size_t least, size_t first_block, size_t largest_block);
MemoryContextData* __wrap_AllocSetContextCreateInternal(MemoryContextData* parent, const char* name, size_t least, size_t first_block, size_t largest_block);
extern __thread MemoryContextData* CurrentMemoryContext;
extern __thread MemoryContextData* TopMemoryContext;

size_t __real_pg_query__parse_result__get_packed_size(const PgQuery__ParseResult* message);
size_t __real_pg_query__parse_result__pack(const PgQuery__ParseResult* message, uint8_t* out);
size_t __wrap_pg_query__parse_result__get_packed_size(const PgQuery__ParseResult* message);
size_t __wrap_pg_query__parse_result__pack(const PgQuery__ParseResult* message, uint8_t* out);
size_t __real_pg_query__scan_result__get_packed_size(const PgQuery__ScanResult* message);
size_t __real_pg_query__scan_result__pack(const PgQuery__ScanResult* message, uint8_t* out);
size_t __wrap_pg_query__scan_result__get_packed_size(const PgQuery__ScanResult* message);
size_t __wrap_pg_query__scan_result__pack(const PgQuery__ScanResult* message, uint8_t* out);
// NOLINTEND(bugprone-reserved-identifier)
}

namespace {
thread_local PgQuery__ParseResult* taken = nullptr;                   // where the tree goes that would be packed
thread_local const contraflow::sql::TokenVisitor* visitor = nullptr;  // to whom the tokens go that would be packed
}  // namespace

// Every block of a tree is of one size, which the allocator has one area for, where PostgreSQL doubles them; and none is the default size, of which PostgreSQL
// keeps a hundred contexts for the thread that deletes them, while others make them.
MemoryContextData* __wrap_AllocSetContextCreateInternal(MemoryContextData* parent, const char* name, size_t least, size_t first_block, size_t largest_block) {
  constexpr size_t kBlock = size_t{7} * 1024;
  if (parent == nullptr || largest_block < kBlock) return __real_AllocSetContextCreateInternal(parent, name, least, first_block, largest_block);
  return __real_AllocSetContextCreateInternal(parent, name, 0, kBlock, kBlock);
}

size_t __wrap_pg_query__parse_result__get_packed_size(const PgQuery__ParseResult* message) {
  if (taken == nullptr) return __real_pg_query__parse_result__get_packed_size(message);
  *taken = *message;
  return 0;
}

size_t __wrap_pg_query__parse_result__pack(const PgQuery__ParseResult* message, uint8_t* out) {
  return taken == nullptr ? __real_pg_query__parse_result__pack(message, out) : 0;
}

size_t __wrap_pg_query__scan_result__get_packed_size(const PgQuery__ScanResult* message) {
  if (visitor == nullptr) return __real_pg_query__scan_result__get_packed_size(message);
  (*visitor)(*message);
  return 0;
}

size_t __wrap_pg_query__scan_result__pack(const PgQuery__ScanResult* message, uint8_t* out) {
  return visitor == nullptr ? __real_pg_query__scan_result__pack(message, out) : 0;
}

namespace contraflow::sql {

void ParserErrorDeleter::operator()(PgQueryError* error) const { pg_query_free_error(error); }

void DirectTree::Delete::operator()(MemoryContextData* context) const { MemoryContextDelete(context); }

std::unique_ptr<PgQueryError, ParserErrorDeleter> DirectTree::parse(const char* text) {
  MemoryContextData* context = pg_query_enter_memory_context();
  const PgQueryRawTree raw = pg_query_raw_parse(text);
  std::free(raw.stderr_buffer);
  if (raw.error != nullptr) {
    pg_query_exit_memory_context(context);
    return std::unique_ptr<PgQueryError, ParserErrorDeleter>(raw.error);
  }
  taken = &result_;
  const PgQueryProtobuf packed = pg_query_nodes_to_protobuf(raw.tree);
  taken = nullptr;
  std::free(packed.data);
  if (packed.len != 0) throw std::logic_error("internal error: the parser was not linked with --wrap");
  // Without a parent the context is no thread's: TopMemoryContext takes its children along when its thread ends.
  MemoryContextSetParent(context, nullptr);
  CurrentMemoryContext = TopMemoryContext;
  context_.reset(context);
  return nullptr;
}

std::unique_ptr<PgQueryError, ParserErrorDeleter> scan_directly(const char* text, const TokenVisitor& visit) {
  visitor = &visit;
  const PgQueryScanResult raw = pg_query_scan(text);
  visitor = nullptr;
  std::free(raw.pbuf.data);
  std::free(raw.stderr_buffer);
  return std::unique_ptr<PgQueryError, ParserErrorDeleter>(raw.error);
}

}  // namespace contraflow::sql
