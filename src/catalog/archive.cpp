// SPDX-License-Identifier: Apache-2.0
#include "catalog/archive.h"

#include <fmt/format.h>

#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <type_traits>

#include "base/hash.h"

namespace contraflow::catalog {
namespace {

struct Writer {
  static constexpr bool kReads = false;
  std::string bytes;
  void raw(void* data, std::size_t size) { bytes.append(static_cast<const char*>(data), size); }
};

// Bytes are trusted only as far as their hash goes: a length beyond the end is an error all the same.
struct Reader {
  static constexpr bool kReads = true;
  std::string_view bytes;
  void raw(void* data, std::size_t size) {
    if (size > bytes.size()) throw std::out_of_range("archive");
    std::memcpy(data, bytes.data(), size);
    bytes.remove_prefix(size);
  }
};

// A structured binding must name every member: a member that is added to the model does not compile until it stands here.
template <class A, class... Members>
void all(A& archive, Members&... members);

// clang-format off
template <class A> void each(A& a, QualifiedName& x) { auto& [schema, name] = x; all(a, schema, name); }
template <class A> void each(A& a, ObjectId& x) { auto& [kind, schema, relation, name, arguments] = x; all(a, kind, schema, relation, name, arguments); }
template <class A> void each(A& a, Grant& x) { auto& [grantee, privilege, grantable, grantor, rank] = x; all(a, grantee, privilege, grantable, grantor, rank); }
template <class A> void each(A&, Schema&) {}
template <class A> void each(A& a, Extension& x) { auto& [m1, m2, m3] = x; all(a, m1, m2, m3); }
template <class A> void each(A& a, Table& x) { auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15] = x; all(a, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15); }
template <class A> void each(A& a, ForeignTable& x) { auto& [m1, m2, m3, m4, m5] = x; all(a, m1, m2, m3, m4, m5); }
template <class A> void each(A& a, SequenceOptions& x) { auto& [m1, m2, m3, m4, m5, m6, m7] = x; all(a, m1, m2, m3, m4, m5, m6, m7); }
template <class A> void each(A& a, Column& x) {
  auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23] = x;
  all(a, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23);
}
template <class A> void each(A& a, Constraint& x) {
  auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16] = x;
  all(a, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16);
}
template <class A> void each(A& a, Index& x) {
  auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17] = x;
  all(a, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17);
}
template <class A> void each(A& a, ViewColumn& x) { auto& [m1, m2, m3, m4, m5, m6] = x; all(a, m1, m2, m3, m4, m5, m6); }
template <class A> void each(A& a, View& x) { auto& [m1, m2, m3] = x; all(a, m1, m2, m3); }
template <class A> void each(A& a, MaterializedView& x) { auto& [m1, m2, m3, m4, m5, m6, m7] = x; all(a, m1, m2, m3, m4, m5, m6, m7); }
template <class A> void each(A& a, Sequence& x) { auto& [m1, m2, m3] = x; all(a, m1, m2, m3); }
template <class A> void each(A& a, EnumType& x) { auto& [m1] = x; all(a, m1); }
template <class A> void each(A& a, Domain& x) { auto& [m1, m2, m3, m4, m5] = x; all(a, m1, m2, m3, m4, m5); }
template <class A> void each(A& a, CompositeAttribute& x) { auto& [m1, m2, m3, m4] = x; all(a, m1, m2, m3, m4); }
template <class A> void each(A& a, CompositeType& x) { auto& [m1] = x; all(a, m1); }
template <class A> void each(A& a, Routine& x) { auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9] = x; all(a, m1, m2, m3, m4, m5, m6, m7, m8, m9); }
template <class A> void each(A& a, Trigger& x) { auto& [m1, m2, m3, m4, m5] = x; all(a, m1, m2, m3, m4, m5); }
template <class A> void each(A& a, EventTrigger& x) { auto& [m1, m2, m3, m4] = x; all(a, m1, m2, m3, m4); }
template <class A> void each(A& a, Rule& x) { auto& [m1, m2] = x; all(a, m1, m2); }
template <class A> void each(A& a, Policy& x) { auto& [m1, m2, m3, m4, m5] = x; all(a, m1, m2, m3, m4, m5); }
template <class A> void each(A& a, StatisticsObject& x) { auto& [m1, m2, m3] = x; all(a, m1, m2, m3); }
template <class A> void each(A& a, DomainConstraint& x) { auto& [m1, m2] = x; all(a, m1, m2); }
template <class A> void each(A& a, PublicationTable& x) { auto& [m1, m2, m3] = x; all(a, m1, m2, m3); }
template <class A> void each(A& a, Publication& x) { auto& [m1, m2, m3, m4] = x; all(a, m1, m2, m3, m4); }
template <class A> void each(A& a, Generic& x) { auto& [m1, m2] = x; all(a, m1, m2); }
template <class A> void each(A& a, DefaultPrivileges& x) { auto& [m1] = x; all(a, m1); }
template <class A> void each(A& a, Object& x) { auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9] = x; all(a, m1, m2, m3, m4, m5, m6, m7, m8, m9); }
template <class A> void each(A& a, RelationSize& x) { auto& [m1, m2] = x; all(a, m1, m2); }
template <class A> void each(A& a, Database& x) { auto& [m1, m2, m3, m4, m5, m6] = x; all(a, m1, m2, m3, m4, m5, m6); }
// clang-format on

