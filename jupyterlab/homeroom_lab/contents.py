"""The files of a lab as its page sees them: none passes through the server's memory that does not fit into it.

Upstream reads a file whole before it looks at its size, also to copy it or to tell whether it has changed.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import shutil
import stat
from contextvars import ContextVar
from http import HTTPStatus
from pathlib import Path
from typing import Any

import nbformat
from jupyter_server.services.contents.filecheckpoints import AsyncFileCheckpoints
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from jupyter_server.services.contents.manager import copy_pat
from tornado import web
from traitlets import default

from homeroom_lab.file_sizes import COMPACT_FROM_BYTES, refusal_to_open

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_listing: ContextVar[bool] = ContextVar("listing", default=False)
"""Whether a folder is read, and what is asked for is something in it."""


def refuse_if_too_large(name: str, size_bytes: int | None) -> None:
    """Refuse to read a file into memory that does not fit.

    :raises tornado.web.HTTPError: 413, with what the user is to read.
    """
    refusal = refusal_to_open(name, size_bytes or 0)
    if refusal:
        raise web.HTTPError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, refusal)


def hash_of(path: str, algorithm: str) -> dict[str, str]:
    """A file's hash, read piece by piece, as contents models have it."""
    with Path(path).open("rb") as file:
        return {"hash": hashlib.file_digest(file, algorithm).hexdigest(), "hash_algorithm": algorithm}


def copy_file(source: str, target: str) -> None:
    """Copy a file by the system's own means.

    :raises tornado.web.HTTPError: no room is left, or it is no ordinary file. Nothing half copied stays.
    """
    if not stat.S_ISREG(Path(source).stat().st_mode):
        raise web.HTTPError(HTTPStatus.BAD_REQUEST, f"{Path(source).name} is no file that can be copied.")
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        if error.errno in FULL:
            Path(target).unlink(missing_ok=True)
            raise web.HTTPError(HTTPStatus.INSUFFICIENT_STORAGE, no_room(Path(source).name)) from error
        raise


def no_room(name: str) -> str:
    """What the user reads whose disk is full."""
    return f"No room is left for {name}. Delete what you no longer need, then try again."


class SizedFiles:
    """What the lab's files and their checkpoints have in common."""

    async def _read_file(self, os_path: str, format: str | None, raw: bool = False) -> Any:  # noqa: A002 - upstream's
        """As upstream; but a file that does not fit into memory is refused before it is read."""
        try:
            size_bytes = Path(os_path).stat().st_size
        except OSError:
            size_bytes = 0  # upstream says what is wrong
        refuse_if_too_large(Path(os_path).name, size_bytes)
        return await super()._read_file(os_path, format, raw)  # type: ignore[misc]


