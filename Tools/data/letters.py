#!/usr/bin/env python3
"""Draws a data set of coloured letters from this machine's fonts, as a folder of images a class.

    Tools/data/letters.py DIR [--letters ABCDEFGHIJ] [--variants 12] [--side 32] [--fonts 0] [--seed 1]

DIR/train/A/font-3.png and DIR/val/A/font-3.png: each letter in every font that has it, several times, in colours, sizes
and places drawn from the seed. Every fifth font is only in val, so what is measured there is fonts not seen before. For a
set of notMNIST's kind install many fonts (Debian: apt-get install fonts-*); --fonts limits how many are used.

Needs libfreetype and fc-list (Debian: libfreetype6, fontconfig), which gnuplot brings, and no Python package.
"""

import argparse
import ctypes
import ctypes.util
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

FT_LOAD_RENDER = 4
POINTER, LONG, INT, UINT, SHORT = ctypes.c_void_p, ctypes.c_long, ctypes.c_int, ctypes.c_uint, ctypes.c_short


class Bitmap(ctypes.Structure):
    _fields_ = [("rows", UINT), ("width", UINT), ("pitch", INT), ("buffer", ctypes.POINTER(ctypes.c_ubyte)),
                ("num_grays", ctypes.c_ushort), ("pixel_mode", ctypes.c_ubyte)]


class Slot(ctypes.Structure):
    """The beginning of FT_GlyphSlotRec."""
    _fields_ = [("library", POINTER), ("face", POINTER), ("next", POINTER), ("glyph_index", UINT),
                ("generic", POINTER * 2), ("metrics", LONG * 8), ("linear", LONG * 2), ("advance", LONG * 2),
                ("format", UINT), ("bitmap", Bitmap)]


class Face(ctypes.Structure):
    """The beginning of FT_FaceRec."""
    _fields_ = [("counts", LONG * 5), ("family", ctypes.c_char_p), ("style", ctypes.c_char_p), ("fixed", INT),
                ("sizes", POINTER), ("charmap_count", INT), ("charmaps", POINTER), ("generic", POINTER * 2),
                ("bbox", LONG * 4), ("units", SHORT * 8), ("glyph", ctypes.POINTER(Slot))]


class Fonts:
    def __init__(self):
        name = ctypes.util.find_library("freetype")
        if name is None:
            sys.exit("letters.py: libfreetype is missing (Debian: libfreetype6)")
        self.library = ctypes.CDLL(name)
        self.library.FT_Load_Char.argtypes = [ctypes.POINTER(Face), ctypes.c_ulong, ctypes.c_int32]
        self.library.FT_Get_Char_Index.argtypes = [ctypes.POINTER(Face), ctypes.c_ulong]
        self.handle = POINTER()
        self.library.FT_Init_FreeType(ctypes.byref(self.handle))

    def open(self, path):
        face = ctypes.POINTER(Face)()
        if self.library.FT_New_Face(self.handle, str(path).encode(), LONG(0), ctypes.byref(face)):
            return None
        return face

    def has(self, face, letters):
        return all(self.library.FT_Get_Char_Index(face, ord(letter)) for letter in letters)

    def draw(self, face, letter, height):
        """Rows of opacity, 0 to 255, around the letter; None where the font draws nothing."""
        self.library.FT_Set_Pixel_Sizes(face, 0, height)
        if self.library.FT_Load_Char(face, ord(letter), FT_LOAD_RENDER):
            return None
        bitmap = face.contents.glyph.contents.bitmap
        if bitmap.rows == 0 or bitmap.width == 0 or bitmap.pixel_mode != 2:
            return None
        return [[bitmap.buffer[y * bitmap.pitch + x] for x in range(bitmap.width)] for y in range(bitmap.rows)]


def png(rows, side):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    pixels = b"".join(b"\0" + bytes(row) for row in rows)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b""))


def colours(rng):
    """A background and a letter's colour that can be told apart."""
    while True:
        back, front = [[rng.randrange(256) for _ in range(3)] for _ in range(2)]
        if abs(sum(back) - sum(front)) > 250:
            return back, front


def picture(glyph, side, rng):
    top, left = [rng.randint(0, max(0, side - size)) for size in (len(glyph), len(glyph[0]))]
    back, front = colours(rng)
    rows = [back * side for _ in range(side)]
    for y, line in enumerate(glyph[:side]):
        for x, opacity in enumerate(line[:side]):
            for c in range(3):
                value = back[c] + (front[c] - back[c]) * opacity // 255
                rows[min(side - 1, top + y)][3 * min(side - 1, left + x) + c] = value
    return png(rows, side)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--letters", default="ABCDEFGHIJ")
    parser.add_argument("--variants", type=int, default=12)
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--fonts", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    listed = subprocess.run(["fc-list", "--format", "%{file}\n"], capture_output=True, text=True, check=True).stdout
    fonts = Fonts()
    faces = [face for path in sorted(set(listed.split("\n"))) if path
             for face in [fonts.open(path)] if face and fonts.has(face, options.letters)]
    faces = faces[:options.fonts or len(faces)]
    if len(faces) < 5:
        sys.exit(f"letters.py: {len(faces)} fonts have these letters, and it takes five (Debian: fonts-dejavu)")
    rng = random.Random(options.seed)
    count = 0
    for index, face in enumerate(faces):
        split = "val" if index % 5 == 4 else "train"
        for letter in options.letters:
            place = options.folder / split / letter
            place.mkdir(parents=True, exist_ok=True)
            for variant in range(options.variants):
                glyph = fonts.draw(face, letter, rng.randint(options.side // 2, options.side * 3 // 4))
                if glyph:
                    (place / f"{index:04}-{variant:02}.png").write_bytes(picture(glyph, options.side, rng))
                    count += 1
    print(f"{options.folder}: {count} images of {len(faces)} fonts")


main()
