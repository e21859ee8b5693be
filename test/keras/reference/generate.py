# SPDX-License-Identifier: MIT
# What Keras 3 with TensorFlow computes, for the tests beside: pip install tensorflow-cpu; python generate.py
# writes the JSON files of this folder.
import json
import os
import re

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = ""
import keras
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(1)
here = os.path.dirname(os.path.abspath(__file__))


def camel(name):
    return re.sub(r"_(.)", lambda m: m[1].upper(), name)


def camel_keys(options):
    return {camel(k): camel(v) if isinstance(v, str) and "_" in v else v for k, v in options.items()}


def plain(x):
    """Nested lists of numbers with the nine digits that float32 has."""
    if x is None or isinstance(x, (bool, int, str)):
        return x
    x = np.asarray(x)
    if x.dtype.kind in "iu":
        return x.tolist()
    if x.ndim == 0:
        return float(f"{float(x):.9g}") if np.isfinite(x) else str(float(x))
    return [plain(v) for v in x]


def write(name, cases):
    with open(os.path.join(here, f"{name}.json"), "w") as file:
        file.write("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")


def f32(*shape, low=-2.0, high=2.0):
    return rng.uniform(low, high, shape).astype("float32")


def simplex(*shape):
    p = rng.uniform(0.05, 1, shape).astype("float32")
    return p / p.sum(-1, keepdims=True)


def one_hot(classes, *shape):
    return np.eye(classes, dtype="float32")[rng.integers(0, classes, shape)]


edges = np.array([[0, 1], [1, 0], [0.5, 0.5], [1e-9, 1 - 1e-9]], dtype="float32")
spiky = np.array([[1, 0, 0], [0, 0, 1], [0.2, 0.5, 0.3], [0, 0, 0.7]], dtype="float32")


