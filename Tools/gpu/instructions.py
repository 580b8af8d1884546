"""What a machine instruction of NVIDIA, AMD or Intel does, as far as the measures need it."""

import re

NVIDIA_INTEGER = re.compile(
    r"U?(IMAD|IADD3?|VIADD|LEA|SHF|SHL|SHR|LOP3|PLOP3|ISETP|V?IMNMX|SEL|PRMT|MOV|IABS|I2F|I2FP|LDC|S2R|S2UR|CS2R|P2R|"
    r"R2P|R2UR|HFMA2|SGXT|BMSK|FLO|POPC)$")
AMD_MEMORY = re.compile(
    r"(global|flat|scratch|buffer|ds)_(load|store|read|write)(2|2st64|_2addr)?(?:_stride64)?_(?:dword)?(x\d|b\d+)?")
AMD_SPACES = {"global": "G", "flat": "G", "buffer": "L", "scratch": "L", "ds": "S"}
AMD_WIDTHS = {None: 1, "x2": 2, "x3": 3, "x4": 4, "b64": 2, "b96": 3, "b128": 4}


class Instruction:
    """Its kind, the floats that it moves an item, its multiply-adds, issue slots, and where it jumps.

    Kinds: LDG and STG (global memory), LDS and STS (local), LDL and STL (the stack), FMA, integer, wide (integers of
    64 bits), division (of integers), branch, barrier, call, other.
    """

    __slots__ = ("kind", "width", "fmas", "issues", "target", "falls")

    def __init__(self, kind="other", width=0, fmas=0, issues=1, target=None, falls=True):
        self.kind, self.width, self.fmas, self.issues = kind, width, fmas, issues
        self.target, self.falls = target, falls


def nvidia(name, text, is_conditional):
    base = name.split(".")[0]
    if base in ("LDG", "STG", "LDS", "STS", "LDL", "STL", "LD", "ST"):
        return Instruction(base, 4 if ".128" in name else 2 if ".64" in name else 1)
    if base in ("FFMA", "FFMA2"):
        return Instruction("FMA", fmas=2 if base == "FFMA2" else 1)
    # A conditional call is a jump that ptxas leaves a loop with; the others are of subroutines.
    if base in ("BRA", "JMP", "BRX", "EXIT", "RET") or base == "CALL" and is_conditional:
        places = re.findall(r"0x([0-9a-f]+)", text)
        target = int(places[-1], 16) if places and base in ("BRA", "JMP", "CALL") else None
        return Instruction("branch", target=target, falls=is_conditional or bool(re.match(r"!?U?P\d", text)))
    if base == "F2I":
        return Instruction("division")  # every integer division has one, and these kernels nothing else
    if NVIDIA_INTEGER.match(base):
        return Instruction("wide" if re.search(r"\.(WIDE|X|64|U64)\b", name) else "integer")
    return Instruction("barrier" if base == "BAR" else "call" if base == "CALL" else "other")


def amd(name, text):
    """Only vector arithmetic takes issue slots: the rest has ports of its own."""
    memory = AMD_MEMORY.match(name)
    if memory:
        kind = ("LD" if memory[2] in ("load", "read") else "ST") + AMD_SPACES[memory[1]]
        return Instruction(kind, AMD_WIDTHS.get(memory[4], 1) * (2 if memory[3] else 1), issues=0)
    if name.startswith(("s_cbranch", "s_branch", "s_endpgm", "s_setpc")):
        target = text.split()[0] if "branch" in name else None
        return Instruction("branch", issues=0, target=target, falls=name.startswith("s_cbranch"))
    if not name.startswith("v_"):
        return Instruction("barrier" if name == "s_barrier" else "other", issues=0)
    if name.startswith("v_dual"):
        fmas = len(re.findall(r"v_dual_fma\w+_f32", f"{name} {text}"))
    elif name.startswith("v_pk_fma_f32"):
        fmas = 2
    else:
        fmas = 1 if re.match(r"v_(fma|fmac|mac|mad|fmaak|fmamk)_?f32", name) else 0
    if fmas:
        return Instruction("FMA", fmas=fmas)
    if "mul_hi_u32" in name:
        return Instruction("division")  # divisions are made of wide multiplications
    is_wide = re.search("64|addc|add_co_ci", name)
    return Instruction("other" if "f32" in name else "wide" if is_wide else "integer")


def intel(name, text):
    """A send's comment says what it does; surface 0xFE is local memory. Where jumps go, block heads say (intel.py)."""
    base = name.split(".")[0]
    if base.startswith("send"):
        said = text.partition("//")[2]
        if "barrier" in said:
            return Instruction("barrier")
        found = re.search(r"\b(read|write|load|store)\b(?:.*with (x\w*))?", said)
        if not found:
            return Instruction()
        is_local = ".slm" in name or re.search(r"0x\w*FE\b", text.partition("//")[0])
        kind = ("LD" if found[1] in ("read", "load") else "ST") + ("S" if is_local else "G")
        return Instruction(kind, len(found[2] or "x"))
    operands = text.partition("//")[0]
    if base in ("mad", "fma") and re.search(r">:f\b", operands):
        return Instruction("FMA", fmas=1)
    if base in ("sync", "nop", "join", "endif"):
        return Instruction(issues=0)
    if re.search(r">:u?q\b", operands) or base in ("addc", "mach"):
        return Instruction("wide")
    return Instruction("integer" if re.search(r">:u?[dwb]\b", operands) else "other")
