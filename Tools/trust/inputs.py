"""The kinds of inputs that are fuzzed. Each function takes the lab, a random.Random and an empty folder, and returns a
case: an input in that folder, and the command that reads it."""
import json
import os
import shutil

from common import files_in, load, put
from formats import sound_idx, sound_json, sound_lines, sound_png, sound_safetensors, sound_toml
from mutations import (TEXTS, dump, flip_bit, mutate_bytes, mutate_gzip, mutate_idx, mutate_json, mutate_lines,
                       mutate_png, mutate_safetensors, mutate_text)

RECIPE = load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "fuzz.toml"))
BENCH_LINES = b"".join(dump(line) + b"\n" for line in [
    {"op": "conv2d", "pass": "forward", "shape": "100x28", "device": "cpu:avx2", "seconds": 0.5, "fraction": .5},
    {"net": "a", "batch": 100, "device": "cpu", "images_per_s": 5e4},
    {"m": 512, "n": 512, "k": 512, "device": "cpu", "gflops": 100.5}, {"summary": True, "x": 1},
    {"net": "a", "batch": 100, "device": "cpu", "images_per_s": 6e4}])
ON_RECORD = b"".join(
    dump({"experiment": "aldecoa/n64-p0.1", "seed": seed, "epoch": epoch, "val_loss": .1 / epoch, "train_loss": .1})
    + b"\n" for seed in range(3) for epoch in (1, 2))


class Case:
    """An input and the command that reads it."""

    def __init__(self, argv, files=(), env=None, sound=None, mutated=None, keeps=(), out=None, cwd=None, codes=None):
        self.argv = argv
        self.files = files
        self.env = env or {}
        # Whether the mutated bytes keep to their format; None where that is not known.
        self.sound, self.mutated = sound, mutated
        # A user's own files, which must stay as they are.
        self.keeps = keeps
        # Where nothing temporary may stay.
        self.out = out
        self.cwd = cwd
        # The exit codes that are right; None where all that are documented are.
        self.codes = codes


def interrupted(lab, seconds, arguments):
    """The command, ended by SIGINT after some seconds."""
    return [lab.timeout, "--preserve-status", "-s", "INT", "-k", "15", str(seconds), lab.T, *arguments]


def make_checkpoint(lab, r, folder):
    data = mutate_safetensors(r, load(r.choice([lab.classifier, lab.autoencoder])))
    path = put(folder, "c.safetensors", data)
    image = put(folder, "i.png", lab.image)
    command = r.choice([["evaluate", path, *lab.common], ["predict", path, image, "--device", "cpu"],
                        ["reconstruct", path, image, "--out", f"{folder}/o.svg", "--device", "cpu"],
                        ["export", path, "--onnx", f"{folder}/o.onnx"]])
    return Case(command, [path], sound=sound_safetensors, mutated=data)


