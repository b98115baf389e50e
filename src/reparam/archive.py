"""Files of datasets, from this machine or from their home, and never unverified.

``content(name, file, sha256)`` looks in the folder named by ``REPARAM_DATA``, where the system
keeps such files, and in the cache; only then does it download. What does not match its
checksum is never returned, and never stays under its own name.
"""

import gzip
import hashlib
import os
import tempfile
import time
import warnings
import zlib
from functools import cache
from pathlib import Path

__all__ = ["AbsentError", "DataError", "content"]

_ATTEMPTS = 3
_TIMEOUT = 20.0  # seconds without a byte
_PAUSE = 1.0  # seconds before the second attempt; doubles


class DataError(RuntimeError):
    """A file of a dataset is missing, unreadable or not what its checksum says."""


class AbsentError(DataError):
    """Neither here nor to be downloaded: the one case in which a caller may fall back."""


def _cache() -> Path:
    import pooch

    return Path(pooch.os_cache("reparam"))


@cache
def _temporary() -> Path:
    return Path(tempfile.mkdtemp(prefix="reparam-"))


def _folders(name: str, system: Path | None) -> list[Path]:
    """Where the files of a dataset may already lie, most wanted first."""
    given = os.environ.get("REPARAM_DATA")
    roots = [_cache(), *([_temporary()] if _temporary.cache_info().currsize else [])]
    return [
        *([Path(given) / name] if given else []),
        *([system] if system else []),
        *(r / name for r in roots),
    ]


def _writable(name: str) -> Path:
    """Return the folder to download to: the cache, or a temporary one where that cannot be written."""
    folder = _cache() / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        folder = _temporary() / name
        folder.mkdir(exist_ok=True)
        warnings.warn(
            f"the cache {_cache()} cannot be written ({error.strerror}); {name} goes to {folder}",
            stacklevel=2,
        )
    return folder


def _fetch(url: str, folder: Path) -> Path:
    """Download ``url`` into ``folder``, a few times if need be."""
    import pooch

    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("ERROR")
    try:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                get = pooch.HTTPDownloader(timeout=_TIMEOUT)
                return Path(pooch.retrieve(url, None, path=folder, fname=url.rsplit("/")[-1], downloader=get))
            except Exception:  # of three libraries
                if attempt == _ATTEMPTS:
                    raise
                time.sleep(_PAUSE * 2 ** (attempt - 1))
    finally:
        logger.setLevel(level)


def _download(name: str, file: str, sha256: str, home: str, places: str) -> bytes:
    """Fetch a file under a temporary name, verify it, and only then give it its own name."""
    url, folder = home + file, _writable(name)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as scratch:
        try:
            path = _fetch(url, Path(scratch))
        except Exception as error:
            raise AbsentError(
                f"{file} is in none of {places}, and could not be downloaded from {url} "
                f"({type(error).__name__}, {_ATTEMPTS} attempts); copy the files there or set REPARAM_DATA"
            ) from error
        found = _read(path, sha256, url)
        os.replace(path, folder / path.name)
    return found


def _read(path: Path, sha256: str, origin: object) -> bytes:
    """Read a file, unpacked if its name ends in ``.gz``, and verify what was in it."""
    found = path.read_bytes()
    if path.suffix == ".gz":
        try:
            found = gzip.decompress(found)
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"{origin}: expected a gzipped file, got {error}; delete it and retry") from error
    digest = hashlib.sha256(found).hexdigest()
    if digest != sha256:
        raise DataError(
            f"{origin}: expected content with sha256 {sha256[:12]}..., got {digest[:12]}...; delete it and retry"
        )
    return found


def _is_there(path: Path) -> bool:
    """Say whether there is such a file; one in a folder that we may not enter is none."""
    try:
        return path.is_file()
    except PermissionError:
        return False


def content(name: str, file: str, sha256: str, *, home: str | None, system: Path | None = None) -> bytes:
    """Return what is in a file of a dataset, unpacked if it is gzipped.

    Args:
        name: of the dataset, and of its folder.
        file: name of the file.
        sha256: of the unpacked content: mirrors wrap the same bytes in different gzip files.
        home: where it is published, up to the file's name; ``None`` if it must be on this machine.
        system: a folder in which this system may keep it.

    Returns:
        the bytes.

    Raises:
        DataError: the file is damaged, or another one.
        AbsentError: it is not here, and there is no home or no way there.
    """
    folders = _folders(name, system)
    for folder in folders:
        if _is_there(path := folder / file):
            return _read(path, sha256, path)
    places = ", ".join(str(folder) for folder in folders)
    if home is None:
        raise AbsentError(f"{file} is in none of {places}; copy the files there or set REPARAM_DATA")
    return _download(name, file, sha256, home, places)
