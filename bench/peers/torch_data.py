# SPDX-License-Identifier: MIT
"""Images a second that PyTorch's DataLoader makes batches of 64 of, from torchvision's MNIST. DATA names a folder with
MNIST/raw."""
import os
import time

import torch
import torchvision
from torchvision import datasets, transforms

from support import is_asked, show

SCALED = [transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))]
ROWS = {
    "loader": SCALED,
    "loader-own": [*SCALED, lambda image: image * 2 - 1],
    "loader-augmented": [
        transforms.RandomCrop(28, padding=4),
        transforms.RandomHorizontalFlip(),
        transforms.RandomRotation(10),
        *SCALED,
    ],
}


def images_per_second(loader):
    """For two seconds after the first batch."""
    images, began = 0, None
    while True:
        for batch, _ in loader:
            if began is None:
                began = time.perf_counter()
                continue
            images += len(batch)
            seconds = time.perf_counter() - began
            if seconds >= 2:
                return images / seconds


def measure(chain):
    torch.manual_seed(0)
    data = datasets.MNIST(os.environ["DATA"], train=True, transform=transforms.Compose(chain))
    return images_per_second(torch.utils.data.DataLoader(data, batch_size=64, shuffle=True))


if __name__ == "__main__":
    values = {name: measure(chain) for name, chain in ROWS.items() if is_asked(name)}
    show(values, f"torch {torch.__version__}, torchvision {torchvision.__version__}")
