"""How the processes run: users, health, metrics, logs, configuration, stopping and purging."""

import json
import pathlib
import ssl
import subprocess
import urllib.error
import urllib.request

import pytest

from harness import host
from harness.cloud import SINGLE_PROCESS, Cloud
from harness.waiting import wait_until


@pytest.mark.skipif(SINGLE_PROCESS, reason="one process has one user")
def test_each_service_has_a_process_and_a_user_of_its_own(cloud):
    services = cloud.services()
    assert set(services) == {"identity", "object", "volume", "compute", "gateway", "node"}
    assert services["gateway"] == services["object"], "object bodies do not cross a second process"
    users = {pid: cloud.user_of(pid) for pid in services.values()}
    assert users.pop(services["node"]) == "root"
    assert "root" not in users.values() and len(set(users.values())) == len(users) == 4, users


def test_health_and_metrics_are_on_the_internal_port_only(cloud, wire):
    from harness.wire import Request

    assert cloud.internal("/healthz")[0] == 200
    status, text = cloud.internal("/metrics")
    assert status == 200 and "# TYPE" in text
    assert wire.send(Request("GET", "/metrics")).status != 200
    assert wire.send(Request("GET", "/healthz")).status != 200


def test_a_request_id_leads_from_the_answer_to_the_log(cloud, ec2):
    reply = ec2.describe_instances()
    request_id = reply["ResponseMetadata"]["RequestId"]
    assert request_id
    # Lines of requests gather for some milliseconds (docs/decisions/0091), so the answer can be here first.
    wait_until(lambda: request_id in cloud.log.read_text(errors="replace"), 10, what=cloud.log_tail)


def test_everything_listens_on_loopback_only(cloud):
    pids = {cloud.supervisor.pid, *host.children(cloud.supervisor.pid)}
    listening = [line.split() for line in host.output("ss", "-Hltnp").splitlines()]
    ours = [words[3] for words in listening if any(f"pid={pid}," in words[-1] for pid in pids)]
    assert ours and all(address.startswith(("127.", "[::1]")) for address in ours), ours


def test_sockets_and_secrets_are_closed_to_other_users(cloud):
    for path in cloud.run.rglob("*"):
        if path.is_socket():
            assert not path.stat().st_mode & 0o007 or not path.parent.stat().st_mode & 0o001, path
    for service in ("identity", "compute"):
        folder = cloud.data / service
        if folder.is_dir():
            assert not folder.stat().st_mode & 0o007, f"{folder} is open to everyone"


def test_env_prints_lines_for_a_shell(cloud):
    printed = cloud.murus("env").stdout
    script = printed + '\necho "$AWS_ENDPOINT_URL $AWS_REGION ${#AWS_SECRET_ACCESS_KEY}"'
    done = subprocess.run(["bash", "-eu", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [cloud.endpoint, "us-east-1", "40"]


def test_a_wrong_configuration_is_refused_with_its_line(tmp_path):
    for text, named in (("data_dir = 7\n", "1"), ("[gateway]\nlisten = \"127.0.0.1:0\"\ncolour = 1\n", "colour"), ("x = [\n", "1"), ("[rocket]\n", "rocket")):
        path = tmp_path / "wrong.toml"
        path.write_text(text)
        done = subprocess.run([host.BINARY, "check-config", "--config", path], capture_output=True, text=True, check=False)
        assert done.returncode != 0 and named in done.stderr and "wrong.toml" in done.stderr, done
    path.write_text("")
    subprocess.run([host.BINARY, "check-config", "--config", path], check=True, capture_output=True)


def test_tls_is_served_when_it_is_configured(tmp_path):
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    host.output("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost",
                "-addext", "basicConstraints=critical,CA:TRUE", "-keyout", key, "-out", certificate)  # fmt: skip
    cloud = Cloud(certificate=certificate, key=key)
    try:
        cloud.start()
        environment = cloud.environment()
        assert environment["AWS_ENDPOINT_URL"].startswith("https://")
        assert pathlib.Path(environment["AWS_CA_BUNDLE"]).exists()
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket="over-tls")
        # Over TLS boto3 sends aws-chunked with a trailer, which nothing but a TLS endpoint makes it do.
        s3.put_object(Bucket="over-tls", Key="k", Body=b"trailer" * 100000)
        head = s3.head_object(Bucket="over-tls", Key="k", ChecksumMode="ENABLED")
        assert head["ChecksumCRC32"] and s3.get_object(Bucket="over-tls", Key="k")["Body"].read() == b"trailer" * 100000
        context = ssl.create_default_context(cafile=certificate)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(f"https://127.0.0.1:{cloud.port}/over-tls/k", context=context)
    finally:
        cloud.remove()


def test_purge_needs_a_yes_and_does_not_touch_a_cloud_that_runs(cloud, ec2):
    done = cloud.murus("purge", check=False)
    assert done.returncode != 0
    assert ec2.describe_instances()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_shapes_are_printed_as_json(cloud):
    done = subprocess.run([host.BINARY, "shapes"], capture_output=True, text=True, check=True)
    shapes = json.loads(done.stdout)
    assert {"ec2", "iam", "sts"} <= {one["service"] for one in shapes}
