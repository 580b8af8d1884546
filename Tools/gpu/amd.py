"""AMD: clang alone writes a listing with all measures."""

import math
import re
from typing import NamedTuple

import instructions
from compilers import compile_text


class ComputeUnit(NamedTuple):
    wave: int  # items
    waves: int  # of a SIMD at most
    simds: int
    local_memory: int


ARCHITECTURES = {
    "gfx906": ComputeUnit(64, 10, 4, 65536), "gfx90a": ComputeUnit(64, 8, 4, 65536),
    "gfx1030": ComputeUnit(32, 16, 2, 65536), "gfx1100": ComputeUnit(32, 16, 2, 65536)}


def build(tools, target, options, source, folder, items):
    """{kernel: its measures and listing} of a program. items(kernel): of a group where the text requires no number."""
    path = folder / "k.s"
    triple = ["-target", "amdgcn--amdhsa", "-nogpulib", f"-mcpu={target}"]
    groups = compile_text(tools, triple, "amdgcn--amdhsa.bc", options, source, path)
    kernels = read(path.read_text())
    for name, kernel in kernels.items():
        kernel["group"] = math.prod(groups.get(name) or [items(name)])
        add_occupancy(kernel, ARCHITECTURES[target])
    return kernels


def read(text):
    """What an assembly file of LLVM says of each kernel."""
    code, _, notes = text.partition("amdhsa.kernels:")
    spills = {}
    for part in notes.split("\n  - ")[1:]:
        if ".sgpr_count" in part:
            name = re.search(r"^    \.name:\s+(\w+)", part, re.M)[1]
            spills[name] = sum(map(int, re.findall(r"gpr_spill_count:\s*(\d+)", part)))
    kernels = {}
    found = re.findall(r"^(\w+):\s+; @\1\n(.*?)^\.Lfunc_end\d+:(.*?COMPUTE_PGM)", code, re.M | re.S)
    for name, body, after in found:

        def number(pattern):
            return int((re.search(pattern, after) or [0, 0])[1])

        kernels[name] = {
            "registers": number(r"; TotalNumVgprs: (\d+)") or number(r"; NumVgprs: (\d+)"),  # with accumulators
            "stack": number(r"; ScratchSize: (\d+)"),
            "spills": spills.get(name, 0), "local": number(r"; LDSByteSize: (\d+)"),
            "code": number(r"; codeLenInByte = (\d+)"), "waves": number(r"; Occupancy: (\d+)"), "listing": listing(body)}
    return kernels


def listing(body):
    """The instructions by line or label."""
    found = []
    for place, line in enumerate(body.splitlines()):
        label, instruction = re.match(r"(\.LBB\w+):", line), re.match(r"\s+([a-z]\w+)\s*([^;]*)", line)
        if label:
            found.append((label[1], instructions.Instruction(issues=0)))
        elif instruction:
            found.append((place, instructions.amd(instruction[1], instruction[2])))
    return found


def add_occupancy(kernel, unit):
    waves, of_registers = -(-kernel["group"] // unit.wave), kernel.pop("waves") * unit.simds
    of_memory = unit.local_memory // kernel["local"] if kernel["local"] else unit.waves * unit.simds
    kernel["groups_per_unit"] = min(of_registers // waves, of_memory)
    kernel["occupancy"] = kernel["groups_per_unit"] * waves / (unit.waves * unit.simds)
    kernel["fma_cycles"] = 1
