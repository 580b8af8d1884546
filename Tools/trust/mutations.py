"""Mutations of sound inputs: by bytes, by text, by structure.

Each takes a random.Random and bytes, and returns bytes.
"""
import copy
import gzip
import json
import re
import struct
import zlib

from common import safetensors, split_safetensors
from formats import SIZES, chunks_of_png, png_of_chunks

NUMBERS = [0, 1, -1, 2, 7, 255, 256, 32767, 32768, 65535, 65536, 1 << 24, (1 << 24) + 1, (1 << 31) - 1, 1 << 31,
           (1 << 32) - 1, 1 << 32, 1 << 53, 1 << 62, (1 << 63) - 1, 1 << 63, -(1 << 63), 1 << 64, 10 ** 40, 0.5, -0.0,
           1e-320, 1e-7, 1e30, 1e38, 1e300, 1.79e308, -1.79e308, 3.0]
TEXTS = ["", "a", "x" * 300, "x" * 20000, "\0", "\x1b[31m", "\x1b]0;title\x07", "\x9b31m", "\n", "\r\n", "../../x",
         "/etc/passwd", "é", "e\u0301", "🎲", "\u202e", "\u2066", "\u2028", "'", '"', "`", "$x", "$", "%n%s", "<b>",
         "NaN", "inf", "-1", "null", "a.b", "seed-0", " ", "Linear", "Conv2d", "\x7f", "\ufeff"]
BYTES = [0, 1, 0x7f, 0x80, 0xff, 0x22, 0x5b, 0x5d, 0x7b, 0x7d, 0x2c, 0x2d, 0x30, 0x39, 0x0a, 0x0d, 0x1b, 0x2e]
TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|[A-Za-z_][A-Za-z_0-9]*|[][{}(),:=.]|\n')
WORDS = [b"true", b"null", b"[]", b"{}", b"[[", b"inf", b"nan", b"0x7fffffffffffffff", b"1979-05-27"]
SIGNS = [b"[", b"]", b"{", b"}", b",", b"=", b".", b"\n", b"\r\n", b"#", b"'''", b'"""', b"\\", b"\0", b"\x1b", b"\xff"]


def mutate_bytes(r, data):
    data = bytearray(data)
    for _ in range(r.choice([1, 1, 1, 2, 3, 8])):
        mutate_place(r, data)
    return bytes(data)


def mutate_place(r, data):
    """Changes one place, more often near the beginning."""
    length = len(data)
    at = r.randrange(length) if length else 0
    if length and r.random() < .6:
        at = min(at, r.randrange(1, 200))
    kind = r.randrange(9)
    if kind == 0 and length:
        data[at] ^= 1 << r.randrange(8)
    elif kind == 1 and length:
        data[at] = r.choice(BYTES)
    elif kind == 2:
        data[at:at] = bytes(r.choice(BYTES) for _ in range(r.choice([1, 2, 4, 64])))
    elif kind == 3:
        del data[at:at + r.choice([1, 2, 4, 8, 100, 5000])]
    elif kind == 4:
        del data[r.randrange(length + 1):]
    elif kind == 5:
        data += r.randbytes(r.choice([1, 4, 100]))
    elif kind == 6 and length:
        data[at:at] = data[r.randrange(length):][:r.choice([4, 32, 400])]
    elif kind == 7 and length >= 8:
        number = r.choice([0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x01000000])
        data[at:at + 4] = struct.pack(r.choice("<>") + "I", number)
    elif kind == 8 and length >= 16:
        number = r.choice([0, 1, 1 << 31, 1 << 62, (1 << 63) - 1, 1 << 63, (1 << 64) - 1])
        data[at:at + 8] = struct.pack("<Q", number)


def flip_bit(r, data):
    data = bytearray(data)
    data[r.randrange(len(data))] ^= 1 << r.randrange(8)
    return bytes(data)


def mutate_text(r, data):
    """Replaces, removes, repeats or exchanges tokens."""
    for _ in range(r.choice([1, 1, 1, 1, 2, 3])):
        found = list(TOKEN.finditer(data))
        if not found:
            return mutate_bytes(r, data)
        match = r.choice(found)
        data = data[:match.start()] + other_token(r, match.group(), found) + data[match.end():]
    return data


