# The prompts of `contraflow mcp`: made from share/contraflow/prompts/*.md, which are installed as files, too.
function(contraflow_prompt_table folder output)
  file(GLOB files CONFIGURE_DEPENDS RELATIVE ${folder} ${folder}/*.md)
  list(SORT files)
  set(pages "")
  foreach(file IN LISTS files)
    string(REGEX REPLACE "\\.md$" "" name ${file})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/${file})
    file(READ ${folder}/${file} page)
    string(APPEND pages "      {\"${name}\", R\"page(${page})page\"},\n")
  endforeach()
  set(content "// Made by cmake/prompts.cmake.
#include <string_view>
#include <utility>
#include <vector>

namespace contraflow::agent {

const std::vector<std::pair<std::string_view, std::string_view>>& prompt_pages() {
  static const std::vector<std::pair<std::string_view, std::string_view>> pages = {
${pages}  };
  return pages;
}

}  // namespace contraflow::agent
")
  file(WRITE ${output}.new "${content}")
  file(COPY_FILE ${output}.new ${output} ONLY_IF_DIFFERENT)
endfunction()
