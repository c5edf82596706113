"""The load generator against a whole cloud of its own: gateway, object service, audit trail and log, as `murus up` runs them.

    tests/bench/s3_speed.py [--warm] [--room SIZE] [ARGUMENTS OF s3_load]

`MURUS_BINARY` names the server, as for the tests; `cargo build --release -p s3_load` makes the generator. The
server's processor time an operation is told, too. With `MURUS_BENCH_PERF=FILE` the server is recorded by perf meanwhile.

`--warm` first lets the cloud serve 40,000 small objects, and `--room 2T` keeps its data in a sparse file system of that size:
a thousand large transfers are promised more room than most disks have. So this is what 0096 measured:

    tests/bench/s3_speed.py --warm --room 2T --hold 1000 --sizes 1g
"""

import argparse
import contextlib
import os
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile

import common

from harness.cloud import Cloud

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOAD = pathlib.Path(os.environ.get("S3_LOAD", ROOT / "target/release/s3_load"))
WARMING = ["--ops", "put,get,head", "--sizes", "4k", "--count", "40000", "--seconds", "60"]
# a thousand connections on both sides, and a file each
DESCRIPTORS = 16384


@contextlib.contextmanager
def recorded(pid):
    """Records where the server's time goes, if that is asked for."""
    into = os.environ.get("MURUS_BENCH_PERF")
    if not into:
        yield
        return
    perf = subprocess.Popen(["perf", "record", "-q", "-g", "-F", "997", "-o", into, "-p", str(pid)])
    try:
        yield
    finally:
        perf.send_signal(signal.SIGINT)
        perf.wait()


@contextlib.contextmanager
def room(size):
    """Where the cloud may lie: in a sparse file system of this size, which needs root; without one as always."""
    if not size:
        yield "/var/tmp"
        return
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="murus-bench-") as directory:
        image, there = pathlib.Path(directory) / "image", pathlib.Path(directory) / "mounted"
        subprocess.run(["truncate", "--size", size, image], check=True)
        lazily = "lazy_itable_init=1,lazy_journal_init=1,nodiscard"
        subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", "-T", "largefile", "-E", lazily, image], check=True)
        there.mkdir()
        subprocess.run(["mount", "-o", "loop", image, there], check=True)
        try:
            # services run as users of their own
            pathlib.Path(directory).chmod(0o755)
            yield there
        finally:
            subprocess.run(["umount", there], check=True)


def main():
    """Starts the cloud, runs the load, removes the cloud."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--warm", action="store_true")
    parser.add_argument("--room")
    mine, rest = parser.parse_known_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, max(DESCRIPTORS, most)))
    with room(mine.room) as within:
        common.machine()
        cloud = Cloud(more=os.environ.get("MURUS_BENCH_CONFIG", ""), within=within)
        try:
            cloud.start()
            pid = cloud.services()["object"]
            command = [LOAD, "--endpoint", f"127.0.0.1:{cloud.port}", "--server-pid", str(pid)]
            environment = os.environ | dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), cloud.admin_keys))
            with recorded(pid):
                for arguments in [WARMING, rest] if mine.warm else [rest]:
                    subprocess.run([*command, *arguments], env=environment, check=True)
        finally:
            cloud.remove()


if __name__ == "__main__":
    main()