def other_token(r, token, found):
    kind = r.randrange(7)
    if kind <= 2:
        if token[:1] == b'"' and r.random() < .7:
            return json.dumps(r.choice(TEXTS), ensure_ascii=r.random() < .5).encode()
        if token[:1].isdigit() or token[:1] == b"-":
            return str(r.choice(NUMBERS)).encode()
        return r.choice([str(r.choice(NUMBERS)).encode(), json.dumps(r.choice(TEXTS)).encode(), *WORDS])
    if kind == 3:
        return b""
    if kind == 4:
        return token + token
    if kind == 5:
        return r.choice(found).group()
    return r.choice(SIGNS)


def mutate_tree(r, tree):
    """A copy of a JSON value with one to three places changed."""
    tree = copy.deepcopy(tree)
    for _ in range(r.choice([1, 1, 1, 2, 3])):
        places = list(places_of(tree))
        if not places:
            return r.choice([None, 0, "", [], {}])
        mutate_node(r, places)
    return tree


def places_of(node):
    """Pairs of a container in the tree and a key or an index in it."""
    if isinstance(node, (dict, list)):
        for key in list(node) if isinstance(node, dict) else range(len(node)):
            yield node, key
            yield from places_of(node[key])


def mutate_node(r, places):
    node, key = r.choice(places)
    kind = r.randrange(9)
    old = node[key]
    if kind <= 3:
        node[key] = other_value(r, old)
    elif kind == 4:
        node[key] = r.choice([None, True, False, 0, -1, 1e308, "", "x", [], {}, [[]], [0, 0], {"": 0}, "1"])
    elif kind == 5:
        del node[key]
    elif kind == 6:
        other, there = r.choice(places)
        node[key] = copy.deepcopy(other[there])
    elif kind == 7 and isinstance(node, dict):
        node[r.choice(TEXTS + ["__metadata__", "layer", "kernel_size", "epoch"])] = copy.deepcopy(old)
    elif kind == 8 and isinstance(node, dict):
        node[r.choice(TEXTS)] = node.pop(key)


def other_value(r, old):
    """A value of the same type."""
    if isinstance(old, str):
        return r.choice(TEXTS)
    if isinstance(old, list) and r.random() < .6:
        return r.choice([[], old * 2, old[:1], old + [0], [old]])
    if isinstance(old, dict):
        return r.choice([{}, [], None, 0])
    return r.choice(NUMBERS)


def dump(tree):
    return json.dumps(tree, ensure_ascii=False).encode("utf-8", "surrogatepass")


def mutate_json(r, data):
    kind = r.random()
    if kind < .2:
        return mutate_bytes(r, data)
    if kind < .45:
        return mutate_text(r, data)
    try:
        return dump(mutate_tree(r, json.loads(data)))
    except ValueError:
        return mutate_text(r, data)


def mutate_lines(r, data):
    """JSON lines; their ends may become those of Windows."""
    if r.random() < .4:
        return (mutate_bytes if r.random() < .4 else mutate_text)(r, data)
    lines = [json.loads(line) for line in data.splitlines() if line.strip()]
    kind = r.randrange(5)
    if kind == 0:
        lines = lines * r.choice([2, 3, 50])
    if kind == 1:
        r.shuffle(lines)
    if lines:
        index = r.randrange(len(lines))
        lines[index] = mutate_tree(r, lines[index])
    end = b"\r\n" if r.random() < .2 else b"\n"
    return b"".join(dump(line) + end for line in lines)


def mutate_safetensors(r, data):
    """By bytes, by the header as a tree, by JSON within the metadata, or by shapes that the data then follows."""
    kind = r.random()
    if kind < .2:
        return mutate_bytes(r, data)
    header, body = split_safetensors(data)
    if kind < .4:
        return safetensors(mutate_tree(r, header), body, pad=r.random() < .8)
    if kind < .5:
        return safetensors(mutate_text(r, json.dumps(header).encode()), body)
    metadata = dict(header.pop("__metadata__", {}))
    for _ in range(r.choice([1, 1, 2])):
        if metadata:
            mutate_metadata(r, metadata, is_removing=kind > .95)
    raw = {name: body[slice(*info["data_offsets"])] for name, info in header.items()}
    if header and r.random() < .35:
        mutate_tensor(r, header, raw)
    return laid_out(metadata, header, raw)