template <class A>
std::size_t length(A& a, std::size_t size) {
  auto number = static_cast<std::uint32_t>(size);
  a.raw(&number, sizeof number);
  return number;
}

template <class A, class T>
requires std::is_arithmetic_v<T> || std::is_enum_v<T>
void each(A& a, T& x) {
  a.raw(&x, sizeof x);
}

template <class A>
void each(A& a, std::string& x) {
  const std::size_t size = length(a, x.size());
  if constexpr (A::kReads) {
    if (size > a.bytes.size()) throw std::out_of_range("archive");
    x.assign(a.bytes.substr(0, size));
    a.bytes.remove_prefix(size);
  } else {
    a.bytes.append(x);
  }
}

template <class A, class First, class Second>
void each(A& a, std::pair<First, Second>& x) {
  all(a, x.first, x.second);
}

template <class A, class T>
void each(A& a, std::optional<T>& x) {
  bool there = x.has_value();
  each(a, there);
  if constexpr (A::kReads) {
    if (there) x.emplace();
  }
  if (there) each(a, *x);
}

// What has elements: a key that is const in its container is copied while it is written.
template <class A, class C, class Element, class Insert>
void elements(A& a, C& x, Element element, Insert insert) {
  std::size_t size = length(a, static_cast<std::size_t>(std::distance(x.begin(), x.end())));
  if constexpr (A::kReads) {
    for (; size > 0; --size) {
      auto one = element;
      each(a, one);
      insert(std::move(one));
    }
  } else {
    for (auto& item : x) {
      if constexpr (std::is_same_v<std::remove_cvref_t<decltype(item)>, Element>) each(a, const_cast<Element&>(item));
    }
  }
}

template <class A, class T>
void each(A& a, std::vector<T>& x) {
  elements(a, x, T{}, [&](T&& one) { x.push_back(std::move(one)); });
}

template <class A, class T>
void each(A& a, std::set<T>& x) {
  elements(a, x, T{}, [&](T&& one) { x.insert(x.end(), std::move(one)); });
}

template <class A, class K, class V>
void each(A& a, std::map<K, V>& x) {
  std::size_t size = length(a, x.size());
  if constexpr (A::kReads) {
    for (; size > 0; --size) {
      K key{};
      each(a, key);
      each(a, x.emplace_hint(x.end(), std::move(key), V{})->second);
    }
  } else {
    for (auto& [key, value] : x) all(a, const_cast<K&>(key), value);
  }
}

template <class A>
void each(A& a, Options& x) {
  elements(a, x, Options::value_type{}, [&](Options::value_type&& one) { x[one.first] = std::move(one.second); });
}

template <class A, std::size_t... I>
void alternative(A& a, Body& x, std::size_t index, std::index_sequence<I...>) {
  const auto one = [&]<std::size_t N>(std::integral_constant<std::size_t, N>) {
    if (index != N) return;
    if constexpr (A::kReads) x.emplace<N>();
    each(a, std::get<N>(x));
  };
  (one(std::integral_constant<std::size_t, I>{}), ...);
}

template <class A>
void each(A& a, Body& x) {
  const std::size_t index = length(a, x.index());
  if (index >= std::variant_size_v<Body>) throw std::out_of_range("archive");
  alternative(a, x, index, std::make_index_sequence<std::variant_size_v<Body>>{});
}

template <class A, class... Members>
void all(A& archive, Members&... members) {
  (each(archive, members), ...);
}

// Another build of the same version may have another model: its size tells most of them apart, and what is left is a length that does not fit.
// Counted up where a member comes that changes no size (a bool beside others).
constexpr int kModel = 2;

std::string header() { return fmt::format("contraflow catalog {} {} {} {}\n", CONTRAFLOW_VERSION, sizeof(Object), std::variant_size_v<Body>, kModel); }

}  // namespace

std::string pack(const Database& database) {
  Writer writer;
  // Nothing is written to it: reading and writing share their functions.
  each(writer, const_cast<Database&>(database));
  return header() + sha256(writer.bytes) + "\n" + writer.bytes;
}

std::optional<Database> unpack(std::string_view bytes) {
  const std::string expected = header();
  if (!bytes.starts_with(expected)) return std::nullopt;
  bytes.remove_prefix(expected.size());
  if (bytes.size() < 65) return std::nullopt;
  const std::string_view hash = bytes.substr(0, 64);
  bytes.remove_prefix(65);
  if (sha256(bytes) != hash) return std::nullopt;
  try {
    Reader reader{bytes};
    Database out;
    each(reader, out);
    if (!reader.bytes.empty()) return std::nullopt;
    return out;
  } catch (const std::out_of_range&) {
    return std::nullopt;
  }
}

}  // namespace contraflow::catalog
