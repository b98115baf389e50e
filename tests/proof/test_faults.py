"""Faults by the dozen, at random places: what the unit tests do once or twice, often enough to be believed.

Each has its one outcome. Killed: the resumed run ends with the same bits. Killed in a save, disk full: what was
there before loads. Damaged: refused, or harmless and the same content. Malicious: nothing runs. Two at once: the
second training is refused, both downloads succeed. A network that stalls: an error soon, and no file left. The
places come from each test's own stream, so a failure can be repeated.
"""

import contextlib
import gzip
import io
import json
import os
import resource
import signal
import subprocess
import tempfile
import threading
import time
import traceback
from pathlib import Path

import pytest
import torch
from test_checkpoints import Trap, _forge
from test_data import CONTENT, FILES, TRAIN, _is_tiny, _write, server, tiny  # noqa: F401
from test_state import EPOCHS, STEPS, _assert_same, _at_step, _die, _killed, _run
from test_train import _main, _one_line

from reparam import archive, checkpoints, data, noise
from reparam.checkpoints import CheckpointError, Folder

KILLS, KILLS_IN_SAVES, FLIPS = 50, 40, 200


def whole_numbers(stream, name, count, below):
    """Return ``count`` random whole numbers from 0 up to ``below``."""
    draws = noise.uniform((count,), generator=stream(name), dtype=torch.float64)
    return (draws * below).long().tolist()


def in_a_child(action):
    """Run ``action`` in a fork and return its exit status, 0 unless it raised."""
    if (child := os.fork()) == 0:
        status = 1
        try:
            action()
            status = 0
        except BaseException:  # nothing may return into the parent's tests
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


# Training


@pytest.fixture
def x(gen):
    return noise.uniform((50, 16), generator=gen)


def test_fifty_kills_at_random_steps_and_the_same_bits(x, tmp_path, stream):
    whole = _run(x)
    steps = whole_numbers(stream, "steps", KILLS, EPOCHS * STEPS)
    every = whole_numbers(stream, "every", KILLS, 4)
    for turn, (step, gap) in enumerate(zip(steps, every, strict=True)):
        path = tmp_path / str(turn)
        _killed(x, path, _at_step(step + 1, _die), every=gap or None)
        _assert_same(_run(x, path, every=gap or None), whole)


def test_a_kill_in_any_moment_of_a_save_leaves_a_whole_one(tmp_path, stream):
    start, last = time.monotonic(), 0
    with Folder(tmp_path) as folder:
        folder.save({"turn": 0, "w": torch.zeros(50_000)})
    length = time.monotonic() - start
    for delay in noise.uniform((KILLS_IN_SAVES,), generator=stream("delays")).tolist():
        reader, writer = os.pipe()
        if (child := os.fork()) == 0:
            for turn in range(last + 1, last + 10_000):
                checkpoints.save(
                    tmp_path / "checkpoint.pt", {"turn": turn, "w": torch.full((50_000,), float(turn))}
                )
                os.write(writer, b"1")
        os.read(reader, 1)  # one save is done, the next has begun
        time.sleep(3 * length * delay)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)
        with Folder(tmp_path, resume=True) as folder:
            state = folder.load()
        assert state["turn"] > last
        assert (state["w"] == state["turn"]).all()
        last = state["turn"]


def test_a_damaged_checkpoint_never_changes_a_run(x, tmp_path, stream):
    whole = _run(x)
    _killed(x, tmp_path, _at_step(9, _die), every=1)
    path = tmp_path / "checkpoint.pt"
    content = path.read_bytes()
    for place in whole_numbers(stream, "flips", FLIPS, 8 * len(content)):
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << place % 8
        path.write_bytes(flipped)
        with pytest.raises(CheckpointError):
            checkpoints.load(path)
    for size in whole_numbers(stream, "cuts", 20, len(content)):
        path.write_bytes(content[:size])
        with pytest.raises(CheckpointError):
            checkpoints.load(path)
    flipped = bytearray(content)
    flipped[-100] ^= 1
    path.write_bytes(flipped)
    with pytest.warns(UserWarning, match="going on from the one before it"):
        resumed = _run(x, tmp_path, every=1)
    _assert_same(resumed, whole)


def test_a_malicious_checkpoint_in_a_folder_runs_nothing(tmp_path, capsys):
    assert _main(tmp_path) == 0
    capsys.readouterr()
    sprung = tmp_path / "sprung"
    good = (tmp_path / "checkpoint.pt").read_bytes()
    buffer = io.BytesIO()
    torch.save({"model": Trap(sprung)}, buffer)
    _forge(tmp_path / "checkpoint.pt", buffer.getvalue())
    assert _main(tmp_path, "--resume", "--epochs", "4") == 2
    assert "holds more than tensors and plain values; it was not loaded" in _one_line(capsys)
    assert not sprung.exists()
    (tmp_path / "checkpoint.pt").write_bytes(good)
    assert _main(tmp_path, "--resume") == 0


