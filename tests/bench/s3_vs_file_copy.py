"""PUT and GET of objects against a plain copy of the same file, fsync included, in the same run.

    tests/bench/s3_vs_file_copy.py [REPEATS]

Prints medians and ratios. A PUT is durable when it is answered, so the copy is synced too; a GET is compared with
reading the file. The client is curl-like on purpose: one kept connection, a signature, and nothing else.
"""

import hashlib
import http.client
import os
import pathlib
import sys
import tempfile

import common  # noqa: F401 - puts the harness on the path
from common import timed, told

from harness.cloud import Cloud
from harness.wire import Request, Signer

SIZES = {"4 KiB": 4 << 10, "1 MiB": 1 << 20, "64 MiB": 64 << 20}


def copy(content, path):
    """Writes a file the way `cp` does, and waits until it is on the disk."""
    with open(path, "wb", buffering=0) as file:
        for start in range(0, len(content), 1 << 20):
            file.write(content[start : start + (1 << 20)])
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


class Client:
    """One kept connection; every request signed before the clock runs."""

    def __init__(self, cloud):
        self.host, self.keys = f"127.0.0.1:{cloud.port}", cloud.admin_keys
        self.connection = http.client.HTTPConnection(self.host)

    def prepare(self, method, path, body=b""):
        """A signed request."""
        return Signer(self.keys, "s3").sign(Request(method, path, body=body), self.host, "UNSIGNED-PAYLOAD")

    def send(self, request):
        """Sends it and reads the answer to the end."""
        self.connection.request(request.method, request.path, request.body or None, request.headers)
        reply = self.connection.getresponse()
        size = 0
        while piece := reply.read(1 << 20):
            size += len(piece)
        assert reply.status == 200, reply.status
        return size


def main():
    """Runs every size and prints ratios."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    cloud = Cloud()
    try:
        cloud.start()
        client = Client(cloud)
        client.send(client.prepare("PUT", "/bench"))
        with tempfile.TemporaryDirectory(dir=cloud.directory) as folder:
            for name, size in SIZES.items():
                content, file = os.urandom(size), pathlib.Path(folder, hashlib.sha256(name.encode()).hexdigest())
                puts, gets, copies, reads = [], [], [], []
                for index in range(repeats + 1):
                    put, get = client.prepare("PUT", f"/bench/{size}", content), client.prepare("GET", f"/bench/{size}")
                    took = [timed(lambda: client.send(put)), timed(lambda: client.send(get)), timed(lambda: copy(content, file)), timed(file.read_bytes)]
                    if index:  # The first round warms both up.
                        for seconds, into in zip(took, (puts, gets, copies, reads)):
                            into.append(seconds)
                put, get = told(f"PUT {name}", puts), told(f"GET {name}", gets)
                copied, read = told(f"copy {name}, fsync", copies), told(f"read {name}", reads)
                print(f"  PUT / copy = {put / copied:.2f}   GET / read = {get / read:.2f}")
    finally:
        cloud.remove()


if __name__ == "__main__":
    main()
