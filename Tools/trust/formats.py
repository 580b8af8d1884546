"""Whether a file keeps to the rules of its format, by readers that share nothing with telar's.

Each function takes bytes. What they refuse, telar must not accept.
"""
import gzip
import json
import struct
import tomllib
import zlib

SIZES = {"BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "F8_E8M0": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
         "I32": 4, "U32": 4, "F32": 4, "I64": 8, "U64": 8, "F64": 8, "C64": 8}


def strict_json(data):
    """A JSON value: no key twice, no NaN."""
    def object_of(pairs):
        members = {}
        for key, value in pairs:
            if key in members:
                raise ValueError(f"{key} stands there twice")
            members[key] = value
        return members

    def refuse(text):
        raise ValueError(text)

    return json.loads(data.decode("utf-8"), object_pairs_hook=object_of, parse_constant=refuse)


def sound(check):
    """A function that is true where `check` neither returns False nor raises."""
    def is_sound(data):
        try:
            return check(data) is not False
        except Exception:
            return False
    return is_sound


@sound
def sound_json(data):
    strict_json(data)


@sound
def sound_lines(data):
    """JSON lines, which end with LF or CR LF; a byte order mark may stand before them."""
    for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        if line.strip():
            strict_json(line)


@sound
def sound_toml(data):
    tomllib.loads(data.decode("utf-8-sig"))


@sound
def sound_safetensors(data):
    length = struct.unpack("<Q", data[:8])[0]
    if length > 100_000_000 or data[8:9] != b"{" or 8 + length > len(data):
        return False
    header = strict_json(data[8:8 + length])
    if not all(isinstance(value, str) for value in header.pop("__metadata__", {}).values()):
        return False
    end = 0
    for info in sorted(header.values(), key=lambda info: info["data_offsets"]):
        if set(info) != {"dtype", "shape", "data_offsets"}:
            return False
        count = SIZES[info["dtype"]]
        for side in info["shape"]:
            if type(side) is not int or side < 0:
                return False
            count *= side
        first, last = info["data_offsets"]
        if first != end or last - first != count:
            return False
        end = last
    return end == len(data) - 8 - length


@sound
def sound_idx(data):
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if data[:3] != b"\0\0\x08":
        return False
    rank = data[3]
    count = 1
    for side in struct.unpack(f">{rank}I", data[4:4 + 4 * rank]):
        count *= side
    return len(data) == 4 + 4 * rank + count


@sound
def sound_png(data):
    """Whether the chunks that matter are whole, up to the end of the picture."""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        return False
    at, pixels = 8, b""
    while at + 12 <= len(data):
        length = struct.unpack(">I", data[at:at + 4])[0]
        kind, body = data[at + 4:at + 8], data[at + 8:at + 8 + length]
        check = data[at + 8 + length:at + 12 + length]
        if len(check) < 4:
            break
        if kind in (b"IHDR", b"IDAT", b"PLTE") and struct.unpack(">I", check)[0] != zlib.crc32(kind + body):
            return False
        if kind == b"IDAT":
            pixels += body
        at += 12 + length
    return bool(pixels)


def chunks_of_png(data):
    """The chunks of a sound PNG, as lists of kind and body."""
    at, found = 8, []
    while at + 8 <= len(data):
        length = struct.unpack(">I", data[at:at + 4])[0]
        found.append([data[at + 4:at + 8], data[at + 8:at + 8 + length]])
        at += 12 + length
    return found


def png_of_chunks(chunks):
    parts = [struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
             for kind, body in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
