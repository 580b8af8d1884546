"""Intel: ocloc, whose compiler dumps each kernel's listing."""

import math
import re
from pathlib import Path
from typing import NamedTuple

import instructions
from compilers import run


class Core(NamedTuple):
    device: str  # as ocloc knows it
    threads: int  # of a core, with 128 registers each
    local_memory: int


ARCHITECTURES = {"dg2": Core("dg2", 128, 131072), "tgl": Core("tgllp", 112, 65536)}
LINE = re.compile(r"^(?:\([^)]*\))?\s+([a-z][\w.]*)\s+(.*)")
BLOCK = re.compile(r"^// B(\d+):.*Succs:\{(.*?)\}")


def build(tools, target, options, source, folder, items):
    """{kernel: its measures and listing} of a program. items(kernel): of a group where the text requires no number."""
    core, dumps = ARCHITECTURES[target], folder / "dumps"
    dumps.mkdir()
    root = Path(tools.ocloc).parents[2]
    run(
        [tools.ocloc, "compile", "-q", "-file", source, "-device", core.device, "-options",
         " ".join(["-cl-std=CL1.2", "-w", *(o for o in options if not o.startswith("-cl-nv-"))]), "-out_dir", folder, "-output", "k"],
        LD_LIBRARY_PATH=f"{root}/usr/lib/x86_64-linux-gnu", IGC_ShaderDumpEnable="1", IGC_DumpToCustomDir=f"{dumps}/")
    groups, local = {}, {}
    for path in dumps.glob("*_beforeUnification.ll"):
        text = path.read_text()
        groups.update(read_groups(text))
        local.update(read_local_memory(text))
    kernels = {}
    for path in sorted(dumps.glob("*.asm")):
        name, kernel = read(path.read_text(), int(re.search(r"_simd(\d+)_", path.name)[1]))
        # There is a listing for each width that was tried; the widest of those that spill least is used.
        key = (kernel["spills"], -kernel["simd"])
        if name not in kernels or key < (kernels[name]["spills"], -kernels[name]["simd"]):
            kernels[name] = kernel
    for name, kernel in kernels.items():
        kernel["local"] = local.get(name, 0)
        kernel["group"] = math.prod(groups.get(name) or [items(name)])
        add_occupancy(kernel, core)
    return kernels


def read_groups(text):
    """The sizes of groups that kernels require, from LLVM's text."""
    lists = dict(re.findall(r"^(!\d+) = !\{(.*)\}", text, re.M))
    groups = {}
    for entry in lists.values():
        name, _, items = entry.partition(")* @")[2].partition(", ")
        for item in re.findall(r"!\d+", items):
            sizes = re.match(r'!"reqd_work_group_size", i32 (\d+), i32 (\d+), i32 (\d+)', lists.get(item, ""))
            if sizes:
                groups[name] = [int(size) for size in sizes.groups()]
    return groups


def read_local_memory(text):
    """Bytes of local memory by kernel, from LLVM's text; all elements are four bytes."""
    local = {}
    for name, shape in re.findall(r"^@(\w+)\.[\w.]+ = .*?addrspace\(3\) global (\[.*?\]) undef", text, re.M):
        local[name] = local.get(name, 0) + 4 * math.prod(int(count) for count in re.findall(r"(\d+) x", shape))
    return local


def read(text, simd):
    """A kernel's name and what its listing says, of `simd` items a thread."""

    def number(pattern):
        return int((re.search(pattern, text, re.M) or [0, 0])[1])

    blocks, compacted = [], 0
    for line in text.splitlines():
        head, instruction = BLOCK.match(line), LINE.match(line)
        if head:
            blocks.append((int(head[1]), [int(block) for block in re.findall(r"\d+", head[2])], []))
        elif instruction and blocks:
            blocks[-1][2].append(instructions.intel(instruction[1], instruction[2]))
            compacted += "{Compacted" in instruction[2]
    return re.search(r"^//\.kernel (\w+)", text)[1], {
        "registers": number(r"numGRF=(\d+)"), "stack": number(r"^//\.private memory size (\d+)"),
        "spills": number(r"^//\.spill size (\d+)"),
        "code": 16 * sum(len(found) for _, _, found in blocks) - 8 * compacted,  # compacted instructions are half as long
        "simd": simd, "listing": listing(blocks)}


def listing(blocks):
    """The instructions of blocks (number, successors, instructions), and between them where each goes next."""
    found, place = [], 0
    for index, (number, successors, inside) in enumerate(blocks):
        found.append((f"B{number}", instructions.Instruction(issues=0)))
        following = blocks[index + 1][0] if index + 1 < len(blocks) else None
        jumps = [block for block in successors if block != following]
        for instruction in inside:
            found.append((place, instruction))
            place += 1
        for rest, block in enumerate(reversed(jumps)):
            falls = following in successors or rest + 1 < len(jumps)
            found.append((place, instructions.Instruction("branch", issues=0, target=f"B{block}", falls=falls)))
            place += 1
    return found


def add_occupancy(kernel, core):
    threads = -(-kernel["group"] // kernel.pop("simd"))
    of_memory = core.local_memory // kernel["local"] if kernel["local"] else core.threads
    kernel["groups_per_unit"] = min(core.threads // threads, of_memory)
    kernel["occupancy"] = kernel["groups_per_unit"] * threads / core.threads
    kernel["fma_cycles"] = 1
