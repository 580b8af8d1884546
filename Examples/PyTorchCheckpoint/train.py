#!/usr/bin/env python3
"""Trains a small classifier of Fashion-MNIST in PyTorch and writes fashion.safetensors: train.py IDX_FOLDER.

Prints the accuracy on the test images, which the Swift program beside it finds too.
"""
import gzip
import sys
from collections import OrderedDict
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn


def read(name):
    data = gzip.decompress((Path(sys.argv[1]) / name).read_bytes())
    return np.frombuffer(data, np.uint8, offset=16 if "idx3" in name else 8)


def images(split):
    pixels = torch.tensor(read(f"{split}-images-idx3-ubyte.gz").reshape(-1, 1, 28, 28)).float() / 255
    return pixels, torch.tensor(read(f"{split}-labels-idx1-ubyte.gz")).long()


torch.manual_seed(1)
model = nn.Sequential(OrderedDict(
    features=nn.Sequential(nn.Conv2d(1, 8, 5, stride=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
    classifier=nn.Sequential(nn.Linear(288, 10)),
))
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
x, y = images("train")
for epoch in range(4):
    for batch in torch.randperm(len(x)).split(100):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
        optimizer.step()

model.eval()
x, y = images("t10k")
with torch.no_grad():
    right = (model(x).argmax(1) == y).sum().item()
print(f"{right} of {len(y)} test images are right")
save_file(model.state_dict(), Path(__file__).parent / "fashion.safetensors")
