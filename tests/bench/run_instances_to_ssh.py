"""From the RunInstances call to a guest's ssh, against a plain `virsh start` of the same guest in the same run.

    tests/bench/run_instances_to_ssh.py [REPEATS]

The plain guest is the instance's own domain on a copy of the image, started by virsh with QEMU's user network and
nothing else around it. Both are timed until the ssh server says its name, so that the ratio says what Murus adds.
"""

import contextlib
import http.server
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time

import common  # noqa: F401 - puts the harness on the path
from common import told

from harness import host
from harness.cloud import Cloud, free_port
from harness.compute import Bench
from harness.waiting import wait_until


METADATA = "169.254.169.254"


class Metadata(http.server.BaseHTTPRequestHandler):
    """As much of a metadata service as lets the plain guest start its ssh at once instead of waiting for one."""

    def answer(self, body):
        """One answer."""
        self.send_response(200 if body else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        self.answer(b"token")

    def do_GET(self):
        self.answer(b"i-0123456789abcdef0" if self.path.endswith("/instance-id") else b"")

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def metadata():
    """The plain guest's metadata service, at the host's own 169.254.169.254: QEMU's user network leads there."""
    host.output("ip", "address", "add", f"{METADATA}/32", "dev", "lo")
    try:
        server = http.server.ThreadingHTTPServer((METADATA, 80), Metadata)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()
        server.server_close()
    finally:
        host.output("ip", "address", "delete", f"{METADATA}/32", "dev", "lo")


def plain_domain(cloud, instance_id, folder):
    """The instance's domain without the cloud: the same disk and machine, QEMU's own user network with ssh forwarded."""
    name = next(one for one in host.domains(cloud.prefix) if instance_id in one)
    xml = host.virsh("dumpxml", name)
    disk = pathlib.Path(folder, "plain.qcow2")
    host.output("qemu-img", "convert", "-O", "qcow2", host.TINY, disk)
    disk.chmod(0o666)
    xml = re.sub(r"<name>.*?</name>", f"<name>{cloud.prefix}-plain</name>", xml)
    xml = re.sub(r"<uuid>.*?</uuid>|<sysinfo.*?</sysinfo>|<smbios[^>]*/>|<interface.*?</interface>|<seclabel.*?</seclabel>", "", xml, flags=re.S)
    xml = re.sub(r"<console.*?</console>|<serial.*?</serial>|<channel.*?</channel>", "", xml, flags=re.S)
    first = re.search(r"<disk .*?</disk>", xml, re.S).group(0)
    xml = re.sub(r"<disk .*?</disk>", "", xml, flags=re.S)
    target = re.search(r"<target [^>]*/>", first).group(0)
    plain = f"<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='{disk}'/>{target}</disk>"
    port = free_port()
    xml = xml.replace("</devices>", plain + "</devices>")
    xml = re.sub(r"<domain type='(\w+)'[^>]*>", r"<domain type='\1' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>", xml, count=1)
    network = f"user,id=plain,hostfwd=tcp:127.0.0.1:{port}-:22"
    arguments = "".join(f"<qemu:arg value='{word}'/>" for word in ("-netdev", network, "-device", "virtio-net-pci,netdev=plain,addr=0x1e"))
    xml = xml.replace("</domain>", f"<qemu:commandline>{arguments}</qemu:commandline></domain>")
    path = pathlib.Path(folder, "plain.xml")
    path.write_text(xml)
    return path, port


def banner(address, port):
    """Whether an ssh server says its name."""
    try:
        with socket.create_connection((address, port), 1) as connection:
            connection.settimeout(1)
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def until_ssh(start, address, port=22):
    """Seconds from `start()` until the ssh server answers; `address` may be a function asked until it knows."""
    begun = time.perf_counter()
    start()
    where = wait_until(address, 60, 0.05) if callable(address) else address
    wait_until(lambda: banner(where, port), 120, 0.05)
    return time.perf_counter() - begun


def main():
    """Runs both in turn and prints the ratio."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    cloud = Cloud()
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        pathlib.Path(folder).chmod(0o755)
        try:
            cloud.start()
            printed = cloud.murus("admin", "image", "import", host.TINY, "--name", "tiny").stdout
            bench = Bench(cloud, re.search(r"ami-[0-9a-f]{17}", printed).group(0), folder)
            first = bench.launch()
            path, port = plain_domain(cloud, first.id, folder)
            bench.terminate(first.id)
            ours, plain = [], []
            for _ in range(repeats):
                made = []
                address = lambda: bench.ec2.describe_instances(InstanceIds=made)["Reservations"][0]["Instances"][0].get("PublicIpAddress")  # noqa: E731
                ours.append(until_ssh(lambda: made.extend(bench.run()), address))
                bench.terminate(*made)
                host.virsh("define", path)
                # Only now: the host would take that address for its own when it speaks to an instance.
                with metadata():
                    plain.append(until_ssh(lambda: host.virsh("start", f"{cloud.prefix}-plain"), "127.0.0.1", port))
                host.virsh("destroy", f"{cloud.prefix}-plain")
                host.virsh("undefine", f"{cloud.prefix}-plain")
            bench.clear()
            ratio = told("RunInstances to ssh", ours) / told("virsh start to ssh", plain)
            print(f"  ratio = {ratio:.2f}")
        finally:
            subprocess.run(["virsh", "-c", host.LIBVIRT, "destroy", f"{cloud.prefix}-plain"], capture_output=True, check=False)
            subprocess.run(["virsh", "-c", host.LIBVIRT, "undefine", f"{cloud.prefix}-plain"], capture_output=True, check=False)
            cloud.remove()


if __name__ == "__main__":
    main()
