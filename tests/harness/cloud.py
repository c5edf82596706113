"""A cloud of the tests' own: its processes, its configuration, its clients, and proof that it left nothing behind."""

import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.error
import urllib.request

import boto3
import botocore.exceptions
from botocore.config import Config

from harness import host
from harness.issuer import Authority
from harness.waiting import wait_until

REGION = "us-east-1"
SINGLE_PROCESS = os.environ.get("MURUS_E2E_SINGLE") == "1"
SERVICES = ("identity", "object", "volume", "compute", "gateway")
RESOURCE = re.compile(r"(?:^|[^a-z])(?:vol|snap|ami|i|eni)-?[0-9a-f]{17}")


def free_port():
    """A TCP port of loopback that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Cloud:
    """One `murus up` with its own data, its own prefix and its own pool of public addresses; `objects` is more of the object
    service's configuration, `more` ends the whole."""

    def __init__(
        self, single_process=SINGLE_PROCESS, certificate=None, key=None, more="", region=REGION, objects="", within="/var/tmp"
    ):
        self.number = host.Number()
        self.single_process = single_process
        self.prefix = f"mt{self.number.value:03d}"
        self.pool = f"198.18.{self.number.value}"
        # Services run as users of their own and libvirt's QEMU as another: everyone may pass through.
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix=f"{self.prefix}-", dir=within))
        self.directory.chmod(0o755)
        self.data = self.directory / "data"
        self.run = self.directory / "run"
        self.config = self.directory / "murus.toml"
        self.log = self.directory / "murus.log"
        # A fixed port, not 0: after a kill -9 the gateway must be found where it was.
        self.port = free_port()
        self.certificate = self._beside(certificate)
        # Issuers of identity tokens may have their certificates from this one.
        self.authority = Authority(self.directory, "authority")
        tls = f'[gateway.tls]\ncertificate = "{self.certificate}"\nkey = "{self._beside(key)}"\n' if certificate else ""
        self.config.write_text(
            f'''data_dir = "{self.data}"
run_dir = "{self.run}"
region = "{region}"
zone = "{region}a"
public_pool = "{self.pool}.0/24"

[identity]
oidc_loopback = true
oidc_ca_bundle = "{self.authority.certificate}"

[gateway]
listen = "127.0.0.1:{self.port}"
internal_listen = "127.0.0.1:0"

[node]
prefix = "{self.prefix}"

[object]
lifecycle_day_seconds = 1
access_log_interval_s = 1
{objects}

{tls}{more}'''
        )
        self.config.chmod(0o644)
        # For the processes, beside what this one has.
        self.variables = {}
        self.supervisor = None
        self._clients = {}

    def _beside(self, path):
        """A copy of a file beside the configuration, where the services may read it."""
        if path is None:
            return None
        copy = self.directory / pathlib.Path(path).name
        copy.write_bytes(pathlib.Path(path).read_bytes())
        copy.chmod(0o644)
        return copy

    # Processes

    def start(self, deadline=120):
        """Starts `murus up` and waits until every service answers."""
        self.launch()
        self.wait_until_it_answers(deadline)
        return self

    def launch(self):
        """Starts `murus up`."""
        command = [str(host.BINARY), "up", "--config", str(self.config)]
        if self.single_process:
            command.append("--single-process")
        with open(self.log, "ab") as log:
            self.supervisor = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
                env=os.environ | self.variables,
            )  # fmt: skip

    def wait_until_it_answers(self, deadline=120):
        """Waits until a call to every service succeeds."""

        def answers():
            code = self.supervisor.poll()
            assert code is None, f"murus up ended with {code}:\n{self.log_tail()}"
            try:
                self.client("sts").get_caller_identity()
                self.client("iam").list_users()
                self.client("s3").list_buckets()
                self.client("ec2").describe_instances()
                self.client("ec2").describe_volumes()
            except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, AssertionError) as error:
                answers.last = error
                return False
            return True

        answers.last = None
        wait_until(answers, deadline, what=lambda: f"the cloud answers ({answers.last})\n{self.log_tail()}")

    def stop(self, deadline=60):
        """Stops it the clean way and asserts that it ended cleanly, with every process it had."""
        if self.supervisor is None:
            return
        had = [(pid, host.started_at(pid)) for pid in host.children(self.supervisor.pid)]
        self.supervisor.send_signal(signal.SIGTERM)
        try:
            code = self.supervisor.wait(deadline)
        except subprocess.TimeoutExpired:
            self.kill_all()
            raise AssertionError(f"murus up did not stop within {deadline} s:\n{self.log_tail()}") from None
        self.supervisor = None
        wait_until(
            lambda: not [pid for pid, started in had if host.started_at(pid) == started and host.command_line(pid)],
            10,
            what="the service processes end with their supervisor",
        )
        assert code == 0, f"murus up ended with {code}:\n{self.log_tail()}"

    def kill_all(self):
        """`kill -9` of the supervisor and every service at once. Running machines are not ours to kill."""
        pids = [self.supervisor.pid, *host.children(self.supervisor.pid)]
        had = [(pid, host.started_at(pid)) for pid in pids]
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.supervisor.wait(10)
        self.supervisor = None
        wait_until(
            lambda: not [pid for pid, started in had if host.started_at(pid) == started and host.command_line(pid)],
            10,
            what="killed processes are gone",
        )

    def services(self):
        """Service name -> pid of its process; gateway and object share one; in one process it is `all`."""
        if self.single_process:
            return {"all": self.supervisor.pid}
        found = {}
        for pid in host.children(self.supervisor.pid):
            words = host.command_line(pid)
            if not words or not words[0].endswith("murus"):
                continue
            if "serve" in words:
                found |= dict.fromkeys(set(words) & set(SERVICES), pid)
            elif "node" in words:
                found["node"] = pid
        return found

    def kill(self, service):
        """`kill -9` of one service process; waits until the supervisor has another one running."""
        pid = self.services()[service]
        started = host.started_at(pid)
        os.kill(pid, signal.SIGKILL)

        def another():
            now = self.services().get(service)
            return now if now and (now, host.started_at(now)) != (pid, started) else None

        return wait_until(another, 30, what=f"{service} is started again\n{self.log_tail()}")

    def user_of(self, pid):
        """Name of the user that a process runs as."""
        return pwd.getpwuid(os.stat(f"/proc/{pid}").st_uid).pw_name

    def internal(self, path):
        """(status, text) of a path on the internal port."""
        address = (self.run / "internal").read_text().strip().removeprefix("http://")
        try:
            with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as reply:
            return reply.code, reply.read().decode()

    def log_tail(self, lines=40):
        """The end of what the processes logged."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    # Commands and clients

    def murus(self, *words, check=True, timeout=300):
        """Runs the murus command with this cloud's configuration."""
        done = subprocess.run(
            [str(host.BINARY), *map(str, words), "--config", str(self.config)],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if check:
            assert done.returncode == 0, f"murus {words} ended with {done.returncode}: {done.stderr}{done.stdout}"
        return done

    def environment(self):
        """What `murus env` exports, as a dictionary."""
        exports = re.findall(r"^export (\w+)=(.*)$", self.murus("env").stdout, re.MULTILINE)
        return {name: value.strip("'\"") for name, value in exports}

    @property
    def endpoint(self):
        """The one URL of all services."""
        return f"{'https' if self.certificate else 'http'}://127.0.0.1:{self.port}"

    @property
    def admin_keys(self):
        """(access key id, secret) of the administrator."""
        if "admin" not in self.__dict__:
            environment = self.environment()
            self.__dict__["admin"] = environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]
        return self.__dict__["admin"]

    def client(self, service, keys=None, **configuration):
        """A boto3 client of this cloud that tries once only, so that no retry hides a fault."""
        keys = keys or self.admin_keys
        wanted = (service, keys, tuple(sorted(configuration.items(), key=str)))
        if str(wanted) not in self._clients:
            session = boto3.session.Session(
                aws_access_key_id=keys[0], aws_secret_access_key=keys[1], region_name=REGION
            )
            options = {"retries": {"total_max_attempts": 1}, "read_timeout": 300, **configuration}
            self._clients[str(wanted)] = session.client(
                service,
                endpoint_url=self.endpoint,
                config=Config(**options),
                verify=str(self.certificate) if self.certificate else None,
            )
        return self._clients[str(wanted)]

    def cli_environment(self, keys=None):
        """Environment for aws-cli: this cloud's endpoint and keys, and no file of the person who runs the tests."""
        keys = keys or self.admin_keys
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.directory),
            "LC_ALL": "C.UTF-8",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_PAGER": "",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": keys[0],
            "AWS_SECRET_ACCESS_KEY": keys[1],
        }

    # What it leaves behind

    def resource_files(self):
        """Files and folders below the data and run directories that are named after one volume, image or instance."""
        found = []
        for top in (self.data, self.run):
            for folder, folders, files in os.walk(top):
                found += [
                    str(pathlib.Path(folder, name).relative_to(self.directory))
                    for name in folders + files
                    if RESOURCE.search(name)
                ]
        return sorted(found)

    def footprint(self):
        """What of instances and volumes exists on this host now, by kind; the network of the VPC itself left out."""
        return {
            "domains": host.domains(self.prefix),
            "taps": [
                link
                for link in host.namespace_links(self.prefix) + host.links(self.prefix)
                if link.rpartition("/")[2].startswith(f"{self.prefix}-t")
            ],
            "routes": [route for route in host.routes(self.pool) if not route.startswith("unreachable")],
            "files": self.resource_files(),
        }

    def leftovers(self):
        """What of this cloud the kernel and libvirt still hold, one line each; empty after a purge."""
        found = [f"domain {name}" for name in host.domains(self.prefix)]
        found += [f"namespace {name}" for name in host.namespaces(self.prefix)]
        found += [f"link {name}" for name in host.links(self.prefix)]
        found += [f"nft table {name}" for name in host.tables(self.prefix)]
        found += [f"route {route}" for route in host.routes(self.pool)]
        for folder in ("/run/netns", "/etc/libvirt/qemu", "/var/lib/libvirt/qemu"):
            if os.path.isdir(folder):
                found += [f"file {folder}/{name}" for name in os.listdir(folder) if name.startswith(self.prefix)]
        return found

    def remove(self, keep_log_at=None):
        """Stops it, purges it, removes its files, and asserts that nothing is left."""
        problems = []
        try:
            self.stop()
        except AssertionError as error:
            problems.append(str(error))
        purged = self.murus("purge", "--yes", check=False)
        if purged.returncode != 0:
            problems.append(f"murus purge ended with {purged.returncode}: {purged.stderr}")
        problems += self.leftovers()
        if keep_log_at:
            shutil.copyfile(self.log, keep_log_at)
        shutil.rmtree(self.directory, ignore_errors=True)
        assert not problems, "left behind:\n" + "\n".join(problems)
