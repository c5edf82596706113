"""What the kernel and libvirt of this host hold, as the tests look at it from outside."""

import atexit
import fcntl
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def _where_everyone_may_run_it(program):
    """The program, or a copy of it if the services' users are not let into where it lies (a clone below /root)."""
    if not program.exists() or all(parent.stat().st_mode & 0o001 for parent in program.resolve().parents):
        return program
    directory = pathlib.Path(tempfile.mkdtemp(prefix="murus-program-", dir="/var/tmp"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    directory.chmod(0o755)
    copy = pathlib.Path(shutil.copy2(program, directory))
    copy.chmod(0o755)
    return copy


BINARY = _where_everyone_may_run_it(pathlib.Path(os.environ.get("MURUS_BINARY", ROOT / "target/release/murus")))
TINY = pathlib.Path(os.environ.get("MURUS_TINY_IMAGE", ROOT / "images/tiny/out/tiny.qcow2"))
LIBVIRT = os.environ.get("MURUS_LIBVIRT_URI", "qemu:///system")


def output(*command, check=True, timeout=60):
    """Standard output of a command of this host."""
    done = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=timeout, check=False
    )
    if check and done.returncode != 0:
        raise AssertionError(f"{command} failed with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def virsh(*words, check=True):
    """Standard output of virsh on this host's libvirt."""
    return output("virsh", "-q", "-c", LIBVIRT, *words, check=check)


def domains(prefix):
    """Names of the libvirt domains, running or not, that a configuration with this prefix made."""
    return sorted(name for name in virsh("list", "--all", "--name").split() if name.startswith(prefix))


def namespaces(prefix):
    """Names of network namespaces that begin with the prefix."""
    listed = (line.split()[0] for line in output("ip", "netns", "list").splitlines() if line.strip())
    return sorted(name for name in listed if name.startswith(prefix))


def links(prefix):
    """Network interfaces of the host's own namespace that begin with the prefix."""
    found = re.findall(r"^\d+: ([^:@]+)", output("ip", "-o", "link"), re.MULTILINE)
    return sorted(name for name in found if name.startswith(prefix))


def tables(prefix):
    """nftables tables of the host's own namespace whose names begin with the prefix."""
    found = (line.split() for line in output("nft", "list", "tables").splitlines())
    return sorted(" ".join(words) for words in found if words and words[-1].startswith(prefix))


def routes(pool):
    """Routes of the host's own namespace into the pool (`198.18.7`)."""
    return sorted(line.strip() for line in output("ip", "route", "show", "table", "all").splitlines() if pool + "." in line)


def namespace_links(prefix):
    """Interfaces inside the namespaces with the prefix, loopback left out: taps of guests and the way out."""
    found = []
    for namespace in namespaces(prefix):
        listed = output("ip", "-n", namespace, "-o", "link", check=False)
        found += [f"{namespace}/{name}" for name in re.findall(r"^\d+: ([^:@]+)", listed, re.MULTILINE) if name != "lo"]
    return sorted(found)


def source_towards(address):
    """The address this host has when it speaks to `address`."""
    return re.search(r"\bsrc (\S+)", output("ip", "-4", "route", "get", address)).group(1)


def memory_mib():
    """Memory of this host."""
    return int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text()).group(1)) // 1024


def children(pid):
    """Every living descendant of a process."""
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            parents.setdefault(int(stat.rsplit(")", 1)[1].split()[1]), []).append(int(entry.name))
    found, todo = [], [pid]
    while todo:
        below = parents.get(todo.pop(), [])
        found += below
        todo += below
    return found


def command_line(pid):
    """Arguments of a process; empty if it is gone or a zombie."""
    try:
        return [word.decode() for word in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") if word]
    except OSError:
        return []


def started_at(pid):
    """Start time of a process in clock ticks since boot: with the pid it names one process for good."""
    try:
        return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19])
    except (OSError, IndexError):
        return None


def memory_of(pid, field="VmRSS"):
    """Memory of a process in KiB: `VmRSS` now, `VmHWM` at most so far."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+)", status).group(1))



class Number:
    """A number from 1 to 250 that no other test session on this host has, while this object lives."""

    def __init__(self):
        lock_directory = pathlib.Path("/run/lock/murus-tests")
        lock_directory.mkdir(parents=True, exist_ok=True)
        first = os.getpid() % 250
        for step in range(250):
            number = (first + step) % 250 + 1
            lock = open(lock_directory / str(number), "w")  # noqa: SIM115 - held as long as the session
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                lock.close()
                continue
            if not routes(f"198.18.{number}"):
                self.value, self._lock = number, lock
                return
            lock.close()
        raise AssertionError("every test network of 198.18.0.0/16 is in use on this host")
