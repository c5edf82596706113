"""The load generator against a whole cloud of its own: gateway, object service, audit trail and log, as `murus up` runs them.

    tests/bench/s3_speed.py [ARGUMENTS OF s3_load]

`MURUS_BINARY` names the server, as for the tests; `cargo build --release -p s3_load` makes the generator. The
server's processor time an operation is told, too. With `MURUS_BENCH_PERF=FILE` the server is recorded by perf meanwhile.
"""

import contextlib
import os
import pathlib
import signal
import subprocess
import sys

import common  # noqa: F401 - puts the harness on the path

from harness.cloud import Cloud

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOAD = pathlib.Path(os.environ.get("S3_LOAD", ROOT / "target/release/s3_load"))


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


def main():
    """Starts the cloud, runs the load, removes the cloud."""
    cloud = Cloud(more=os.environ.get("MURUS_BENCH_CONFIG", ""))
    try:
        cloud.start()
        pid = cloud.services()["object"]
        command = [LOAD, "--endpoint", f"127.0.0.1:{cloud.port}", "--server-pid", str(pid), *sys.argv[1:]]
        environment = os.environ | dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), cloud.admin_keys))
        with recorded(pid):
            subprocess.run(command, env=environment, check=True)
    finally:
        cloud.remove()


if __name__ == "__main__":
    main()
