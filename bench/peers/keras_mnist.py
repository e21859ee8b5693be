# SPDX-License-Identifier: MIT
"""The MNIST classifier as Keras' users write it, on TensorFlow, batch 32. Argument: epochs. DATA names
a folder with MNIST/raw. Prints what a training epoch took and the running loss of each."""
import os
import sys
import time

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf
from tensorflow import keras

from support import read_idx, show_epochs


class Clock(keras.callbacks.Callback):
    seconds = []

    def on_epoch_begin(self, epoch, logs=None):
        self.began = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds.append(time.perf_counter() - self.began)


def main():
    keras.utils.set_random_seed(0)
    x = read_idx("train-images-idx3-ubyte", 16).reshape(-1, 28, 28).astype("float32") / 255
    y = read_idx("train-labels-idx1-ubyte", 8).astype(np.int64)
    model = keras.Sequential(
        [
            keras.layers.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    clock = Clock()
    history = model.fit(x, y, epochs=int(sys.argv[1]), verbose=0, callbacks=[clock]).history
    version = f"keras {keras.__version__}, tensorflow {tf.__version__}"
    show_epochs("keras-epoch", clock.seconds, history["loss"], version)


if __name__ == "__main__":
    main()
