"""Sending a sealed folder to a lab, as a tar that is made while it is read."""

from __future__ import annotations

import asyncio
import tarfile
from collections.abc import Iterable
from pathlib import Path

from aiohttp import web

from homeroom.courses.desk.receipt import File

PIECE_BYTES = 1 << 18


async def send(
    request: web.BaseRequest, folder: Path, files: Iterable[File], at: float, version: str = ""
) -> web.StreamResponse:
    """Send the files of a folder.

    :param at: the time that each file has.
    :param version: which one of several it is; empty: there is but one.
    """
    headers = {"ETag": version} if version else {}
    response = web.StreamResponse(headers={"Content-Type": "application/x-tar", **headers})
    await response.prepare(request)
    for file in files:
        info = tarfile.TarInfo(file.path)
        info.size, info.mtime, info.mode = file.size_bytes, int(at), 0o644
        await response.write(info.tobuf(tarfile.PAX_FORMAT))
        with (folder / file.path).open("rb") as source:
            while piece := await asyncio.to_thread(source.read, PIECE_BYTES):
                await response.write(piece)
        if rest := file.size_bytes % tarfile.BLOCKSIZE:
            await response.write(b"\0" * (tarfile.BLOCKSIZE - rest))
    await response.write(b"\0" * 2 * tarfile.BLOCKSIZE)
    await response.write_eof()
    return response
