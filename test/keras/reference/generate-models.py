# SPDX-License-Identifier: MIT
# Layers, summaries, training and callbacks as Keras 3 computes them: python generate-models.py, with tensorflow-cpu.
# Writes models.json beside itself.
import contextlib
import io
import json
import os
import pathlib
import tempfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["COLUMNS"] = "80"
import keras
import numpy as np
from keras import callbacks, layers, regularizers

rng = np.random.default_rng(7)


def numbers(x):
    return [float(f"{v:.9g}") for v in np.asarray(x, np.float64).ravel()]


def tensor(x):
    return {"shape": list(np.shape(x)), "values": numbers(x)}


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def logs_of(logs):
    return {camel(name): value for name, value in logs.items()}


# Layers: [name, arguments of ours, the layer of Keras, shape of the inputs].
LAYERS = [
    ["dense", [3], lambda: layers.Dense(3), (4, 5)],
    ["dense", [3, {"activation": "tanh"}], lambda: layers.Dense(3, activation="tanh"), (2, 4, 5)],
    ["dense", [3, {"useBias": False, "activation": "gelu"}], lambda: layers.Dense(3, use_bias=False, activation="gelu"), (4, 5)],
    ["flatten", [], lambda: layers.Flatten(), (2, 3, 4)],
    ["flatten", [], lambda: layers.Flatten(), (3,)],
    ["reshape", [[4, 3]], lambda: layers.Reshape((4, 3)), (2, 3, 4)],
    ["reshape", [[-1, 2]], lambda: layers.Reshape((-1, 2)), (2, 3, 4)],
    ["permute", [[3, 1, 2]], lambda: layers.Permute((3, 1, 2)), (2, 3, 4, 5)],
    ["repeatVector", [3], lambda: layers.RepeatVector(3), (2, 4)],
    ["activation", ["softplus"], lambda: layers.Activation("softplus"), (2, 5)],
    ["reLU", [], lambda: layers.ReLU(), (3, 5)],
    ["reLU", [{"maxValue": 1, "negativeSlope": 0.1, "threshold": 0.25}], lambda: layers.ReLU(max_value=1.0, negative_slope=0.1, threshold=0.25), (3, 5)],
    ["leakyReLU", [], lambda: layers.LeakyReLU(), (3, 5)],
    ["leakyReLU", [{"negativeSlope": 0.05}], lambda: layers.LeakyReLU(negative_slope=0.05), (3, 5)],
    ["softmax", [], lambda: layers.Softmax(), (3, 5)],
    ["softmax", [{"axis": 1}], lambda: layers.Softmax(axis=1), (3, 5, 2)],
    ["rescaling", [0.5, {"offset": -1}], lambda: layers.Rescaling(0.5, offset=-1), (2, 3)],
    ["batchNormalization", [], lambda: layers.BatchNormalization(), (6, 4)],
    ["batchNormalization", [], lambda: layers.BatchNormalization(), (2, 3, 3, 4)],
    ["batchNormalization", [{"axis": 1, "momentum": 0.9, "epsilon": 0.01, "center": False}], lambda: layers.BatchNormalization(axis=1, momentum=0.9, epsilon=0.01, center=False), (3, 4, 5)],
    ["layerNormalization", [], lambda: layers.LayerNormalization(), (3, 6)],
    ["layerNormalization", [{"axis": [1, 2], "scale": False}], lambda: layers.LayerNormalization(axis=[1, 2], scale=False), (3, 4, 2)],
]


def layer_case(name, args, make, shape):
    layer, x = make(), rng.normal(size=shape).astype("float32")
    layer.build(shape)
    values = [(0.5 + rng.random(w.shape)).astype("float32") for w in layer.weights]
    layer.set_weights(values)
    case = {
        "layer": name,
        "args": args,
        "inputs": tensor(x),
        "names": [w.name for w in layer.weights],
        "weights": [tensor(w) for w in values],
        "outputs": tensor(layer(x, training=False)),
        "outputShape": list(layer.compute_output_shape((None, *shape[1:]))),
        "trainingOutputs": tensor(layer(x, training=True)),
    }
    return case | {"weightsAfter": [tensor(w) for w in layer.get_weights()]}


def embedding_case():
    layer, x = layers.Embedding(7, 3), np.array([[0, 6, 2], [5, 5, 1]])
    layer.build((2, 3))
    values = [rng.normal(size=(7, 3)).astype("float32")]
    layer.set_weights(values)
    y = tensor(layer(x))
    return {
        "layer": "embedding", "args": [7, 3], "inputs": tensor(x), "names": ["embeddings"],
        "weights": [tensor(values[0])], "weightsAfter": [tensor(values[0])],
        "outputs": y, "trainingOutputs": y, "outputShape": [None, 3, 3],
    }


