# SPDX-License-Identifier: MIT
# Values of TensorFlow's ops, for ops.test.ts:
#   pip install tensorflow-cpu && python test/tf/reference/generate.py
# Each case is a call: positional arguments, keyword arguments (the option object), the result and the gradients of
# the sum of the result, weighted by 1, 2, 3 …, with respect to its floating positional arguments.
import json, pathlib, re
import numpy as np
import tensorflow as tf

rng = np.random.default_rng(7)
cases = []

def camel(name):
    return re.sub(r'_(.)', lambda m: m.group(1).upper(), name)

def encode(value):
    if isinstance(value, (tf.Tensor, np.ndarray)):
        array = np.asarray(value)
        numbers = [int(v) for v in array.ravel()] if array.dtype.kind in 'biu' else \
            [float(f'{v:.9g}') if np.isfinite(v) else str(v) for v in array.ravel()]
        return {'dtype': str(array.dtype), 'shape': list(array.shape), 'data': numbers}
    if isinstance(value, (list, tuple)):
        return [encode(v) for v in value]
    if isinstance(value, tf.DType):
        return value.name
    if isinstance(value, str):
        return value.lower() if value.isupper() and value not in ('NHWC', 'NCHW') else value
    return value

def call(name, *args, grad=True, py=None, **options):
    function = tf
    for part in (py or name).split('.'):
        function = getattr(function, part)
    tensors = [tf.constant(a) if isinstance(a, np.ndarray) else a for a in args]
    inside = {k: tf.constant(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
    def is_source(x):
        return isinstance(x, tf.Tensor) and x.dtype.is_floating
    with tf.GradientTape() as tape:
        for x in filter(is_source, tensors):
            tape.watch(x)
        result = function(*tensors, **inside)
        if isinstance(result, tuple) and hasattr(result, '_fields'):
            result = list(result)
        parts = [r for r in (result if isinstance(result, (list, tuple)) else [result]) if r.dtype.is_floating]
        weighted = [tf.reduce_sum(r * tf.reshape(tf.range(1, tf.size(r) + 1, dtype=r.dtype), r.shape)) for r in parts]
        total = tf.add_n(weighted) if grad and weighted else None
    sources = list(filter(is_source, tensors))
    gradients = tape.gradient(total, sources) if total is not None and sources else []
    gradients = [None if g is None else tf.convert_to_tensor(g) for g in gradients]
    cases.append({
        'name': '.'.join(camel(part) for part in name.split('.')),
        'args': [encode(a) for a in args],
        'options': {camel(k): encode(v) for k, v in options.items()} or None,
        'result': encode(result),
        'gradients': [g if g is None else encode(g) for g in gradients],
    })

def f(*shape, low=-2.0, high=2.0):
    return rng.uniform(low, high, shape).astype(np.float32)

def i(*values, dtype=np.int64):
    return np.array(values, dtype=dtype)

x, y, z = f(3, 4), f(3, 4), f(2, 3, 4)
small, above, positive = f(3, 4, low=-0.9, high=0.9), f(3, 4, low=1.1, high=3), f(3, 4, low=0.1, high=3)
unit = {'acos', 'asin', 'atanh', 'erfinv'}
for name in '''abs acos acosh asin asinh atan atanh ceil cos cosh digamma erf erfc erfinv exp expm1 floor is_finite is_inf
    is_nan lgamma log log1p log_sigmoid negative reciprocal reciprocal_no_nan rint round rsqrt sigmoid sign sin sinh
    softplus softsign sqrt square tan tanh zero_fraction l2_normalize'''.split():
    value = small if name in unit else above if name == 'acosh' else positive if 'log' in name or 'sqrt' in name or \
        name in ('digamma', 'lgamma') else x
    call('math.' + name, value, grad=name not in ('rint', 'round', 'ceil', 'floor', 'sign'))
for name in '''add subtract multiply divide divide_no_nan multiply_no_nan floordiv floormod maximum minimum atan2
    squared_difference equal not_equal less less_equal greater greater_equal'''.split():
    call('math.' + name, x, y[0], grad=name not in ('floordiv',))
holes = np.where(np.arange(12).reshape(3, 4) % 3 == 0, np.float32(0), x).astype(np.float32)
for name in 'divide_no_nan multiply_no_nan'.split():
    call('math.' + name, x, holes)
for name in 'xlogy xdivy xlog1py'.split():
    call('math.' + name, holes, positive)
call('math.pow', positive, y)
call('truncatediv', i(7, -7, 7, -7), i(2, 2, -2, -2), py='truncatediv')
call('truncatemod', i(7, -7, 7, -7), i(2, 2, -2, -2), py='truncatemod')
call('floordiv', i(7, -7, 7, -7), i(2, 2, -2, -2), py='math.floordiv')
call('floormod', i(7, -7, 7, -7), i(2, 2, -2, -2), py='math.floormod')
truth = np.array([[True, False], [True, True]])
for name in 'logical_and logical_or logical_xor'.split():
    call('math.' + name, truth, truth[0])
for name in 'sum mean max min prod std variance logsumexp euclidean_norm'.split():
    call('math.reduce_' + name, z)
    call('math.reduce_' + name, z, axis=1, keepdims=True)
    call('math.reduce_' + name, z, axis=[0, -1])
for name in 'all any'.split():
    call('math.reduce_' + name, truth, axis=0)
for name in 'argmax argmin'.split():
    call('math.' + name, x)
    call('math.' + name, x, axis=1, output_type=tf.int32)
for name in 'cumsum cumprod'.split():
    for options in ({}, {'axis': 1}, {'axis': -1, 'exclusive': True}, {'reverse': True}, {'exclusive': True, 'reverse': True}):
        call('math.' + name, x, **options)
call('math.cumulative_logsumexp', x, axis=1)
call('math.count_nonzero', holes, axis=0)
call('math.add_n', [x, y, x], grad=False)
call('math.bincount', i(1, 1, 3, 0), grad=False)
call('math.confusion_matrix', i(1, 2, 4), i(2, 2, 4))
call('math.invert_permutation', i(2, 0, 1, 3, dtype=np.int32))
call('math.in_top_k', i(1, 2, 0), x, 2, grad=False)
call('math.top_k', x, k=2)
call('math.l2_normalize', x, axis=1)

call('reshape', x, [2, 6]); call('transpose', z); call('transpose', z, [1, 0, 2]); call('expand_dims', x, 1)
call('squeeze', x[:, :1]); call('squeeze', x[None, :1], axis=[0]); call('concat', [x, y], 1, grad=False)
call('stack', [x, y], axis=1, grad=False); call('unstack', x, axis=1); call('split', x, 2, axis=1)
call('split', x, [1, 3], axis=1); call('tile', x, [2, 1]); call('pad', x, [[1, 2], [0, 3]], constant_values=5)
call('pad', x, [[1, 2], [2, 3]], mode='REFLECT'); call('pad', x, [[1, 2], [2, 3]], mode='SYMMETRIC')
call('pad', z, [[0, 0], [1, 2], [2, 3]], mode='REFLECT')
call('reverse', x, [1]); call('roll', x, 1, 1); call('slice', z, [1, 0, 2], [1, 2, -1])
call('strided_slice', z, [0, 1, -1], [2, 3, -4], [1, 1, -2]); call('repeat', x, 2, axis=1); call('repeat', x, 3)
call('gather', x, i(2, 0, 2)); call('gather', x, i(1, 1).reshape(1, 2), axis=1)
call('gather', z, i(2, 0, 1, 1).reshape(2, 2), batch_dims=1)
call('gather', z, i(2, 0, 1, 1).reshape(2, 2), batch_dims=1, axis=2)
call('gather_nd', z, i(1, 2, 0, 1).reshape(2, 2)); call('gather_nd', x, i(0, 1).reshape(2, 1))
call('scatter_nd', i(4, 3, 1, 3).reshape(4, 1), f(4), [8]); call('scatter_nd', i(0, 2).reshape(2, 1), f(2, 3), [4, 3])
call('tensor_scatter_nd_update', x, i(0, 1, 2, 3).reshape(2, 2), f(2))
call('tensor_scatter_nd_add', x, i(0, 1, 0, 1).reshape(2, 2), f(2))
call('where', x > 0, x, y); call('where', x > 0); call('boolean_mask', x, x > 0); call('boolean_mask', x, i(1, 0, 1) > 0)
call('broadcast_to', x, [2, 3, 4]); call('sort', x); call('sort', x, axis=0, direction='DESCENDING'); call('argsort', x)
call('searchsorted', np.sort(f(5)), f(4), side='right'); call('unique', i(3, 1, 3, 2, 1))
call('one_hot', i(0, 2, -1, 5), 3); call('one_hot', i(1, 0), 3, axis=0, on_value=5.0, off_value=-1.0)
call('sequence_mask', i(1, 3, 0)); call('sequence_mask', i(1, 3), maxlen=5); call('linspace', 0.0, 2.0, 5)
call('shape', z); call('size', z); call('rank', z)
call('clip_by_value', x, -0.5, 1.0); call('clip_by_norm', x, 1.5); call('clip_by_norm', x, 1.5, axes=[1])
call('eye', 2, num_columns=3); call('eye', 2, batch_shape=[2])

call('linalg.matmul', x, y, transpose_b=True); call('linalg.matmul', x, y, transpose_a=True); call('linalg.matvec', x, f(4))
call('tensordot', x, y, [[0, 1], [0, 1]]); call('tensordot', x, y, [1, 1]); call('tensordot', x, f(4, 2), 1)
call('einsum', 'ij,kj->ik', x, y); call('linalg.trace', z); call('linalg.diag', x); call('linalg.diag_part', z)
call('linalg.cross', x[:, :3], y[:, :3]); call('linalg.band_part', x, 1, 0); call('linalg.band_part', x, -1, 1)
call('linalg.norm', x); call('linalg.norm', x, axis=1, ord=1); call('linalg.norm', z, axis=[1, 2], ord='fro')

for name in 'relu relu6 elu selu crelu leaky_relu gelu silu softmax log_softmax l2_loss'.split():
    call('nn.' + name, 3 * x)
call('nn.leaky_relu', x, alpha=0.4); call('nn.gelu', x, approximate=True); call('nn.silu', x, beta=1.5)
call('nn.softmax', z, axis=1); call('nn.log_softmax', z, axis=0)
classes = i(3, 0, 1, dtype=np.int32)
call('nn.sparse_softmax_cross_entropy_with_logits', labels=classes, logits=x)
call('nn.sparse_softmax_cross_entropy_with_logits', labels=i(1, 0, 3, 2, 2, 0).reshape(2, 3), logits=z)
shares = np.abs(y) / np.abs(y).sum(1, keepdims=True)
call('nn.softmax_cross_entropy_with_logits', labels=shares, logits=5 * x)
call('nn.softmax_cross_entropy_with_logits', labels=shares, logits=x, axis=0)
call('nn.sigmoid_cross_entropy_with_logits', labels=shares, logits=20 * x)
call('nn.weighted_cross_entropy_with_logits', labels=shares, logits=x, pos_weight=2.5)
call('nn.bias_add', x, f(4)); call('nn.bias_add', z, f(3), data_format='NCHW'); call('nn.moments', z, [0, 2])
call('nn.moments', x, 1, keepdims=True)
call('nn.batch_normalization', x, mean=f(4), variance=f(4, low=0.1), offset=f(4), scale=f(4), variance_epsilon=1e-3)
call('nn.batch_normalization', x, mean=f(4), variance=f(4, low=0.1), offset=None, scale=None, variance_epsilon=1e-3)
call('nn.embedding_lookup', x, i(2, 2, 0)); call('nn.log_poisson_loss', np.abs(x * 3), y, compute_full_loss=True)

ids = i(0, 0, 2, dtype=np.int32)
for name in 'sum mean max min prod'.split():
    call('math.segment_' + name, x, ids)
    call('math.unsorted_segment_' + name, x, i(2, 0, 2, dtype=np.int32), 4)

path = pathlib.Path(__file__).parent / 'ops.json'
path.write_text('[\n' + ',\n'.join(json.dumps(c, separators=(',', ':')) for c in cases) + '\n]\n')
print(len(cases), 'cases', path.stat().st_size, 'bytes')
