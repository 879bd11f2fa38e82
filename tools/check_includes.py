#!/usr/bin/env python3
"""Checks every #include of the source folder against layers.txt.

A module may include its own headers, those of the modules that its line names, and nothing of the others. Headers that
one module keeps to itself (RESTRICTED) may be included only where they say. No type is defined twice in one namespace:
the linker would keep one of the two destructors, and a program free what it has not allocated. Usage: check_includes.py SRC
"""
import pathlib
import re
import sys

NAMESPACE = re.compile(r"\s*(?:inline )?namespace\s*([\w:]*)\s*\{")
TYPE = re.compile(r"\s*(?:struct|class|enum class|enum)\s+(\w+)(?:\s+final)?(?:\s*:[^:][^;(]*)?\s*\{")
INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)')

# Outside libraries and headers that exactly these modules know.
RESTRICTED = {
    "pg_query": {"sql", "lint"},
    "libpq-fe.h": {"pg"},
    "libpq": {"pg"},
    "git2": {"catalog", "code"},
    "git2.h": {"catalog", "code"},
    "tree_sitter": {"code"},
    "CLI": {"cli"},
    "toml++": {"cli"},
    "pg_query.h": {"sql"},
    "sql/parse_tree.h": {"sql", "lint"},
}


def read_layers(path):
    layers = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        name, colon, allowed = line.partition(":")
        if not colon:
            sys.exit(f"{path}:{number}: expected 'module: module …'")
        names = list(layers) if allowed.strip() == "*" else allowed.split()
        for wanted in names:
            if wanted not in layers:
                sys.exit(f"{path}:{number}: '{wanted}' is not a module above this line")
        layers[name.strip()] = set(names)
    return layers


def problems_in(path, source, layers):
    module = path.relative_to(source).parts[0] if path.parent != source else None
    allowed = set(layers) if module is None else layers[module] | {module}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        target = match.group(1) or match.group(2)
        first = target.split("/")[0]
        if match.group(1):
            if "/" not in target or first not in layers:
                yield f'{path}:{number}: write "module/header.h", not "{target}"'
            elif first not in allowed:
                yield f"{path}:{number}: {module} may not include {first} (layers.txt)"
            elif not (source / target).is_file() and not target.endswith(".inc"):
                yield f"{path}:{number}: {target} does not exist"
        for key in (target, first):
            if key in RESTRICTED and module is not None and module not in RESTRICTED[key]:
                yield f"{path}:{number}: only {', '.join(sorted(RESTRICTED[key]))} may include {target}"
                break


def types_in(path):
    """(line, qualified name) of the types that are defined directly in a named namespace"""
    open_namespaces, depth = [], 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        code = re.sub(r"//.*", "", re.sub(r'"(\\.|[^"\\])*"', '""', line))
        if match := NAMESPACE.match(code):
            open_namespaces.append((depth, match.group(1)))
        names = [name for _, name in open_namespaces]
        if (match := TYPE.match(code)) and depth == len(names) and all(names):
            yield number, "::".join([*names, match.group(1)])
        depth += code.count("{") - code.count("}")
        while open_namespaces and depth <= open_namespaces[-1][0]:
            open_namespaces.pop()


def main():
    source = pathlib.Path(sys.argv[1]).resolve()
    layers = read_layers(source / "layers.txt")
    found, types = [], {}
    for path in sorted([*source.rglob("*.h"), *source.rglob("*.cpp")]):
        folder = path.relative_to(source).parts[0]
        if path.parent != source and folder not in layers:
            found.append(f"{path}: the folder {folder} is not in layers.txt")
            continue
        found.extend(problems_in(path, source, layers))
        for number, name in types_in(path):
            if types.setdefault(name, path) != path:
                found.append(f"{path}:{number}: {name} is defined in {types[name]}, too: give one of them another name")
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
