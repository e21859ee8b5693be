# SPDX-License-Identifier: MIT
"""The MNIST classifier in PyTorch: `written` as its users write it (DataLoader, ToTensor, Normalize), `fused` as
fast as it gets by hand (tensors preloaded, fused Adam), `compile` that with torch.compile. Arguments: the mode, epochs,
batch size, row. DATA names a folder with MNIST/raw. Prints what a training epoch took and the mean loss of each."""
import os
import sys
import time

import torch
from torch import nn, optim

from support import read_idx, show_epochs

DATA = os.environ["DATA"]


def net():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10))


def written_batches(size):
    from torchvision import datasets, transforms

    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
    train = datasets.MNIST(DATA, train=True, transform=transform)
    loader = torch.utils.data.DataLoader(train, batch_size=size, shuffle=True)
    return lambda: iter(loader)


def fused_batches(size):
    x = torch.from_numpy(read_idx("train-images-idx3-ubyte", 16).reshape(-1, 1, 28, 28))
    x = x.float().div_(255).sub_(0.1307).div_(0.3081)
    y = torch.from_numpy(read_idx("train-labels-idx1-ubyte", 8)).long()

    def batches():
        order = torch.randperm(len(x))
        for i in range(0, len(x), size):
            at = order[i : i + size]
            yield x[at], y[at]

    return batches


def main():
    mode, epochs, size, row = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    torch.manual_seed(0)
    batches = (written_batches if mode == "written" else fused_batches)(size)
    model, criterion = net(), nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=0.001, fused=mode != "written")

    def loss_of(data, target):
        return criterion(model(data), target)

    if mode == "compile":
        loss_of = torch.compile(loss_of)
    seconds, losses, first_step = [], [], None
    for _ in range(epochs):
        start, total, count = time.perf_counter(), 0.0, 0
        for data, target in batches():
            began = time.perf_counter()
            optimizer.zero_grad()
            loss = loss_of(data, target)
            loss.backward()
            optimizer.step()
            first_step = first_step or time.perf_counter() - began
            total += loss.detach()
            count += 1
        seconds.append(time.perf_counter() - start)
        losses.append(float(total) / count)
    compiling = {f"mnist-compile-{size}": first_step * 1e3} if mode == "compile" else {}
    show_epochs(row, seconds, losses, f"torch {torch.__version__}", **compiling)


if __name__ == "__main__":
    main()
