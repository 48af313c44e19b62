"""Differences between versions of a notebook, by nbdime: of those that fit into the server's memory twice."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Any

from nbdime import gitfiles
from nbdime.webapp import nb_server_extension
from nbdime.webapp.nbdimeserver import NbdimeHandler
from tornado import web

from homeroom_lab.file_sizes import in_megabytes, largest_left_bytes


def refuse_to_compare(name: str, size_bytes: int) -> None:
    """Refuse to read a version of a notebook that does not fit.

    :raises tornado.web.HTTPError: 413, with what the user is to read.
    """
    most = largest_left_bytes(2 * size_bytes) // 2
    if size_bytes > most:
        said = f"{name} is too large to be compared here: {in_megabytes(size_bytes)} of at most {in_megabytes(most)}."
        raise web.HTTPError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{said} Use nbdiff in a terminal.")


def refuse_file(path: Path) -> None:
    """Refuse to read a file that does not fit, or is none.

    :raises tornado.web.HTTPError: 413 or 400, with what the user is to read.
    """
    if path.exists() and not path.is_file():
        raise web.HTTPError(HTTPStatus.BAD_REQUEST, f"{path.name} is no notebook.")
    refuse_to_compare(path.name, path.stat().st_size if path.is_file() else 0)


def install() -> None:
    """Have nbdime look at sizes first: of what git holds, of files, and of checkpoints."""
    of_git, of_checkpoint, of_argument = (
        gitfiles._get_diff_entry_stream,
        nb_server_extension.read_notebook,
        NbdimeHandler.read_notebook,
    )

    def entry(path: str, blob: Any, ref: Any, repository: str) -> Any:
        if path and path.endswith(".ipynb"):
            if ref is gitfiles.GitRefWorkingTree:
                refuse_file(Path(repository, path))
            elif blob is not None:
                refuse_to_compare(path, blob.size)
        return of_git(path, blob, ref, repository)

    def checkpoint(source: Any, *arguments: Any, **options: Any) -> Any:
        if isinstance(source, str):
            refuse_file(Path(source))
        return of_checkpoint(source, *arguments, **options)

    def argument(handler: Any, name: Any, *arguments: Any, **options: Any) -> Any:
        if isinstance(name, str):
            refuse_file(Path(handler.curdir, name))
        return of_argument(handler, name, *arguments, **options)

    gitfiles._get_diff_entry_stream = entry
    nb_server_extension.read_notebook = checkpoint
    NbdimeHandler.read_notebook = argument
