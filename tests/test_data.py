"""data: verified or refused, offline first, bounded when downloading, and never half a file.

The sets of these tests are tiny ones, served by a web server on this machine and checked against their own checksums.
"""

import gc
import gzip
import hashlib
import io
import os
import struct
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch

from reparam import archive, data, noise

GENUINE = Path(os.environ.get("REPARAM_DATA", "/nowhere")) / "mnist"


def _idx(shape, seed):
    content = torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))
    header = struct.pack(f">BBBB{len(shape)}i", 0, 0, 8, len(shape), *shape)
    return header + content.numpy().tobytes(), content


SHAPES = {"train": (6, 4, 4), "train_labels": (6,), "test": (3, 4, 4), "test_labels": (3,)}
CONTENT = {part: _idx(shape, i) for i, (part, shape) in enumerate(SHAPES.items())}
FILES = {data._PARTS[part] + ".gz": gzip.compress(raw, mtime=0) for part, (raw, _) in CONTENT.items()}
TRAIN = data._PARTS["train"] + ".gz"
# Of the pixels (0..16) and then the labels, as bytes.
DIGITS = "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"


@pytest.fixture(autouse=True)
def tiny(monkeypatch, tmp_path):
    """Replace MNIST by four small files, the cache by an empty folder, and the network by nothing."""
    sums = {("mnist", part): hashlib.sha256(raw).hexdigest() for part, (raw, _) in CONTENT.items()}
    monkeypatch.setattr(data, "_SHA256", sums)
    monkeypatch.setattr(archive, "_cache", lambda: tmp_path / "cache")
    monkeypatch.setattr(data, "_HOME", {"mnist": "http://127.0.0.1:9/"})
    monkeypatch.setattr(archive, "_PAUSE", 0.01)
    monkeypatch.delenv("REPARAM_DATA", raising=False)
    archive._temporary.cache_clear()
    yield tmp_path / "cache" / "mnist"
    archive._temporary.cache_clear()


