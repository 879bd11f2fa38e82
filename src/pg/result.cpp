// SPDX-License-Identifier: Apache-2.0
#include "pg/result.h"

#include <charconv>

#include "pg/text_array.h"

namespace contraflow::pg {

Result::Result() = default;
Result::~Result() = default;
Result::Result(Result&&) noexcept = default;
Result& Result::operator=(Result&&) noexcept = default;
Result::Result(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

int Result::rows() const { return impl_ ? PQntuples(impl_->result.get()) : 0; }
int Result::columns() const { return impl_ ? PQnfields(impl_->result.get()) : 0; }

std::string Result::column_name(int column) const {
  const char* name = impl_ ? PQfname(impl_->result.get(), column) : nullptr;
  return name ? name : "";
}

unsigned Result::column_type(int column) const { return PQftype(impl_->result.get(), column); }

int Result::column_modifier(int column) const { return PQfmod(impl_->result.get(), column); }

bool Result::is_null(int row, int column) const {
  return !impl_ || PQgetisnull(impl_->result.get(), row, column) != 0;
}

std::string_view Result::text(int row, int column) const {
  if (!impl_) return {};
  const auto length = PQgetlength(impl_->result.get(), row, column);  // 0 and "" for NULL
  return {PQgetvalue(impl_->result.get(), row, column), static_cast<std::size_t>(length)};
}

bool Result::boolean(int row, int column) const { return impl_ && *PQgetvalue(impl_->result.get(), row, column) == 't'; }

// A catalog is a million of these: the value ends in a NUL, so that its length need not be asked for.
long long Result::integer(int row, int column) const {
  const char* at = impl_ ? PQgetvalue(impl_->result.get(), row, column) : "";
  const bool negative = *at == '-';
  if (negative) ++at;
  unsigned long long value = 0;
  for (; *at >= '0' && *at <= '9'; ++at) value = value * 10 + static_cast<unsigned long long>(*at - '0');
  return static_cast<long long>(negative ? 0 - value : value);
}

std::vector<std::string> Result::text_array(int row, int column) const {
  if (is_null(row, column)) return {};
  return parse_text_array(text(row, column));
}

std::string Result::command_tag() const { return impl_ ? PQcmdStatus(impl_->result.get()) : ""; }

long long Result::rows_affected() const {
  const std::string_view digits = impl_ ? PQcmdTuples(impl_->result.get()) : "";
  long long value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

}  // namespace contraflow::pg
