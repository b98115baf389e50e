"""checkpoints: whole or refused, whatever happened to the file, the disk, or the process that wrote it."""

import errno
import hashlib
import io
import json
import os
import pickle
import resource
import signal
import subprocess
import sys
import threading

import pytest
import torch

from reparam import checkpoints
from reparam.checkpoints import CheckpointError, DamagedError, Folder

STATE = {
    "weights": {"w": torch.arange(1000.0), "b": torch.tensor([0.1, -0.0, 1e-45])},
    "stream": torch.Generator().manual_seed(5).get_state(),
    "numbers": [1, 0.1, None, True, "a word", (200, 200)],
}


def _equal(a, b):
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_equal(a[k], b[k]) for k in a)
    return a == b and type(a) is type(b)


def _names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "checkpoint.pt"
    checkpoints.save(path, STATE)
    return path


def _forge(path, payload, **changes):
    """Write a file with a right header for any payload, as somebody who reads the source could."""
    header = {"file": "reparam checkpoint", "format": 1, "bytes": len(payload)}
    header["sha256"] = hashlib.sha256(payload).hexdigest()
    path.write_bytes(json.dumps(header | changes).encode() + b"\n" + payload)


def test_what_was_saved_comes_back(path):
    assert _equal(checkpoints.load(path), STATE)
    assert _names(path.parent) == ["checkpoint.pt"]


def test_the_one_before_stays(path):
    before = path.read_bytes()
    checkpoints.save(path, {"a": 1})
    assert checkpoints.load(path) == {"a": 1}
    assert (path.parent / "checkpoint.previous.pt").read_bytes() == before
    assert _names(path.parent) == ["checkpoint.previous.pt", "checkpoint.pt"]


@pytest.mark.parametrize("left", [0, 1, 50, 200, 1000, -1])
def test_a_file_cut_short_is_refused(path, left):
    content = path.read_bytes()
    path.write_bytes(content[:left])
    in_header = 0 < left < content.index(b"\n")
    message = (
        "not a checkpoint of this package, or its first line is damaged" if in_header else "is cut short"
    )
    with pytest.raises(CheckpointError, match=message) as error:
        checkpoints.load(path)
    assert isinstance(error.value, DamagedError) != in_header


def test_every_flipped_bit_is_noticed(path):
    content = path.read_bytes()
    header = content.index(b"\n") + 1
    for place in [*range(header), *range(header, len(content), 101), len(content) - 1]:
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        with pytest.raises(CheckpointError) as error:
            checkpoints.load(path)
        if place >= header:
            assert isinstance(error.value, DamagedError)
            assert "is damaged: expected sha256" in str(error.value)


def test_foreign_files_are_refused(path):
    buffer = io.BytesIO()
    torch.save(STATE, buffer)
    for content in (
        buffer.getvalue(),
        b"hello",
        b"\n",
        b"[1]\n",
        b"{}\n",
        b'{"file": "other"}\n',
        pickle.dumps({}),
    ):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=r"checkpoint\.pt is not a checkpoint of this package"):
            checkpoints.load(path)


def test_a_newer_format_is_refused(path):
    _forge(path, b"something else", format=2)
    with pytest.raises(CheckpointError, match="has format 2; this reparam reads format 1: update it"):
        checkpoints.load(path)


class Trap:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_malicious_file_is_refused_and_does_nothing(path):
    sprung = path.parent / "sprung"
    trapped = io.BytesIO()
    torch.save({"model": Trap(sprung)}, trapped)
    for payload in (trapped.getvalue(), pickle.dumps(Trap(sprung), protocol=2)):
        path.write_bytes(payload)
        with pytest.raises(CheckpointError, match="is not a checkpoint of this package"):
            checkpoints.load(path)
        _forge(path, payload)
        with pytest.raises(
            CheckpointError, match="holds more than tensors and plain values; it was not loaded"
        ):
            checkpoints.load(path)
        assert not sprung.exists()
    torch.load(io.BytesIO(trapped.getvalue()), weights_only=False)
    assert sprung.exists(), "the trap works, so the test above means something"


def test_a_forged_payload_that_is_no_checkpoint(path):
    for payload in (b"", b"PK\x03\x04"):
        _forge(path, payload)
        with pytest.raises(CheckpointError, match="is not a checkpoint of this package: it holds no tensors"):
            checkpoints.load(path)


def test_absent_and_unreadable(tmp_path):
    with pytest.raises(CheckpointError, match=r"no\.pt cannot be read: No such file"):
        checkpoints.load(tmp_path / "no.pt")
    with pytest.raises(CheckpointError, match="cannot be read: Is a directory"):
        checkpoints.load(tmp_path)


