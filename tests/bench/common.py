"""How the benchmarks time and print."""

import statistics
import sys
import time
import pathlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))


def timed(call):
    """Seconds a call takes."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def told(name, seconds):
    """One line: median, lowest and highest of several runs, in milliseconds; returns the median."""
    middle = statistics.median(seconds)
    print(f"{name:<44} {middle * 1000:10.1f} ms   ({min(seconds) * 1000:.1f} .. {max(seconds) * 1000:.1f}, n={len(seconds)})")
    return middle
