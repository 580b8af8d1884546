#!/usr/bin/env python3
"""Writes Tests/TelarDataTests/Pillow/cases.json: small images, and what Pillow makes of them.

    pip install "pillow<12" numpy && Tools/data/pillow_cases.py

Each case has a file (PNG or JPEG), the channels and perhaps the size and fit that it is brought to, and the pixels that
Pillow has then: exif_transpose, convert, resize with BILINEAR; "crop" is torchvision's Resize of the shorter side and
CenterCrop.
"""

import base64
import io
import json
from pathlib import Path

import numpy
from PIL import Image, ImageOps

random = numpy.random.default_rng(27)
MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def picture(mode, height, width):
    """Smooth ramps with some noise, so that no coefficient of a JPEG is zero."""
    channels = len(Image.new(mode, (1, 1)).getbands())
    y, x = numpy.mgrid[0:height, 0:width]
    planes = [(x * (7 + 3 * c) + y * (5 + 2 * c)) % 200 + random.integers(0, 40, (height, width)) for c in range(channels)]
    pixels = numpy.stack(planes, -1).astype(numpy.uint8)
    return Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels, mode)


def encoded(image, form, **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def brought(image, channels, size, fit):
    image = ImageOps.exif_transpose(image).convert(MODES[channels])
    if size is None:
        return image
    height, width = size
    if fit == "stretch":
        return image.resize((width, height), Image.Resampling.BILINEAR)
    short = min(image.size)
    scaled = (height, height * image.height // short) if image.width <= image.height else (height * image.width // short, height)
    image = image.resize(scaled, Image.Resampling.BILINEAR)
    top, left = round((image.height - height) / 2), round((image.width - width) / 2)
    return image.crop((left, top, left + width, top + height))


cases = []


def case(name, file, channels, size=None, fit="stretch"):
    image = brought(Image.open(io.BytesIO(file)), channels, size, fit)
    cases.append({
        "name": name, "file": base64.b64encode(file).decode(), "channels": channels, "size": size, "fit": fit,
        "shape": [image.height, image.width, channels], "pixels": base64.b64encode(image.tobytes()).decode(),
    })


def main():
    colour, grey = picture("RGB", 13, 10), picture("L", 9, 14)
    case("grey JPEG", encoded(grey, "JPEG"), 1)
    case("grey JPEG in colour", encoded(grey, "JPEG"), 3)
    for sampling in range(3):
        case(f"JPEG, chroma sampling {sampling}", encoded(colour, "JPEG", subsampling=sampling, quality=90), 3)
    case("progressive JPEG", encoded(colour, "JPEG", progressive=True), 3)
    case("colour JPEG in grey", encoded(colour, "JPEG"), 1)
    case("CMYK JPEG", encoded(picture("CMYK", 11, 8), "JPEG"), 3)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        case(f"orientation {orientation}", encoded(picture("RGB", 6, 9), "JPEG", exif=exif), 3)
    case("palette", encoded(picture("RGB", 8, 8).quantize(16), "PNG"), 3)
    case("palette in grey", encoded(picture("RGB", 8, 8).quantize(16), "PNG"), 1)
    clear = picture("RGB", 8, 8).quantize(16)
    case("palette with transparency", encoded(clear, "PNG", transparency=3), 4)
    case("bits", encoded(picture("L", 5, 9).convert("1"), "PNG"), 1)
    case("grey and opacity", encoded(picture("LA", 5, 4), "PNG"), 4)
    case("opacity", encoded(picture("RGBA", 5, 4), "PNG"), 4)
    for mode, channels in [("L", 1), ("RGB", 3), ("RGBA", 4)]:
        file = encoded(picture(mode, 17, 23), "PNG")
        for size in [(8, 8), (17, 9), (5, 23), (40, 31), (1, 1), (16, 64)]:
            case(f"{mode} to {size[0]}x{size[1]}", file, channels, size)
    for height, width in [(20, 31), (31, 20), (16, 17), (9, 9), (7, 30)]:
        file = encoded(picture("RGB", height, width), "PNG")
        for side in [8, 16]:
            case(f"{height}x{width} cropped to {side}", file, 3, (side, side), "crop")
    target = Path(__file__).resolve().parents[2] / "Tests/TelarDataTests/Pillow/cases.json"
    target.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
    print(f"{target}: {len(cases)} cases")


main()
