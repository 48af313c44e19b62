"""Taking in what a lab sends."""

from __future__ import annotations

import asyncio
from pathlib import Path

from aiohttp import web

from homeroom.courses.desk.refused import Refused

UPLOAD_SECONDS = 120.0


async def receive(request: web.BaseRequest, archive: Path, most_bytes: int) -> None:
    """Write down what comes. :raises Refused: it is too much, and no more of it is read; or it takes too long."""
    try:
        async with asyncio.timeout(UPLOAD_SECONDS):
            await _write(request, archive, most_bytes)
    except TimeoutError:
        raise Refused(408, f"It did not come within {UPLOAD_SECONDS:.0f} seconds.") from None


async def _write(request: web.BaseRequest, archive: Path, most_bytes: int) -> None:
    too_much = Refused(413, f"It is larger than {most_bytes >> 20} MiB.")
    if (request.content_length or 0) > most_bytes:
        raise too_much
    size_bytes = 0
    with archive.open("xb") as file:
        async for piece in request.content.iter_chunked(1 << 16):
            size_bytes += len(piece)
            if size_bytes > most_bytes:
                raise too_much
            file.write(piece)
