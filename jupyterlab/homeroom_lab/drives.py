"""With the feature `files`: the lab's own files, and the file systems that a user adds, which the page calls drives.

jupyter-fs takes what stands before the first colon of any path for a drive's name, so a file with a colon in its name
could be neither opened nor renamed nor deleted; `:name` was another file. It reads what is downloaded or copied whole
into memory, and deletes no folder that is not empty. For a drive a path begins with its name and a colon, as the page
has it; any other path is one of the lab's own files.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from jupyter_server.base.handlers import AuthenticatedFileHandler
from jupyter_server.files.handlers import FilesHandler
from jupyter_server.utils import ensure_async
from jupyterfs.manager import FSManager, FSSpecManager
from jupyterfs.metamanager import MetaManager
from tornado import web
from traitlets import default

from homeroom_lab.contents import refuse_if_too_large

ONE_REQUEST_MB = 15
"""Above this JupyterLab sends a file in pieces."""


class Downloads(AuthenticatedFileHandler):
    """Sends the lab's own files piece by piece, or a part of them; what is on a drive comes whole."""

    @web.authenticated
    def get(self, path: str, **options: Any) -> Awaitable[None]:
        """Send a file."""
        if self.contents_manager.drive_of(path):
            sending: Awaitable[None] = FilesHandler.get(self, path, **options)
        else:
            sending = super().get(path, **options)
        return sending


def _by_path(name: str) -> Callable[..., Awaitable[Any]]:
    """The method of this name, of what a path belongs to."""

    async def call(self: HomeAndDrives, path: str = "", *arguments: Any, **named: Any) -> Any:
        manager, rest = self.manager_of(path)
        return await ensure_async(getattr(manager, name)(rest, *arguments, **named))

    return call


class HomeAndDrives(MetaManager):
    """The files of the page, each by the manager that has it."""

    @default("files_handler_class")
    def _files_handler_class_default(self) -> type[Downloads]:
        return Downloads

    def drive_of(self, path: str) -> str:
        """The drive that a path is on; empty for the lab's own files."""
        first, colon, _ = path.strip("/").split("/", 1)[0].partition(":")
        return first if colon and first and first in self._managers else ""

    def manager_of(self, path: str) -> tuple[Any, str]:
        """What has a path, with the path as that knows it."""
        drive = self.drive_of(path)
        rest = path.strip("/")[len(drive) + 1 :] if drive else path
        return self._managers[drive], rest

    is_hidden = _by_path("is_hidden")
    dir_exists = _by_path("dir_exists")
    file_exists = _by_path("file_exists")
    exists = _by_path("exists")
    get_kernel_path = _by_path("get_kernel_path")
    create_checkpoint = _by_path("create_checkpoint")
    list_checkpoints = _by_path("list_checkpoints")
    resolve_path = _by_path("resolve_path")

    async def restore_checkpoint(self, checkpoint_id: str, path: str) -> None:
        """Bring back what was kept of a file."""
        manager, rest = self.manager_of(path)
        await ensure_async(manager.restore_checkpoint(checkpoint_id, rest))

    async def delete_checkpoint(self, checkpoint_id: str, path: str) -> None:
        """Forget what was kept of a file."""
        manager, rest = self.manager_of(path)
        await ensure_async(manager.delete_checkpoint(checkpoint_id, rest))

    async def get(self, path: str, content: bool = True, **options: Any) -> dict[str, Any]:
        """A file or folder; what is on a drive and does not fit into memory is refused before it is fetched."""
        manager, rest = self.manager_of(path)
        if content and self.drive_of(path):
            about = await ensure_async(manager.get(rest, content=False))
            if about["type"] != "directory":
                refuse_if_too_large(about["name"], about.get("size"))
        if not options.get("require_hash"):  # drives do not know it
            options.pop("require_hash", None)
        model: dict[str, Any] = await ensure_async(manager.get(rest, content=content, **options))
        return model

    async def save(self, model: dict[str, Any], path: str = "") -> dict[str, Any]:
        """Save a file; drives that would keep the last piece of a large one alone are not sent any."""
        manager, rest = self.manager_of(path)
        if model.get("chunk") and isinstance(manager, FSSpecManager):
            raise web.HTTPError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"This drive takes files of up to {ONE_REQUEST_MB} MB from the page.",
            )
        saved: dict[str, Any] = await ensure_async(manager.save(model, rest))
        return saved

    async def delete(self, path: str) -> None:
        """Delete a file, or a folder with what is in it, as everywhere in the page."""
        manager, rest = self.manager_of(path)
        if isinstance(manager, FSManager):
            manager._is_non_empty_dir = lambda _: False  # what it would refuse
        await ensure_async(manager.delete(rest))

    async def rename(self, old_path: str, new_path: str) -> None:
        """Move a file within what has it."""
        (manager, old), (other, new) = self.manager_of(old_path), self.manager_of(new_path)
        if manager is not other:
            raise web.HTTPError(HTTPStatus.BAD_REQUEST, "Files are copied to another drive, not moved. Copy it.")
        await ensure_async(manager.rename(old, new))

    async def copy(self, from_path: str, to_path: str | None = None) -> dict[str, Any]:
        """Copy a file: among the lab's own by its system, to or from a drive through memory, if it fits."""
        own = not self.drive_of(from_path) and not self.drive_of(to_path or "")
        copied = self._managers[""].copy(from_path, to_path) if own else super().copy(from_path, to_path)
        model: dict[str, Any] = await ensure_async(copied)
        return model
