// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

struct TSLanguage;

namespace contraflow::code {

enum class Language { none,
                      typescript,
                      tsx,
                      javascript,
                      python,
                      go,
                      java,
                      ruby,
                      sql,
                      prisma };

std::string_view language_name(Language language);  // "TypeScript"
Language language_of(std::string_view path);        // by the file's ending
bool is_ecmascript(Language language);

// Its tree-sitter grammar; null for .sql and .prisma, which have parsers of their own, and where the grammar was not there when this program
// was built (tools/get_grammars.sh).
const TSLanguage* grammar(Language language);

}  // namespace contraflow::code
