"""Command lines of options and values that are anything."""
from common import load, put
from inputs import BENCH_LINES, RECIPE, Case

OPTIONS = ["--device", "--threads", "--data", "--epochs", "--batch-size", "--seeds", "--subset", "--curve-images",
           "--out", "--first", "--range", "--top", "--split", "--cases", "--seed", "--net", "--seconds", "--threshold",
           "--format", "--sizes", "--against", "--onnx"]
FLAGS = ["--json", "-q", "--quiet", "--resume", "--overwrite", "--list", "--print-recipe", "--profile",
         "--allow-other-data", "--invert", "--help", "--version", "-h", "--", "-", "--nope"]
VALUES = ["0", "1", "-1", "2", "9223372036854775807", "9223372036854775808", "-9223372036854775808",
          "18446744073709551615", "1e308", "nan", "inf", "-inf", "0x10", "1_000", "١", " 1", "1.5", "", "a\nb", "\n",
          "é", "e\u0301", "x" * 255, "x" * 256, "x" * 5000, "../x", "./", ".", "a/b/c", "cpu", "cpu:avx2",
          "cpu:baseline", "CPU:AVX512",
          "opencl:99999999999999999999", "cpu:", "opencl:-1", "auto ", "0-0", "0-9223372036854775807",
          "5-3", "0-", "-0", "html", "html,html", ",", "%s%n", "$(x)", "\x1b[31m", "\x7f", "\x9b", "\u202e", "-", "--",
          "train", "validation"]


def commands(lab, folder, image):
    net = put(folder, "g/net-x.safetensors", load(lab.net))
    lines = put(folder, "a", BENCH_LINES)
    return [
        ["predict", lab.classifier, image], ["predict", lab.classifier, f"{lab.data}/t10k-images-idx3-ubyte"],
        ["reconstruct", lab.autoencoder, image, "--out", "o.png"], ["export", lab.classifier, "--onnx", "o.onnx"],
        ["evaluate", lab.classifier, *lab.common[:3]], ["study", "--list"], ["study", "aldecoa", "--print-recipe"],
        ["train", put(folder, "r.toml", RECIPE), "--list"], ["report", f"{lab.runs}/aldecoa", "--out", "report"],
        ["bench", "compare", lines, lines], ["conformance", net[:net.rindex("/")]], ["devices"], ["help"], ["bench"],
        ["study", "aldecoa", "n64-p0.1", *lab.common[:3], "--epochs", "1", "--subset", "10", "--out", "runs"]]


def make_command_line(lab, r, folder):
    keeps = [put(folder, name, b"mine") for name in ("mine.txt", "o.svg.bak", "o.png", "o.onnx")]
    argv = r.choice(commands(lab, folder, put(folder, "i.png", lab.image)) + [[r.choice(VALUES)]])
    computes = argv[0] in ("predict", "reconstruct", "evaluate", "conformance", "study") and "--list" not in argv
    if computes and r.random() < .9:
        argv += ["--device", "cpu"]
    for _ in range(r.choice([0, 1, 1, 2, 3])):
        place = r.randrange(1, len(argv) + 1)
        value, option = r.choice(VALUES), r.choice(OPTIONS)
        argv[place:place] = r.choice([[option, value], [f"{option}={value}"], [option], [r.choice(FLAGS)], [value]])
    if "--overwrite" in argv:
        keeps = keeps[:2]
    # All experiments would take too long.
    if argv[0] == "study" and not {"--list", "--print-recipe"} & set(argv) and not any(
            word.startswith("n64") for word in argv):
        argv.append("--list")
    return Case(argv, keeps=keeps, cwd=folder, env={"PATH": lab.quick})
