"""What the harnesses share: a bounded run of a command and what is wrong with how it ended, and safetensors files."""
import json
import os
import re
import resource
import shutil
import signal
import struct
import subprocess
import tempfile
import time

DOCUMENTED = {0, 1, 64, 65, 66, 69, 70, 73, 74, 130, 143}
TRACES = (b"Fatal error", b"Stack dump", b"Thread 0 crashed", b"Crash:", b"AddressSanitizer", b"Precondition failed",
          b"Current stack trace", b"libc++abi", b"terminate called", b"Assertion `")
# Control characters but the end of a line, and those that turn the direction of writing.
HIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class Outcome:
    """How a command ended."""

    def __init__(self, argv, code, out, err, seconds, megabytes, hung):
        self.argv, self.code, self.out, self.err = argv, code, out, err
        self.seconds, self.megabytes, self.hung = seconds, megabytes, hung

    def fault(self, most_megabytes=1024, allowed=DOCUMENTED):
        """What is wrong with it; None when nothing is."""
        if self.hung:
            return "hang"
        if self.code < 0:
            return "signal " + signal.Signals(-self.code).name
        if self.code not in allowed:
            return f"exit code {self.code}"
        if any(word in self.err for word in TRACES):
            return "trace"
        if self.megabytes > most_megabytes:
            return f"more than {most_megabytes} MB"
        if self.code != 0 and not self.err.strip():
            return "no message"
        for name, text in (("output", self.out), ("error", self.err)):
            if HIDDEN.search(text.decode("utf-8", "replace")):
                return f"control character in standard {name}"
        return None


def run(argv, env=None, cwd=None, limit=20.0, address_gb=8, keep=1 << 20):
    """Runs a command at low priority in a session of its own; ends the whole session after `limit` seconds."""
    def before():
        os.setsid()
        os.nice(19)
        if address_gb:
            resource.setrlimit(resource.RLIMIT_AS, (address_gb << 30, address_gb << 30))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.monotonic()
        child = subprocess.Popen(argv, stdout=out, stderr=err, stdin=subprocess.DEVNULL, env=env, cwd=cwd,
                                 preexec_fn=before)
        hung = False
        while True:
            pid, status, usage = os.wait4(child.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() - start > limit:
                hung = True
                end_session(child.pid)
                pid, status, usage = os.wait4(child.pid, 0)
                break
            time.sleep(0.004)
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - start
        out.seek(0)
        err.seek(0)
        return Outcome(argv, child.returncode, out.read(keep), err.read(keep), seconds, usage.ru_maxrss / 1024, hung)


def end_session(pid):
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def load(path):
    with open(path, "rb") as file:
        return file.read()


def put(folder, name, data):
    """Writes a file, with the folders above it, and returns its path."""
    path = f"{folder}/{name}"
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
    return path


def prepare_scratch(folder, telar):
    """Makes a scratch folder; what another build of telar left in it is removed first."""
    os.makedirs(folder, exist_ok=True)
    status = os.stat(telar)
    build = f"{telar} {status.st_size} {status.st_mtime_ns}".encode()
    if not os.path.exists(f"{folder}/made-by") or load(f"{folder}/made-by") != build:
        for name in os.listdir(folder):
            # The driver's own cache does not depend on the build.
            if name != "pocl":
                remove(f"{folder}/{name}")
        put(folder, "made-by", build)


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.remove(path)


def files_in(folder):
    return [f"{place}/{name}" for place, _, names in os.walk(folder) for name in names]


def temporary_files(folder):
    """What telar left of files that it was writing."""
    return [path for path in files_in(folder) if os.path.basename(path).startswith(".telar-")]


def read_safetensors(path):
    """The header and the bytes behind it."""
    return split_safetensors(load(path))


def split_safetensors(data):
    length = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8:8 + length]), data[8 + length:]


def safetensors(header, data=b"", pad=True):
    """A file of a header, which may be bytes as they are, and the tensors' bytes."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    if pad:
        text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def tensors_file(metadata, tensors):
    """A file of tensors: name -> (dtype, shape, bytes)."""
    header, data = {}, b""
    if metadata is not None:
        header["__metadata__"] = metadata
    for name, (dtype, shape, raw) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    return safetensors(header, data)
