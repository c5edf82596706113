"""How the benchmarks time and print."""

import hashlib
import os
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

MIB = 1 << 20


def machine(within="/var/tmp"):
    """Prints what this machine gives at this moment: a disk, a core and a clock are not the same an hour later, or elsewhere."""
    piece, pieces = os.urandom(MIB), 256
    with tempfile.NamedTemporaryFile(dir=within, buffering=0) as file:

        def write():
            for _ in range(pieces):
                file.write(piece)
            os.fsync(file.fileno())

        disk = pieces * MIB / timed(write) / 1e6
    digest = hashlib.md5()
    core = 64 * MIB / timed(lambda: [digest.update(piece) for _ in range(64)]) / 1e6
    print(f"this machine now: the disk takes {disk:.0f} MB/s, a core makes MD5 of {core:.0f} MB/s", flush=True)


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