def loss_cases():
    """(function, class, yTrue, yPred, options, smooth): smooth ones are compared by gradients too."""
    plain_names = {
        "mean_squared_error": "MeanSquaredError",
        "mean_absolute_error": "MeanAbsoluteError",
        "mean_absolute_percentage_error": "MeanAbsolutePercentageError",
        "mean_squared_logarithmic_error": "MeanSquaredLogarithmicError",
        "log_cosh": "LogCosh",
        "huber": "Huber",
        "cosine_similarity": "CosineSimilarity",
    }
    for fn, cls in plain_names.items():
        for shape in [(3, 4), (5, 1), (2, 3, 2)]:
            yield fn, cls, f32(*shape), f32(*shape), {}, True
        yield fn, cls, f32(4, 3), np.zeros((4, 3), "float32"), {}, False
        yield fn, cls, f32(6), f32(6, 1), {}, False
        yield fn, cls, rng.integers(0, 5, (3, 2)), f32(3, 2, low=0.5), {}, True
    yield "huber", "Huber", f32(4, 3), f32(4, 3), {"delta": 0.6}, True
    yield "cosine_similarity", "CosineSimilarity", f32(4, 3), f32(4, 3), {"axis": 0}, True
    yield "poisson", "Poisson", f32(3, 4, low=0), f32(3, 4, low=0.1), {}, True
    yield "poisson", "Poisson", f32(3, 4, low=0), np.zeros((3, 4), "float32"), {}, False
    for fn, cls in {"hinge": "Hinge", "squared_hinge": "SquaredHinge"}.items():
        yield fn, cls, rng.integers(0, 2, (4, 3)), f32(4, 3), {}, True
        yield fn, cls, rng.integers(0, 2, (4, 3)) * 2 - 1, f32(4, 3), {}, True
        yield fn, cls, f32(4, 3), f32(4, 3), {}, True
    yield "categorical_hinge", "CategoricalHinge", one_hot(4, 5), f32(5, 4), {}, True
    yield "kl_divergence", "KLDivergence", simplex(3, 4), simplex(3, 4), {}, True
    yield "kl_divergence", "KLDivergence", edges, edges[::-1], {}, False

    for options in [{}, {"label_smoothing": 0.2}, {"from_logits": True}, {"from_logits": True, "label_smoothing": 0.1}]:
        low, high = (-4, 4) if options.get("from_logits") else (0.05, 0.95)
        labels = rng.integers(0, 2, (4, 3))
        yield "binary_crossentropy", "BinaryCrossentropy", labels, f32(4, 3, low=low, high=high), options, True
        yield "binary_crossentropy", "BinaryCrossentropy", rng.integers(0, 2, (5, 1)), f32(5, 1, low=low, high=high), options, True
        logits = f32(5, 4) * 3 if options.get("from_logits") else simplex(5, 4)
        yield "categorical_crossentropy", "CategoricalCrossentropy", one_hot(4, 5), logits, options, True
    yield "binary_crossentropy", "BinaryCrossentropy", edges[::-1], edges, {}, False
    yield "binary_crossentropy", "BinaryCrossentropy", edges, np.array([[80, -80], [-200, 200], [0, 0], [3e4, -3e4]], "float32"), {"from_logits": True}, True
    yield "categorical_crossentropy", "CategoricalCrossentropy", one_hot(3, 4), spiky, {}, False
    yield "categorical_crossentropy", "CategoricalCrossentropy", simplex(2, 3, 4), simplex(2, 3, 4) * 3, {}, True
    yield "categorical_crossentropy", "CategoricalCrossentropy", one_hot(3, 4), spiky * 500, {"from_logits": True}, True
    for options in [{}, {"gamma": 1.5}, {"apply_class_balancing": True, "alpha": 0.3}, {"label_smoothing": 0.2}]:
        yield "binary_focal_crossentropy", "BinaryFocalCrossentropy", rng.integers(0, 2, (4, 3)), f32(4, 3, low=0.05, high=0.95), options, True
    yield "binary_focal_crossentropy", "BinaryFocalCrossentropy", rng.integers(0, 2, (4, 3)), f32(4, 3), {"from_logits": True}, True
    yield "categorical_focal_crossentropy", "CategoricalFocalCrossentropy", one_hot(3, 4), simplex(4, 3), {"alpha": 0.4, "gamma": 1}, True
    yield "categorical_focal_crossentropy", "CategoricalFocalCrossentropy", one_hot(3, 4), f32(4, 3), {"from_logits": True}, True
    sparse = "sparse_categorical_crossentropy", "SparseCategoricalCrossentropy"
    yield *sparse, rng.integers(0, 4, (5,)), simplex(5, 4), {}, True
    yield *sparse, rng.integers(0, 4, (5, 1)), simplex(5, 4) * 2, {}, True
    yield *sparse, rng.integers(0, 3, (4,)), spiky, {}, False
    yield *sparse, rng.integers(0, 4, (2, 3)), f32(2, 3, 4), {"from_logits": True}, True
    yield *sparse, np.array([0, 2, 1, 2, 0]), f32(5, 3), {"from_logits": True, "ignore_class": 2}, True
    yield *sparse, np.array([0, 2, 1, 2, 0]), simplex(5, 3), {"ignore_class": 0}, True


def losses():
    reductions = ["sum_over_batch_size", "sum", "mean_with_sample_weight", "none"]
    for fn, cls, y_true, y_pred, options, smooth in loss_cases():
        case = {"fn": camel(fn) if fn != "kl_divergence" else "klDivergence", "class": cls}
        case |= {"yTrue": plain(y_true), "yPred": plain(y_pred), "options": camel_keys(options)}
        x = tf.Variable(y_pred)
        with tf.GradientTape() as tape:
            values = getattr(keras.losses, fn)(y_true, x, **options)
        case["values"] = plain(values)
        if smooth:
            case["gradient"] = plain(tape.gradient(values, x))
        weights = f32(np.shape(values)[0], low=0, high=2)
        case["weights"] = plain(weights)
        for reduction in reductions:
            loss = getattr(keras.losses, cls)(reduction=reduction, **options)
            case[camel(reduction)] = [plain(loss(y_true, y_pred))]
            if len(np.shape(values)) == 1:
                case[camel(reduction)].append(plain(loss(y_true, y_pred, sample_weight=weights)))
        yield case


def metric(name, batches, **options):
    instance = getattr(keras.metrics, name)(**options)
    case = {"class": name, "options": camel_keys(options), "batches": []}
    for batch in batches:
        instance.update_state(*batch)
        case["batches"].append([plain(x) for x in batch])
        case.setdefault("results", []).append(plain(instance.result()))
    return case


