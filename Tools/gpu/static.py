#!/usr/bin/env python3
"""Static measures of OpenCL kernels: what real GPU compilers make of them, without a GPU.

    static.py                                            all programs, tiles and targets (make gpu-static)
    static.py --programs gemm_tile --tile 128x128x8/8x8 --targets sm_90 --json out.json
    static.py --write-targets                            today's measures become the bounds of what misses its goal
    static.py --file my.cl --options="-DTILE_M=128 -DTILE_N=128 ..." --targets sm_90 --registers 128

Builds every program that a GPU device builds, with every set of options that it uses, by the compilers of NVIDIA, AMD
and Intel, and reads each kernel's machine code: registers, spills, stack, local memory, size, groups that a
multiprocessor holds, and what a turn of the main loop issues (loops.py). Fails where targets.json is not met, where a
kernel has no target, and where no compiler is there at all; what was not checked for want of a compiler is said.

It cannot know what a driver's own compiler makes of the text (NVIDIA's has the same ptxas behind another LLVM), caches,
bank conflicts, or how often loops run: inner loops without multiply-adds count once.
"""

import argparse
import concurrent.futures
import functools
import json
import os
import re
import shlex
import sys
import tempfile
from pathlib import Path

import amd
import intel
import nvidia
from compilers import CompilerError, Tools
from loops import analyse
from programs import ROOT, TILE_MACROS, Build, Tile, builds, kernel_names, read_tiles
from table import show
from targets import Targets

sys.path.insert(0, str(ROOT / "Tools/kernels"))
from kernels import KernelError, Library  # noqa: E402

MAKERS = {"nvidia": nvidia, "amd": amd, "intel": intel}
DEFAULT_TARGETS = ["sm_70", "sm_80", "sm_90", *amd.ARCHITECTURES, *intel.ARCHITECTURES]


def maker_of(target):
    return next(name for name, maker in MAKERS.items() if target in maker.ARCHITECTURES)


def measure(tools, job):
    """The rows of one build for one target."""
    target, build = job
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "k.cl"
        source.write_text(build.text, encoding="utf-8")
        found = MAKERS[maker_of(target)].build(tools, target, build.options, source, folder)
    rows = []
    for name, kernel in found.items():
        expected = build.tile.step_fmas if build.tile and kernel["local"] else 0
        kernel["loop"] = analyse(kernel.pop("listing"), expected, kernel["fma_cycles"])
        if kernel["local"] and not build.has_local_memory:
            # AMD's compiler puts private arrays into local memory where it can.
            kernel["stack"] += kernel["local"] // kernel["group"]
        tile = str(build.tile) if build.tile else None
        rows.append({"target": target, "program": build.program, "kernel": name, "tile": tile, **kernel})
    return rows


def without_repeats(rows):
    """Rows of a kernel that are the same for every tile become one without a tile."""
    groups = {}
    for row in rows:
        groups.setdefault((row["target"], row["kernel"]), []).append(row)
    found = []
    for group in groups.values():
        first = {**group[0], "tile": None}
        is_same = len(group) > 1 and all({**row, "tile": None} == first for row in group)
        found += [first] if is_same else group
    return found


def chosen_builds(arguments, library, tiles):
    if arguments.file:
        macros = dict(re.findall(r"-D(\w+)=(\d+)", arguments.options))
        tile = Tile(*(int(macros[name]) for name in TILE_MACROS)) if macros.keys() >= set(TILE_MACROS) else None
        text = Path(arguments.file).read_text(encoding="utf-8")
        return [Build(Path(arguments.file).name, tile, shlex.split(arguments.options), text, "barrier" in text)]
    found = [
        build for build in builds(library, tiles)
        if not (arguments.programs and build.program not in arguments.programs) and
        not (arguments.tile and build.tile and str(build.tile) not in arguments.tile)]
    if not found:
        sys.exit("static.py: there is no such program, or no such tile")
    # The longest first, so that no core waits for another at the end.
    return sorted(found, key=lambda build: -(build.tile.item_rows * build.tile.item_columns if build.tile else 0))


def check(arguments, targets, rows, names):
    """Prints what is wrong; whether nothing is."""
    pairs = [(row, Tile.named(row["tile"]) if row["tile"] else None) for row in rows]
    if arguments.write_targets:
        targets.write(pairs, names)
    problems, gains = targets.check(pairs)
    problems += targets.check_names(names)
    for problem in problems:
        print(f"telar: {problem}", file=sys.stderr)
    print(f"{len(rows)} rows held to {targets.path.name}: {len(problems)} problems, "
          f"{sum(1 for row in rows if targets.known(row))} known to miss a goal.")
    if gains:
        print(f"{gains} of their bounds are better now: Tools/gpu/static.py --write-targets tightens them.")
    return not problems


def available(tools, wanted):
    """The targets whose compilers are there, and a line for each of the others."""
    missing = {target: tools.missing(maker_of(target)) for target in wanted}
    found = [target for target in wanted if not missing[target]]
    lines = [
        f"telar: NOT CHECKED: {target}, for want of {missing[target]}: see Tools/setup.sh gpu"
        for target in wanted if missing[target]]
    if not found:
        sys.exit("\n".join([*lines, "telar: no compiler of any of these targets is there, so nothing was checked."]))
    return found, lines


def arguments_of_command():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = [target for maker in MAKERS.values() for target in maker.ARCHITECTURES]
    parser.add_argument("--targets", nargs="+", default=DEFAULT_TARGETS, choices=known, metavar="TARGET",
                        help=f"of {', '.join(known)}")
    parser.add_argument("--programs", nargs="+", help="only these")
    parser.add_argument("--tile", nargs="+", help="only these, such as 128x128x8/8x8")
    parser.add_argument("--file", help="one file instead, whole as a driver gets it; it is held to nothing")
    parser.add_argument("--options", default="", help="the options of that file, as --options=\"-DA=1 -DB=2\"")
    parser.add_argument("--registers", type=int, help="the limit that -cl-nv-maxrregcount sets on NVIDIA")
    parser.add_argument("--json", help="write the rows there")
    parser.add_argument("--write-targets", action="store_true", help="write the bounds of what misses its goal")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    if arguments.write_targets and (arguments.tile or arguments.file or arguments.registers):
        parser.error("--write-targets goes with all tiles, as a GPU device builds them")
    return arguments


def main():
    arguments = arguments_of_command()
    tools = Tools()
    library, tiles = Library(ROOT / "Kernels"), read_tiles()
    targets = Targets(tiles)
    wanted, unchecked = available(tools, arguments.targets)
    chosen = chosen_builds(arguments, library, tiles)
    if arguments.registers:
        limit = f"{nvidia.REGISTER_LIMIT}{arguments.registers}"
        chosen = [build._replace(options=[*build.options, limit]) for build in chosen]
    jobs = [(target, build) for build in chosen for target in wanted]
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs) as pool:
        rows = without_repeats(sum(pool.map(functools.partial(measure, tools), jobs), []))
    rows.sort(key=lambda row: (row["program"], row["kernel"], row["tile"] or "", arguments.targets.index(row["target"])))
    show(rows)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    is_met = bool(arguments.file) or check(arguments, targets, rows, kernel_names(library))
    for line in unchecked:
        print(line, file=sys.stderr)
    return 0 if is_met else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (CompilerError, KernelError, ValueError) as error:
        sys.exit(f"telar: {error}")