def mutate_metadata(r, metadata, is_removing):
    key = r.choice(list(metadata))
    if is_removing:
        del metadata[key]
        return
    try:
        metadata[key] = dump(mutate_tree(r, json.loads(metadata[key]))).decode("utf-8", "replace")
    except ValueError:
        metadata[key] = r.choice(TEXTS)


def mutate_tensor(r, header, raw):
    name = r.choice(list(header))
    info = header[name]
    kind = r.randrange(5)
    if kind == 0:
        info["dtype"] = r.choice(["F16", "BF16", "F64", "I64", "U8", "BOOL", "F8_E5M2", "C64", "I32", "F32"])
    elif kind == 1:
        shape = info["shape"]
        info["shape"] = r.choice([[], [0], [1], shape[::-1], shape + [1], [0, 1 << 40, 1 << 40], [1] * 64])
    elif kind == 2:
        number = r.choice([float("nan"), float("inf"), 1e38, -1e38])
        raw[name] = struct.pack("<f", number) * (len(raw[name]) // 4)
    elif kind == 3:
        other = r.choice(TEXTS)
        header[other], raw[other] = dict(info), raw[name]
    else:
        del header[name]


def laid_out(metadata, header, raw):
    """A file whose tensors have as many bytes as their shapes say, where that is not beyond all bounds."""
    data = b""
    for name, info in header.items():
        count = SIZES.get(info["dtype"], 1)
        for side in info["shape"]:
            count *= side
        bytes_ = raw[name]
        if count < 1 << 26:
            bytes_ = (bytes_ + bytes(max(0, count - len(bytes_))))[:count]
        info["data_offsets"] = [len(data), len(data) + len(bytes_)]
        data += bytes_
    return safetensors({"__metadata__": metadata, **header} if metadata else header, data)


def mutate_idx(r, data):
    if r.random() < .6:
        return mutate_bytes(r, data)
    head = bytearray(data)
    for _ in range(r.choice([1, 1, 2])):
        place = 4 + 4 * r.randrange(head[3])
        side = r.choice([0, 1, 27, 29, 60, 200000, 200001, 0x7fffffff, 0x80000000, 0xffffffff, 1 << 20])
        head[place:place + 4] = struct.pack(">I", side)
    return bytes(head)


def mutate_gzip(r, data):
    """A gzip file of mutated or of sound data; members may follow one another, and zeros or garbage them."""
    if r.random() < .5:
        return mutate_bytes(r, gzip.compress(data, 1))
    kind = r.randrange(5)
    if kind == 0:
        return gzip.compress(data, 1) + bytes(r.choice([1, 512, 70_000]))
    if kind == 1:
        return gzip.compress(mutate_idx(r, data), 1) + b"garbage"
    if kind == 2:
        return gzip.compress(data[:20]) + gzip.compress(data[20:]) + gzip.compress(b"") * r.choice([0, 5])
    if kind == 3:
        return gzip.compress(data + bytes(r.choice([1, 1 << 26])), 9)
    return gzip.compress(gzip.compress(data, 1))


def mutate_png(r, data):
    if r.random() < .45:
        return mutate_bytes(r, data)
    chunks = chunks_of_png(data)
    kind = r.randrange(6)
    if kind <= 1:
        head = bytearray(chunks[0][1])
        if r.random() < .4:
            width = r.choice([28, 0, 1, 29, 1 << 16, 0x7fffffff, 0xffffffff])
            head[0:8] = struct.pack(">II", width, r.choice([28, 0, 1, 0x7fffffff]))
        else:
            head[r.randrange(8, 13)] = r.choice([0, 1, 2, 3, 4, 6, 8, 16, 255])
        chunks[0][1] = bytes(head)
    elif kind == 2:
        chunk = r.choice(chunks)
        chunk[1] = mutate_bytes(r, chunk[1])
    elif kind == 3:
        name = r.choice([b"tRNS", b"gAMA", b"PLTE", b"iCCP", b"zTXt", b"cHRM", b"sRGB", b"sBIT", b"hIST", b"IDAT",
                         b"IEND", b"IHDR"])
        chunks.insert(r.randrange(len(chunks) + 1), [name, r.randbytes(r.choice([0, 1, 4, 32, 768]))])
    elif kind == 4:
        chunks.insert(1, [b"zTXt", b"a\0\0" + zlib.compress(bytes(1 << 24))])
    else:
        r.shuffle(chunks)
    return png_of_chunks(chunks)
