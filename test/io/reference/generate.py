# SPDX-License-Identifier: MIT
"""Files that NumPy writes, with the values they hold: python generate.py > numpy.json (needs numpy and ml_dtypes)."""
import base64
import io
import json
import sys

import ml_dtypes
import numpy as np
from numpy.lib import format as npy


def saved(write, *args, **kwargs):
    buffer = io.BytesIO()
    write(buffer, *args, **kwargs)
    return base64.b64encode(buffer.getvalue()).decode()


def values(array):
    return [float(v) for v in array.astype(np.float64).ravel()]


def array_case(array, dtype, file=None):
    return {"file": file or saved(np.save, array), "dtype": dtype, "shape": array.shape, "values": values(array)}


matrix = np.array([[0, 1, 2], [3, 4, 5]])
cases = {}
for dtype in ["bool", "int8", "uint8", "int16", "int32", "int64", "float16", "float32", "float64"]:
    cases[dtype] = array_case(matrix.astype(dtype), dtype)
    if np.dtype(dtype).itemsize > 1:
        cases[f"{dtype}, big-endian"] = array_case(matrix.astype(np.dtype(dtype).newbyteorder(">")), dtype)
cases["bfloat16"] = array_case((matrix / 4).astype(ml_dtypes.bfloat16), "bfloat16")
cases["negative"] = array_case(np.array([-1, -(2**31), 2**31 - 1], dtype=np.int32), "int32")
cases["Fortran order"] = array_case(np.asfortranarray(np.arange(24, dtype=np.float32).reshape(2, 3, 4)), "float32")
cases["Fortran order, big-endian"] = array_case(np.asfortranarray(matrix.astype(">i2")), "int16")
cases["no dimension"] = array_case(np.float64(1.5), "float64")
cases["one dimension"] = array_case(np.arange(5, dtype=np.float32), "float32")
cases["empty"] = array_case(np.zeros((0, 3), dtype=np.float32), "float32")
for version in [(1, 0), (2, 0), (3, 0)]:
    file = saved(lambda f, a: npy.write_array(f, a, version=version), matrix.astype(np.float32))
    cases[f"version {version[0]}.0"] = array_case(matrix.astype(np.float32), "float32", file)

record = {"weight": matrix.astype(np.float32), "layer/bias": np.zeros(200, dtype=np.float64), "n": np.int64(7)}
archives = {
    name: {"file": saved(write, **record), "values": {k: [v.dtype.name, v.shape, values(v)] for k, v in record.items()}}
    for name, write in {"savez": np.savez, "savez_compressed": np.savez_compressed}.items()
}
refused = {
    "strings": saved(np.save, np.array(["a", "bc"])),
    "uint32": saved(np.save, matrix.astype(np.uint32)),
    "complex": saved(np.save, matrix.astype(np.complex64)),
    "objects": saved(np.save, np.array([{}, None]), allow_pickle=True),
    "records": saved(np.save, np.zeros(2, dtype=[("a", "f4"), ("b", "i4")])),
}
json.dump({"numpy": np.__version__, "arrays": cases, "archives": archives, "refused": refused}, sys.stdout, indent=1)
print()
