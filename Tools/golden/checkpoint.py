#!/usr/bin/env python3
"""Writes a small PyTorch model as users do, and what it computes: checkpoint.py DIR.

model.safetensors is save_file(model.state_dict()); expected.safetensors holds an input and the output in
evaluation mode. The model has every layer with parameters and both changes between images and features.
"""
import sys
import torch
from torch import nn
from safetensors.torch import save_file

torch.manual_seed(5)
model = nn.ModuleDict({
    "encoder": nn.Sequential(nn.Conv2d(2, 4, 3, padding=1, groups=2), nn.BatchNorm2d(4), nn.ReLU(), nn.AvgPool2d(2),
                             nn.Flatten(), nn.Linear(4 * 3 * 2, 6, bias=False), nn.Tanh()),
    "decoder": nn.Sequential(nn.Linear(6, 12), nn.LeakyReLU(0.2), nn.Unflatten(1, (3, 2, 2)),
                             nn.ConvTranspose2d(3, 2, (3, 2), stride=2, padding=(0, 1), output_padding=(1, 0)), nn.Sigmoid()),
})


def run(x):
    for part in model.values():
        x = part(x)
    return x


for _ in range(3):  # running statistics that are not their first values
    run(torch.randn(5, 2, 6, 4))
model.eval()
x = torch.randn(3, 2, 6, 4)
with torch.no_grad():
    y = run(x)
save_file(model.state_dict(), f"{sys.argv[1]}/model.safetensors")
save_file({"input": x, "output": y}, f"{sys.argv[1]}/expected.safetensors")
print(tuple(y.shape))
