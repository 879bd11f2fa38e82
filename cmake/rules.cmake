# The table of lint rules, sorted by name, and their pages: made from the file names in src/lint/rules, so that a rule is two files and nothing else.
function(contraflow_rule_table folder output)
  file(GLOB files CONFIGURE_DEPENDS RELATIVE ${folder} ${folder}/*.cpp)
  list(SORT files)
  set(declarations "")
  set(addresses "")
  set(pages "")
  foreach(file IN LISTS files)
    string(REGEX REPLACE "\\.cpp$" "" rule ${file})
    string(REPLACE "_" "-" name ${rule})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/${rule}.md)
    file(READ ${folder}/${rule}.md page)
    string(APPEND declarations "extern const Rule ${rule}_rule;\n")
    string(APPEND addresses "    &${rule}_rule,\n")
    string(APPEND pages "    {\"${name}\", R\"page(${page})page\"},\n")
  endforeach()
  set(content "// Made by cmake/rules.cmake.
#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include \"lint/rule.h\"

namespace contraflow::lint {

${declarations}
const std::vector<const Rule*>& rules() {
  static const std::vector<const Rule*> table = {
${addresses}  };
  return table;
}

std::string_view rule_page(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> kPages[] = {
${pages}  };
  const auto* found = std::find_if(std::begin(kPages), std::end(kPages), [&](const auto& page) { return page.first == name; });
  return found == std::end(kPages) ? std::string_view() : found->second;
}

}  // namespace contraflow::lint
")
  file(WRITE ${output}.new "${content}")
  file(COPY_FILE ${output}.new ${output} ONLY_IF_DIFFERENT)
endfunction()