def text_length(value: Any) -> int:
    """How long all texts in a notebook, or in a part of it, are together."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(map(text_length, value.values()))
    return sum(map(text_length, value)) if isinstance(value, list) else 4


class LabCheckpoints(SizedFiles, AsyncFileCheckpoints):
    """Checkpoints, which are copies of files."""


class LabContents(SizedFiles, AsyncLargeFileManager):
    """The lab's files."""

    @default("checkpoints_class")
    def _checkpoints_class_default(self) -> type[LabCheckpoints]:
        return LabCheckpoints

    async def _dir_model(self, path: str, content: bool = True) -> dict[str, Any]:
        """As upstream, but a folder in which something goes while it is read is read to its end."""
        before = _listing.set(content)
        try:
            model: dict[str, Any] = await super()._dir_model(path, content)
        finally:
            _listing.reset(before)
        return model

    async def get(self, path: str, content: bool = True, *arguments: Any, **options: Any) -> dict[str, Any]:
        """As upstream; what has gone from a folder that is read is left out there, as what may not be read is."""
        try:
            model: dict[str, Any] = await super().get(path, content, *arguments, **options)
        except web.HTTPError as error:
            if _listing.get() and not content and error.status_code == HTTPStatus.NOT_FOUND:
                raise PermissionError(errno.EACCES, "It has gone.", path) from error
            raise
        return model

    async def _file_model(
        self,
        path: str,
        content: bool = True,
        format: str | None = None,  # noqa: A002 - upstream's
        require_hash: bool = False,
    ) -> dict[str, Any]:
        model = await super()._file_model(path, content, format, require_hash and content)
        return await self._with_hash(path, model) if require_hash and not content else model

    async def _notebook_model(self, path: str, content: bool = True, require_hash: bool = False) -> dict[str, Any]:
        model = await super()._notebook_model(path, content, require_hash and content)
        return await self._with_hash(path, model) if require_hash and not content else model

    async def _with_hash(self, path: str, model: dict[str, Any]) -> dict[str, Any]:
        os_path = self._get_os_path(path)
        if not Path(os_path).is_file():
            raise web.HTTPError(HTTPStatus.BAD_REQUEST, f"Cannot read non-file {path}")
        with self.perm_to_403(os_path):
            return {**model, **await asyncio.to_thread(hash_of, os_path, self.hash_algorithm)}

    async def _save_notebook(self, os_path: str, nb: Any, capture_validation_error: Any = None) -> None:
        """Save a notebook; a large one compactly, which any program that reads notebooks understands."""
        if text_length(nb) < COMPACT_FROM_BYTES:
            await super()._save_notebook(os_path, nb, capture_validation_error)
            return
        with self.atomic_writing(os_path, encoding="utf-8") as file:
            await asyncio.to_thread(
                nbformat.write,
                nb,
                file,
                version=nbformat.NO_CONVERT,
                capture_validation_error=capture_validation_error,
                split_lines=False,
                indent=None,
            )

    async def copy(self, from_path: str, to_path: str | None = None) -> dict[str, Any]:
        """Copy a file or folder, as upstream does, but for what is in a file: the system copies that."""
        source = from_path.strip("/")
        if await self.dir_exists(source):
            copied: dict[str, Any] = await super().copy(from_path, to_path)
            return copied
        if not await self.file_exists(source):
            raise web.HTTPError(HTTPStatus.NOT_FOUND, f"No such file or directory: {source}")
        folder, _, name = source.rpartition("/")
        target = folder if to_path is None else to_path.strip("/")
        if await self.dir_exists(target):
            name = await self.increment_filename(copy_pat.sub(".", name), target, insert="-Copy")
            target = f"{target}/{name}"
        elif not await self.dir_exists(target.rpartition("/")[0]):
            raise web.HTTPError(HTTPStatus.NOT_FOUND, f"No such parent directory to copy {source} into: {target}")
        os_target = self._get_os_path(target.strip("/"))
        with self.perm_to_403(os_target):
            await asyncio.to_thread(copy_file, self._get_os_path(source), os_target)
        self.emit(data={"action": "copy", "path": target, "source_path": from_path})
        model: dict[str, Any] = await self.get(target, content=False)
        return model

    async def _copy_dir(self, from_path: str, to_path_original: str, to_name: str, to_path: str) -> dict[str, Any]:
        """Copy a folder while the server goes on answering. Links stay links: they may lead anywhere."""
        source = self._get_os_path(from_path.strip("/"))
        target = self._get_os_path(to_path.strip("/"))
        try:
            await asyncio.to_thread(shutil.copytree, source, target, symlinks=True)
        except OSError as error:  # shutil.Error is one; it holds what went wrong with each file
            said = str(error)
            if any(os.strerror(number) in said for number in FULL):
                shutil.rmtree(target, ignore_errors=True)
                raise web.HTTPError(HTTPStatus.INSUFFICIENT_STORAGE, no_room(Path(source).name)) from error
            raise web.HTTPError(HTTPStatus.BAD_REQUEST, f"Cannot copy {from_path} to {to_path}: {said}") from error
        model: dict[str, Any] = await self.get(to_path, content=False)
        return model
