#!/usr/bin/env python3
"""Static measures of OpenCL kernels: what real GPU compilers make of them, without a GPU.

Builds every program that a GPU device builds, with every set of options it uses, for NVIDIA (clang, then ptxas) and AMD
(clang alone), and reads from each kernel's machine code: registers, spills, stack, local memory, size, groups that a
multiprocessor holds, and what a turn of the main loop issues (the outermost loop with multiply-adds; the innermost with
loads where there are none; the whole kernel without a loop). Exits with 1 where a kernel spills or has a stack.

    static.py --kernels Kernels --targets sm_90 gfx90a
    static.py --programs gemm_tile --tile 128x128x8/8x8 --json out.json
    static.py --file my.cl --options="-DTILE_M=128 -DTILE_N=128 ..." --targets sm_90 --registers 128

Needs clang with its NVPTX and AMDGPU back ends and libclc; for NVIDIA also ptxas, cuobjdump and nvdisasm (pip packages
nvidia-cuda-nvcc-cu12 and nvidia-cuda-cuobjdump; from CUDA 13.1 on they do not read sm_70, those in triton's wheels do).

Two figures low..high are of the best way through the loop (most multiply-adds, then most bytes, then fewest
instructions) and of the longest. FMA share: multiply-adds of what is issued (on AMD of vector arithmetic, the rest has
ports of its own); bound: the share of peak that allows; wait: instructions from a global load to its store in local
memory; wide: 64-bit index arithmetic; div: integer divisions (on AMD the wide multiplications that they are made of).

It cannot know what a driver's own compiler makes of the text (NVIDIA's has the same ptxas behind another LLVM), caches,
bank conflicts, or how often loops run: inner loops without multiply-adds count once.
"""
import argparse, collections, concurrent.futures, functools, json, math, os, re, pathlib, shlex, shutil, subprocess, sys, tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "kernels"))
from kernels import Library

CPU_ONLY = {"common", "gemm", "conv2d", "conv2d_batch", "conv2d_dot", "conv2d_first", "conv2d_first_norm",
            "conv2d_prepare", "conv2d_depthwise", "conv2d_from_one", "conv2d_to_one", "winograd", "dropout_pool", "tuning",
            "batch_norm", "batch_norm_pool", "column_sum", "dropout", "group_norm", "layout", "loss", "softmax"}
BASE = {"VECTOR_WIDTH": 4, "USE_FMA": 1, "ROWS": 4}  # OpenCLPrograms.options(for:) on a GPU
GROUP = 64  # items of a group where a kernel requires no number: groupSize in Launches.swift
# A multiprocessor's registers, local memory, what a group costs of it besides, threads and groups at most, and the
# cycles that a warp's FFMA takes of its quarter, which issues one instruction in each.
NVIDIA = {"sm_70": (65536, 98304, 0, 2048, 32, 2), "sm_75": (65536, 65536, 0, 1024, 16, 2),
          "sm_80": (65536, 167936, 1024, 2048, 32, 2), "sm_86": (65536, 102400, 1024, 1536, 16, 1),
          "sm_89": (65536, 102400, 1024, 1536, 24, 1), "sm_90": (65536, 233472, 1024, 2048, 32, 1)}
# Items of a wave, waves of a SIMD at most, SIMDs and local memory of a compute unit.
AMD = {"gfx906": (64, 10, 4, 65536), "gfx90a": (64, 8, 4, 65536),
       "gfx1030": (32, 16, 2, 65536), "gfx1100": (32, 16, 2, 65536)}
INTEGER = re.compile(r"U?(IMAD|IADD3?|VIADD|LEA|SHF|SHL|SHR|LOP3|PLOP3|ISETP|V?IMNMX|SEL|PRMT|MOV|IABS|I2F|I2FP|LDC|S2R|"
                     r"S2UR|CS2R|P2R|R2P|R2UR|HFMA2|SGXT|BMSK|FLO|POPC)$")


