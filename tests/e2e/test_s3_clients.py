"""s3cmd, rclone and restic, as Debian has them, against S3: clients that were not written with us in mind."""

import os
import pathlib
import subprocess

import pytest

from harness.cloud import REGION
from test_s3_cli import digests

FILES = {
    "empty": 0, "small": 11, "just inline": 16 * 1024, "ä b+c&d.txt": 70_000, "deep/er/still/x": 5,
    "several parts.bin": 17 * (1 << 20) + 3,
}  # fmt: skip


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Files from none to several parts of a multipart upload."""
    top = tmp_path_factory.mktemp("tree")
    for name, size in FILES.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size))
    return top


class Tool:
    """A command-line client with the administrator's keys and no file of the person who runs the tests."""

    def __init__(self, cloud, home, *words, **environment):
        self.words = words
        keys = cloud.admin_keys
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8",
            "AWS_ACCESS_KEY_ID": keys[0], "AWS_SECRET_ACCESS_KEY": keys[1], "AWS_DEFAULT_REGION": REGION, **environment,
        }  # fmt: skip

    def run(self, *words, check=True):
        """What it printed."""
        done = subprocess.run(
            [*self.words, *map(str, words)], env=self.environment, capture_output=True, text=True, timeout=300, check=False
        )
        assert not check or done.returncode == 0, f"{self.words[0]} {words}: {done.stderr[-3000:]}{done.stdout[-2000:]}"
        return done.stdout


@pytest.fixture
def s3cmd(cloud, tmp_path):
    """s3cmd, which signs by itself and uploads parts of 15 MB."""
    host = f"127.0.0.1:{cloud.port}"
    config = tmp_path / "s3cfg"
    config.write_text(
        f"[default]\naccess_key = {cloud.admin_keys[0]}\nsecret_key = {cloud.admin_keys[1]}\nhost_base = {host}\n"
        f"host_bucket = {host}\nuse_https = False\nbucket_location = {REGION}\n"
    )
    return Tool(cloud, tmp_path, "s3cmd", "--no-progress", f"--config={config}")


@pytest.fixture
def rclone(cloud, tmp_path):
    """rclone with a remote `murus:` of the kind that knows nothing of the provider."""
    remote = {
        "RCLONE_CONFIG": "/dev/null", "RCLONE_CONFIG_MURUS_TYPE": "s3", "RCLONE_CONFIG_MURUS_PROVIDER": "Other",
        "RCLONE_CONFIG_MURUS_ENV_AUTH": "true", "RCLONE_CONFIG_MURUS_ENDPOINT": cloud.endpoint,
        "RCLONE_CONFIG_MURUS_FORCE_PATH_STYLE": "true", "RCLONE_CONFIG_MURUS_REGION": REGION,
    }  # fmt: skip
    return Tool(cloud, tmp_path, "rclone", "--s3-upload-cutoff=8M", "--s3-chunk-size=5M", "--retries=1", **remote)


def test_s3cmd_takes_a_tree_there_and_back(s3cmd, bucket, tree, tmp_path):
    s3cmd.run("sync", f"{tree}/", f"s3://{bucket}/tree/")
    listed = s3cmd.run("ls", "--recursive", f"s3://{bucket}/")
    for name, size in FILES.items():
        assert any(f" {size} " in line and line.endswith(f"/tree/{name}") for line in listed.splitlines()), name
    assert "upload:" not in s3cmd.run("sync", f"{tree}/", f"s3://{bucket}/tree/"), "a second sync has nothing to do"
    back = tmp_path / "back"
    back.mkdir()
    s3cmd.run("sync", f"s3://{bucket}/tree/", f"{back}/")
    assert digests(back) == digests(tree)


def test_s3cmd_copies_moves_describes_and_deletes(s3cmd, bucket, tree):
    s3cmd.run("put", "--add-header=x-amz-meta-note:here", tree / "small", f"s3://{bucket}/a")
    s3cmd.run("cp", f"s3://{bucket}/a", f"s3://{bucket}/b")
    s3cmd.run("mv", f"s3://{bucket}/b", f"s3://{bucket}/c")
    told = s3cmd.run("info", f"s3://{bucket}/c")
    assert "File size: 11" in told and "x-amz-meta-note: here" in told
    assert s3cmd.run("ls", f"s3://{bucket}/").count("s3://") == 2
    s3cmd.run("del", "--recursive", "--force", f"s3://{bucket}/")
    assert s3cmd.run("ls", f"s3://{bucket}/") == ""


def test_rclone_syncs_checks_and_purges(s3, rclone, bucket, tree, tmp_path):
    # this version always names an ACL, which AWS, too, refuses where the bucket's owner is enforced
    rules = [{"ObjectOwnership": "BucketOwnerPreferred"}]
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": rules})
    there = f"murus:{bucket}/tree"
    rclone.run("sync", tree, there)
    rclone.run("check", "--download", tree, there)
    sizes = {line.split(";")[1]: int(line.split(";")[0]) for line in rclone.run("lsf", "-R", "--files-only", "--format", "sp", there).splitlines()}
    assert sizes == FILES
    back = tmp_path / "back"
    rclone.run("copy", there, back)
    assert digests(back) == digests(tree)
    # modification times are metadata, changed by a copy of an object onto itself
    before = (tree / "small").stat().st_mtime
    rclone.run("touch", "--timestamp", "2001-02-03T04:05:06", f"{there}/small")
    assert "2001-02-03 04:05:06" in rclone.run("lsl", f"{there}/small")
    rclone.run("moveto", f"{there}/small", f"{there}/renamed")
    rclone.run("purge", there)
    assert rclone.run("lsf", "-R", f"murus:{bucket}") == ""
    assert (tree / "small").stat().st_mtime == before


def test_restic_backs_up_restores_forgets_and_checks(cloud, bucket, tree, tmp_path):
    restic = Tool(
        cloud, tmp_path, "restic", "--no-cache", f"--repo=s3:{cloud.endpoint}/{bucket}/repository", RESTIC_PASSWORD="of the test"
    )
    restic.run("init")
    restic.run("backup", tree)
    (tree / "new").write_bytes(b"later")
    try:
        restic.run("backup", tree)
    finally:
        (tree / "new").unlink()
    restic.run("check", "--read-data")
    assert restic.run("snapshots", "--compact").rstrip().endswith("2 snapshots")
    back = tmp_path / "back"
    restic.run("restore", "latest", "--target", back)
    restored = pathlib.Path(f"{back}{tree}")
    assert (restored / "new").read_bytes() == b"later"
    (restored / "new").unlink()
    assert digests(restored) == digests(tree)
    restic.run("forget", "--keep-last", "1", "--prune")
    restic.run("check", "--read-data")
    assert restic.run("snapshots", "--compact").rstrip().endswith("1 snapshots")