def metrics():
    def batches(make, weights=True):
        out = [make() for _ in range(3)]
        if weights:
            out[1] = (*out[1], f32(len(out[1][0]), low=0, high=2))
        return out

    yield metric("Mean", [(np.float32(2.5),), (f32(5),), (f32(3, 4), f32(3, low=0)), (f32(2, 3), f32(2, 3, low=0))])
    yield metric("Mean", [(f32(4, 3, 2), f32(4, 3, low=0)), (np.float32(3), np.float32(0.5))])
    yield metric("Sum", [(np.float32(2.5),), (f32(5),), (f32(3, 4), f32(3, low=0)), (f32(2, 3), f32(2, 3, low=0))])
    regression = ["MeanSquaredError", "RootMeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError",
                  "MeanSquaredLogarithmicError", "CosineSimilarity", "LogCoshError"]
    for name in regression:
        yield metric(name, batches(lambda: (f32(4, 3), f32(4, 3))))
        yield metric(name, batches(lambda: (f32(5), f32(5, 1)), weights=False))
    for name in ["Hinge", "SquaredHinge"]:
        yield metric(name, batches(lambda: (rng.integers(0, 2, (4, 3)), f32(4, 3))))
    yield metric("CategoricalHinge", batches(lambda: (one_hot(3, 4), f32(4, 3))))
    yield metric("KLDivergence", batches(lambda: (simplex(4, 3), simplex(4, 3))))
    yield metric("Poisson", batches(lambda: (f32(4, 3, low=0), f32(4, 3, low=0.1))))
    yield metric("BinaryCrossentropy", batches(lambda: (rng.integers(0, 2, (4, 1)), f32(4, 1, low=0.1, high=0.9))), label_smoothing=0.1)
    yield metric("CategoricalCrossentropy", batches(lambda: (one_hot(3, 4), f32(4, 3))), from_logits=True)
    yield metric("SparseCategoricalCrossentropy", batches(lambda: (rng.integers(0, 3, (4,)), simplex(4, 3))))
    yield metric("SparseCategoricalCrossentropy", batches(lambda: (rng.integers(0, 3, (6,)), simplex(6, 3))), ignore_class=1)

    yield metric("Accuracy", batches(lambda: (rng.integers(0, 2, (5,)), rng.integers(0, 2, (5,)))))
    yield metric("BinaryAccuracy", batches(lambda: (rng.integers(0, 2, (5, 1)), f32(5, 1, low=0, high=1))))
    yield metric("BinaryAccuracy", batches(lambda: (rng.integers(0, 2, (5,)), f32(5, 1, low=0, high=1)), weights=False), threshold=0.3)
    yield metric("BinaryAccuracy", batches(lambda: (rng.integers(0, 2, (5, 3)), f32(5, 3, low=0, high=1))))
    yield metric("CategoricalAccuracy", batches(lambda: (one_hot(4, 6), f32(6, 4))))
    yield metric("SparseCategoricalAccuracy", batches(lambda: (rng.integers(0, 4, (6,)), f32(6, 4))))
    yield metric("SparseCategoricalAccuracy", batches(lambda: (rng.integers(0, 4, (6, 1)), f32(6, 4))))
    yield metric("SparseCategoricalAccuracy", batches(lambda: (rng.integers(0, 4, (3, 5)), f32(3, 5, 4)), weights=False))
    for k in [1, 3, 9]:
        yield metric("TopKCategoricalAccuracy", batches(lambda: (one_hot(6, 5), f32(5, 6))), k=k)
        yield metric("SparseTopKCategoricalAccuracy", batches(lambda: (rng.integers(0, 6, (5,)), f32(5, 6).round(0))), k=k)
    odd = np.array([[1, np.nan, 0], [np.inf, 1, 0], [3, 1, 2], [2, 2, 2]], "float32")
    yield metric("SparseTopKCategoricalAccuracy", [(np.array([0, 1, 5, 2]), np.nan_to_num(odd, nan=9, posinf=9))], k=1)

    def binary():
        return rng.integers(0, 2, (7,)), f32(7, low=0, high=1).round(2)

    for name in ["TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives", "Precision", "Recall"]:
        yield metric(name, batches(binary))
        yield metric(name, batches(binary), thresholds=[0.2, 0.7])
        yield metric(name, batches(binary), thresholds=[0.0, 0.5, 1.0])
        yield metric(name, batches(lambda: (rng.integers(0, 2, (4, 3)), f32(4, 3, low=0, high=1))), thresholds=0.4)
    for name in ["Precision", "Recall"]:
        yield metric(name, batches(lambda: (one_hot(5, 6), f32(6, 5))), top_k=2)
        yield metric(name, batches(lambda: (one_hot(5, 6), simplex(6, 5))), class_id=3, thresholds=0.2)
        yield metric(name, batches(lambda: (one_hot(5, 6), simplex(6, 5))), class_id=1, top_k=2)
        yield metric(name, [(np.zeros(3), np.zeros(3, "float32"))])
    for curve in ["ROC", "PR"]:
        for method in ["interpolation", "minoring", "majoring"]:
            yield metric("AUC", batches(binary), curve=curve, summation_method=method)
        yield metric("AUC", batches(binary), curve=curve, num_thresholds=5)
        yield metric("AUC", batches(binary), curve=curve, thresholds=[0.1, 0.35, 0.8])
        yield metric("AUC", batches(lambda: (rng.integers(0, 2, (7, 3)), f32(7, 3, low=0, high=1))), curve=curve, multi_label=True)
    yield metric("AUC", batches(lambda: (rng.integers(0, 2, (7, 3)), f32(7, 3, low=0, high=1))), multi_label=True, label_weights=[1.0, 0.5, 2.0])
    yield metric("AUC", batches(lambda: (rng.integers(0, 2, (7, 3)), f32(7, 3, low=0, high=1))), multi_label=True, thresholds=[0.1, 0.4])
    yield metric("AUC", batches(lambda: (rng.integers(0, 2, (7,)), f32(7))), from_logits=True)
    yield metric("AUC", [(np.array([0, 1, 1, 0]), np.array([0, 1, 0, 1], "float32"))])
    for average in [None, "micro", "macro", "weighted"]:
        yield metric("F1Score", batches(lambda: (one_hot(3, 5), f32(5, 3, low=0, high=1))), average=average)
        yield metric("FBetaScore", batches(lambda: (one_hot(3, 5), f32(5, 3, low=0, high=1))), average=average, beta=2.0, threshold=0.4)


