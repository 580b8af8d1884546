"""Reads the kernels of Kernels/: the programs, what they include, and the arguments of their kernels.

A .cl file with kernels is a program. What it needs is included, #include "NAME" on a line of its own. A kernel is
`kernel void NAME(...) {`, where a macro may stand for `kernel` and the attributes around it, or
`kernel void TILED(NAME)(...) {` where there is one for each register tile. A .h file holds macros only. What is not
understood is a KernelError with its file and line.
"""

import re
from typing import NamedTuple

SPACES = {"global", "local", "constant", "private"}
SCALARS = {"int": "i", "uint": "u", "float": "f"}
ELEMENTS = {"float", "int", "uint", "uchar", "ushort"}


class KernelError(Exception):
    """What a file holds that this tool does not understand."""

    def __init__(self, file, line, reason):
        super().__init__(f"{file}:{line}: {reason}")


class Token(NamedTuple):
    text: str
    line: int


class Argument(NamedTuple):
    letter: str  # b buffer, c constant buffer, l local memory, i int, u uint, f float
    type: str  # as C has it: const float *


class Kernel(NamedTuple):
    name: str
    arguments: list
    is_tiled: bool

    @property
    def signature(self):
        return "".join(argument.letter for argument in self.arguments)


class Source:
    """One file: its tokens, without comments and preprocessor lines, and what those lines say."""

    def __init__(self, path):
        self.path = path
        self.name = path.name
        self.label = f"Kernels/{path.name}"
        self.includes = []  # Token: name of the file
        self.macros = {}  # name: (replacement, line, whether it takes arguments)
        self.tokens = []
        self.conditional = []  # (first, last) lines of text under an #if
        self._read(path.read_text(encoding="utf-8"))

    def error(self, line, reason):
        return KernelError(self.label, line, reason)

    def _read(self, text):
        lines = self._without_comments(text).split("\n")
        number, open_conditions = 0, []
        while number < len(lines):
            line, start = lines[number], number + 1
            number += 1
            if not line.lstrip().startswith("#"):
                self.tokens += [Token(match, start) for match in re.findall(r"\w+|[^\w\s]", line)]
                continue
            while line.endswith("\\") and number < len(lines):
                line = line[:-1] + " " + lines[number]
                number += 1
            self._directive(line.rstrip(), start, open_conditions)
        if open_conditions:
            raise self.error(open_conditions[-1], "an #if without its #endif")

    def _without_comments(self, text):
        """The text with comments blanked: what is left is on the same lines."""

        def blank(match):
            found = match.group()
            return found if found.startswith('"') else " " + "\n" * found.count("\n")

        text = re.sub(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.DOTALL)
        if "/*" in text:
            raise self.error(text[: text.index("/*")].count("\n") + 1, "a comment without its end")
        return text

    def _directive(self, line, number, open_conditions):
        match = re.fullmatch(r"\s*#\s*(\w+)\s*(.*)", line, flags=re.DOTALL)
        if not match:
            raise self.error(number, f"'{line.strip()}' is no preprocessor line")
        word, rest = match.groups()
        if word == "include":
            name = re.fullmatch(r'"(\w+\.(?:cl|h))"', rest)
            if not name or line != f'#include "{name.group(1)}"':
                raise self.error(number, f'an include is written #include "NAME.cl" or "NAME.h", not {line.strip()}')
            self.includes.append(Token(name.group(1), number))
        elif word == "define":
            macro = re.match(r"(\w+)(\()?", rest)
            if not macro:
                raise self.error(number, "a #define without a name")
            self.macros[macro.group(1)] = (rest[macro.end(1):].strip(), number, macro.group(2) is not None)
        elif word in ("if", "ifdef", "ifndef"):
            open_conditions.append(number)
        elif word == "endif":
            if not open_conditions:
                raise self.error(number, "an #endif without its #if")
            self.conditional.append((open_conditions.pop(), number))
        elif word not in ("else", "elif", "undef", "error", "pragma", "line"):
            raise self.error(number, f"#{word} is not understood")

    def words(self):
        """Every word of the file, macros' replacements included."""
        replacements = " ".join(replacement for replacement, _, _ in self.macros.values())
        return {token.text for token in self.tokens} | set(re.findall(r"\w+", replacements))

    def is_conditional(self, line):
        return any(first < line < last for first, last in self.conditional)


def qualifiers(sources):
    """The macros that stand for `kernel` and attributes; `kernel` itself."""
    words = {"kernel", "__kernel"}
    for source in sources:
        for name, (replacement, line, takes_arguments) in source.macros.items():
            if not words & set(re.findall(r"\w+", replacement)):
                continue
            if takes_arguments:
                raise source.error(line, f"{name} makes kernels: a kernel is written out, so that it can be read here")
            words = words | {name}
    return words


def kernels(source, words):
    """The kernels that a file defines."""
    found, tokens = [], source.tokens
    at = 0
    while at < len(tokens):
        start = tokens[at]
        if start.text not in words:
            at += 1
            continue
        if source.is_conditional(start.line):
            raise source.error(start.line, "a kernel under an #if: every program has all of its kernels")
        at = skip_attributes(source, tokens, at + 1)
        name, is_tiled, at = read_name(source, tokens, at, start.line)
        arguments, at = read_arguments(source, tokens, at, name)
        if peek(tokens, at) != "{":
            raise source.error(tokens[at - 1].line, f"{name}: a kernel's body is expected, not '{peek(tokens, at)}'")
        found.append(Kernel(name, arguments, is_tiled))
    return found


