# SPDX-License-Identifier: MIT
"""The MNIST classifier in low-level TensorFlow with tf.function, batch 32. Argument: epochs. DATA names a
folder with MNIST/raw. Prints what a training epoch took and the mean training loss of each."""
import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf

from support import read_idx, show_epochs


def main():
    tf.random.set_seed(0)
    x = read_idx("train-images-idx3-ubyte", 16).reshape(-1, 784).astype("float32") / 255
    y = read_idx("train-labels-idx1-ubyte", 8).astype(np.int64)
    batches = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(10000).batch(32)
    w1, b1 = tf.Variable(tf.random.normal([784, 128], stddev=0.1)), tf.Variable(tf.zeros([128]))
    w2, b2 = tf.Variable(tf.random.normal([128, 10], stddev=0.1)), tf.Variable(tf.zeros([10]))
    variables = [w1, b1, w2, b2]
    optimizer = tf.keras.optimizers.Adam(0.001)
    mean = tf.keras.metrics.Mean()

    @tf.function
    def train_step(x, y):
        with tf.GradientTape() as tape:
            logits = tf.matmul(tf.nn.relu(tf.matmul(x, w1) + b1), w2) + b2
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        mean(loss)

    seconds, losses = [], []
    for _ in range(int(sys.argv[1])):
        mean.reset_state()
        start = time.perf_counter()
        for x_batch, y_batch in batches:
            train_step(x_batch, y_batch)
        seconds.append(time.perf_counter() - start)
        losses.append(float(mean.result()))
    show_epochs("tf-epoch", seconds, losses, f"tensorflow {tf.__version__}")


if __name__ == "__main__":
    main()
