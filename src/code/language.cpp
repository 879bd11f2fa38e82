// SPDX-License-Identifier: Apache-2.0
#include "code/language.h"

#include <array>
#include <string>

#include "base/text.h"

extern "C" {
const TSLanguage* tree_sitter_typescript();
const TSLanguage* tree_sitter_tsx();
const TSLanguage* tree_sitter_javascript();
const TSLanguage* tree_sitter_python();
const TSLanguage* tree_sitter_go();
const TSLanguage* tree_sitter_java();
const TSLanguage* tree_sitter_ruby();
}

namespace contraflow::code {

std::string_view language_name(Language language) {
  switch (language) {
    case Language::none: return "none";
    case Language::typescript: return "TypeScript";
    case Language::tsx: return "TSX";
    case Language::javascript: return "JavaScript";
    case Language::python: return "Python";
    case Language::go: return "Go";
    case Language::java: return "Java";
    case Language::ruby: return "Ruby";
    case Language::sql: return "SQL";
    case Language::prisma: return "Prisma";
  }
  return "none";
}

Language language_of(std::string_view path) {
  struct Ending {
    std::string_view ending;
    Language language;
  };
  static constexpr std::array<Ending, 16> kEndings{{{".ts", Language::typescript}, {".mts", Language::typescript}, {".cts", Language::typescript}, {".tsx", Language::tsx}, {".js", Language::javascript}, {".jsx", Language::javascript}, {".mjs", Language::javascript}, {".cjs", Language::javascript}, {".py", Language::python}, {".go", Language::go}, {".java", Language::java}, {".rb", Language::ruby}, {".rake", Language::ruby}, {".sql", Language::sql}, {".prisma", Language::prisma}, {".gemspec", Language::none}}};
  const std::size_t dot = path.rfind('.');
  if (dot == std::string_view::npos || path.find('/', dot) != std::string_view::npos) return Language::none;
  const std::string ending = to_lower(path.substr(dot));
  for (const Ending& known : kEndings) {
    if (known.ending == ending) return known.language;
  }
  return Language::none;
}

bool is_ecmascript(Language language) {
  return language == Language::typescript || language == Language::tsx || language == Language::javascript;
}

const TSLanguage* grammar(Language language) {
  switch (language) {
    case Language::typescript:
#ifdef CONTRAFLOW_GRAMMAR_TYPESCRIPT
      return tree_sitter_typescript();
#else
      return nullptr;
#endif
    case Language::tsx:
#ifdef CONTRAFLOW_GRAMMAR_TSX
      return tree_sitter_tsx();
#else
      return nullptr;
#endif
    case Language::javascript:
#ifdef CONTRAFLOW_GRAMMAR_JAVASCRIPT
      return tree_sitter_javascript();
#else
      return nullptr;
#endif
    case Language::python:
#ifdef CONTRAFLOW_GRAMMAR_PYTHON
      return tree_sitter_python();
#else
      return nullptr;
#endif
    case Language::go:
#ifdef CONTRAFLOW_GRAMMAR_GO
      return tree_sitter_go();
#else
      return nullptr;
#endif
    case Language::java:
#ifdef CONTRAFLOW_GRAMMAR_JAVA
      return tree_sitter_java();
#else
      return nullptr;
#endif
    case Language::ruby:
#ifdef CONTRAFLOW_GRAMMAR_RUBY
      return tree_sitter_ruby();
#else
      return nullptr;
#endif
    case Language::none:
    case Language::sql:
    case Language::prisma: break;
  }
  return nullptr;
}

}  // namespace contraflow::code
