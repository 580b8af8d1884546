#!/usr/bin/env python3
"""Writes the smallest golden cases of every operator into Sources/TelarBench/Doctor/BuiltInCases.swift, so that
`telar doctor` needs no other files.

    python3 Tools/golden/embed.py [--check]

--check writes nothing, and fails when the file is not what would be written."""
import base64
import json
import pathlib
import struct
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "Tests/ConformanceTests/Golden"
OUTPUT = ROOT / "Sources/TelarBench/Doctor/BuiltInCases.swift"
# The most cases of an operator, and the bytes of a case beside the smallest.
MOST_CASES, MOST_BYTES = 2, 8 << 10
WIDTH = 108


def read(path):
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def smallest_cases(header):
    """The names of the cases to keep, with the keys of their tensors."""
    tensors = {case: [] for case in header["__metadata__"]}
    for key in header:
        if key != "__metadata__":
            case = max((c for c in tensors if key.startswith(c + "/")), key=len)
            tensors[case].append(key)
    def size(case):
        return sum(header[key]["data_offsets"][1] - header[key]["data_offsets"][0] for key in tensors[case])
    order = sorted(tensors, key=lambda case: (size(case), case))
    return {case: tensors[case] for case in order[:MOST_CASES] if case == order[0] or size(case) <= MOST_BYTES}


def shrunk(path):
    """The golden file with the smallest cases only."""
    header, data = read(path)
    cases = smallest_cases(header)
    result, kept = {"__metadata__": {case: header["__metadata__"][case] for case in sorted(cases)}}, b""
    for key in sorted(key for keys in cases.values() for key in keys):
        begin, end = header[key]["data_offsets"]
        result[key] = {**header[key], "data_offsets": [len(kept), len(kept) + end - begin]}
        kept += data[begin:end]
    text = json.dumps(result, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + kept


def source():
    lines = [
        "// Made by Tools/golden/embed.py from Tests/ConformanceTests/Golden.",
        "",
        "/// Golden files with the smallest cases of every operator: names, and contents in Base64.",
        "enum BuiltInCases {",
        "  static let files: [(name: String, contents: String)] = [",
    ]
    for path in sorted(GOLDEN.glob("op-*.safetensors")):
        text = base64.b64encode(shrunk(path)).decode()
        lines += ["    (", f'      "{path.name}",', '      """']
        lines += ["      " + text[at : at + WIDTH] for at in range(0, len(text), WIDTH)]
        lines += ['      """', "    ),"]
    return "\n".join(lines + ["  ]", "}", ""])


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        if OUTPUT.read_text() != source():
            sys.exit(f"{OUTPUT.relative_to(ROOT)} is not what Tools/golden/embed.py makes: run it.")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        OUTPUT.write_text(source())