def rate_of(rate):
    if not isinstance(rate, tuple):
        return rate, {"learningRate": rate} if rate is not None else {}
    name, options = rate
    return getattr(keras.optimizers.schedules, name)(**options), {"schedule": [name, camel_keys(options)]}


def optimizer(name, steps=6, rate=0.05, dtype="float32", **options):
    learning_rate, config = rate_of(rate)
    kwargs = options if rate is None else {**options, "learning_rate": learning_rate}
    instance = getattr(keras.optimizers, name)(**kwargs)
    starts = [f32(3, 2), f32(4), f32()]
    variables = [keras.Variable(start, dtype=dtype) for start in starts]
    case = {"class": name, "options": camel_keys(options), **config, "start": [plain(x) for x in starts], "steps": []}
    instance.build(variables)
    for step in range(steps):
        gradients = [f32(*start.shape) * (1 if step else 2) for start in starts]
        if step == 2:
            gradients[1] = gradients[1] * 0
        instance.apply([tf.constant(g) for g in gradients], variables)
        after = [plain(v.numpy()) for v in variables]
        case["steps"].append({"gradients": [plain(g) for g in gradients], "after": after})
    return case


def optimizers():
    yield optimizer("SGD", rate=None)
    yield optimizer("SGD", momentum=0.9)
    yield optimizer("SGD", momentum=0.8, nesterov=True, weight_decay=0.1)
    yield optimizer("SGD", clipnorm=0.7, rate=0.5)
    yield optimizer("SGD", clipvalue=0.3, rate=0.5)
    yield optimizer("SGD", global_clipnorm=1.1, rate=0.5)
    yield optimizer("Adam", rate=None)
    yield optimizer("Adam")
    yield optimizer("Adam", amsgrad=True, beta_1=0.8, beta_2=0.95, epsilon=1e-3)
    yield optimizer("Adam", weight_decay=0.2, global_clipnorm=0.5)
    yield optimizer("AdamW", rate=None)
    yield optimizer("AdamW", weight_decay=0.3, clipnorm=1.0)
    yield optimizer("RMSprop", rate=None)
    yield optimizer("RMSprop", momentum=0.7, rho=0.8, weight_decay=0.1)
    yield optimizer("RMSprop", centered=True)
    yield optimizer("RMSprop", centered=True, momentum=0.5, clipvalue=0.5)
    yield optimizer("Adagrad", rate=None)
    yield optimizer("Adagrad", initial_accumulator_value=0.0, epsilon=1e-5, weight_decay=0.1)
    yield optimizer("Adadelta", rate=None)
    yield optimizer("Adadelta", rate=1.0, rho=0.8, epsilon=1e-4)
    yield optimizer("Adamax")
    yield optimizer("Adamax", beta_1=0.7, weight_decay=0.1)
    yield optimizer("Nadam")
    yield optimizer("Nadam", beta_1=0.8, clipnorm=0.5)
    yield optimizer("Lion", rate=None)
    yield optimizer("Lion", beta_1=0.7, weight_decay=0.1)
    decay = ("ExponentialDecay", {"initial_learning_rate": 0.2, "decay_steps": 2, "decay_rate": 0.5})
    for name, options in [("SGD", {"momentum": 0.9}), ("Adam", {}), ("RMSprop", {"weight_decay": 0.1})]:
        yield optimizer(name, rate=decay, **options)


