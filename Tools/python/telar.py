"""Telar's files from Python: checkpoints as PyTorch modules and back, runs as tables, comparisons as processes.

Needs numpy and safetensors; PyTorch is imported by what makes or takes modules, pandas by what makes tables.

    import telar
    model = telar.load_module("runs/photos/small/seed-0/best.safetensors")   # torch.nn.Sequential, in evaluation mode
    telar.save_module(model, "mine.safetensors", input_shape=[28, 28, 1], loss="cross_entropy")
    runs, metrics = telar.runs("runs/photos"), telar.metrics("runs/photos")  # pandas.DataFrame
    with telar.start("train", "photos.toml", seeds=3, device="cpu") as comparison:
        for event in comparison: print(event)                               # what --json prints
"""

import functools
import json
import signal
import subprocess
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

__all__ = [
    "Checkpoint", "Comparison", "TelarError", "layers_of", "load_module", "load_parts", "metrics", "read", "runs",
    "save_module", "start",
]


class TelarError(Exception):
    """A file that is not as it should be, or a command that failed."""


# Checkpoints


@dataclass
class Checkpoint:
    """What a checkpoint's file says: arrays by PyTorch's names, and what its network is and is for."""

    path: str
    tensors: dict
    #: The layers of each part, `{"encoder": [{"layer": "Flatten"}, …]}`; None in a file that PyTorch wrote.
    network: dict | None
    #: Whether the parts run one after another; otherwise code says how they are joined.
    is_chain: bool = True
    #: `[height, width, channels]` or `[features]`, of one sample.
    input_shape: list = field(default_factory=lambda: [28, 28, 1])
    #: "mse" or "cross_entropy"; None where the file does not say it.
    loss: str | None = None
    mean: list = field(default_factory=lambda: [0.0])
    deviation: list = field(default_factory=lambda: [1.0])
    class_names: list | None = None
    metadata: dict = field(default_factory=dict)

    def inputs(self, images):
        """Images as the network takes them in PyTorch, normalized.

        images: bytes `[N, H, W, C]` or `[N, H, W]`, 0 black to 255 white. Returns float32 `[N, C, H, W]`, for a network
        of features `[N, F]`.
        """
        images = np.asarray(images)
        if images.dtype != np.uint8 or images.ndim not in (3, 4):
            raise TelarError(f"images must be bytes [N, H, W, C], not {images.dtype} {list(images.shape)}")
        if images.ndim == 3:
            images = images[..., None]
        if len(self.input_shape) == 3 and list(images.shape[1:]) != self.input_shape:
            raise TelarError(f"{self.path} takes images of {self.input_shape}, not {list(images.shape[1:])}")
        values = (images / 255 - np.array(self.mean)) / np.array(self.deviation)
        values = values.astype(np.float32).transpose(0, 3, 1, 2)
        return np.ascontiguousarray(values if len(self.input_shape) == 3 else values.reshape(len(values), -1))