def test_two_trainings_of_one_folder_in_two_processes(x, tmp_path):
    ready, release = os.pipe(), os.pipe()

    def hold():
        os.write(ready[1], b"1")
        os.read(release[0], 1)

    if (first := os.fork()) == 0:
        with contextlib.suppress(BaseException):
            _run(x, tmp_path, objective=_at_step(2, hold))
        os._exit(0)
    os.read(ready[0], 1)
    with pytest.raises(CheckpointError, match="is in use by process"):
        _run(x, tmp_path)
    os.write(release[1], b"1")
    os.waitpid(first, 0)
    _assert_same(_run(x, tmp_path), _run(x))


def small_tmpfs(folder):
    """Mount 256 kB of memory as a disk, or say why not."""
    folder.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(options, capture_output=True, check=False).returncode:
        folder.rmdir()
        pytest.skip(
            "not root, or mounts are not allowed here: tests/test_train.py fills a disk by RLIMIT_FSIZE"
        )


def test_a_disk_that_is_really_full(x, tmp_path):
    disk = tmp_path / "disk"
    small_tmpfs(disk)
    try:
        sizes = iter(range(5_000, 500_000, 5_000))

        def fill():
            while True:
                size = next(sizes)
                checkpoints.save(disk / "checkpoint.pt", {"size": size, "w": torch.zeros(size)})

        with pytest.raises(CheckpointError, match=r"could not be written \(No space left on device\)"):
            fill()
        state = checkpoints.load(disk / "checkpoint.pt")
        assert len(state["w"]) == state["size"]
        assert not [path for path in disk.iterdir() if path.suffix != ".pt"], "half a file was left"
    finally:
        subprocess.run(["umount", str(disk)], check=True)


# Data


@pytest.mark.usefixtures("tiny")
def test_damaged_data_are_refused_or_the_same(tmp_path, stream, monkeypatch):
    folder = tmp_path / "mine" / "mnist"
    monkeypatch.setenv("REPARAM_DATA", str(tmp_path / "mine"))
    good, refused = FILES[TRAIN], 0
    damaged = []
    for place in whole_numbers(stream, "flips", FLIPS, 8 * len(good)):
        flipped = bytearray(good)
        flipped[place // 8] ^= 1 << place % 8
        damaged.append(bytes(flipped))
    damaged += [good[:size] for size in whole_numbers(stream, "cuts", 50, len(good))]
    for content in damaged:
        _write(folder, **{TRAIN: content})
        try:
            _is_tiny(data.load("mnist", fallback=True))
        except data.DataError as error:
            assert "expected" in str(error)  # noqa: PT017
            refused += 1
        else:  # a flip in gzip's own header: a time stamp, a system's name
            assert gzip.decompress(content) == CONTENT["train"][0]
    assert refused > 0.8 * len(damaged)


def test_two_processes_download_first_at_once(server, tiny):  # noqa: F811
    start = time.monotonic() + 0.3

    def load():
        time.sleep(max(0.0, start - time.monotonic()))
        _is_tiny(data.load("mnist"))

    threads = [threading.Thread(target=lambda: done.append(in_a_child(load))) for _ in range(2)]
    done = []
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [0, 0]
    assert sorted(path.name for path in tiny.iterdir()) == sorted(FILES)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("fault", ["slow", "half"])
def test_a_network_that_stalls(fault, server, tiny, monkeypatch):  # noqa: F811
    monkeypatch.setattr(archive, "_TIMEOUT", 0.3)
    server.plan[TRAIN] = [fault]
    start = time.monotonic()
    with pytest.raises(data.DataError, match="could not be downloaded"):
        data.load("mnist")
    assert time.monotonic() - start < 8
    assert server.requests == [TRAIN] * 3
    assert list(tiny.iterdir()) == []


@pytest.mark.parametrize("mode", [0o555, 0o700], ids=["read-only", "of another user"])
def test_a_cache_that_this_user_may_not_write(mode, server, monkeypatch):  # noqa: F811
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        place.chmod(0o755)
        (cache := place / "cache").mkdir()
        cache.chmod(mode)
        (spare := place / "spare").mkdir()
        spare.chmod(0o777)
        monkeypatch.setattr(archive, "_cache", lambda: cache)
        monkeypatch.setattr(archive.tempfile, "tempdir", str(spare))

        def load():
            if os.getuid() == 0:
                os.setuid(65534)
            with pytest.warns(UserWarning, match="the cache .* cannot be written .* mnist goes to"):
                _is_tiny(data.load("mnist"))

        if mode == 0o700 and os.getuid() != 0:
            pytest.skip("only root can be somebody else for a moment")
        assert in_a_child(load) == 0
        assert list(cache.iterdir()) == []


def test_a_download_to_a_full_disk_leaves_nothing(server, tiny):  # noqa: F811
    def load():
        resource.setrlimit(resource.RLIMIT_FSIZE, (20, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        with pytest.raises(data.DataError, match="could not be downloaded"):
            data.load("mnist")

    assert in_a_child(load) == 0
    assert not tiny.exists() or list(tiny.iterdir()) == []


def test_the_metrics_of_a_killed_run_are_whole_lines(x, tmp_path):
    _killed(x, tmp_path, _at_step(7, _die), every=1)
    _run(x, tmp_path, every=1)
    lines = (tmp_path / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == list(range(1, EPOCHS + 1))