def peek(tokens, at):
    return tokens[at].text if at < len(tokens) else "the end of the file"


def skip_attributes(source, tokens, at):
    while peek(tokens, at) == "__attribute__":
        depth, at = 0, at + 1
        while True:
            text = peek(tokens, at)
            if at >= len(tokens):
                raise source.error(tokens[-1].line, "an attribute without its end")
            depth += {"(": 1, ")": -1}.get(text, 0)
            at += 1
            if depth == 0:
                break
    return at


def read_name(source, tokens, at, line):
    if peek(tokens, at) != "void":
        raise source.error(line, f"a kernel returns void, not '{peek(tokens, at)}'")
    name, at = peek(tokens, at + 1), at + 2
    is_tiled = name == "TILED"
    if is_tiled:
        name = peek(tokens, at + 1)
        if peek(tokens, at) != "(" or peek(tokens, at + 2) != ")":
            raise source.error(line, "the name of a kernel for each register tile is written TILED(NAME)")
        at += 3
    if not re.fullmatch(r"[a-z]\w*", name):
        raise source.error(line, f"'{name}' is no name of a kernel")
    if peek(tokens, at) != "(":
        raise source.error(line, f"{name}: arguments are expected, not '{peek(tokens, at)}'")
    return name, is_tiled, at + 1


def read_arguments(source, tokens, at, name):
    arguments, words, line = [], [], tokens[at - 1].line
    while True:
        if at >= len(tokens):
            raise source.error(line, f"{name}: arguments without their end")
        text, at = tokens[at].text, at + 1
        if text in (",", ")"):
            arguments.append(read_argument(source, words, line, name))
            words = []
            if text == ")":
                return arguments, at
            continue
        if not words:
            line = tokens[at - 1].line
        words.append(text)


def read_argument(source, words, line, name):
    """An argument: its address space, const, an element and a star, or a scalar; then its name."""
    written = " ".join(words)
    rest = [word.removeprefix("__") if word.startswith("__") else word for word in words]
    space = rest.pop(0) if rest and rest[0] in SPACES else None
    is_constant = "const" in rest[:2]
    rest = [word for word in rest if word not in ("const", "restrict")]
    if space in ("global", "local") and len(rest) == 3 and rest[1] == "*" and rest[0] in ELEMENTS:
        letter = "l" if space == "local" else "c" if is_constant else "b"
        return Argument(letter, f"{'const ' if is_constant else ''}{rest[0]} *")
    if space is None and len(rest) == 2 and rest[0] in SCALARS:
        return Argument(SCALARS[rest[0]], rest[0])
    elements, scalars = ", ".join(sorted(ELEMENTS)), ", ".join(sorted(SCALARS))
    raise source.error(
        line, f"{name}: '{written}' is no global or local pointer to {elements} and none of {scalars}")


class Program:
    """A .cl file with kernels, and the files that it stands behind, in order."""

    def __init__(self, source, files, found):
        self.source = source
        self.name = source.path.stem
        self.files = files
        self.kernels = found
        # The tile family's programs, which are for drivers only.
        self.has_local_memory = self.name.endswith("_tile") or any(
            {"local", "__local", "barrier"} & file.words() for file in files)


class Library:
    """All files of Kernels/."""

    def __init__(self, folder):
        paths = sorted(folder.glob("*.cl")) + sorted(folder.glob("*.h"))
        if not paths:
            raise KernelError("Kernels", 1, "there are no kernels")
        self.sources = {path.name: Source(path) for path in paths}
        self.headers = [source for name, source in self.sources.items() if name.endswith(".h")]
        self._check_headers()
        self.programs = []
        texts = [source for name, source in self.sources.items() if name.endswith(".cl")]
        words = qualifiers(texts)
        found = {source.name: kernels(source, words) for source in texts}
        for source in texts:
            if found[source.name]:
                self.programs.append(Program(source, self._files(source, found), found[source.name]))
        self._check_names()
        self._check_use(texts)

    def _files(self, source, found):
        """What a file stands behind, each file once, and the file itself."""
        files, open_files = [], []

        def add(file):
            if file in files:
                return
            open_files.append(file)
            for include in file.includes:
                included = self.sources.get(include.text)
                if included is None:
                    raise file.error(include.line, f"there is no Kernels/{include.text}")
                if included in open_files:
                    raise file.error(include.line, f"{include.text} includes {file.name} too")
                if found.get(included.name):
                    raise file.error(include.line, f"{include.text} has kernels: what is shared has none")
                add(included)
            open_files.pop()
            files.append(file)

        add(source)
        return files

    def _check_headers(self):
        macros = {}
        for header in self.headers:
            if header.tokens:
                raise header.error(header.tokens[0].line, "a header holds macros only, so that Swift can read it")
            for name, (replacement, line, _) in header.macros.items():
                if replacement and name in macros:
                    raise header.error(line, f"{name} is defined in {macros[name]} too")
                macros[name] = header.name

    def _check_names(self):
        programs = {}
        for program in self.programs:
            for kernel in program.kernels:
                if kernel.name in programs:
                    raise program.source.error(1, f"there is a kernel {kernel.name} in {programs[kernel.name]} too")
                programs[kernel.name] = program.source.name

    def _check_use(self, texts):
        used = {file for program in self.programs for file in program.files}
        for source in texts:
            if source not in used:
                raise source.error(1, "no kernels, and no program includes it")
