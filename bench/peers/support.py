# SPDX-License-Identifier: MIT
"""What the peers' programs share: which rows are asked for, timing, the line of JSON."""
import json
import os
import resource
import statistics
import sys
import time

ASKED = [arg[6:] for arg in sys.argv if arg.startswith("--row=")]


def is_asked(row):
    return not ASKED or row in ASKED


def measure(step, seconds=1.0):
    """Median milliseconds of `step`, after three runs to warm up."""
    for _ in range(3):
        step()
    times = []
    start = time.perf_counter()
    while len(times) < 5 or time.perf_counter() - start < seconds:
        began = time.perf_counter()
        step()
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1e3


def read_idx(name, header):
    """The bytes of a raw MNIST file in DATA after its header."""
    import numpy as np

    with open(os.path.join(os.environ["DATA"], "MNIST", "raw", name), "rb") as file:
        return np.frombuffer(file.read(), np.uint8)[header:].copy()


def show(values, version, **more):
    print(json.dumps({"values": values, "version": version, **more}))


def show_epochs(row, seconds, losses, version, **more):
    """What a program that trained prints: the median epoch after the first, the first, its most memory in MB."""
    values = {
        row: statistics.median(seconds[1:] or seconds),
        f"{row}-first": seconds[0],
        f"{row}-memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    show(values | more, version, losses={row: losses})
