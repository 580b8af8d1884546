"""NVIDIA: clang writes PTX, ptxas machine code and its log, cuobjdump (with nvdisasm) the listing."""

import math
import os
import re
from typing import NamedTuple

import instructions
from compilers import compile_text, run


class Multiprocessor(NamedTuple):
    registers: int
    local_memory: int
    reserved: int  # local memory that a group costs besides its own
    threads: int
    groups: int
    fma_cycles: int  # that a warp's FFMA takes of its quarter, which issues one instruction in each


ARCHITECTURES = {
    "sm_70": Multiprocessor(65536, 98304, 0, 2048, 32, 2), "sm_75": Multiprocessor(65536, 65536, 0, 1024, 16, 2),
    "sm_80": Multiprocessor(65536, 167936, 1024, 2048, 32, 2),
    "sm_86": Multiprocessor(65536, 102400, 1024, 1536, 16, 1),
    "sm_89": Multiprocessor(65536, 102400, 1024, 1536, 24, 1),
    "sm_90": Multiprocessor(65536, 233472, 1024, 2048, 32, 1)}
LINE = re.compile(r"^\s+/\*([0-9a-f]{4,})\*/\s+(?:@!?(U?P\w+)\s+)?([A-Z][\w.]*)\s*(.*?)\s*;")
REGISTER_LIMIT = "-cl-nv-maxrregcount="


def limited(options, registers):
    """Options with a limit of registers, as OpenCLPrograms.options(for:) gives them."""
    return [*options, "-DHAS_REGISTER_LIMIT=1", f"{REGISTER_LIMIT}{registers}"] if registers else options


def build(tools, target, options, source, folder, items):
    """{kernel: its measures and listing} of a program. items(kernel): of a group where the text requires no number."""
    ptx, cubin = folder / "k.ptx", folder / "k.cubin"
    triple = ["-target", "nvptx64--nvidiacl"]
    for option in ("-target-cpu", target, "-target-feature", "+ptx78"):
        triple += ["-Xclang", option]
    groups = compile_text(tools, triple, "nvptx64--nvidiacl.bc", options, source, ptx)
    limits = [option.removeprefix(REGISTER_LIMIT) for option in options if option.startswith(REGISTER_LIMIT)]
    limit = [f"-maxrregcount={limits[-1]}"] if limits else []
    if not limit:  # LLVM omits the group's size, and with it ptxas heeds no limit
        ptx.write_text(with_group_sizes(ptx.read_text(), groups))
    log = run([tools.ptxas, "-v", f"-arch={target}", *limit, ptx, "-o", cubin]).stderr
    path = os.path.dirname(tools.cuobjdump) + os.pathsep + os.environ["PATH"]  # it calls nvdisasm
    listing = run([tools.cuobjdump, "-sass", cubin], PATH=path).stdout
    kernels = read_log(log)
    read_listing(listing, kernels)
    for name, kernel in kernels.items():
        kernel["group"] = math.prod(groups.get(name) or [items(name)])
        add_occupancy(kernel, ARCHITECTURES[target])
    return kernels


def with_group_sizes(ptx, groups):
    for name, (x, y, z) in groups.items():
        ptx = re.sub(rf"(\.entry {name}\([^{{]*?\))", rf"\1\n.reqntid {x}, {y}, {z}", ptx)
    return ptx


def read_log(log):
    """What ptxas says of each kernel."""
    kernels = {}
    for part in log.split("Compiling entry function '")[1:]:

        def find(pattern):
            return int((re.search(pattern, part) or [0, 0])[1])

        kernels[part.split("'")[0]] = {
            "registers": find(r"Used (\d+) registers"), "stack": find(r"(\d+) bytes stack frame"),
            "spills": find(r"(\d+) bytes spill stores"), "local": find(r"(\d+) bytes smem"), "code": 0, "listing": []}
    return kernels


def read_listing(text, kernels):
    """Adds each kernel's code: its size, and its instructions by address."""
    current = None
    for line in text.splitlines():
        if "Function :" in line:
            current = kernels.get(line.split(":")[1].strip())
        found = LINE.match(line)
        if current is None or not found:
            continue
        place, name, rest = int(found[1], 16), found[3], found[4]
        is_end = name == "NOP" or name == "BRA" and f"0x{place:x}" in rest.split()  # what stands behind the end
        if not is_end:
            current["code"] = place + 16
            is_conditional = found[2] not in (None, "PT")
            current["listing"].append((place, instructions.nvidia(name, rest, is_conditional)))


def add_occupancy(kernel, unit):
    warps = -(-kernel["group"] // 32)
    a_warp = -(-max(kernel["registers"], 1) // 8) * 256
    of_registers = unit.registers // a_warp // 4 * 4 // warps  # each quarter has its own
    of_memory = unit.groups
    if kernel["local"]:
        of_memory = unit.local_memory // (-(-kernel["local"] // 128) * 128 + unit.reserved)
    kernel["groups_per_unit"] = min(of_registers, of_memory, unit.threads // (warps * 32), unit.groups)
    kernel["occupancy"] = kernel["groups_per_unit"] * warps * 32 / unit.threads
    kernel["fma_cycles"] = unit.fma_cycles
