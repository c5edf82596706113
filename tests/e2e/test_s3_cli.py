"""`aws s3` on a directory tree, and an object larger than the memory the server may use for it."""

import hashlib
import io
import os
import pathlib
import subprocess
import threading

import pytest

from harness import host
from harness.waiting import wait_until
from test_story_cli import Shell

MIB = 1 << 20
# 5 GiB is what the requirement says; the run of every push proves the same limit with less.
LARGE_MIB = int(os.environ.get("MURUS_TEST_LARGE_MIB", "1024"))
MEMORY_LIMIT_KIB = 200 * 1024
SIZES = {
    "empty": 0, "one": 1, "page": 4096, "small log limit": 128 * 1024, "a+b & c.txt": 70000, "ä/ö ü/日本語.txt": 300000,
    "deep/er/and/deeper/x": 5, "8 MiB": 8 * MIB, "8 MiB and one": 8 * MIB + 1, "quote's \"double\"": 11, "#hash?query": 12, "100 MiB.bin": 100 * MIB,
}  # fmt: skip


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A directory tree with files from 0 bytes to 100 MiB and awkward names."""
    top = tmp_path_factory.mktemp("tree")
    for name, size in SIZES.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as file:
            for start in range(0, size, MIB):
                file.write(os.urandom(min(MIB, size - start)))
    return top


def digests(top):
    """Relative path -> SHA-256 of every file."""
    found = {}
    for path in sorted(pathlib.Path(top).rglob("*")):
        if path.is_file():
            with open(path, "rb") as file:
                found[str(path.relative_to(top))] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def test_a_tree_goes_there_and_back_unharmed(cloud, bucket, tree, tmp_path):
    shell = Shell(cloud, tmp_path)
    there, back = f"s3://{bucket}/tree", tmp_path / "back"
    shell.aws("s3", "sync", "--only-show-errors", tree, there)
    listed = shell.aws("s3", "ls", "--recursive", f"s3://{bucket}/")
    for name, size in SIZES.items():
        assert any(line.split()[2] == str(size) and line.endswith(f"tree/{name}") for line in listed.splitlines()), name
    assert shell.aws("s3", "sync", tree, there) is None, "a second sync has nothing to do"
    shell.aws("s3", "sync", "--only-show-errors", there, back)
    assert digests(back) == digests(tree)

    (back / "one").unlink()
    shell.aws("s3", "sync", "--only-show-errors", "--delete", back, there)
    assert "tree/one" not in shell.aws("s3", "ls", "--recursive", f"s3://{bucket}/")
    shell.aws("s3", "cp", "--only-show-errors", "--recursive", f"{there}/deep", f"s3://{bucket}/copy")
    shell.aws("s3", "cp", "--only-show-errors", f"s3://{bucket}/copy/er/and/deeper/x", tmp_path / "x")
    assert (tmp_path / "x").read_bytes() == (tree / "deep/er/and/deeper/x").read_bytes()
    shell.aws("s3", "mv", "--only-show-errors", f"s3://{bucket}/copy/er/and/deeper/x", f"s3://{bucket}/moved")
    assert (shell.aws("s3", "ls", f"s3://{bucket}/moved") or "").endswith("moved")
    shell.aws("s3", "rm", "--only-show-errors", "--recursive", f"s3://{bucket}")
    assert shell.aws("s3api", "list-objects-v2", "--bucket", bucket, "--query", "Contents") is None


def test_standard_input_and_output_stream(cloud, bucket, tmp_path):
    environment = cloud.cli_environment()
    from test_story_cli import AWS

    for command, given, expected in (
        (["s3", "cp", "-", f"s3://{bucket}/stream"], b"streamed" * 1000, b""),
        (["s3", "cp", f"s3://{bucket}/stream", "-"], None, b"streamed" * 1000),
    ):
        done = subprocess.run([*AWS, *command], input=given, env=environment, cwd=tmp_path, capture_output=True, timeout=120, check=True)
        assert done.stdout == expected


class MemoryWatch(threading.Thread):
    """Keeps the highest resident memory that any service process has while this runs."""

    def __init__(self, cloud):
        super().__init__(daemon=True)
        self.cloud, self.highest, self.ended = cloud, {}, threading.Event()

    def run(self):
        while not self.ended.is_set():
            for name, pid in self.cloud.services().items():
                try:
                    self.highest[name] = max(self.highest.get(name, 0), host.memory_of(pid))
                except (OSError, AttributeError):
                    continue
            self.ended.wait(0.1)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.join()


def test_a_large_object_goes_in_and_out_without_being_held_in_memory(cloud, s3, bucket):
    block = os.urandom(MIB)
    digest = hashlib.sha256()

    class Source:
        """Reads like a file of LARGE_MIB MiB, each block different, without a file."""

        def __init__(self):
            self.at = 0

        def read(self, size=-1):
            end = LARGE_MIB * MIB
            size = end - self.at if size < 0 else min(size, end - self.at)
            piece = b"".join(self._from(self.at + done, min(MIB, size - done)) for done in range(0, size, MIB))
            self.at += size
            digest.update(piece)
            return piece

        def _from(self, start, size):
            whole, piece = start // MIB, b""
            while len(piece) < size:
                inside = (start + len(piece)) % MIB
                this = (whole.to_bytes(8, "big") + block[8:])[inside : inside + size - len(piece)]
                piece += this
                whole = (start + len(piece)) // MIB
            return piece

    with MemoryWatch(cloud) as watch:
        s3.upload_fileobj(Source(), bucket, "large")
        assert s3.head_object(Bucket=bucket, Key="large")["ContentLength"] == LARGE_MIB * MIB
        back = hashlib.sha256()
        body = s3.get_object(Bucket=bucket, Key="large")["Body"]
        for piece in body.iter_chunks(MIB):
            back.update(piece)
    assert back.hexdigest() == digest.hexdigest()
    print("highest resident memory in KiB:", watch.highest)
    assert watch.highest and max(watch.highest.values()) < MEMORY_LIMIT_KIB, watch.highest
    s3.delete_object(Bucket=bucket, Key="large")


def test_the_space_of_a_deleted_object_is_given_back(cloud, s3, bucket):
    def used():
        return sum(path.stat().st_blocks * 512 for path in cloud.data.rglob("*") if path.is_file())

    # The objects of earlier tests may still be on their way out.
    seen = []
    wait_until(lambda: seen.append(used()) or len(seen) > 3 and len(set(seen[-3:])) == 1, 60, 0.5, "nothing else is being deleted")
    before = used()
    s3.upload_fileobj(io.BytesIO(os.urandom(64 * MIB)), bucket, "spacious")
    assert used() > before + 60 * MIB
    s3.delete_object(Bucket=bucket, Key="spacious")
    wait_until(lambda: used() < before + 16 * MIB, 60, what="the space of the deleted object is free again")