def schedules():
    exponential = {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.7}
    polynomial = {"initial_learning_rate": 0.1, "decay_steps": 6}
    cosine = {"initial_learning_rate": 0.1, "decay_steps": 7}
    restarts = {"initial_learning_rate": 0.1, "first_decay_steps": 3}
    piecewise = {"boundaries": [2, 5, 9], "values": [0.4, 0.3, 0.2, 0.1]}
    cases = [
        ("ExponentialDecay", exponential), ("ExponentialDecay", {**exponential, "staircase": True}),
        ("InverseTimeDecay", exponential), ("InverseTimeDecay", {**exponential, "staircase": True}),
        ("PiecewiseConstantDecay", piecewise), ("PolynomialDecay", polynomial),
        ("PolynomialDecay", {**polynomial, "end_learning_rate": 0.01, "power": 2.0}),
        ("PolynomialDecay", {**polynomial, "cycle": True}), ("CosineDecay", cosine),
        ("CosineDecay", {**cosine, "alpha": 0.2}), ("CosineDecay", {**cosine, "warmup_target": 0.3, "warmup_steps": 4}),
        ("CosineDecayRestarts", restarts), ("CosineDecayRestarts", {**restarts, "t_mul": 1.0, "m_mul": 0.8}),
        ("CosineDecayRestarts", {**restarts, "t_mul": 1.5, "m_mul": 0.5, "alpha": 0.1}),
    ]
    for name, options in cases:
        rates = [plain(getattr(keras.optimizers.schedules, name)(**options)(step)) for step in range(16)]
        yield {"class": name, "options": camel_keys(options), "rates": rates}


def activations():
    x = np.array([[-30, -6, -3, -2.5, -1, -0.3], [0, 0.2, 1, 2.5, 5.5, 7]], dtype="float32")
    names = ["relu", "leaky_relu", "relu6", "elu", "celu", "selu", "gelu", "silu", "mish", "sigmoid", "hard_sigmoid",
             "hard_silu", "log_sigmoid", "tanh", "hard_tanh", "tanh_shrink", "softmax", "log_softmax", "softplus",
             "softsign", "exponential", "linear"]
    options = [(name, {}) for name in names]
    options += [("relu", {"max_value": 2.0}), ("relu", {"negative_slope": 0.1, "threshold": 0.5}),
                ("relu", {"negative_slope": 0.1, "max_value": 3.0}), ("leaky_relu", {"negative_slope": 0.3}),
                ("gelu", {"approximate": True}), ("elu", {"alpha": 0.5}), ("celu", {"alpha": 2.0}),
                ("softmax", {"axis": 0}), ("log_softmax", {"axis": 0})]
    for name, given in options:
        v = tf.Variable(x)
        with tf.GradientTape() as tape:
            y = getattr(keras.activations, name)(v, **given)
            total = tf.reduce_sum(y * tf.constant(np.arange(12).reshape(2, 6), tf.float32))
        # gradients at kinks are a convention: left out where the input is 0
        yield {"name": camel(name), "options": camel_keys(given), "x": plain(x), "y": plain(y), "gradient": plain(tape.gradient(total, v))}


write("losses", list(losses()))
write("metrics", list(metrics()))
write("optimizers", list(optimizers()))
write("schedules", list(schedules()))
write("activations", list(activations()))
