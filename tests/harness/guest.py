"""A running guest as its user meets it: over ssh."""

import dataclasses
import pathlib
import socket
import subprocess

from harness.waiting import wait_until

OPTIONS = [
    "-F", "/dev/null",
    "-o", "BatchMode=yes",
    "-o", "IdentitiesOnly=yes",
    "-o", "StrictHostKeyChecking=no",
    "-o", "UserKnownHostsFile=/dev/null",
    "-o", "LogLevel=ERROR",
]  # fmt: skip


@dataclasses.dataclass
class Guest:
    """An instance with an address and the key that opens it."""

    id: str
    address: str
    key: pathlib.Path
    user: str = "ec2-user"

    def ssh(self, command, connect_timeout=20, timeout=120, input=None):
        """Runs a shell command in the guest and returns the finished process, whatever came of it."""
        try:
            return subprocess.run(
                ["ssh", *OPTIONS, "-i", str(self.key), "-o", f"ConnectTimeout={connect_timeout}",
                 f"{self.user}@{self.address}", command],
                capture_output=True, text=True, timeout=timeout, check=False, input=input,
            )  # fmt: skip
        except subprocess.TimeoutExpired as expired:
            return subprocess.CompletedProcess(expired.cmd, 255, "", f"no end within {timeout} s")

    def run(self, command, **options):
        """Output of a shell command that must succeed."""
        done = self.ssh(command, **options)
        assert done.returncode == 0, f"{self.id}: `{command}` ended with {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def wait_for_ssh(self, deadline=120):
        """Waits until the guest lets its user in."""
        last = []

        def lets_in():
            done = self.ssh("true", connect_timeout=3, timeout=30)
            last[:] = [done.stderr.strip()]
            return done.returncode == 0

        wait_until(lets_in, deadline, what=lambda: f"ssh to {self.id} at {self.address} ({last})")
        return self

    def answers_ssh(self, timeout=2):
        """Whether an ssh server says its name there; says nothing about keys."""
        return port_speaks(self.address, 22, timeout).startswith(b"SSH-")

    def disk(self, volume_id):
        """Path of a volume's disk in the guest."""
        return "/dev/disk/by-id/virtio-" + volume_id.replace("-", "")

    def sees_disk(self, volume_id):
        """Whether the guest has the volume's disk now."""
        return self.ssh(f"test -b {self.disk(volume_id)}").returncode == 0


def port_speaks(address, port, timeout=2):
    """The first bytes that a TCP server says of itself; nothing if none answers within `timeout` seconds.

    A connection alone proves nothing: networks with a proxy in between accept any.
    """
    try:
        with socket.create_connection((address, port), timeout) as connection:
            return connection.recv(64)
    except OSError:
        return b""
