"""The compilers that there are, and OpenCL C through clang to machine code."""

import os
import re
import shutil
import subprocess
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / ".gpu"  # what setup.sh of this folder brings


class CompilerError(Exception):
    """What a compiler rejected."""


class CompilerCrash(CompilerError):
    """What ended a compiler by a signal."""


class Tools:
    """Paths of compilers, None where there is none."""

    def __init__(self):
        nvidia, intel = FOLDER / "nvidia", FOLDER / "intel"
        self.clang = os.environ.get("CLANG") or shutil.which("clang-19")
        self.libclc = os.environ.get("LIBCLC") or "/usr/lib/clc"
        self.ptxas = os.environ.get("PTXAS") or existing(nvidia / "ptxas")
        self.cuobjdump = os.environ.get("CUOBJDUMP") or existing(nvidia / "cuobjdump")
        self.ocloc = os.environ.get("OCLOC") or existing(intel / "usr/bin/ocloc")

    def missing(self, maker):
        """What is missing for a maker's targets, None if nothing."""
        if maker == "intel":
            return None if self.ocloc else "ocloc"
        library = f"{self.libclc}/{'nvptx64--nvidiacl' if maker == 'nvidia' else 'amdgcn--amdhsa'}.bc"
        needs = [("clang-19", self.clang), ("libclc-19", existing(library))]
        if maker == "nvidia":
            needs += [("ptxas", self.ptxas), ("cuobjdump", self.cuobjdump)]
        return ", ".join(name for name, path in needs if not path) or None


def existing(path):
    return str(path) if Path(path).is_file() else None


def run(command, **environment):
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, env={**os.environ, **environment}, check=False)
    if done.returncode:
        # ocloc turns the signals that it catches into an exit status.
        error = CompilerCrash if done.returncode < 0 or done.returncode > 128 else CompilerError
        raise error(f"{' '.join(map(str, command))}\n{(done.stderr or done.stdout)[:3000]}")
    return done


def compile_text(tools, triple, library, options, source, output):
    """Writes machine code, or PTX, with clang; returns the group sizes that kernels require."""
    options = [option for option in options if not option.startswith("-cl-nv-")]
    middle = output.with_suffix(".ll")
    library = f"{tools.libclc}/{library}"
    run([
        tools.clang, "-x", "cl", "-cl-std=CL1.2", *triple, "-O3", "-w", "-Xclang", "-finclude-default-header", *options,
        "-Xclang", "-mlink-builtin-bitcode", "-Xclang", library, "-S", "-emit-llvm", "-o", middle, source])
    run([tools.clang, "-x", "ir", *triple, "-O3", "-w", "-Xclang", "-disable-llvm-passes", "-S", "-o", output, middle])
    text = middle.read_text()
    sizes = {
        number: [int(size) for size in re.findall(r"i32 (\d+)", values)]
        for number, values in re.findall(r"^!(\d+) = !\{((?:i32 \d+(?:, )?){3})\}", text, re.M)}
    kernels = re.findall(r"^define .*?@(\w+)\(.*!reqd_work_group_size !(\d+)", text, re.M)
    return {name: sizes[number] for name, number in kernels}
