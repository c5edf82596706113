"""Murus beside another S3 server that syncs what it acknowledges: the same load on both, in alternation.

    cargo install garage --version 2.5.0 --locked
    GARAGE_BINARY=~/.cargo/bin/garage tests/bench/s3_beside_garage.py [--rounds 3] [ARGUMENTS OF s3_load]

Garage runs alone on its default index with `data_fsync` and `metadata_fsync`, as Murus always syncs. Both keep their
data below /var/tmp. Each round starts both anew, one after the other, and the medians of all rounds are compared: on a machine
whose clock changes, one run of each says little. `MURUS_BINARY` and `S3_LOAD` are as for `s3_speed.py`.
"""

import argparse
import contextlib
import os
import pathlib
import secrets
import socket
import statistics
import subprocess
import tempfile

import common
from s3_speed import LOAD

from harness.cloud import Cloud
from harness.waiting import wait_until

GARAGE = os.environ.get("GARAGE_BINARY", "garage")
CONFIG = """
metadata_dir = "{place}/meta"
data_dir = "{place}/data"
metadata_fsync = true
data_fsync = true
replication_factor = 1
rpc_bind_addr = "127.0.0.1:{rpc}"
rpc_secret = "{secret}"

[s3_api]
api_bind_addr = "127.0.0.1:{port}"
s3_region = "us-east-1"
"""


def free_ports(count):
    """Ports that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def answers(port):
    """Whether somebody listens there."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@contextlib.contextmanager
def garage():
    """A server of its own: its port, its process and its keys."""
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="garage-bench-") as place:
        port, rpc = free_ports(2)
        config = pathlib.Path(place) / "garage.toml"
        config.write_text(CONFIG.format(place=place, port=port, rpc=rpc, secret=secrets.token_hex(32)))
        keys = ("GK" + secrets.token_hex(12), secrets.token_hex(32))
        wanted = dict(zip(("GARAGE_DEFAULT_ACCESS_KEY", "GARAGE_DEFAULT_SECRET_KEY"), keys))
        wanted["GARAGE_DEFAULT_BUCKET"] = "s3-load"
        with open(pathlib.Path(place) / "log", "wb") as log:
            command = [GARAGE, "-c", config, "server", "--single-node", "--default-bucket"]
            server = subprocess.Popen(command, env=os.environ | wanted, stdout=log, stderr=log)
        try:
            wait_until(lambda: server.poll() is not None or answers(port), 30, what="garage listens")
            assert server.poll() is None, (pathlib.Path(place) / "log").read_text()
            yield port, server.pid, keys
        finally:
            server.terminate()
            server.wait()


@contextlib.contextmanager
def murus():
    """A cloud of its own: its port, its object service and its administrator's keys."""
    cloud = Cloud()
    try:
        cloud.start()
        yield cloud.port, cloud.services()["object"], cloud.admin_keys
    finally:
        cloud.remove()


def load(server, arguments):
    """Runs the load, prints its table, and gives what each line reached: operations a second, by operation, size and connections."""
    port, pid, keys = server
    command = [LOAD, "--endpoint", f"127.0.0.1:{port}", "--server-pid", str(pid), *arguments]
    environment = os.environ | dict(zip(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), keys))
    table = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout
    print(table, flush=True)
    head, *lines = [line.split() for line in table.splitlines() if line.strip()]
    assert head[:4] == ["op", "size", "clients", "ops/s"], head
    return {tuple(line[:3]): float(line[3]) for line in lines}


def main():
    """Runs the rounds and compares."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--rounds", type=int, default=3)
    mine, rest = parser.parse_known_args()
    reached = {murus: [], garage: []}
    for _ in range(mine.rounds):
        common.machine()
        for kind, results in reached.items():
            print(f"-- {kind.__name__}")
            with kind() as server:
                results.append(load(server, rest))
    print(f"{'op':<8} {'size':>5} {'clients':>7} {'murus ops/s':>12} {'garage ops/s':>13} {'times':>6}")
    for line in reached[murus][0]:
        ours, theirs = (statistics.median(one[line] for one in results) for results in reached.values())
        print(f"{line[0]:<8} {line[1]:>5} {line[2]:>7} {ours:12.2f} {theirs:13.2f} {ours / theirs:6.2f}")


if __name__ == "__main__":
    main()