@pytest.fixture
def small_disk():
    """Let this process write no file beyond 2 kB: the system itself refuses, as a full disk would."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, old[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, old)


def test_a_full_disk_leaves_the_old_one(path, small_disk):
    with pytest.raises(
        CheckpointError, match=r"checkpoint\.pt could not be written \(File too large\)"
    ) as error:
        checkpoints.save(path, {"big": torch.zeros(1000)})
    assert "\n" not in str(error.value)
    assert _equal(checkpoints.load(path), STATE)
    assert _names(path.parent) == ["checkpoint.pt"], "no half file is left"


@pytest.mark.parametrize("where", ["fsync", "replace"])
def test_no_space_at_the_last_moment(path, where, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoints.os, where, full)
    with pytest.raises(CheckpointError, match="No space left on device"):
        checkpoints.save(path, {"a": 1})
    monkeypatch.undo()
    assert _equal(checkpoints.load(path), STATE)
    assert _names(path.parent) == ["checkpoint.pt"]


@pytest.mark.parametrize("call", ["fsync 1", "replace 1", "replace 2", "fsync 2"])
def test_a_kill_during_a_save_leaves_a_whole_one(tmp_path, call, monkeypatch):
    # At each system call of the second save a child process dies as kill -9 leaves it.
    name, turn = call.split()
    with Folder(tmp_path) as folder:
        folder.save({"step": 1})
    if (child := os.fork()) == 0:
        real, calls = getattr(os, name), []

        def deadly(*arguments):
            calls.append(arguments)
            if len(calls) == int(turn):
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments)

        setattr(checkpoints.os, name, deadly)
        checkpoints.save(tmp_path / "checkpoint.pt", {"step": 2})
        os._exit(0)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    with Folder(tmp_path, resume=True) as folder:
        assert folder.load() == {"step": 2 if call == "fsync 2" else 1}
        assert not list(tmp_path.glob(".*.tmp")), "what the killed one left is swept up"


def test_two_writers_never_mix(tmp_path):
    # A fixed temporary name would let them write into one file.
    contents = [bytes([k]) * 300_000 for k in (1, 2)]
    path = tmp_path / "file"
    checkpoints.write(path, contents[0])
    writers = [
        threading.Thread(target=lambda c=c: [checkpoints.write(path, c) for _ in range(20)]) for c in contents
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert path.read_bytes() in contents
    assert _names(tmp_path) == ["file"]


def test_the_second_run_in_a_folder_is_refused(tmp_path):
    with (
        Folder(tmp_path),
        pytest.raises(CheckpointError, match=f"is in use by process {os.getpid()}; stop it"),
        Folder(tmp_path, resume=True),
    ):
        pass
    with Folder(tmp_path, resume=True), Folder(tmp_path, writes=False) as helper:
        helper.save({"never": "written"})
        helper.record([{}])
    assert _names(tmp_path) == ["run.lock"]


def test_kill_9_frees_the_lock(tmp_path):
    code = (
        "import sys, time\nfrom reparam.checkpoints import Folder\n"
        f"with Folder({str(tmp_path)!r}):\n    print('held', flush=True)\n    time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(CheckpointError, match=f"is in use by process {holder.pid};"), Folder(tmp_path):
            pass
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    with Folder(tmp_path):
        assert (tmp_path / "run.lock").read_text() == f"{os.getpid()}\n"


def test_a_run_is_not_overwritten_by_accident(tmp_path):
    with Folder(tmp_path) as folder:
        assert folder.load() is None
        folder.save({"step": 1})
        folder.save({"step": 2})
    for _ in range(2):
        with (
            pytest.raises(CheckpointError, match="already holds a run; resume it or choose another"),
            Folder(tmp_path),
        ):
            pass
        (tmp_path / "checkpoint.pt").unlink(missing_ok=True)  # the previous one alone is a run as well
    with Folder(tmp_path, resume=True) as folder:
        assert folder.load() == {"step": 1}


def test_a_damaged_one_gives_way_to_the_one_before(tmp_path):
    with Folder(tmp_path) as folder:
        for step in (1, 2):
            folder.save({"step": step})
    newest = tmp_path / "checkpoint.pt"
    newest.write_bytes(newest.read_bytes()[:-1])
    with Folder(tmp_path, resume=True) as folder:
        with pytest.warns(UserWarning, match="is cut short: .*; going on from the one before it"):
            assert folder.load() == {"step": 1}
        folder.save({"step": 3})
        assert checkpoints.load(tmp_path / "checkpoint.previous.pt") == {"step": 1}, (
            "not replaced by the damaged one"
        )
        folder.save({"step": 4})
        assert checkpoints.load(tmp_path / "checkpoint.previous.pt") == {"step": 3}
        newest.write_bytes(newest.read_bytes()[:-1])
        (tmp_path / "checkpoint.previous.pt").unlink()
        with pytest.raises(DamagedError, match="is cut short"):
            folder.load()
        (tmp_path / "checkpoint.previous.pt").write_bytes(newest.read_bytes())
        with pytest.raises(DamagedError, match=r"checkpoint\.previous\.pt is cut short"):
            folder.load()


def test_only_damage_gives_way(tmp_path):
    with Folder(tmp_path) as folder:
        for step in (1, 2):
            folder.save({"step": step})
    _forge(tmp_path / "checkpoint.pt", b"", format=9)
    with Folder(tmp_path, resume=True) as folder, pytest.raises(CheckpointError, match="has format 9"):
        folder.load()


def test_metrics_are_lines_of_json(tmp_path):
    with Folder(tmp_path) as folder:
        folder.record([{"epoch": 1, "elbo": -1.25}])
        folder.record([{"epoch": 1, "elbo": -1.25}, {"epoch": 2, "elbo": 0.1}])
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [{"epoch": 1, "elbo": -1.25}, {"epoch": 2, "elbo": 0.1}]


def test_folders_that_cannot_be_used(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(CheckpointError, match=r"file cannot be used: (File exists|Not a directory)"),
        Folder(tmp_path / "file"),
    ):
        pass
    with pytest.raises(ValueError, match="Folder: every must be a whole number >= 1, got 0"):
        Folder(tmp_path, every=0)