def read(path):
    """Reads a checkpoint."""
    path = str(path)
    try:
        with safe_open(path, "numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except Exception as error:  # The library has error types of several kinds.
        raise TelarError(f"{path} cannot be read as a safetensors file: {error}") from error

    def value(name, default=None):
        try:
            return json.loads(metadata[name]) if name in metadata else default
        except json.JSONDecodeError as error:
            raise TelarError(f"{path}: metadata {name} is no JSON: {error}") from error

    is_chain = metadata.get("wiring") != "code"
    normalization = value("normalization", {})
    numbers = {name: normalization.get(name, default) for name, default in (("mean", 0.0), ("deviation", 1.0))}
    return Checkpoint(
        path=path, tensors=tensors, network=value("network" if is_chain else "parts"), is_chain=is_chain,
        input_shape=value("input_shape", [28, 28, 1]), loss=metadata.get("loss"),
        class_names=value("class_names"), metadata=metadata,
        **{name: number if isinstance(number, list) else [number] for name, number in numbers.items()})


@functools.cache
def _own_layers():
    """Telar's layers that PyTorch has not, as its modules with the same names of tensors."""
    import torch
    from torch import nn

    class Residual(nn.Sequential):
        """x + layers(x), or shortcut(x) + layers(x)."""

        def __init__(self, layers, shortcut=()):
            super().__init__(*layers)
            if shortcut:
                self.add_module("shortcut", nn.Sequential(*shortcut))

        def forward(self, x):
            y = x
            for name, layer in self.named_children():
                if name != "shortcut":
                    y = layer(y)
            return y + (self.shortcut(x) if "shortcut" in self._modules else x)

    class Concat(nn.ModuleList):
        """What several chains make of x, side by side in the channels or features."""

        def __init__(self, branches):
            super().__init__(nn.Sequential(*branch) for branch in branches)

        def forward(self, x):
            return torch.cat([branch(x) for branch in self], 1)

    class ActivityRegularization(nn.Module):
        """Passes x on. Its penalty is in Telar's training only."""

        def __init__(self, l1):
            super().__init__()
            self.l1 = l1

        def forward(self, x):
            return x

    class Sampling(nn.Module):
        """Draws from normal distributions whose means and logarithms of variances x has; in evaluation the means.

        Its divergence is in Telar's training only.
        """

        def __init__(self, kl_weight):
            super().__init__()
            self.kl_weight = kl_weight

        def forward(self, x):
            mean, log_variance = x.chunk(2, 1)
            return mean + torch.exp(log_variance / 2) * torch.randn_like(mean) if self.training else mean

    return {kind.__name__: kind for kind in (Residual, Concat, ActivityRegularization, Sampling)}


def _layers(place, descriptions):
    """A list of layers, each a table or a name."""
    if not isinstance(descriptions, list):
        raise TelarError(f"{place} is no list of layers")
    return [_layer(f"{place}.{i}", {"layer": layer} if isinstance(layer, str) else layer)
            for i, layer in enumerate(descriptions)]


def _layer(place, description):
    """A layer in PyTorch, whose names and keywords the file has."""
    from torch import nn

    keywords = dict(description)
    name = keywords.pop("layer", "")
    if name == "Residual":
        shortcut = _layers(f"{place}.shortcut", keywords.get("shortcut", []))
        return _own_layers()[name](_layers(f"{place}.layers", keywords.get("layers")), shortcut)
    if name == "Concat":
        return _own_layers()[name](
            _layers(f"{place}.branches.{i}", branch) for i, branch in enumerate(keywords.get("branches", [])))
    kind = _own_layers().get(name) or (getattr(nn, name, None) if name.isidentifier() else None)
    if not (isinstance(kind, type) and issubclass(kind, nn.Module)):
        raise TelarError(f"{place}: PyTorch has no layer {name!r}")
    keywords = {key: tuple(value) if isinstance(value, list) else value for key, value in keywords.items()}
    try:
        return kind(**keywords)
    except (TypeError, ValueError) as error:
        raise TelarError(f"{place} ({name}): {error}") from error


def load_parts(checkpoint):
    """The parts of a checkpoint's network as `torch.nn.Sequential`s by name, in evaluation mode, with their values.

    How they are joined is for the caller to say: a chain's are called in order.
    """
    import torch
    from torch import nn

    if not isinstance(checkpoint, Checkpoint):
        checkpoint = read(checkpoint)
    if not isinstance(checkpoint.network, dict) or not checkpoint.network:
        raise TelarError(f"{checkpoint.path} does not say what its network is, as files that PyTorch writes")
    parts = OrderedDict()
    for part, layers in checkpoint.network.items():
        parts[part] = nn.Sequential(*_layers(part, layers))
    module = nn.ModuleDict(parts)
    values = {name: torch.from_numpy(checkpoint.tensors[name].copy())
              for name in module.state_dict() if name in checkpoint.tensors}
    try:
        module.load_state_dict(values)
    except RuntimeError as error:
        raise TelarError(f"{checkpoint.path} does not hold the network that it describes: {error}") from error
    return module.eval()


def load_module(checkpoint):
    """A checkpoint's network as a `torch.nn.Sequential` of its parts, in evaluation mode.

    checkpoint: a path, or what `read` returned. The network must be a chain. Images are `[N, C, H, W]`, as PyTorch has
    them: `Checkpoint.inputs` makes them of bytes.
    """
    from torch import nn

    if not isinstance(checkpoint, Checkpoint):
        checkpoint = read(checkpoint)
    if not checkpoint.is_chain:
        raise TelarError(f"{checkpoint.path}: code joins the parts of this network; load_parts gives them")
    return nn.Sequential(OrderedDict(load_parts(checkpoint).items())).eval()


#: Keywords of PyTorch's layers that Telar reads, and the attributes that have them.
_KEYWORDS = {
    "Conv2d": "in_channels out_channels kernel_size stride padding dilation groups padding_mode",
    "ConvTranspose2d":
        "in_channels out_channels kernel_size stride padding output_padding dilation groups padding_mode",
    "Linear": "in_features out_features",
    "BatchNorm2d": "num_features eps momentum affine track_running_stats",
    "GroupNorm": "num_groups num_channels eps affine",
    "MaxPool2d": "kernel_size stride padding dilation return_indices ceil_mode",
    "AvgPool2d": "kernel_size stride padding ceil_mode count_include_pad",
    "AdaptiveAvgPool2d": "output_size",
    "Dropout": "p",
    "Flatten": "start_dim end_dim",
    "Unflatten": "dim unflattened_size",
    "LeakyReLU": "negative_slope",
    "GELU": "approximate",
    "ReLU": "", "Sigmoid": "", "Tanh": "", "SiLU": "",
    "ActivityRegularization": "l1", "Sampling": "kl_weight",
}
_HAVE_BIAS = {"Conv2d", "ConvTranspose2d", "Linear"}


def layers_of(module):
    """The `network` of a checkpoint: the layers of each part of a `torch.nn.Sequential` of named `Sequential`s.

    A Sequential of layers is one part, named network.
    """
    from torch import nn

    if isinstance(module, nn.Sequential) and not any(isinstance(part, nn.Sequential) for part in module):
        module = nn.Sequential(OrderedDict(network=module))
    if not isinstance(module, (nn.Sequential, nn.ModuleDict)):
        raise TelarError(f"{type(module).__name__} is no chain: make it a torch.nn.Sequential of named Sequentials")
    network = {}
    for part, layers in module.named_children():
        if not isinstance(layers, nn.Sequential):
            raise TelarError(f"the part {part} is a {type(layers).__name__}, not a torch.nn.Sequential")
        network[part] = [_described(f"{part}.{index}", layer) for index, layer in layers.named_children()]
    return network


def _described(place, layer):
    """A layer by its name and keywords."""
    def chain(layers):
        return [_described(f"{place}.{name}", layer) for name, layer in layers if name != "shortcut"]

    name = type(layer).__name__
    if name == "Residual":
        described = {"layer": name, "layers": chain(layer.named_children())}
        if "shortcut" in dict(layer.named_children()):
            described["shortcut"] = chain(layer.shortcut.named_children())
        return described
    if name == "Concat":
        return {"layer": name, "branches": [chain(branch.named_children()) for branch in layer]}
    if name not in _KEYWORDS:
        raise TelarError(f"{place}: Telar has no layer {name}")
    keywords = {key: getattr(layer, key) for key in _KEYWORDS[name].split()}
    if name in _HAVE_BIAS:
        keywords["bias"] = layer.bias is not None
    return {"layer": name} | {
        key: list(value) if isinstance(value, tuple) else value for key, value in keywords.items()}


def save_module(
    module, path, *, input_shape=(28, 28, 1), loss=None, mean=None, deviation=None, class_names=None
):
    """Writes a PyTorch module as a checkpoint that the command, recipes and Swift take.

    module: a `torch.nn.Sequential` of layers, or of named Sequentials of layers.
    input_shape: of one sample, `[height, width, channels]` or `[features]`.
    loss: "cross_entropy" for a classifier, "mse" for an autoencoder.
    mean, deviation: what pixels from 0 to 1 are normalized by, one for all channels or a list.
    """
    if loss not in (None, "mse", "cross_entropy"):
        raise TelarError(f"the loss must be 'mse' or 'cross_entropy', not {loss!r}")
    network = layers_of(module)
    prefix = "network." if list(network) == ["network"] and "network" not in dict(module.named_children()) else ""
    tensors = {prefix + name: np.ascontiguousarray(value.detach().cpu().numpy())
               for name, value in module.state_dict().items()}
    metadata = {"format": "pt", "network": json.dumps(network), "input_shape": json.dumps(list(input_shape))}
    if loss:
        metadata["loss"] = loss
    if mean is not None or deviation is not None:
        metadata["normalization"] = json.dumps({
            "mean": 0.0 if mean is None else mean, "deviation": 1.0 if deviation is None else deviation})
    if class_names is not None:
        metadata["class_names"] = json.dumps(list(class_names))
    save_file(tensors, str(path), metadata=metadata)


# Runs


def _records(folder):
    """The folders of the runs below a folder with what their run.json says, in the order of their paths."""
    folder = Path(folder)
    if not folder.is_dir():
        raise TelarError(f"there is no folder {folder}")
    for path in sorted(folder.rglob("run.json")):
        record = _json(path)
        if isinstance(record, dict) and "experiment" in record:
            yield path.parent, record


def _json(path):
    """The contents of a file, or None where it is missing or damaged, as of a run that is under way."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def _epochs(folder):
    """The epochs of a run; a line that was cut off is left out."""
    try:
        lines = (folder / "metrics.jsonl").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        try:
            epoch = json.loads(line)
        except ValueError:
            continue
        if isinstance(epoch, dict):
            yield epoch


def _flat(members, prefix=""):
    """Nested settings as columns: `settings.optimizer.learning_rate`."""
    columns = {}
    for name, value in members.items():
        if isinstance(value, dict):
            columns |= _flat(value, f"{prefix}{name}.")
        else:
            columns[prefix + name] = value
    return columns


def _identity(record):
    return {"study": record.get("study"), "experiment": record["experiment"],
            "seed": record.get("settings", {}).get("seed")}


def runs(folder):
    """The runs below a folder, a row each: settings, device, data, the last epoch's metrics and the result.

    `ended` says whether a run has ended; of one that has not, the metrics are those of its last epoch so far. Columns
    of nested settings have their path as a name, as in run.json: `settings.optimizer.learning_rate`.
    """
    import pandas

    rows = []
    for path, record in _records(folder):
        result = _json(path / "result.json")
        last = None
        for last in _epochs(path):
            pass
        described = {name: value for name, value in record.items() if name != "network"}
        rows.append(_identity(record) | {"path": str(path), "ended": isinstance(result, dict)} | _flat(described)
                    | _flat(last or {}) | _flat(result or {}))
    return pandas.DataFrame(rows)


def metrics(folder):
    """The epochs of the runs below a folder, a row each: study, experiment, seed, and what metrics.jsonl has."""
    import pandas

    return pandas.DataFrame(
        [_identity(record) | epoch for path, record in _records(folder) for epoch in _epochs(path)])


# Comparisons


class Comparison:
    """A running `telar study` or `telar train`. Iterating gives what it prints with --json, an object a line.

    Progress and errors go to this process's standard error. Leaving a `with` block stops what still runs.
    """

    def __init__(self, arguments):
        self.arguments = arguments
        try:
            self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        except OSError as error:
            raise TelarError(f"{arguments[0]} cannot be started: {error.strerror}") from error

    def __iter__(self):
        for line in self.process.stdout:
            yield json.loads(line)

    def wait(self):
        """Waits for the end; results that were not read are left out. Raises TelarError when the command failed."""
        for _ in self.process.stdout:
            pass
        code = self.process.wait()
        if code != 0:
            raise TelarError(f"{' '.join(self.arguments)} ended with exit code {code}")

    def stop(self):
        """Stops the runs as Ctrl-C does: they are saved, and the same command with resume=True goes on."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.process.stdout.close()
        self.process.wait()


def start(command, *names, telar="telar", **options):
    """Starts a comparison: start("train", "photos.toml", seeds=3, device="cpu", resume=True).

    command, names: as on the command line: `study` and a study's name, or `train` and a recipe, then experiments.
    options: the command's, with _ for -. True stands for an option without a value; None and False leave it out.
    telar: the command itself.
    """
    arguments = [str(telar), command, *map(str, names), "--json"]
    for name, value in options.items():
        option = "--" + name.replace("_", "-")
        if value is True:
            arguments.append(option)
        elif value is not None and value is not False:
            arguments.append(f"{option}={value}")
    return Comparison(arguments)
