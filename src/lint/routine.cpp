// SPDX-License-Identifier: Apache-2.0
#include "lint/routine.h"

#include <vector>

#include "base/text.h"
#include "sql/scan.h"

namespace contraflow::lint {

void note_arguments(Function& function, const PgQuery__CreateFunctionStmt& statement) {
  for (std::size_t i = 0; i < statement.n_parameters; ++i) {
    if (statement.parameters[i]->node_case != PG_QUERY__NODE__NODE_FUNCTION_PARAMETER) continue;
    const PgQuery__FunctionParameter& parameter = *statement.parameters[i]->function_parameter;
    if (parameter.mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_OUT || parameter.mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_TABLE) continue;
    function.variadic = function.variadic || parameter.mode == PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_VARIADIC;
    function.arguments.push_back(parameter.arg_type == nullptr ? std::string() : type_text(*parameter.arg_type));
    function.argument_names.emplace_back(text_of(parameter.name));
    if (parameter.defexpr != nullptr) ++function.defaults;
  }
}

bool takes(const Function& function, std::size_t arguments) {
  const std::size_t all = function.arguments.size();
  return function.variadic ? arguments + 1 >= all : arguments <= all && arguments + function.defaults >= all;
}

std::string standard_body(std::string_view text) {
  const std::vector<sql::Token> tokens = sql::scan(text);
  const auto word = [&](std::size_t i) { return i < tokens.size() ? to_lower(text.substr(tokens[i].begin, tokens[i].end - tokens[i].begin)) : std::string(); };
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (word(i) == "return" && i + 1 < tokens.size()) return "SELECT " + std::string(text.substr(tokens[i + 1].begin, tokens.back().end - tokens[i + 1].begin));
    if (word(i) == "begin" && word(i + 1) == "atomic" && i + 2 < tokens.size() && word(tokens.size() - 1) == "end") {
      return std::string(text.substr(tokens[i + 2].begin, tokens.back().begin - tokens[i + 2].begin));
    }
  }
  return {};
}

std::optional<QualifiedName> operator_function(const PgQuery__DefineStmt& statement) {
  for (const char* name : {"function", "procedure"}) {
    const PgQuery__DefElem* option = option_named(NodeList(statement.definition, statement.n_definition), name);
    if (option == nullptr || option->arg == nullptr) continue;
    if (option->arg->node_case == PG_QUERY__NODE__NODE_TYPE_NAME) return qualified(NodeList(option->arg->type_name->names, option->arg->type_name->n_names));
    if (option->arg->node_case == PG_QUERY__NODE__NODE_LIST) return qualified(NodeList(option->arg->list->items, option->arg->list->n_items));
  }
  return std::nullopt;
}

}  // namespace contraflow::lint