@pytest.fixture
def server(monkeypatch):
    """Serve FILES; ``plan`` maps a file name to a list of what its first answers are instead."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            name = self.path.rsplit("/", 1)[-1]
            server.requests.append(name)
            odd = server.plan.get(name) or [None]
            answer = odd.pop(0) if len(odd) > 1 else odd[0]
            body, length = FILES[name], None
            if answer == "missing":
                return self.send_error(404)
            if answer == "slow":
                server.release.wait(10)
            if answer == "half":  # and then not a byte more
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                server.release.wait(10)
                return None
            if answer == "cut":
                body, length = body[: len(body) // 2], len(body)
            elif isinstance(answer, bytes):
                body = answer
            self.send_response(200)
            self.send_header("Content-Length", str(length or len(body)))
            self.end_headers()
            self.wfile.write(body)
            return None

        def log_message(self, *arguments):
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request, client_address):
            pass  # a client that gave up

    server = Quiet(("127.0.0.1", 0), Handler)
    server.plan, server.requests, server.release = {}, [], threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setattr(data, "_HOME", {"mnist": f"http://127.0.0.1:{server.server_port}/"})
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    yield server
    server.release.set()
    server.shutdown()
    server.server_close()
    thread.join()


def _write(folder, **changes):
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (FILES | changes).items():
        if content is not None:
            (folder / name).write_bytes(content)


def _is_tiny(images):
    assert images.side == 4
    assert torch.equal(images.train, CONTENT["train"][1].flatten(1).float() / 255)
    assert torch.equal(images.test, CONTENT["test"][1].flatten(1).float() / 255)
    assert torch.equal(images.train_labels, CONTENT["train_labels"][1].long())
    assert torch.equal(images.test_labels, CONTENT["test_labels"][1].long())


# The digits


def test_digits():
    images = data.load("digits")
    assert images.train.shape == (1500, 64)
    assert images.test.shape == (297, 64)
    assert images.side == 8
    pixels, labels = (
        torch.cat([images.train, images.test]),
        torch.cat([images.train_labels, images.test_labels]),
    )
    assert pixels.dtype == torch.float32
    assert pixels.min() == 0
    assert pixels.max() == 1
    content = (pixels * 16).to(torch.uint8).numpy().tobytes() + labels.to(torch.uint8).numpy().tobytes()
    assert hashlib.sha256(content).hexdigest() == DIGITS
    assert torch.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert images.train_labels[:10].tolist() == list(range(10))


def test_binarize(gen):
    x = torch.tensor([0.0, 0.3, 1.0]).repeat(100_000, 1)
    b = data.binarize(x, noise.uniform(x.shape, generator=gen))
    assert set(b.unique().tolist()) == {0.0, 1.0}
    assert (b[:, 0] == 0).all()
    assert (b[:, 2] == 1).all()
    assert abs(b[:, 1].mean() - 0.3) < 6 * (0.21 / 100_000) ** 0.5
    with pytest.raises(
        ValueError, match=r"binarize: x and u must have the same shape, got \(2, 3\) and \(3,\)"
    ):
        data.binarize(torch.zeros(2, 3), torch.zeros(3))
    with pytest.raises(TypeError, match=r"binarize: x must be floating point .* divide by 255"):
        data.binarize(torch.ones(3, dtype=torch.uint8), torch.zeros(3))
    with pytest.raises(ValueError, match=r"binarize: x must lie in \[0, 1\]"):
        data.binarize(torch.full((3,), 255.0), torch.zeros(3))


# Files that are there


@pytest.mark.parametrize("place", ["REPARAM_DATA", "cache", "system"])
def test_files_on_this_machine_are_found(place, tiny, tmp_path, monkeypatch):
    folder = {"REPARAM_DATA": tmp_path / "mine" / "mnist", "cache": tiny, "system": tmp_path / "usr"}[place]
    _write(folder)
    if place == "REPARAM_DATA":
        monkeypatch.setenv("REPARAM_DATA", str(tmp_path / "mine"))
        _write(tiny, **{TRAIN: b"not looked at"})
    if place == "system":
        monkeypatch.setattr(data, "_SYSTEM", {"mnist": folder})
    _is_tiny(data.load("mnist"))


RAW = CONTENT["train"][0]
BAD = {
    "truncated": FILES[TRAIN][:-20],
    "bit flipped": FILES[TRAIN][:60] + bytes([FILES[TRAIN][60] ^ 4]) + FILES[TRAIN][61:],
    "bit flipped inside": gzip.compress(RAW[:50] + bytes([RAW[50] ^ 1]) + RAW[51:]),
    "empty": b"",
    "html": b"<!DOCTYPE html><title>Log in to this network</title>",
    "wrong magic": gzip.compress(b"\x00\x00\x0d\x03" + RAW[4:]),
    "another file": FILES[data._PARTS["test"] + ".gz"],
    "short content": gzip.compress(RAW[:-5]),
    "nothing inside": gzip.compress(b""),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("fallback", [False, True])
def test_a_bad_file_is_named_and_never_falls_back(kind, fallback, tmp_path, monkeypatch, server):
    _write(tmp_path / "mine" / "mnist", **{TRAIN: BAD[kind]})
    monkeypatch.setenv("REPARAM_DATA", str(tmp_path / "mine"))
    with pytest.raises(
        data.DataError, match=rf"mine/mnist/{TRAIN}: expected .*, got .*; delete it and retry"
    ):
        data.load("mnist", fallback=fallback)
    assert server.requests == [], "a bad file of the reader's own must not be papered over by a download"
    assert (tmp_path / "mine" / "mnist" / TRAIN).read_bytes() == BAD[kind]


# Files that have to be downloaded


def test_download_once_then_offline(server, tiny):
    _is_tiny(data.load("mnist"))
    assert sorted(server.requests) == sorted(FILES)
    _is_tiny(data.load("mnist"))
    assert len(server.requests) == 4
    assert sorted(p.name for p in tiny.iterdir()) == sorted(FILES)


# The library that downloads forgets a socket when the other side hangs up.
forgotten_socket = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@forgotten_socket
@pytest.mark.parametrize("fault", ["missing", "cut"])
def test_a_fault_that_passes_is_retried(fault, server, tiny):
    server.plan[TRAIN] = [fault, None]
    _is_tiny(data.load("mnist"))
    gc.collect()
    assert server.requests.count(TRAIN) == 2
    assert sorted(p.name for p in tiny.iterdir()) == sorted(FILES)


@forgotten_socket
@pytest.mark.parametrize("fault", ["missing", "cut", "slow", "offline"])
def test_a_fault_that_stays_ends_soon_and_leaves_nothing(fault, server, tiny, monkeypatch):
    monkeypatch.setattr(archive, "_TIMEOUT", 0.2)
    if fault == "offline":
        monkeypatch.setattr(data, "_HOME", {"mnist": "http://127.0.0.1:9/"})
    server.plan[TRAIN] = [fault]
    with pytest.raises(
        data.DataError, match=rf"{TRAIN} is in none of .*cache/mnist, and could not be downloaded from http"
    ):
        data.load("mnist")
    gc.collect()
    assert fault == "offline" or server.requests == [TRAIN] * 3
    assert list(tiny.iterdir()) == []
    with pytest.warns(UserWarning, match="mnist is not on this machine .* using the embedded digits"):
        assert data.load("mnist", fallback=True).side == 8


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_download_is_refused_and_leaves_nothing(kind, server, tiny):
    server.plan[TRAIN] = [BAD[kind]]
    with pytest.raises(data.DataError, match=rf"http://127.0.0.1:\d+/{TRAIN}: expected .*, got"):
        data.load("mnist", fallback=True)
    assert list(tiny.iterdir()) == []


def test_a_cache_that_cannot_be_written(server, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")  # as good as read-only, also for root
    monkeypatch.setattr(archive, "_cache", lambda: tmp_path / "file")
    monkeypatch.setattr(archive.tempfile, "tempdir", str(tmp_path))
    with pytest.warns(UserWarning, match="the cache .* cannot be written .* mnist goes to"):
        _is_tiny(data.load("mnist"))
    _is_tiny(data.load("mnist"))  # found again in this session, and no second warning
    assert len(server.requests) == 4


def test_a_cache_that_cannot_be_entered(server, tiny, monkeypatch):
    def refused(path):
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patch:
        patch.setattr(archive.Path, "is_file", refused)
        _is_tiny(data.load("mnist"))
    assert len(server.requests) == 4


def test_two_first_reads_at_once(server, tiny):
    with ThreadPoolExecutor(4) as pool:
        for images in pool.map(data.load, ["mnist"] * 4):
            _is_tiny(images)
    assert sorted(p.name for p in tiny.iterdir()) == sorted(FILES)


# Omniglot


def _drawings(characters, seed):
    ink = torch.rand((characters, 20, 105, 105), generator=torch.Generator().manual_seed(seed)) < 0.3
    labels = torch.arange(characters)[:, None].expand(characters, 20) + 10 * seed
    file = io.BytesIO()
    np.savez_compressed(file, images=~ink.numpy(), labels=labels.numpy())
    return file.getvalue(), ink.flatten(0, 1), labels.flatten()


def test_omniglot_is_resized_shuffled_and_split(tmp_path, monkeypatch):
    (a, ink_a, labels_a), (b, ink_b, labels_b) = _drawings(3, 0), _drawings(1, 1)
    sums = {
        "images_background.npz": hashlib.sha256(a).hexdigest(),
        "images_evaluation.npz": hashlib.sha256(b).hexdigest(),
    }
    monkeypatch.setattr(data, "_OMNIGLOT", sums)
    with pytest.raises(
        data.DataError, match=r"images_background.npz is in none of .*cache/omniglot; copy the files there"
    ):
        data.load("omniglot")
    with pytest.warns(UserWarning, match="omniglot is not on this machine .* using the embedded digits"):
        assert data.load("omniglot", fallback=True).side == 8
    monkeypatch.setenv("REPARAM_DATA", str(tmp_path))
    (tmp_path / "omniglot").mkdir()
    for name, content in zip(sums, (a, b), strict=True):
        (tmp_path / "omniglot" / name).write_bytes(content)
    images = data.load("omniglot")
    assert images.train.shape == (60, 784)
    assert images.test.shape == (20, 784)
    ink, labels = torch.cat([ink_a, ink_b]).float(), torch.cat([labels_a, labels_b])
    order = torch.randperm(80, generator=torch.Generator().manual_seed(0))
    assert torch.equal(torch.cat([images.train_labels, images.test_labels]), labels[order])
    # 28 copies of each row and column make 105 divide: a mean over blocks is the area's.
    fine = ink[order[:3]].repeat_interleave(28, 1).repeat_interleave(28, 2)
    want = fine.view(3, 28, 105, 28, 105).mean((2, 4)).flatten(1)
    assert torch.allclose(images.train[:3], want, atol=1e-6)
    (tmp_path / "omniglot" / "images_evaluation.npz").write_bytes(b[:-1])
    with pytest.raises(data.DataError, match=r"omniglot/images_evaluation.npz: expected content with sha256"):
        data.load("omniglot", fallback=True)


def test_unknown_names():
    for bad in ("cifar", "", None, 3):
        with pytest.raises(
            ValueError, match="load: name must be one of digits, mnist, fashion, omniglot, got"
        ):
            data.load(bad)


def test_recorded_runs():
    run = data.recorded_run("mnist-vae")
    assert {"command", "seed", "test", "curve"} <= run.keys()
    assert len(run["curve"]) == run["epochs"]
    assert run["test"]["elbo"] == pytest.approx(run["test"]["reconstruction"] - run["test"]["kl"], abs=1e-3)
    with pytest.raises(ValueError, match=r"recorded_run: name must be one of .*mnist-vae.*, got 'nothing'"):
        data.recorded_run("nothing")


@pytest.mark.skipif(
    not (GENUINE / TRAIN).is_file(), reason="REPARAM_DATA names no folder with the real MNIST"
)
def test_the_real_mnist(monkeypatch):
    monkeypatch.undo()  # the real checksums
    images = data.load("mnist")
    assert images.train.shape == (60_000, 784)
    assert images.test.shape == (10_000, 784)
    assert images.side == 28
    assert images.train.max() == 1
    assert images.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert abs(float(images.train.mean()) - 0.1307) < 1e-4  # the figure everybody normalises by


@pytest.mark.skipif(
    not (GENUINE.parent / "omniglot").is_dir(), reason="REPARAM_DATA names no folder with the real Omniglot"
)
def test_the_real_omniglot(monkeypatch):
    monkeypatch.undo()
    images = data.load("omniglot")
    assert images.train.shape == (24_345, 784)
    assert images.test.shape == (8_115, 784)
    assert torch.bincount(torch.cat([images.train_labels, images.test_labels])).tolist() == [20] * 1623
    pixels = torch.cat([images.train, images.test])
    assert pixels.min() >= 0
    assert pixels.max() == 1
    assert abs(float(pixels.mean()) - 0.0805) < 1e-3
