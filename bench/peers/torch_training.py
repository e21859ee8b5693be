# SPDX-License-Identifier: MIT
"""Milliseconds of one training step (forward, backward, fused AdamW) of five models in PyTorch. Arguments: eager or
compile, what the rows' names begin with."""
import sys

import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from support import is_asked, measure, show

torch.manual_seed(0)


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 32, 3), nn.Conv2d(32, 64, 3)
        self.fc1, self.fc2 = nn.Linear(9216, 128), nn.Linear(128, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv2(F.relu(self.conv1(x)))), 2)
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


def resnet18():
    model = torchvision.models.resnet18(num_classes=10)
    model.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
    model.maxpool = nn.Identity()
    return model


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(128, 256, 2, batch_first=True)
        self.out = nn.Linear(256, 10)

    def forward(self, x):
        return self.out(self.lstm(x)[0][:, -1])


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        n, t, d = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(n, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(n, t, d)
        x = x + self.proj(y)
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Gpt(nn.Module):
    def __init__(self, vocabulary, length, layers, heads, width):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.position = nn.Parameter(torch.randn(length, width) * 0.02)
        self.blocks = nn.Sequential(*[Block(width, heads) for _ in range(layers)])
        self.norm, self.out = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)

    def forward(self, tokens):
        return self.out(self.norm(self.blocks(self.embedding(tokens) + self.position)))


def images(n, c, size):
    return torch.randn(n, c, size, size), torch.randint(0, 10, (n,))


def sequences():
    return torch.randn(32, 64, 128), torch.randint(0, 10, (32,))


def tokens(n, t):
    return torch.randint(0, 65, (n, t)), torch.randint(0, 65, (n, t))


ROWS = {
    "cnn": (Cnn, lambda: images(64, 1, 28)),
    "resnet18": (resnet18, lambda: images(32, 3, 32)),
    "lstm": (Recurrent, sequences),
    "gpt-nano": (lambda: Gpt(65, 64, 4, 4, 128), lambda: tokens(12, 64)),
    "gpt-mini": (lambda: Gpt(65, 256, 6, 6, 384), lambda: tokens(8, 256)),
}


def train(make_model, make_batch, compiled, lowered):
    model, (x, y) = make_model(), make_batch()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)

    def loss_of(x, y):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=lowered):
            logits = model(x)
            return F.cross_entropy(logits.flatten(0, -2), y.flatten())

    if compiled:
        loss_of = torch.compile(loss_of)
    losses = []

    def step():
        optimizer.zero_grad()
        loss = loss_of(x, y)
        loss.backward()
        optimizer.step()
        if len(losses) < 3:
            losses.append(loss.item())

    return measure(step, 3), losses


if __name__ == "__main__":
    compiled, prefix = sys.argv[1] == "compile", sys.argv[2]
    values, losses = {}, {}
    for name, row in ROWS.items():
        if is_asked(f"{prefix}-{name}"):
            values[f"{prefix}-{name}"], losses[f"{prefix}-{name}"] = train(
                *row, compiled, lowered=prefix == "train-autocast"
            )
    show(values, f"torch {torch.__version__}", losses=losses)
