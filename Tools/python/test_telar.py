#!/usr/bin/env python3
"""Tests of telar.py. Those that need PyTorch, pandas or the built command are skipped, and named, where it is missing.

TELAR names the command; by default .build/release/telar.
"""
import contextlib
import importlib.util
import json
import os
import subprocess
import tempfile
import unittest
from collections import OrderedDict
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

import telar

ROOT = Path(__file__).resolve().parents[2]
COMMAND = Path(os.environ.get("TELAR", ROOT / ".build/release/telar"))


def needs(module):
    return unittest.skipUnless(importlib.util.find_spec(module), f"NOT CHECKED: this Python has no {module}")


needs_command = unittest.skipUnless(os.access(COMMAND, os.X_OK), f"NOT CHECKED: there is no {COMMAND}")


class TestCase(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def command(self, *arguments):
        done = subprocess.run([COMMAND, *map(str, arguments)], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]


class CheckpointTests(TestCase):
    def save(self, metadata, **tensors):
        path = self.folder / "a.safetensors"
        save_file(tensors or {"body.0.weight": np.ones((2, 3), np.float32)}, path, metadata=metadata)
        return path

    def test_reads_what_the_file_says(self):
        path = self.save({
            "network": '{"body":[{"layer":"Linear","in_features":3,"out_features":2,"bias":false}]}',
            "input_shape": "[3]", "loss": "mse", "normalization": '{"mean":[0.5,0.4],"deviation":0.25}',
            "class_names": '["a","b"]'})
        checkpoint = telar.read(path)
        self.assertEqual(checkpoint.network["body"][0]["layer"], "Linear")
        self.assertEqual((checkpoint.input_shape, checkpoint.loss), ([3], "mse"))
        self.assertEqual((checkpoint.mean, checkpoint.deviation), ([0.5, 0.4], [0.25]))
        self.assertEqual(checkpoint.class_names, ["a", "b"])
        self.assertEqual(checkpoint.tensors["body.0.weight"].shape, (2, 3))

    def test_defaults_are_those_of_the_format(self):
        checkpoint = telar.read(self.save({}))
        self.assertEqual((checkpoint.network, checkpoint.input_shape, checkpoint.loss), (None, [28, 28, 1], None))
        self.assertEqual((checkpoint.mean, checkpoint.deviation), ([0.0], [1.0]))

    def test_what_is_no_checkpoint_is_named(self):
        path = self.folder / "b.safetensors"
        for contents in (b"", b"hello", b"\xff" * 64):
            path.write_bytes(contents)
            with self.assertRaisesRegex(telar.TelarError, "b.safetensors cannot be read"):
                telar.read(path)
        with self.assertRaisesRegex(telar.TelarError, "cannot be read"):
            telar.read(self.folder / "none")
        with self.assertRaisesRegex(telar.TelarError, "metadata network is no JSON"):
            telar.read(self.save({"network": "{"}))

    def test_images_are_normalized_by_channel_and_turned(self):
        checkpoint = telar.Checkpoint("a", {}, None, input_shape=[2, 1, 3], mean=[0, 0.5, 1], deviation=[1, 1, 2])
        images = np.array([[[[255, 0, 255]], [[0, 255, 0]]]], np.uint8)
        self.assertEqual(checkpoint.inputs(images).tolist(), [[[[1], [0]], [[-0.5], [0.5]], [[0], [-0.5]]]])
        with self.assertRaisesRegex(telar.TelarError, r"takes images of \[2, 1, 3\], not \[1, 2, 3\]"):
            checkpoint.inputs(images.reshape(1, 1, 2, 3))
        with self.assertRaisesRegex(telar.TelarError, "must be bytes"):
            checkpoint.inputs(images.astype(np.float32))


@needs("torch")
class ModuleTests(TestCase):
    def model(self):
        import torch
        from torch import nn

        torch.manual_seed(3)
        encoder = nn.Sequential(
            nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.LeakyReLU(0.2), nn.MaxPool2d(2),
            nn.Conv2d(4, 4, (3, 5), stride=2, groups=2), nn.GroupNorm(2, 4), nn.GELU("tanh"), nn.AvgPool2d(2),
            nn.Dropout(0.3), nn.Flatten())
        model = nn.Sequential(OrderedDict(
            encoder=encoder, classifier=nn.Sequential(nn.Linear(24, 16), nn.SiLU(), nn.Linear(16, 10))))
        for _ in range(2):  # running statistics that are not their first values
            model(torch.randn(5, 1, 28, 28))
        return model.eval()

    def test_a_module_is_saved_and_loaded(self):
        import torch

        model, path = self.model(), self.folder / "m.safetensors"
        telar.save_module(model, path, loss="cross_entropy", mean=0.5, deviation=0.25)
        again = telar.load_module(path)
        x = torch.randn(3, 1, 28, 28)
        self.assertTrue(torch.equal(model(x), again(x)))
        self.assertEqual(telar.layers_of(model), telar.layers_of(again))
        self.assertFalse(again.training)
        saved = telar.read(path)
        self.assertEqual((saved.mean, saved.deviation, saved.loss), ([0.5], [0.25], "cross_entropy"))

    def test_layers_without_parts_are_one_part(self):
        import torch
        from torch import nn

        model, path = nn.Sequential(nn.Flatten(), nn.Linear(784, 10)), self.folder / "m.safetensors"
        telar.save_module(model, path)
        x = torch.randn(2, 1, 28, 28)
        self.assertTrue(torch.equal(model(x), telar.load_module(path)(x)))

    def test_parts_that_code_joins_are_given_by_name(self):
        path = self.folder / "w.safetensors"
        layer = '[{"layer":"Linear","in_features":2,"out_features":2}]'
        save_file({f"{part}.0.{name}": np.full(shape, value, np.float32)
                   for part, value in (("a", 1), ("b", 2)) for name, shape in (("weight", (2, 2)), ("bias", 2))},
                  path, metadata={"wiring": "code", "parts": f'{{"a":{layer},"b":{layer}}}'})
        parts = telar.load_parts(path)
        self.assertEqual(parts["b"][0].bias.tolist(), [2, 2])
        self.assertFalse(parts["a"].training)
        with self.assertRaisesRegex(telar.TelarError, "code joins the parts"):
            telar.load_module(path)

    def test_layers_within_layers(self):
        import torch

        def conv(inputs, outputs, size):
            return {"layer": "Conv2d", "in_channels": inputs, "out_channels": outputs, "kernel_size": size,
                    "padding": size // 2}

        network = {"net": [
            {"layer": "Residual", "layers": [conv(1, 4, 3), "ReLU"], "shortcut": [conv(1, 4, 1)]},
            {"layer": "Concat", "branches": [[], [conv(4, 2, 3)]]}, {"layer": "Residual", "layers": [conv(6, 6, 3)]},
        ]}
        generator = np.random.default_rng(2)
        tensors = {name: generator.standard_normal(shape).astype(np.float32) for name, shape in {
            "net.0.0.weight": (4, 1, 3, 3), "net.0.0.bias": 4, "net.0.shortcut.0.weight": (4, 1, 1, 1),
            "net.0.shortcut.0.bias": 4, "net.1.1.0.weight": (2, 4, 3, 3), "net.1.1.0.bias": 2,
            "net.2.0.weight": (6, 6, 3, 3), "net.2.0.bias": 6}.items()}
        path = self.folder / "c.safetensors"
        save_file(tensors, path, metadata={"network": json.dumps(network)})
        model = telar.load_module(path)
        w = {name: torch.from_numpy(value) for name, value in tensors.items()}
        f = torch.nn.functional
        x = torch.randn(2, 1, 7, 5)
        y = f.conv2d(x, w["net.0.0.weight"], w["net.0.0.bias"], padding=1).relu()
        y = y + f.conv2d(x, w["net.0.shortcut.0.weight"], w["net.0.shortcut.0.bias"])
        y = torch.cat([y, f.conv2d(y, w["net.1.1.0.weight"], w["net.1.1.0.bias"], padding=1)], 1)
        y = y + f.conv2d(y, w["net.2.0.weight"], w["net.2.0.bias"], padding=1)
        self.assertTrue(torch.equal(model(x), y))
        telar.save_module(model, path)
        self.assertTrue(torch.equal(telar.load_module(path)(x), y))

    def test_penalties(self):
        import torch

        network = {"net": [
            {"layer": "ActivityRegularization", "l1": 0.1}, {"layer": "Sampling", "kl_weight": 0.01},
            {"layer": "Linear", "in_features": 3, "out_features": 2, "bias": False}]}
        path = self.folder / "c.safetensors"
        weight = np.arange(6, dtype=np.float32).reshape(2, 3)
        save_file({"net.2.weight": weight}, path, metadata={"network": json.dumps(network)})
        model = telar.load_module(path)
        x = torch.randn(4, 6)
        self.assertTrue(torch.equal(model(x), x[:, :3] @ torch.from_numpy(weight).T))
        self.assertFalse(torch.equal(model.train()(x), model.eval()(x)))
        telar.save_module(model, path)
        self.assertEqual(telar.read(path).network["net"][:2], network["net"][:2])

    def test_what_is_no_chain_is_named(self):
        from torch import nn

        for module, problem in (
            (nn.Linear(2, 2), "Linear is no chain"),
            (nn.Sequential(nn.Sequential(nn.LSTM(2, 2))), "0.0: Telar has no layer LSTM"),
            (nn.ModuleDict({"a": nn.Linear(2, 2)}), "the part a is a Linear"),
        ):
            with self.assertRaisesRegex(telar.TelarError, problem):
                telar.layers_of(module)

    def test_a_file_that_does_not_fit_is_named(self):
        path = self.folder / "n.safetensors"
        for network, problem in (
            ('{"a":[{"layer":"Module3"}]}', "a.0: PyTorch has no layer 'Module3'"),
            ('{"a":[{"layer":"Linear","in_features":2}]}', r"a.0 \(Linear\)"),
            ('{"a":[{"layer":"Linear","in_features":2,"out_features":2}]}', "does not hold the network"),
        ):
            save_file({"a.0.weight": np.zeros((3, 2), np.float32)}, path, metadata={"network": network})
            with self.assertRaisesRegex(telar.TelarError, problem):
                telar.load_module(path)

    @needs_command
    def test_the_command_computes_what_the_module_does(self):
        import torch

        model, path = self.model(), self.folder / "m.safetensors"
        telar.save_module(model, path, loss="cross_entropy", mean=0.5, deviation=0.25)
        images = np.random.default_rng(1).integers(0, 256, (20, 28, 28), np.uint8)
        idx = self.folder / "images-idx3-ubyte"
        idx.write_bytes(np.array([0x803, 20, 28, 28], ">u4").tobytes() + images.tobytes())
        expected = torch.softmax(telar.load_module(path)(torch.from_numpy(telar.read(path).inputs(images))), 1)
        lines = self.command("predict", path, idx, "--device", "cpu", "--json", "--top", 1)
        self.assertEqual(len(lines), 20)
        for line, probabilities in zip(lines, expected):
            best = line["top"][0]
            self.assertEqual(best["class"], probabilities.argmax().item())
            self.assertAlmostEqual(best["probability"], probabilities.max().item(), delta=1e-5)


class RunTests(TestCase):
    def setUp(self):
        super().setUp()
        for seed in (0, 1):
            run = self.folder / f"s/e/seed-{seed}"
            run.mkdir(parents=True)
            run.joinpath("run.json").write_text(json.dumps({
                "study": "s", "experiment": "e", "network": {"a": []},
                "settings": {"seed": seed, "optimizer": {"name": "Adam", "learning_rate": 0.1}}}))
            run.joinpath("metrics.jsonl").write_text(
                '{"epoch":1,"val_loss":0.5}\n{"epoch":2,"val_loss":0.25}\n{"epoch":3,"val_l')
        self.folder.joinpath("s/e/seed-0/result.json").write_text('{"epochs":2,"best_epoch":2}')
        self.folder.joinpath("s/run.json").write_text("[]")

    @needs("pandas")
    def test_runs_are_rows(self):
        table = telar.runs(self.folder)
        self.assertEqual(table["seed"].tolist(), [0, 1])
        self.assertEqual(table["ended"].tolist(), [True, False])
        self.assertEqual(table["settings.optimizer.learning_rate"].tolist(), [0.1, 0.1])
        self.assertEqual(table["val_loss"].tolist(), [0.25, 0.25])
        self.assertEqual(table["best_epoch"][0], 2)
        self.assertNotIn("network.a", table)

    @needs("pandas")
    def test_epochs_are_rows(self):
        table = telar.metrics(self.folder / "s")
        self.assertEqual(table[["seed", "epoch"]].values.tolist(), [[0, 1], [0, 2], [1, 1], [1, 2]])
        self.assertEqual(table.groupby("experiment")["val_loss"].mean().to_dict(), {"e": 0.375})

    @needs("pandas")
    def test_a_folder_without_runs(self):
        with self.assertRaisesRegex(telar.TelarError, "there is no folder"):
            telar.runs(self.folder / "none")
        self.folder.joinpath("empty").mkdir()
        self.assertEqual(len(telar.metrics(self.folder / "empty")), 0)


class ComparisonTests(TestCase):
    RECIPE = """
name = "small"
[[experiments]]
name = "linear"
loss = "cross_entropy"
epochs = 2
parts = [{ name = "net", layers = ["Flatten", { layer = "Linear", in_features = 784, out_features = 10 }] }]
"""

    def setUp(self):
        super().setUp()
        self.recipe = self.folder / "small.toml"
        self.recipe.write_text(self.RECIPE)

    def start(self, **options):
        return telar.start("train", self.recipe, telar=COMMAND, device="cpu", out=self.folder / "runs", **options)

    def test_options_are_the_commands(self):
        script = self.folder / "telar"
        script.write_text('#!/bin/sh\nprintf \'{"a":"%s"}\\n\' "$@"\n')
        script.chmod(0o755)
        with telar.start("study", "molina", telar=script, batch_size=50, resume=True, quiet=False, seeds=None) as lines:
            self.assertEqual([line["a"] for line in lines],
                             ["study", "molina", "--json", "--batch-size=50", "--resume"])
        with self.assertRaisesRegex(telar.TelarError, "cannot be started"):
            telar.start("study", telar=self.folder / "none")

    @needs_command
    def test_a_comparison_runs(self):
        with self.start(subset=500, seeds=2, quiet=True) as comparison:
            events = list(comparison)
            comparison.wait()
        self.assertEqual([event["epoch"] for event in events if event.get("event") == "epoch"], [1, 2, 1, 2])
        if importlib.util.find_spec("pandas"):
            table = telar.runs(self.folder / "runs")
            self.assertTrue(table["ended"].all() and len(table) == 2)
        if importlib.util.find_spec("torch"):
            model = telar.load_module(self.folder / "runs/small/linear/seed-1/last.safetensors")
            self.assertEqual(model.net[1].weight.shape, (10, 784))

    @needs_command
    def test_a_comparison_that_fails_or_is_stopped(self):
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.assertRaisesRegex(telar.TelarError, "ended with exit code 64"))
            stack.enter_context(self.start(epochs=0, quiet=True)).wait()
        with self.start(epochs=10_000, quiet=True) as comparison:
            next(iter(comparison))
            comparison.stop()
            with self.assertRaisesRegex(telar.TelarError, "ended with exit code 130"):
                comparison.wait()


if __name__ == "__main__":
    unittest.main()
