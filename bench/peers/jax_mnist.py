# SPDX-License-Identifier: MIT
"""The MNIST classifier in JAX as fast as it gets: tensors preloaded, a whole epoch in one jitted scan. DATA names a
folder with MNIST/raw. Arguments: epochs, batch size, row. Prints what an epoch and compiling took, and the mean losses."""
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np

from support import read_idx, show_epochs

EPOCHS, BATCH, ROW = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
X = jnp.asarray((read_idx("train-images-idx3-ubyte", 16).reshape(-1, 784).astype("float32") / 255 - 0.1307) / 0.3081)
Y = jnp.asarray(read_idx("train-labels-idx1-ubyte", 8).astype("int32"))


def loss_of(p, x, y, key):
    hidden = jax.nn.relu(x @ p["w1"] + p["b1"])
    hidden = jnp.where(jax.random.bernoulli(key, 0.8, hidden.shape), hidden / 0.8, 0)
    logits = jax.nn.log_softmax(hidden @ p["w2"] + p["b2"])
    return -jnp.mean(jnp.take_along_axis(logits, y[:, None], 1))


def step(carry, index):
    p, m, v, t, key = carry
    key, drop = jax.random.split(key)
    loss, g = jax.value_and_grad(loss_of)(p, X[index], Y[index], drop)
    t = t + 1
    m = jax.tree.map(lambda a, b: 0.9 * a + 0.1 * b, m, g)
    v = jax.tree.map(lambda a, b: 0.999 * a + 0.001 * b * b, v, g)

    def move(p, a, b):
        return p - 1e-3 * (a / (1 - 0.9**t)) / (jnp.sqrt(b / (1 - 0.999**t)) + 1e-8)

    return (jax.tree.map(move, p, m, v), m, v, t, key), loss


def main():
    k1, k2, key = jax.random.split(jax.random.PRNGKey(0), 3)
    p = {
        "w1": jax.random.uniform(k1, (784, 128), minval=-1 / 28, maxval=1 / 28),
        "b1": jnp.zeros(128),
        "w2": jax.random.uniform(k2, (128, 10), minval=-0.088, maxval=0.088),
        "b2": jnp.zeros(10),
    }
    zeros = jax.tree.map(jnp.zeros_like, p)
    carry = (p, zeros, jax.tree.map(jnp.zeros_like, p), jnp.float32(0), key)
    epoch = jax.jit(lambda carry, order: jax.lax.scan(step, carry, order), donate_argnums=0)
    seconds, losses, compiling = [], [], {}
    for _ in range(EPOCHS):
        start = time.perf_counter()
        order = np.random.permutation(60000)[: 60000 // BATCH * BATCH].reshape(-1, BATCH)
        if not compiling:
            epoch = epoch.lower(carry, order).compile()
            compiling[f"mnist-compile-{BATCH}"] = (time.perf_counter() - start) * 1e3
        carry, loss = epoch(carry, order)
        losses.append(float(loss.mean()))
        seconds.append(time.perf_counter() - start)
    show_epochs(ROW, seconds, losses, f"jax {jax.__version__}", **compiling)


if __name__ == "__main__":
    main()
