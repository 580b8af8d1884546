"""What a GPU device builds: programs, and the sets of options of each."""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
# Programs of which a GPU device launches no kernel: the vector family's.
CPU_ONLY = {
    "batch_norm", "batch_norm_pool", "column_sum", "conv2d", "conv2d_batch", "conv2d_depthwise", "conv2d_dot",
    "conv2d_first", "conv2d_first_norm", "conv2d_from_one", "conv2d_prepare", "conv2d_to_one", "dropout", "dropout_pool",
    "gemm", "group_norm", "layout", "loss", "softmax", "winograd"}
DEVICE_MACROS = {"VECTOR_WIDTH": 4, "USE_FMA": 1, "ROWS": 4}  # OpenCLPrograms.options(for:) on a GPU
TILE_MACROS = ("TILE_M", "TILE_N", "TILE_K", "ITEM_M", "ITEM_N")
TILE_FIELDS = ("rows", "columns", "depth", "itemRows", "itemColumns")


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
    def step_fmas(self):
        """Multiply-adds of a work-item in a step."""
        return self.item_rows * self.item_columns * self.depth


class Build(NamedTuple):
    """A program's whole text with one set of options."""

    program: str
    tile: Tile | None
    options: list
    text: str
    has_local_memory: bool


def read_tiles(path=ROOT / "Sources/Compute/LocalTile.swift"):
    numbers = r"\(" + r",\s*".join(rf"{field}: (\d+)" for field in TILE_FIELDS) + r"\)"
    tiles = [Tile(*map(int, found)) for found in re.findall(numbers, path.read_text(encoding="utf-8"))]
    if not tiles:
        raise ValueError(f"{path}: no tiles were found")
    return tiles


def builds(library, tiles):
    """All builds of a GPU device."""
    found = []
    for program in library.programs:
        if program.name in CPU_ONLY:
            continue
        text = "".join(flat(file.path) for file in program.files)
        is_tiled = any(macro in file.words() for file in program.files for macro in TILE_MACROS)
        for tile in tiles if is_tiled else [None]:
            macros = {**DEVICE_MACROS, **(dict(zip(TILE_MACROS, tile)) if tile else {})}
            options = [f"-D{name}={value}" for name, value in macros.items()]
            found.append(Build(program.name, tile, options, text, program.has_local_memory))
    return found


def flat(path):
    """A file's lines without its includes, which drivers get before it."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join("\n" if line.startswith("#include") else line for line in lines)


def kernel_names(library):
    """The names of all kernels that a GPU device builds."""
    return {kernel.name for program in library.programs if program.name not in CPU_ONLY for kernel in program.kernels}