class Instruction:
    """What a machine instruction does: its kind, floats moved an item, multiply-adds, issue slots, where it jumps."""
    __slots__ = ("kind", "width", "fmas", "issues", "target", "falls")

    def __init__(self, kind="other", width=0, fmas=0, issues=1, target=None, falls=True):
        self.kind, self.width, self.fmas, self.issues, self.target, self.falls = kind, width, fmas, issues, target, falls

    @classmethod
    def nvidia(cls, name, text, is_conditional):
        base = name.split(".")[0]
        if base in ("LDG", "STG", "LDS", "STS", "LDL", "STL", "LD", "ST"):
            return cls(base, 4 if ".128" in name else 2 if ".64" in name else 1)
        if base in ("FFMA", "FFMA2"):
            return cls("FMA", fmas=2 if base == "FFMA2" else 1)
        # A conditional call is a jump that ptxas leaves a loop with; the others are of subroutines.
        if base in ("BRA", "JMP", "BRX", "EXIT", "RET") or base == "CALL" and is_conditional:
            places = re.findall(r"0x([0-9a-f]+)", text)
            target = int(places[-1], 16) if places and base in ("BRA", "JMP", "CALL") else None
            return cls("branch", target=target, falls=is_conditional or bool(re.match(r"!?U?P\d", text)))
        if base == "F2I":
            return cls("division")  # every integer division has one, and these kernels nothing else
        if INTEGER.match(base):
            return cls("wide" if re.search(r"\.(WIDE|X|64|U64)\b", name) else "integer")
        return cls("barrier" if base == "BAR" else "call" if base == "CALL" else "other")

    @classmethod
    def amd(cls, name, text):
        memory = re.match(r"(global|flat|scratch|buffer|ds)_(load|store|read|write)(2|2st64|_2addr)?(?:_stride64)?_"
                          r"(?:dword)?(x\d|b\d+)?", name)
        if memory:
            space = {"global": "G", "flat": "G", "buffer": "L", "scratch": "L", "ds": "S"}[memory[1]]
            width = {None: 1, "x2": 2, "x3": 3, "x4": 4, "b64": 2, "b96": 3, "b128": 4}.get(memory[4], 1)
            kind = ("LD" if memory[2] in ("load", "read") else "ST") + space
            return cls(kind, width * (2 if memory[3] else 1), issues=0)
        if name.startswith(("s_cbranch", "s_branch", "s_endpgm", "s_setpc")):
            target = text.split()[0] if "branch" in name else None
            return cls("branch", issues=0, target=target, falls=name.startswith("s_cbranch"))
        if not name.startswith("v_"):
            return cls("barrier" if name == "s_barrier" else "other", issues=0)
        fmas = (len(re.findall(r"v_dual_fma\w+_f32", name + " " + text)) if name.startswith("v_dual") else
                2 if name.startswith("v_pk_fma_f32") else 1 if re.match(r"v_(fma|fmac|mac|mad|fmaak|fmamk)_?f32", name) else 0)
        return cls("FMA" if fmas else "division" if "mul_hi_u32" in name else "other" if "f32" in name else
                   "wide" if re.search("64|addc|add_co_ci", name) else "integer", fmas=fmas)


def flow(code):
    """The basic blocks of a function, [(place, Instruction)], which follow each one, and the order to visit them in."""
    index = {place: i for i, (place, _) in enumerate(code)}
    all_ = [instruction for _, instruction in code]
    starts = {0} | {index[i.target] for i in all_ if i.target in index}
    starts = sorted(starts | {n + 1 for n, i in enumerate(all_[:-1]) if i.kind == "branch"})
    number = {start: b for b, start in enumerate(starts)}
    blocks = [all_[s:e] for s, e in zip(starts, starts[1:] + [len(all_)])]
    following = []
    for b, block in enumerate(blocks):
        last = block[-1]
        out = {number[index[last.target]]} if last.target in index else set()
        following.append(out | ({b + 1} if (last.kind != "branch" or last.falls) and b + 1 < len(blocks) else set()))
    order, seen, stack = [], {0}, [(0, iter(following[0]))]
    while stack:
        for s in stack[-1][1]:
            if s not in seen:
                seen.add(s)
                stack.append((s, iter(following[s])))
                break
        else:
            order.append(stack.pop()[0])
    return blocks, following, order[::-1]