def summary(model, **options):
    lines = []
    model.summary(print_fn=lines.append, **options)
    return "".join(lines).rstrip("\n")


def mnist_model():
    return keras.Sequential([
        keras.Input((28, 28)), layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dropout(0.2),
        layers.BatchNormalization(), layers.Dense(10, activation="softmax"),
    ])


def summaries():
    keras.utils.clear_session()
    model, found = mnist_model(), {}
    found["built"] = summary(model)
    found["narrow"] = summary(model, line_length=60)
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    model.fit(np.zeros((8, 28, 28)), np.zeros(8), verbose=0)
    found["trained"] = summary(model)
    model.layers[1].trainable = False
    found["frozen"] = summary(model, show_trainable=True)
    outer = keras.Sequential([model, layers.Dense(2)])
    found["nested"] = summary(outer, expand_nested=True)
    keras.utils.clear_session()
    found["unbuilt"] = summary(keras.Sequential([
        layers.Flatten(), layers.Reshape((2, 3)), layers.Permute((2, 1)), layers.RepeatVector(3), layers.Dropout(0.1),
        layers.GaussianNoise(0.1), layers.GaussianDropout(0.1), layers.ReLU(), layers.LeakyReLU(), layers.Softmax(),
        layers.Activation("relu"), layers.BatchNormalization(), layers.LayerNormalization(), layers.Embedding(3, 4),
        layers.Rescaling(1 / 255), layers.Dense(3, name="last"),
    ], name="unbuilt_model"))
    return found


X = rng.normal(size=(22, 5)).astype("float32")
Y = rng.integers(0, 3, 22)
WEIGHTS = [rng.normal(size=s).astype("float32") * 0.3 for s in [(5, 8), (8,), (8,), (8,), (8, 3), (3,)]]
MOVING = [np.zeros(8, "float32"), np.ones(8, "float32")]


def small_model():
    model = keras.Sequential([
        keras.Input((5,)),
        layers.Dense(8, activation="relu", kernel_regularizer=regularizers.L2(0.02), bias_regularizer=regularizers.L1(0.01)),
        layers.BatchNormalization(momentum=0.8),
        layers.Dense(3, activation="softmax"),
    ])
    model.set_weights([*WEIGHTS[:4], *MOVING, *WEIGHTS[4:]])
    return model


def run(optimizer, one_hot=False, **options):
    y = np.eye(3, dtype="float32")[Y] if one_hot else Y
    loss = "categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy"
    model = small_model()
    model.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])
    history = model.fit(X, y, shuffle=False, batch_size=8, verbose=0, **options)
    evaluated = model.evaluate(X, y, batch_size=8, verbose=0, return_dict=True)
    return {
        "history": logs_of(history.history),
        "epoch": history.epoch,
        "evaluated": logs_of(evaluated),
        "predicted": tensor(model.predict(X, verbose=0)),
        "weights": [tensor(w) for w in model.get_weights()],
    }


def training():
    weight = (0.25 + rng.random(22)).astype("float32")
    return {
        "x": tensor(X), "y": Y.tolist(), "sampleWeight": tensor(weight),
        "weights": [tensor(w) for w in [*WEIGHTS[:4], *MOVING, *WEIGHTS[4:]]],
        "runs": {
            "sgd": run(keras.optimizers.SGD(0.1), epochs=3, validation_split=0.25),
            "adam": run("adam", epochs=4, initial_epoch=1, one_hot=True),
            "sampleWeight": run(keras.optimizers.SGD(0.1), epochs=2, sample_weight=weight),
            "classWeight": run(keras.optimizers.SGD(0.1), epochs=2, class_weight={0: 0.5, 2: 3.0}),
            "classWeightOneHot": run(keras.optimizers.SGD(0.1), epochs=2, one_hot=True, class_weight={0: 0.5, 2: 3.0}),
            "steps": run(keras.optimizers.SGD(0.1), epochs=3, steps_per_epoch=2, validation_data=(X[:10], Y[:10]), validation_freq=2),
        },
    }


class Stub:
    """What the callbacks need of a model."""

    def __init__(self, rate=0.1):
        self.optimizer, self.stop_training, self.weights, self.metrics = keras.optimizers.SGD(rate), False, 0, []

    def get_weights(self):
        return self.weights

    def set_weights(self, weights):
        self.weights = weights


