#!/usr/bin/env python3
"""Static measures of OpenCL kernels: what real GPU compilers make of them, without a GPU.

    static.py                                            all programs, tiles and flags, NVIDIA and AMD (make gpu-static)
    static.py --quick                                    of programs with flags the aligned kernels, and all of one tile
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
from compilers import CompilerCrash, CompilerError, Tools
from loops import analyse
from programs import GROUP, ROOT, TILE_MACROS, Build, Tile, builds, local_kernels, read_tiles
from table import show
from targets import Targets

sys.path.insert(0, str(ROOT / "Tools/kernels"))
from kernels import KernelError, Library  # noqa: E402

MAKERS = {"nvidia": nvidia, "amd": amd, "intel": intel}
# Not Intel's, whose compiler crashes on kernels of the tile family whose loops move a global pointer.
DEFAULT_TARGETS = ["sm_70", "sm_80", "sm_90", *amd.ARCHITECTURES]


def maker_of(target):
    return next(name for name, maker in MAKERS.items() if target in maker.ARCHITECTURES)


def measure(tools, job):
    """The rows of one build for one target. If the compiler crashes, they say that and nothing else of each kernel."""
    target, build = job

    def row(name, **measures):
        tile = str(build.tile) if build.tile else None
        return {
            "target": target, "program": build.program, "kernel": name, "tile": tile, "flags": build.flags, **measures}

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "k.cl"
        source.write_text(build.text, encoding="utf-8")
        maker = MAKERS[maker_of(target)]
        options = nvidia.limited(build.options, build.registers) if maker is nvidia else build.options
        try:
            found = maker.build(tools, target, options, source, folder, lambda kernel: build.groups.get(kernel, GROUP))
        except CompilerCrash:
            return [row(name, crashes=1) for name in build.kernels]
    rows = []
    for name, kernel in found.items():
        expected = build.tile.step_fmas if build.tile and name in build.groups else 0
        kernel["loop"] = analyse(kernel.pop("listing"), expected, kernel["fma_cycles"])
        if kernel["local"] and name not in build.groups:
            # AMD's compiler puts private arrays into local memory where it can.
            kernel["stack"] += kernel["local"] // kernel["group"]
        rows.append(row(name, **kernel))
    return rows


def chosen_builds(arguments, everything, tiles):
    if arguments.file:
        macros = dict(re.findall(r"-D(\w+)=(\d+)", arguments.options))
        tile = Tile(*(int(macros[name]) for name in TILE_MACROS)) if macros.keys() >= set(TILE_MACROS) else None
        text = Path(arguments.file).read_text(encoding="utf-8")
        groups = dict.fromkeys(local_kernels(text), tile.items if tile else GROUP)
        options = shlex.split(arguments.options)
        return [Build(Path(arguments.file).name, tile, None, options, arguments.registers, text, groups)]
    found = [
        build for build in everything
        if not (arguments.programs and build.program not in arguments.programs) and
        not (arguments.tile and build.tile and str(build.tile) not in arguments.tile) and
        (build.is_quick(tiles) or not arguments.quick)]
    if arguments.registers:
        found = [build._replace(registers=arguments.registers) for build in found]
    if not found:
        sys.exit("static.py: there is no such program, or no such tile")
    # The longest first, so that no core waits for another at the end.
    return sorted(found, key=lambda build: -(build.tile.item_rows * build.tile.item_columns if build.tile else 0))


def check(arguments, targets, rows, labels):
    """Prints what is wrong; whether nothing is."""
    pairs = [(row, Tile.named(row["tile"]) if row["tile"] else None) for row in rows]
    if arguments.write_targets:
        targets.write(pairs, labels)
    problems, gains = targets.check(pairs)
    problems += targets.check_names({label.split()[0] for label in labels})
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
    parser.add_argument("--quick", action="store_true", help="not the kernels of every tile that are not aligned")
    parser.add_argument("--file", help="one file instead, whole as a driver gets it; it is held to nothing")
    parser.add_argument("--options", default="", help="the options of that file, as --options=\"-DA=1 -DB=2\"")
    parser.add_argument("--registers", type=int, help="the limit that -cl-nv-maxrregcount sets on NVIDIA")
    parser.add_argument("--json", help="write the rows there")
    parser.add_argument("--write-targets", action="store_true", help="write the bounds of what misses its goal")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    if arguments.write_targets and (arguments.file or arguments.registers):
        parser.error("--write-targets goes with what a GPU device builds")
    return arguments


def main():
    arguments = arguments_of_command()
    tools = Tools()
    library, tiles = Library(ROOT / "Kernels"), read_tiles()
    targets, everything = Targets(tiles.all), builds(library, tiles)
    wanted, unchecked = available(tools, arguments.targets)
    chosen = chosen_builds(arguments, everything, tiles)
    jobs = [(target, build) for build in chosen for target in wanted]
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs) as pool:
        rows = sum(pool.map(functools.partial(measure, tools), jobs), [])
    rows.sort(key=lambda row: (
        row["program"], row["kernel"], row["tile"] or "", row["flags"] or "", arguments.targets.index(row["target"])))
    show(rows)
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    is_met = bool(arguments.file) or check(
        arguments, targets, rows, set().union(*(build.labels for build in everything)))
    for line in unchecked:
        print(line, file=sys.stderr)
    return 0 if is_met else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (CompilerError, KernelError, ValueError) as error:
        sys.exit(f"telar: {error}")