def find_loops(following, order):
    """{head: the blocks of its loop}, and what dominates each block as a set of bits."""
    before = collections.defaultdict(set)
    for b in order:
        for s in following[b]:
            before[s].add(b)
    dominators, changed = {b: 1 if b == 0 else -1 for b in order}, True
    while changed:
        changed = False
        for b in order[1:]:
            own = 1 << b | functools.reduce(lambda x, p: x & dominators[p], before[b], -1)
            dominators[b], changed = own, changed or own != dominators[b]
    loops = {}
    for b in order:
        for head in following[b]:
            if dominators[b] >> head & 1:
                body, todo = loops.setdefault(head, {head}), [b]
                while todo:
                    at = todo.pop()
                    if at not in body:
                        body.add(at)
                        todo += before[at]
    return loops, dominators


def analyse(code, expected, fma_cycles):
    """What a turn of the main loop issues, on the best and on the longest way. `expected`: its multiply-adds, if known."""
    blocks, following, order = flow(code)
    loops, dominators = find_loops(following, order)
    def total(body, what): return sum(what[b] for b in body)
    fmas = [sum(i.fmas for i in block) for block in blocks]
    loads = [sum(i.kind == "LDG" for i in block) for block in blocks]
    turns = collections.defaultdict(lambda: 1.0)
    what = fmas if any(total(body, fmas) for body in loops.values()) else loads
    useful = {h: body for h, body in loops.items() if total(body, what)}
    if not useful:
        head, body = 0, set(order)
    elif expected and what is fmas:
        head, body = max(useful.items(), key=lambda item: (total(item[1], fmas), len(item[1])))
        within = set().union(*(other for other in useful.values() if other < body), set())
        for b in within:  # how often an inner loop turns follows from the sum
            turns[b] = max(1.0, (expected - total(body - within, fmas)) / total(within, fmas))
    else:
        innermost = {h: b for h, b in useful.items() if not any(other < b for other in useful.values())}
        head, body = max(innermost.items(), key=lambda item: total(item[1], what))

    def way(key):
        """The blocks on the way through with the largest sum of `key`."""
        best = {head: (key(head), [head])}
        for b in order:
            for s in following[b] if b in best else ():
                if s in body and s != head and not dominators[b] >> s & 1:
                    sums = tuple(x + y for x, y in zip(best[b][0], key(s)))
                    if s not in best or sums > best[s][0]:
                        best[s] = (sums, best[b][1] + [s])
        ends = [best[b] for b in best if head in following[b] or not useful and blocks[b][-1].target is None]
        return max(ends, key=lambda end: end[0])[1]

    def issued(b): return turns[b] * sum(i.issues for i in blocks[b])
    def moved(b): return turns[b] * sum(i.width for i in blocks[b] if i.kind in ("LDG", "STS"))
    result = {}
    for name, path in (("best", way(lambda b: (turns[b] * fmas[b], moved(b), -issued(b)))),
                       ("longest", way(lambda b: (turns[b] * fmas[b], issued(b))))):
        counts, widths, at, placed = collections.Counter(), collections.Counter(), 0.0, []
        for b in path:
            for i in blocks[b]:
                at += turns[b] * i.issues
                counts[i.kind] += turns[b]
                counts["fmas"] += turns[b] * i.fmas
                if i.width:
                    widths[f"{i.kind}.{32 * i.width}"] += turns[b]
                if i.kind in ("LDG", "STS"):
                    placed.append((at, i.kind))
        stores = [p for p, kind in placed if kind == "STS"]
        waits = [min((s - p) % at for s in stores) for p, kind in placed if kind == "LDG" and stores and at]
        share = counts["FMA"] / max(1, at)
        result[name] = {**{k: round(v, 1) for k, v in counts.items()}, "issued": round(at), "widths": dict(widths),
                        "fma_share": round(share, 3), "bound": round(min(1.0, share * fma_cycles), 3),
                        "integer_per_fma": round((counts["integer"] + counts["wide"]) / max(1, counts["fmas"]), 3),
                        "wait": round(min(waits)) if waits else 0}
    return result


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\n{(done.stderr or done.stdout)[:3000]}")
    return done


