# SPDX-License-Identifier: MIT
"""Eager overhead of PyTorch: nanoseconds of one tiny op and of one tiny graph. Prints one JSON line."""
import time

import torch

from support import is_asked, show


def tiny_op():
    x, y = torch.tensor([1.5]), torch.tensor([2.5])
    return lambda: x + y


def tiny_graph():
    a = torch.rand(8, 8, requires_grad=True)
    b = torch.rand(8, 8, requires_grad=True)
    c = torch.rand(8, requires_grad=True)

    def step():
        a.grad = b.grad = c.grad = None
        (torch.relu(a @ b) + c).sum().backward()

    return step


def measure(step, count):
    for _ in range(count // 10):
        step()
    start = time.perf_counter()
    for _ in range(count):
        step()
    return (time.perf_counter() - start) / count * 1e9


if __name__ == "__main__":
    counts = {"tiny-op": (tiny_op, 300_000), "tiny-graph": (tiny_graph, 10_000)}
    show({name: measure(make(), count) for name, (make, count) in counts.items() if is_asked(name)}, f"torch {torch.__version__}")
