# SPDX-License-Identifier: MIT
"""Milliseconds of single ops on large arrays in PyTorch."""
import torch
from torch.nn import functional as F

from support import is_asked, measure, show

LARGE = 1 << 24


def matmul(m, k, n, dtype=torch.float32):
    a, b = torch.randn(m, k).to(dtype), torch.randn(k, n).to(dtype)
    return lambda: a @ b


def linear(m, k, n, dtype):
    x, weight = torch.randn(m, k).to(dtype), torch.randn(n, k).to(dtype)
    return lambda: F.linear(x, weight)


def on_one(shape, op):
    x = torch.randn(*shape)
    return lambda: op(x)


def adam():
    parameter = torch.randn(10_000_000, requires_grad=True)
    parameter.grad = torch.randn(10_000_000)
    return torch.optim.Adam([parameter], fused=True).step


ROWS = {f"sgemm-{n}": lambda n=n: matmul(n, n, n) for n in (256, 512, 1024, 2048)} | {
    "sgemm-64x784x128": lambda: matmul(64, 784, 128),
    "gemm-bf16-1024": lambda: matmul(1024, 1024, 1024, torch.bfloat16),
    "gemm-bf16-64x784x128": lambda: matmul(64, 784, 128, torch.bfloat16),
    "linear-1x4096x4096": lambda: linear(1, 4096, 4096, torch.float32),
    "linear-bf16-1x4096x4096": lambda: linear(1, 4096, 4096, torch.bfloat16),
    "linear-bf16-16x4096x4096": lambda: linear(16, 4096, 4096, torch.bfloat16),
    "add-16m": lambda: on_one([LARGE], lambda x: x + x),
    "sum-16m": lambda: on_one([LARGE], torch.sum),
    "exp-16m": lambda: on_one([LARGE], torch.exp),
    "gelu-tanh-16m": lambda: on_one([LARGE], lambda x: F.gelu(x, approximate="tanh")),
    "softmax-4096x1024": lambda: on_one([4096, 1024], lambda x: F.softmax(x, -1)),
    "layer-norm-4096x1024": lambda: on_one([4096, 1024], lambda x: F.layer_norm(x, (1024,))),
    "transposed-copy-4096": lambda: on_one([4096, 4096], lambda x: x.t().contiguous()),
    "adam-10m": adam,
}

if __name__ == "__main__":
    show({name: measure(prepare()) for name, prepare in ROWS.items() if is_asked(name)}, f"torch {torch.__version__}")
