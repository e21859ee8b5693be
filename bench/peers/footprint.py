# SPDX-License-Identifier: MIT
"""Milliseconds that importing a package adds to Python's own start, and the megabytes that it and what it depends on
take where they are installed. Argument: the package's name."""
import re
import statistics
import subprocess
import sys
import time
from importlib import metadata

from support import is_asked, show

NAME = sys.argv[1]


def start(code):
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, stderr=subprocess.DEVNULL)
    return (time.perf_counter() - began) * 1e3


def distributions(name, seen):
    """The distribution and all it requires, of those that are installed."""
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key in seen:
        return
    try:
        seen[key] = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return
    for requirement in seen[key].requires or []:
        if "extra ==" not in requirement:
            distributions(re.match(r"[\w.-]+", requirement)[0], seen)


def megabytes(name):
    seen = {}
    distributions(name, seen)
    files = {file.locate().resolve() for found in seen.values() for file in found.files or []}
    return sum(file.stat().st_size for file in files if file.is_file()) / 2**20


if __name__ == "__main__":
    found = metadata.packages_distributions()[NAME][0]
    values = {}
    if is_asked("import"):
        values["import"] = statistics.median(start(f"import {NAME}") - start("") for _ in range(3))
    if is_asked("install-size"):
        values["install-size"] = megabytes(found)
    show(values, f"{found} {metadata.version(found)}")
