"""Files that a person asked for: whole or not at all, and never over another by accident."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ivigil.cli.naming import InputError


def write_file(path: Path, content: bytes, *, overwrite: bool) -> None:
    """Write a file so that it is there whole or not at all. Raises InputError.

    overwrite: False keeps a file that is there, even one that appears meanwhile.
    """
    beside = ""
    try:
        handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if overwrite:
            os.replace(beside, path)
        else:
            _place(beside, path)
    except FileExistsError:
        raise InputError(f"{path}: is there already; --overwrite replaces it") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from error
    finally:
        if beside:
            Path(beside).unlink(missing_ok=True)


def _place(beside: str, path: Path) -> None:
    """Give the file its name unless that is taken. Raises FileExistsError."""
    try:
        os.link(beside, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links, such as that of a memory stick
        if path.exists():
            raise FileExistsError(path) from None
        os.replace(beside, path)