LOSSES = [1.0, 0.8, 0.85, 0.79, 0.795, 0.81, 0.7, 0.71, 0.72, 0.73, 0.74]


def stopping(ours, **options):
    model, callback = Stub(), callbacks.EarlyStopping(monitor="val_loss", **options)
    callback.set_model(model)
    callback.on_train_begin()
    epochs = 0
    for epoch, loss in enumerate(LOSSES):
        model.weights, epochs = epoch, epochs + 1
        callback.on_epoch_end(epoch, {"val_loss": loss})
        if model.stop_training:
            break
    callback.on_train_end()
    return {"options": ours, "epochs": epochs, "stoppedEpoch": callback.stopped_epoch, "bestEpoch": callback.best_epoch, "weightsOf": model.weights}


def plateau(ours, **options):
    model, callback = Stub(), callbacks.ReduceLROnPlateau(monitor="val_loss", **options)
    callback.set_model(model)
    callback.on_train_begin()
    rates = []
    for epoch, loss in enumerate(LOSSES):
        callback.on_epoch_end(epoch, {"val_loss": loss})
        rates.append(float(model.optimizer.learning_rate.numpy()))
    return {"options": ours, "rates": rates}


def checkpoints(ours, **options):
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        saved, model = [], Stub()
        model.save_weights = lambda path, **_: saved.append(os.path.basename(path))
        path = os.path.join(folder, "{epoch:03d}-{val_loss:.2f}.weights.h5")
        callback = callbacks.ModelCheckpoint(path, save_weights_only=True, **options)
        callback.set_model(model)
        for epoch, loss in enumerate(LOSSES):
            callback.on_epoch_begin(epoch)
            for batch in range(3):
                callback.on_train_batch_end(batch, {"val_loss": loss})
            callback.on_epoch_end(epoch, {"val_loss": loss})
        return {"options": ours, "saved": [name.removesuffix(".weights.h5") for name in saved]}


def csv():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "log.csv")
        for first in (0, 2):
            callback = callbacks.CSVLogger(path, separator=";", append=first > 0)
            callback.set_model(Stub())
            callback.on_train_begin()
            for epoch in range(first, first + 2):
                logs = {"loss": 0.5 / (epoch + 1), "accuracy": 0.25 * epoch}
                callback.on_epoch_end(epoch, logs | ({"val_loss": 0.125} if epoch % 2 else {}))
            callback.on_train_end()
        return pathlib.Path(path).read_text().replace("\r\n", "\n").replace("val_a", "valA").replace("val_l", "valL")


reference = {
    "keras": keras.__version__,
    "layers": [layer_case(*case) for case in LAYERS] + [embedding_case()],
    "summaries": summaries(),
    "training": training(),
    "losses": LOSSES,
    "earlyStopping": [
        stopping({}),
        stopping({"patience": 2}, patience=2),
        stopping({"patience": 3, "restoreBestWeights": True}, patience=3, restore_best_weights=True),
        stopping({"patience": 2, "minDelta": 0.05}, patience=2, min_delta=0.05),
        stopping({"patience": 4, "baseline": 0.75}, patience=4, baseline=0.75),
        stopping({"patience": 4, "baseline": 0.1, "restoreBestWeights": True}, patience=4, baseline=0.1, restore_best_weights=True),
        stopping({"patience": 1, "startFromEpoch": 4, "restoreBestWeights": True}, patience=1, start_from_epoch=4, restore_best_weights=True),
        stopping({"mode": "max", "patience": 3}, mode="max", patience=3),
    ],
    "plateau": [
        plateau({"patience": 1, "factor": 0.5}, patience=1, factor=0.5),
        plateau({"patience": 2, "factor": 0.5, "cooldown": 2}, patience=2, factor=0.5, cooldown=2),
        plateau({"patience": 1, "minDelta": 0.1, "minLr": 0.02}, patience=1, min_delta=0.1, min_lr=0.02),
    ],
    "checkpoints": [
        checkpoints({}),
        checkpoints({"saveBestOnly": True}, save_best_only=True),
        checkpoints({"saveBestOnly": True, "initialValueThreshold": 0.792}, save_best_only=True, initial_value_threshold=0.792),
        checkpoints({"saveFreq": 4}, save_freq=4),
    ],
    "csv": csv(),
}
path = pathlib.Path(__file__).with_name("models.json")
path.write_text(json.dumps(reference, ensure_ascii=False, separators=(",", ":")) + "\n")
print(path, path.stat().st_size)