def compile_text(tools, target, options, source, output):
    """Writes machine code, or PTX; returns the group sizes that kernels require."""
    nvidia = ["-target", "nvptx64--nvidiacl", *(f for o in ("-target-cpu", target, "-target-feature", "+ptx78")
                                                for f in ("-Xclang", o))]
    triple = nvidia if target in NVIDIA else ["-target", "amdgcn--amdhsa", "-nogpulib", f"-mcpu={target}"]
    library = os.path.join(tools.libclc, "nvptx64--nvidiacl.bc" if target in NVIDIA else "amdgcn--amdhsa.bc")
    middle = output + ".ll"
    run([tools.clang, "-x", "cl", "-cl-std=CL1.2", *triple, "-O3", "-w", "-Xclang", "-finclude-default-header", *options,
         "-Xclang", "-mlink-builtin-bitcode", "-Xclang", library, "-S", "-emit-llvm", "-o", middle, source])
    text = open(middle).read()
    sizes = {n: [int(s) for s in re.findall(r"i32 (\d+)", v)] for n, v in re.findall(r"^!(\d+) = !\{((?:i32 \d+(?:, )?){3})\}", text, re.M)}
    run([tools.clang, "-x", "ir", *triple, "-O3", "-w", "-Xclang", "-disable-llvm-passes", "-S", "-o", output, middle])
    return {name: sizes[n] for name, n in re.findall(r"^define .*?@(\w+)\(.*!reqd_work_group_size !(\d+)", text, re.M)}


