# Every module links this interface: the warnings that the project is kept free of.
add_library(contraflow_warnings INTERFACE)
target_compile_options(contraflow_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wswitch
  # Designated initialisers leave out what keeps its default: that is their point.
  -Wno-missing-field-initializers)
if(CONTRAFLOW_WERROR)
  target_compile_options(contraflow_warnings INTERFACE -Werror)
endif()