def make_golden(lab, r, folder):
    source = r.choice(lab.golden + [lab.net] * max(1, len(lab.golden) // 2))
    data = mutate_safetensors(r, load(source))
    path = put(folder, "g/" + os.path.basename(source), data)
    return Case(["conformance", f"{folder}/g", "--device", "cpu"], [path], sound=sound_safetensors, mutated=data)


def make_idx(lab, r, folder):
    which = r.choice(["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", "train-images-idx3-ubyte",
                      "train-labels-idx1-ubyte"])
    is_zipped = r.random() < .5
    data = (mutate_gzip if is_zipped else mutate_idx)(r, load(f"{lab.data}/{which}"))
    if "images" in which and r.random() < .5:
        path = put(folder, "i.gz" if is_zipped else "i", data)
        checkpoint, command = r.choice([(lab.classifier, "predict"), (lab.autoencoder, "reconstruct")])
        more = ["--out", f"{folder}/o.png"] if command == "reconstruct" else []
        count = r.choice([1, 5, 40])
        # Of a file of which less is asked for than it holds, the end is not looked at.
        sound = sound_idx if count == 40 else None
        return Case([command, checkpoint, path, "--first", str(count), "--device", "cpu", *more], [path],
                    env={"PATH": lab.quick}, sound=sound, mutated=data)
    shutil.copytree(lab.data, f"{folder}/data")
    os.remove(f"{folder}/data/{which}")
    path = put(folder, f"data/{which}" + (".gz" if is_zipped else ""), data)
    command = ["evaluate", lab.classifier, "--data", f"{folder}/data", "--allow-other-data", "--device", "cpu"]
    return Case(command, [path], sound=sound_idx, mutated=data)


def make_png(lab, r, folder):
    data = mutate_png(r, r.choice(lab.images))
    path = put(folder, "i.png", data)
    command = r.choice([["predict", lab.classifier, path, "--device", "cpu"],
                        ["reconstruct", lab.autoencoder, path, "--out", f"{folder}/o.svg", "--device", "cpu"]])
    more = ["--invert"] if r.random() < .3 else []
    return Case(command + more, [path], env={"PATH": lab.quick}, sound=sound_png, mutated=data)


def make_toml(lab, r, folder):
    data = RECIPE
    for _ in range(r.choice([1, 1, 1, 2])):
        data = (mutate_text if r.random() < .75 else mutate_bytes)(r, data)
    if r.random() < .02:
        other = r.choice([b"[[experiments.a]]", b"[experiments]", b"[[defaults]]", b"[[networks.encoder.layers]]"])
        data = data.replace(b"[[experiments]]", other, r.choice([1, 3]))
    if r.random() < .2:
        data = data.replace(b"\n", b"\r\n")
    path = put(folder, "r.toml", data)
    command = ["train", path, "--list"] + (["--json"] if r.random() < .2 else [])
    if r.random() < .25:
        command = ["train", path, *lab.common, "--epochs", "1", "--subset", "20", "--out", f"{folder}/runs"]
    return Case(command, [path], env={"PATH": lab.quick}, sound=sound_toml, mutated=data, out=f"{folder}/runs")


def make_tuning(lab, r, folder):
    choices = {"gemm nn 100x128x784": "vector 6x1", "gemm nt 500x10x64": "vector 8x2",
               "conv2d forward 100x28x28x1>26x26x16 k3x3 s1x1 p0x0 d1x1 g1": "vector 8x1",
               "conv2d+pool forward 1x28x28x1>26x26x16 k3x3 s1x1 p0x0 d1x1 g1 pool2x2": "tile 64x64x16 4x8"}
    device = {"device": lab.cpu["name"], "driver": lab.cpu["driver"], "instruction_set": lab.cpu["isa"],
              "choices": choices}
    data = mutate_json(r, json.dumps({"format": 1, "devices": [device]}).encode())
    path = put(folder, "t.json", data)
    command = ["predict", lab.classifier, put(folder, "i.png", lab.image), "--device", "cpu"]
    return Case(command, [path], env={"TELAR_TUNING": path}, sound=sound_json, mutated=data)


def make_folder(lab, r, folder):
    """A study's folder with a damaged file: reported, looked up, gone on with."""
    name = r.choice(["aldecoa", "borgnino"])
    place = f"{folder}/runs/{name}"
    shutil.copytree(f"{lab.runs}/{name}", place)
    keeps = [put(place, "notes.txt", b"mine"), put(place, "loss.csv.bak", b"mine")]
    every = [path for path in files_in(place) if path.endswith((".json", ".jsonl", ".safetensors"))]
    path = r.choice([path for path in every
                     if not path.endswith(("best.safetensors", "last.safetensors")) or r.random() < .1])
    keeps += [put(os.path.dirname(path), "precious.txt", b"mine")]
    mutate = {"json": mutate_json, "jsonl": mutate_lines, "safetensors": mutate_safetensors}[path.rsplit(".")[-1]]
    data = mutate(r, load(path))
    put(os.path.dirname(path), os.path.basename(path), data)
    if r.random() < .5:
        for csv in [path for path in files_in(place) if path.endswith("/loss.csv")]:
            os.remove(csv)
    names = ["n64-p0.1", "case-1"] if name == "aldecoa" else ["h64-adam", "h128-adam"]
    study = ["study", name, *names, "--epochs", "2", *lab.common, "--out", f"{folder}/runs"]
    command = r.choice([["report", place], ["report", place, "--format", "html"], study, study + ["--resume"],
                        study + ["--resume", "--overwrite"]])
    env = {} if r.random() < .1 else {"PATH": lab.quick}
    return Case(command, [path], env=env, mutated=data, keeps=keeps, out=f"{folder}/runs")


def make_state(lab, r, folder):
    """A stopped run with a damaged file, which is gone on with. A single flipped bit of its state must be noticed."""
    shutil.copytree(lab.half, f"{folder}/runs")
    place = f"{folder}/runs/aldecoa/n64-p0.1/seed-0"
    keeps = [put(place, "precious.txt", b"mine")]
    used = ("state", "events", "run.json", "metrics.jsonl", "best", "samples")
    name = r.choice([name for name in os.listdir(place) if name.startswith(used)] + ["state.safetensors"] * 5)
    data, codes = load(f"{place}/{name}"), None
    if name == "state.safetensors" and r.random() < .5:
        data, codes = flip_bit(r, data), {65}
    elif name.endswith(".safetensors"):
        data = mutate_safetensors(r, data)
    elif name.endswith(".jsonl"):
        data = mutate_lines(r, data)
    elif name.endswith(".json"):
        data = mutate_json(r, data)
    else:
        data = mutate_bytes(r, data)
    path = put(place, name, data)
    # Only the first steps after the state are of interest, so a signal ends the run.
    study = ["study", "aldecoa", "n64-p0.1", "--epochs", "400", *lab.common, "--out", f"{folder}/runs", "--resume"]
    sound = sound_safetensors if name == "state.safetensors" else None
    env = {} if r.random() < .1 else {"PATH": lab.quick}
    return Case(interrupted(lab, 2, study), [path], mutated=data, sound=sound, keeps=keeps, out=f"{folder}/runs",
                env=env, codes=codes)


def make_cache(lab, r, folder):
    cache = f"{folder}/cache"
    shutil.copytree(lab.make_cache(), cache)
    files = files_in(cache)
    path = r.choice(files + [path for path in files if path.endswith(".json")] * 3)
    is_choice = path.endswith(".json")
    data = (mutate_json if is_choice else mutate_bytes)(r, load(path))
    put(os.path.dirname(path), os.path.basename(path), data)
    device = "auto" if is_choice else "opencl"
    command = ["predict", lab.classifier, put(folder, "i.png", lab.image), "--device", device]
    return Case(command, [path], env={"XDG_CACHE_HOME": cache}, mutated=data)


def make_lines(lab, r, folder):
    if r.random() < .6:
        data = mutate_lines(r, BENCH_LINES)
        path = put(folder, "a", data)
        pair = [path, put(folder, "b", BENCH_LINES)]
        r.shuffle(pair)
        more = r.choice([[], ["--json"], ["--threshold", "0"]])
        return Case(["bench", "compare", *pair, *more], [path], sound=sound_lines, mutated=data)
    data = mutate_lines(r, ON_RECORD)
    path = put(folder, "a", data)
    if r.random() < .8:
        return Case(["study", "aldecoa", "--print-recipe", "--against", path], [path], sound=sound_lines, mutated=data)
    shutil.copytree(f"{lab.runs}/aldecoa", f"{folder}/runs/aldecoa")
    command = ["study", "aldecoa", "n64-p0.1", "--epochs", "2", "--seeds", "1", "--against", path, *lab.common,
               "--out", f"{folder}/runs"]
    return Case(command, [path], sound=sound_lines, mutated=data, env={"PATH": lab.quick})


def make_report(lab, r, folder):
    """A report's folder with a damaged file, with a list that names a user's files, or with links to such."""
    report, mine = f"{folder}/report", f"{folder}/mine"
    shutil.copytree(lab.report, report)
    keeps = [put(report, "mine.txt", b"mine"), put(report, "figures/mine.txt", b"mine"), put(mine, "a.png", b"mine"),
             put(mine, "report.html", b"mine"), put(mine, "claims.csv", b"mine")]
    kind = r.randrange(4)
    path = r.choice([f"{report}/report.json", f"{report}/report.html"]) if kind == 0 else f"{report}/report.json"
    data = load(path)
    if kind <= 1:
        data = (mutate_json if path.endswith(".json") else mutate_bytes)(r, data)
    else:
        # Whatever the list of a report's own files names may be removed, but for what lies elsewhere.
        names = ["../mine/a.png", "figures/../../mine/a.png", mine + "/a.png", "figures/a.png", "a.png", "..", "."]
        data = other_list(data, names)
    put(report, os.path.basename(path), data)
    if kind == 2:
        shutil.rmtree(f"{report}/figures")
        keeps = [path for path in keeps if "/figures/" not in path]
        os.symlink(mine, f"{report}/figures")
    elif kind == 3:
        name = r.choice(["report.html", "claims.csv"])
        if os.path.exists(f"{report}/{name}"):
            os.remove(f"{report}/{name}")
        os.symlink(f"{mine}/{name}", f"{report}/{name}")
    formats = r.choice(["html", "markdown", "html,markdown"])
    command = ["report", f"{lab.runs}/aldecoa", "--out", report, "--format", formats]
    return Case(command, [path], env={"PATH": lab.quick}, mutated=data, keeps=keeps, out=report)


def other_list(data, names):
    """A report's list in which every list of names has these too."""
    def widened(value):
        if isinstance(value, dict):
            return {key: widened(member) for key, member in value.items()}
        if isinstance(value, list) and all(isinstance(element, str) for element in value):
            return value + names
        return value
    return dump(widened(json.loads(data)))


def make_sparse(lab, r, folder):
    """A file of 3 GiB of zeros, behind a sound beginning or not, wherever telar reads one: refused at once."""
    image = put(folder, "i.png", lab.image)
    shutil.copytree(f"{lab.runs}/aldecoa", f"{folder}/runs/aldecoa")
    run = f"{folder}/runs/aldecoa/case-1/seed-0"
    study = ["study", "aldecoa", "case-1", "--epochs", "2", *lab.common, "--out", f"{folder}/runs"]
    predict = ["predict", lab.classifier, image, "--device", "cpu"]
    big = f"{folder}/big"
    path, command, env = r.choice([
        (big, ["evaluate", big, *lab.common], {}), (big, ["export", big, "--onnx", f"{folder}/o.onnx"], {}),
        (big, ["predict", lab.classifier, big, "--device", "cpu"], {}),
        (big, ["predict", lab.classifier, big, "--device", "cpu", "--first", "1"], {}),
        (f"{big}.png", ["predict", lab.classifier, f"{big}.png", "--device", "cpu"], {}),
        (f"{folder}/g/op-a.safetensors", ["conformance", f"{folder}/g", "--device", "cpu"], {}),
        (big, ["train", big, "--list"], {}), (big, ["bench", "compare", big, big], {}),
        (big, ["study", "aldecoa", "--print-recipe", "--against", big], {}),
        (big, ["tune", "--out", big, "--seconds", "1", "--device", "cpu", "--net", "molina-mlp"], {}),
        (big, predict, {"TELAR_TUNING": big}),
        *((f"{run}/{name}", command, {"PATH": lab.quick}) for command in (study, ["report", f"{folder}/runs/aldecoa"])
          for name in ("run.json", "result.json", "metrics.jsonl", "samples.safetensors"))])
    with open(path, "ab") if os.path.exists(path) else make_file(path) as file:
        file.truncate(3 << 30)
    return Case(command, [], env=env, out=f"{folder}/runs")


def make_file(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return open(path, "wb")


def make_windows(lab, r, folder):
    """A sound text file with ends of lines, and perhaps a byte order mark, as Windows has them."""
    which = r.randrange(4)
    text = [RECIPE, BENCH_LINES, ON_RECORD, load(f"{lab.runs}/aldecoa/case-1/seed-0/metrics.jsonl")][which]
    data = text.replace(b"\n", b"\r\n")
    if which == 3:
        shutil.copytree(f"{lab.runs}/aldecoa", f"{folder}/runs/aldecoa")
        path = put(f"{folder}/runs/aldecoa/case-1/seed-0", "metrics.jsonl", data)
        return Case(["report", f"{folder}/runs/aldecoa"], [path], env={"PATH": lab.quick}, codes={0})
    if r.random() < .5:
        data = b"\xef\xbb\xbf" + data
    path = put(folder, "a", data)
    command = [["train", path, "--list"], ["bench", "compare", path, path],
               ["study", "aldecoa", "--print-recipe", "--against", path]][which]
    return Case(command, [path], codes={0})


def make_names(lab, r, folder):
    """A sound file under a name that is anything."""
    name = r.choice([text for text in TEXTS if text and len(text) < 255 and "\0" not in text and "/" not in text])
    which = r.randrange(3)
    source, command = [(lab.image, ["predict", lab.classifier, None, "--device", "cpu"]),
                       (load(lab.classifier), ["export", None, "--onnx", f"{folder}/o.onnx"]),
                       (load(lab.classifier)[:100], ["evaluate", None, *lab.common])][which]
    path = put(folder + "/names", name, source)
    return Case([path if word is None else word for word in command], [path], codes={65} if which == 2 else {0})
