"""What a GPU device builds: programs, and the sets of options of each."""

import itertools
import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
# Programs of which a GPU device launches no kernel: the vector family's.
CPU_ONLY = {
    "batch_norm", "batch_norm_pool", "column_sum", "conv2d", "conv2d_batch", "conv2d_depthwise", "conv2d_dot",
    "conv2d_first", "conv2d_first_norm", "conv2d_from_one", "conv2d_prepare", "conv2d_to_one", "dropout", "dropout_pool",
    "gemm", "group_norm", "layout", "loss", "pointwise_loss", "softmax", "weighted_cross_entropy", "winograd"}
DEVICE_MACROS = {"VECTOR_WIDTH": 4, "USE_FMA": 1, "ROWS": 4}  # OpenCLPrograms.options(for:) on a GPU
TILE_MACROS = ("TILE_M", "TILE_N", "TILE_K", "ITEM_M", "ITEM_N")
TILE_FIELDS = ("rows", "columns", "depth", "itemRows", "itemColumns")
ALIGNMENTS = {"ALIGNED", "PIXELS_ALIGNED"}
FLAGS = {  # of the LocalTileKernels: macros that are 0 or 1
    "gemm_tile": ("ALIGNED", "A_IS_TRANSPOSED", "B_IS_TRANSPOSED"), "conv2d_tile": ("ALIGNED", "PIXELS_ALIGNED"),
    "conv2d_weight_gradient_tile": ("ALIGNED", "PIXELS_ALIGNED"), "conv2d_pool_tile": ("ALIGNED", "PIXELS_ALIGNED")}
GROUP = 64  # items of a group where nothing else is said: groupSize in Launches.swift
# The header and the macro with the items of a group of kernels with local memory, on a GPU with large groups.
GROUPS = {"sum_splits": None, "cross_entropy_rows_tile": ("loss.h", "LOSS_GROUP_ITEMS"),
    "weighted_cross_entropy_rows_tile": ("loss.h", "LOSS_GROUP_ITEMS")}
GROUP_SUM = ("group_sum.h", "GROUP_SUM_ITEMS")  # of the others
KERNEL = re.compile(r"(?:kernel|GROUP_KERNEL) void (\w+)\((.*?)^}", re.M | re.S)


class Tile(NamedTuple):
    """A LocalTile of Swift's."""

    rows: int
    columns: int
    depth: int
    item_rows: int
    item_columns: int

    def __str__(self):
        return f"{self.rows}x{self.columns}x{self.depth}/{self.item_rows}x{self.item_columns}"

    @classmethod
    def named(cls, label):
        return cls(*map(int, re.findall(r"\d+", label)))

    @property
    def slices(self):
        """Slices of a deep tile's terms, each with items of its own."""
        return 256 // self.slice_items if self.depth > 16 else 1

    @property
    def slice_items(self):
        return self.rows // self.item_rows * (self.columns // self.item_columns)

    @property
    def items(self):
        """Work-items of a group."""
        return self.slice_items * self.slices

    @property
    def step_fmas(self):
        """Multiply-adds of a work-item in a step."""
        return self.item_rows * self.item_columns * self.depth // self.slices


class Tiles(NamedTuple):
    """What LocalTile.swift says."""

    all: list
    of_convolutions: list
    square: Tile
    register_limit: int


class Build(NamedTuple):
    """A program's whole text with one set of options."""

    program: str
    tile: Tile | None
    flags: str | None  # the flags that are set, as ALIGNED+A_IS_TRANSPOSED; none; None where the program has no flags
    options: list
    registers: int | None  # the limit that a compiler of NVIDIA's is told
    text: str
    groups: dict  # {kernel with local memory: items of a group}

    @property
    def kernels(self):
        return [found[1] for found in KERNEL.finditer(self.text)]

    @property
    def labels(self):
        """The kernels as misses are named, without the target."""
        return {label(kernel, self.tile, self.flags) for kernel in self.kernels}

    def is_quick(self, tiles):
        """Whether a quick check has it: of a program with flags the aligned kernels, and of one tile all."""
        aligned = ALIGNMENTS & set(FLAGS.get(self.program, ()))
        return self.tile == tiles.square or not self.flags or aligned <= set(self.flags.split("+"))


def label(kernel, tile, flags):
    return " ".join(str(part) for part in (kernel, tile, flags) if part)


def read_tiles(path=ROOT / "Sources/Compute/LocalTile.swift"):
    text = path.read_text(encoding="utf-8")
    numbers = r"static let (\w+) = LocalTile\(" + r",\s*".join(rf"{field}: (\d+)" for field in TILE_FIELDS) + r"\)"
    tiles = {name: Tile(*map(int, found)) for name, *found in re.findall(numbers, text)}
    names, limit = re.search(r"ofConvolutions = \[(.*?)\]", text), re.search(r"registerLimit = (\d+)", text)
    if not tiles or not names or not limit:
        raise ValueError(f"{path}: no tiles were found")
    return Tiles(
        list(tiles.values()), [tiles[name] for name in names[1].split(", ")], tiles["square"], int(limit[1]))


def builds(library, tiles):
    """All builds of a GPU device."""
    found = []
    for program in library.programs:
        if program.name in CPU_ONLY:
            continue
        text = "".join(flat(file.path) for file in program.files)
        if program.name not in FLAGS:
            groups = {name: launched_items(library, name) for name in local_kernels(text)}
            found.append(Build(program.name, None, None, options(DEVICE_MACROS), None, text, groups))
            continue
        for tile in tiles.all if program.name == "gemm_tile" else tiles.of_convolutions:
            groups = dict.fromkeys(local_kernels(text), tile.items)
            for setting in itertools.product((1, 0), repeat=len(FLAGS[program.name])):
                flags = dict(zip(FLAGS[program.name], setting))
                macros = {**DEVICE_MACROS, **dict(zip(TILE_MACROS, tile)), **flags}
                is_set = "+".join(flag for flag, value in flags.items() if value) or "none"
                found.append(
                    Build(program.name, tile, is_set, options(macros), tiles.register_limit, text, groups))
    return found


def options(macros):
    return [f"-D{name}={value}" for name, value in macros.items()]


def local_kernels(text):
    """The kernels of a program that declare local memory."""
    return [name for name, body in KERNEL.findall(text) if re.search(r"^\s+local \w+ \w+\[", body, re.M)]


def launched_items(library, kernel):
    """Items of a group of a kernel with local memory, without tiles."""
    place = GROUPS.get(kernel, GROUP_SUM)
    return int(library.sources[place[0]].macros[place[1]][0]) if place else GROUP


def flat(path):
    """A file's lines without its includes, which drivers get before it."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join("\n" if line.startswith("#include") else line for line in lines)