def build_nvidia(tools, target, options, source, folder):
    """{kernel: its measures and code} of a program."""
    ptx, cubin = os.path.join(folder, "k.ptx"), os.path.join(folder, "k.cubin")
    groups = compile_text(tools, target, options, source, ptx)
    text = open(ptx).read()
    for name, size in groups.items() if not tools.registers else ():  # LLVM omits it, and with it ptxas heeds no limit
        text = re.sub(rf"(\.entry {name}\([^{{]*?\))", rf"\1\n.reqntid {size[0]}, {size[1]}, {size[2]}", text)
    open(ptx, "w").write(text)
    limit = [f"-maxrregcount={tools.registers}"] if tools.registers else []
    log = run([tools.ptxas, "-v", f"-arch={target}", *limit, ptx, "-o", cubin]).stderr
    path = os.path.dirname(tools.cuobjdump) + os.pathsep + os.environ["PATH"]  # it calls nvdisasm
    sass = subprocess.run([tools.cuobjdump, "-sass", cubin], capture_output=True, text=True, env=dict(os.environ, PATH=path))
    kernels = {}
    for part in log.split("Compiling entry function '")[1:]:
        name = part.split("'")[0]
        def find(pattern): return int((re.search(pattern, part) or [0, 0])[1])
        kernels[name] = {"registers": find(r"Used (\d+) registers"), "stack": find(r"(\d+) bytes stack frame"),
                         "spills": find(r"(\d+) bytes spill stores"), "local": find(r"(\d+) bytes smem"), "code": 0,
                         "group": math.prod(groups.get(name, [GROUP])), "listing": []}
    line, current = re.compile(r"^\s+/\*([0-9a-f]{4,})\*/\s+(?:@!?(U?P\w+)\s+)?([A-Z][\w.]*)\s*(.*?)\s*;"), None
    for text in sass.stdout.splitlines():
        if "Function :" in text:
            current = kernels.get(text.split(":")[1].strip())
        found = line.match(text)
        if current is None or not found:
            continue
        place, name, rest = int(found[1], 16), found[3], found[4]
        if name != "NOP" and not (name == "BRA" and f"0x{place:x}" in rest.split()):  # what stands behind the end
            current["code"] = place + 16
            current["listing"].append((place, Instruction.nvidia(name, rest, found[2] not in (None, "PT"))))
    registers, memory, reserved, threads, most, fma_cycles = NVIDIA[target]
    for k in kernels.values():
        warps = -(-k["group"] // 32)
        of_registers = registers // (-(-max(k["registers"], 1) // 8) * 256) // 4 * 4 // warps  # by quarters
        of_memory = memory // (-(-k["local"] // 128) * 128 + reserved) if k["local"] else most
        k["groups_per_unit"] = min(of_registers, of_memory, threads // (warps * 32), most)
        k["occupancy"], k["fma_cycles"] = k["groups_per_unit"] * warps * 32 / threads, fma_cycles
    return kernels


def build_amd(tools, target, options, source, folder):
    """The same; ptxas and cuobjdump are not needed."""
    path = os.path.join(folder, "k.s")
    groups = compile_text(tools, target, options, source, path)
    code, _, notes = open(path).read().partition("amdhsa.kernels:")
    spills = {re.search(r"^    \.name:\s+(\w+)", part, re.M)[1]: sum(map(int, re.findall(r"gpr_spill_count:\s*(\d+)", part)))
              for part in notes.split("\n  - ")[1:] if ".sgpr_count" in part}
    wave, most, simds, memory = AMD[target]
    kernels = {}
    for name, body, after in re.findall(r"^(\w+):\s+; @\1\n(.*?)^\.Lfunc_end\d+:(.*?COMPUTE_PGM)", code, re.M | re.S):
        def number(pattern): return int((re.search(pattern, after) or [0, 0])[1])
        k = {"registers": number(r"; (?:TotalN|N)umVgprs: (\d+)"), "stack": number(r"; ScratchSize: (\d+)"),
             "spills": spills.get(name, 0), "local": number(r"; LDSByteSize: (\d+)"), "listing": [], "fma_cycles": 1,
             "code": number(r"; codeLenInByte = (\d+)"), "group": math.prod(groups.get(name, [GROUP]))}
        for place, line in enumerate(body.splitlines()):
            label, found = re.match(r"(\.LBB\w+):", line), re.match(r"\s+([a-z]\w+)\s*([^;]*)", line)
            if label or found:
                k["listing"].append((label[1], Instruction(issues=0)) if label else (place, Instruction.amd(found[1], found[2])))
        waves, of_registers = -(-k["group"] // wave), number(r"; Occupancy: (\d+)")
        k["groups_per_unit"] = min(of_registers * simds // waves, memory // k["local"] if k["local"] else most * simds)
        k["occupancy"] = k["groups_per_unit"] * waves / (most * simds)
        kernels[name] = k
    return kernels


def measure(job):
    """The rows of one program with one set of options for one target."""
    tools, target, program, tile, options, text = job
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "k.cl")
        open(source, "w").write(text)
        kernels = (build_nvidia if target in NVIDIA else build_amd)(tools, target, options, source, folder)
    m, n, depth, item_m, item_n = map(int, re.findall(r"\d+", tile or "0x0x0/0x0"))
    rows = []
    for name, k in kernels.items():
        k["loop"] = analyse(k.pop("listing"), item_m * item_n * depth if k["local"] else 0, k["fma_cycles"])
        rows.append({"target": target, "program": program, "kernel": name, "tile": tile, **k})
    return rows


def jobs(tools):
    """What there is to build: (tools, target, program, tile, options, text)."""
    names = ("TILE_M", "TILE_N", "TILE_K", "ITEM_M", "ITEM_N")
    if tools.file:
        size = dict(re.findall(r"-D(\w+)=(\d+)", tools.options))
        tile = "{}x{}x{}/{}x{}".format(*map(size.get, names)) if all(n in size for n in names) else None
        text = open(tools.file).read()
        return [(tools, t, os.path.basename(tools.file), tile, shlex.split(tools.options), text) for t in tools.targets]
    tiles = open(tools.tiles or os.path.join(tools.kernels, "..", "Sources", "Compute", "LocalTile.swift")).read()
    tiles = re.findall(r"\(" + ", ".join(rf"{n}: (\d+)" for n in ("rows", "columns", "depth", "itemRows", "itemColumns")) + r"\)", tiles)
    def flat(path): return "".join("\n" if line.startswith("#include") else line for line in open(path).readlines())
    found = []
    for program in Library(pathlib.Path(tools.kernels)).programs:
        name = program.name
        if name in CPU_ONLY or tools.programs and name not in tools.programs:
            continue
        text = "".join(flat(file.path) for file in program.files)
        for tile in tiles if "TILE_M" in text else [None]:
            label = tile and "{}x{}x{}/{}x{}".format(*tile)
            macros = {**BASE, **dict(zip(names, tile or ()))}
            if not (tile and tools.tile) or label in tools.tile:
                found += [(tools, t, name, label, [f"-D{k}={v}" for k, v in macros.items()], text) for t in tools.targets]
    return found


def show(rows):
    table = [("target", "kernel", "tile", "regs", "spill", "stack", "local", "code", "group", "a unit", "occ", "FMA share", "bound",
              "issued", "wait", "LDG", "LDS", "STS", "int/FMA", "wide", "div")]
    for r in rows:
        best, longest = r["loop"]["best"], r["loop"]["longest"]
        def both(key, form="{:.0f}"): return "..".join(dict.fromkeys(form.format(w.get(key, 0)) for w in (best, longest)))
        def widths(kind):
            return "+".join(f"{v:g}x{k[4:]}" for k, v in sorted(best["widths"].items()) if k.startswith(kind)) or "-"
        table.append((r["target"], r["kernel"], r["tile"] or "", r["registers"], r["spills"], r["stack"], r["local"], r["code"],
                      r["group"], r["groups_per_unit"], f"{r['occupancy']:.0%}", both("fma_share", "{:.2f}"),
                      both("bound", "{:.2f}"), both("issued"), best["wait"], widths("LDG"), widths("LDS"), widths("STS"),
                      both("integer_per_fma", "{:.2f}"), both("wide"), both("division")))
    sizes = [max(len(str(row[c])) for row in table) for c in range(len(table[0]))]
    for row in table:
        print("  ".join(str(v).ljust(s) if c < 3 else str(v).rjust(s) for c, (v, s) in enumerate(zip(row, sizes))))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    env, which = os.environ.get, shutil.which
    parser.add_argument("--kernels", default="Kernels", help="the folder of .cl files")
    parser.add_argument("--tiles", help="LocalTile.swift; by default ../Sources/Compute/LocalTile.swift")
    parser.add_argument("--targets", nargs="+", default=["sm_70", "sm_80", "sm_90", *AMD], choices=[*NVIDIA, *AMD])
    parser.add_argument("--programs", nargs="+", help="only these")
    parser.add_argument("--tile", nargs="+", help="only these, such as 128x128x8/8x8")
    parser.add_argument("--file", help="one file instead, whole as a driver gets it")
    parser.add_argument("--options", default="", help="the options of that file, as --options=\"-DA=1 -DB=2\"")
    parser.add_argument("--registers", type=int, help="the limit that -cl-nv-maxrregcount sets on NVIDIA")
    parser.add_argument("--json", help="write all measures there")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    for name, default in (("clang", env("CLANG") or which("clang-19") or "clang"), ("libclc", env("LIBCLC") or "/usr/lib/clc"),
                          ("ptxas", env("PTXAS") or which("ptxas")), ("cuobjdump", env("CUOBJDUMP") or which("cuobjdump"))):
        parser.add_argument("--" + name, default=default)
    tools = parser.parse_args()
    if any(t in NVIDIA for t in tools.targets) and not (tools.ptxas and tools.cuobjdump):
        parser.error("NVIDIA's targets need --ptxas and --cuobjdump")
    with concurrent.futures.ThreadPoolExecutor(tools.jobs) as pool:
        rows = sum(pool.map(measure, jobs(tools)), [])
    show(rows)
    if tools.json:
        json.dump(rows, open(tools.json, "w"), indent=1)
    bad = [r for r in rows if r["spills"] or r["stack"]]
    for r in bad:
        print(f"{r['target']} {r['kernel']} {r['tile'] or ''}: {r['spills']} spills, {r['stack']} bytes of stack", file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
