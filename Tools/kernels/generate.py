#!/usr/bin/env python3
"""Writes what CKernels needs to know of the kernels in Kernels/, from the kernels alone: kernels.py reads them.

    generate.py [--check] [--root FOLDER]

Under Sources/CKernels/generated:
    programs.c        the text of each file, the files of each program, and the signature of each kernel
    plain_kernels.h   for clones: the programs with kernels that a clone has once, and their entry points
    tiled_kernels.h   for clones: those that a clone has once for each register tile
    sizes.h           every header of Kernels/, for the module that Swift imports

Drivers get the files that a program includes first, each once, and the program last. A program with local memory or
named ..._tile is for drivers only. --check writes nothing and fails where one of these files is not what it would write.
"""

import argparse
import sys
from pathlib import Path

from kernels import KernelError, Library

OUTPUT = "Sources/CKernels/generated"
NOTICE = "// Written by Tools/kernels/generate.py from Kernels/: `make kernels`, never by hand.\n"


def wrapped(start, items, end, separator=","):
    """Items one behind another between a start and an end, in lines of at most 120 characters."""
    indent = " " * (len(start) - len(start.lstrip()) + 4)
    lines, line = [], start
    for index, item in enumerate(items):
        item += separator if index + 1 < len(items) else end
        gap = "" if index == 0 else " "
        if len(line) + len(gap) + len(item) > 118:
            lines.append(line)
            line, gap = indent, ""
        line += gap + item
    return "\n".join(lines + [line])


def identifier(source):
    return source.name.replace(".", "_")


def programs_c(library):
    used = sorted({file for program in library.programs for file in program.files}, key=lambda file: file.name)
    parts = [
        NOTICE, '#include "CKernels.h"\n', '#pragma clang diagnostic ignored "-Wc23-extensions"\n',
        "#define TEXT_FILE(id, name) static const telar_file id = {name, id##_text, sizeof id##_text};\n",
    ]
    for file in used:
        parts.append(
            f'static const char {identifier(file)}_text[] = {{\n#embed "../../../Kernels/{file.name}"\n}};\n'
            f'TEXT_FILE({identifier(file)}, "{file.name}")')
    parts.append("")
    for program in library.programs:
        start = f"static const telar_file *const {program.name}_files[] = {{"
        parts.append(wrapped(start, [f"&{identifier(file)}" for file in program.files], "};"))
    parts.append("\n#define PROGRAM(name, has_local_memory) \\\n"
                 "  {#name, name##_files, sizeof name##_files / sizeof *name##_files, has_local_memory},")
    parts.append("static const telar_program programs[] = {")
    parts += [f"    PROGRAM({program.name}, {int(program.has_local_memory)})" for program in library.programs]
    parts.append("};\nconst int telar_program_count = sizeof programs / sizeof *programs;\n\n"
                 "const telar_program *telar_program_at(int index) { return &programs[index]; }\n")
    parts.append("static const telar_kernel kernels[] = {")
    for program in library.programs:
        parts += [
            f'    {{"{program.name}", "{kernel.name}", "{kernel.signature}", {int(kernel.is_tiled)}}},'
            for kernel in program.kernels
        ]
    parts.append("};\nconst int telar_kernel_count = sizeof kernels / sizeof *kernels;\n\n"
                 "const telar_kernel *telar_kernel_at(int index) { return &kernels[index]; }\n")
    return "\n".join(parts)


def entry(kernel):
    name = f"TILED({kernel.name})" if kernel.is_tiled else kernel.name
    arguments = list(enumerate(kernel.arguments))
    types = wrapped("    (", [argument.type for _, argument in arguments], "),")
    loads = wrapped("    ", [f"A({i}, {argument.type})" for i, argument in arguments], ",", separator="")
    values = wrapped("    (", [f"a{i}" for i, _ in arguments], "))")
    return f"ENTRY(\n    {name},\n{types}\n{loads}\n{values}"


def kernels_h(library, is_tiled):
    """The programs that clones compile, which are those without local memory, and their entry points."""
    programs = [program for program in library.programs if not program.has_local_memory]
    chosen = [program for program in programs if any(k.is_tiled for k in program.kernels) == is_tiled]
    if is_tiled:
        for program in chosen:
            for kernel in program.kernels:
                if not kernel.is_tiled:
                    raise program.source.error(1, f"{kernel.name} would be there once for each register tile")
    parts = [NOTICE]
    if is_tiled:
        # What depends on the register tile is compiled anew for each: its guard must not keep it out.
        parts.append("#undef REGISTER_TILE_CL")
    else:
        parts.append("#pragma once")
    parts += [f'#include "../../../Kernels/{program.name}.cl"' for program in chosen] + [""]
    found = [kernel for program in chosen for kernel in program.kernels]
    parts += [entry(kernel) for kernel in found]
    if is_tiled:
        parts.append("\n#undef TILED_ROWS")
    names = [f"ROW(TILED({kernel.name}))" if is_tiled else f"ROW({kernel.name})" for kernel in found]
    rows = wrapped(f"#define {'TILED' if is_tiled else 'PLAIN'}_ROWS ", names, "\n", separator="")
    parts.append(("" if is_tiled else "\n") + rows.rstrip().replace("\n", " \\\n") + "\n")
    return "\n".join(parts)


def sizes_h(library):
    includes = [f'#include "../../../Kernels/{header.name}"' for header in library.headers]
    return "\n".join([NOTICE + "#pragma once"] + includes) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where something would change")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2], help="the repository")
    options = parser.parse_args()
    try:
        library = Library(options.root / "Kernels")
        outputs = {
            "programs.c": programs_c(library),
            "plain_kernels.h": kernels_h(library, is_tiled=False),
            "tiled_kernels.h": kernels_h(library, is_tiled=True),
            "sizes.h": sizes_h(library),
        }
    except KernelError as error:
        sys.exit(str(error))
    folder = options.root / OUTPUT
    stale = [
        name for name, text in outputs.items()
        if not (folder / name).is_file() or (folder / name).read_text(encoding="utf-8") != text
    ]
    if options.check and stale:
        sys.exit(f"{OUTPUT} is not what Kernels/ makes of it ({', '.join(stale)}): run make kernels")
    if not options.check:
        folder.mkdir(parents=True, exist_ok=True)
        for name in stale:
            (folder / name).write_text(outputs[name], encoding="utf-8")


if __name__ == "__main__":
    main()
