# SPDX-License-Identifier: MIT
"""Milliseconds of single ops on large arrays in JAX, each jitted."""
import jax
import jax.numpy as jnp
import numpy as np

from support import is_asked, measure, show

RNG = np.random.default_rng(0)
LARGE = 1 << 24


def randn(*shape):
    return jnp.asarray(RNG.standard_normal(shape, dtype="float32"))


def jitted(op, *inputs):
    compiled = jax.jit(op)
    return lambda: jax.block_until_ready(compiled(*inputs))


def layer_norm(x):
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-5)


ROWS = {f"sgemm-{n}": lambda n=n: jitted(jnp.matmul, randn(n, n), randn(n, n)) for n in (256, 512, 1024, 2048)} | {
    "sgemm-64x784x128": lambda: jitted(jnp.matmul, randn(64, 784), randn(784, 128)),
    "add-16m": lambda: jitted(lambda x, y: x + y, randn(LARGE), randn(LARGE)),
    "sum-16m": lambda: jitted(jnp.sum, randn(LARGE)),
    "exp-16m": lambda: jitted(jnp.exp, randn(LARGE)),
    "gelu-tanh-16m": lambda: jitted(lambda x: jax.nn.gelu(x, approximate=True), randn(LARGE)),
    "softmax-4096x1024": lambda: jitted(lambda x: jax.nn.softmax(x, -1), randn(4096, 1024)),
    "layer-norm-4096x1024": lambda: jitted(layer_norm, randn(4096, 1024)),
    "transposed-copy-4096": lambda: jitted(lambda x: x.T + 0, randn(4096, 4096)),
}

if __name__ == "__main__":
    show({name: measure(prepare()) for name, prepare in ROWS.items() if is_asked(name)}, f"jax {jax.__version__}")
