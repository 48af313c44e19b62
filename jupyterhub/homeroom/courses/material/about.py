"""What an archive of `make course-export` begins with: which course it is, and how it was written down."""

from __future__ import annotations

import json
import tarfile
import zlib
from pathlib import Path
from typing import Any

from homeroom.courses.desk.refused import Refused
from homeroom.courses.desk.unpack import Entry, plain_parts
from homeroom.courses.material.unfit import Unfit

ABOUT, WRITTEN, ROSTERS = "homeroom-course.json", "courses.yaml", "rosters"
LARGEST_BYTES = 1 << 20
MOST = 10
NONE = "It is no archive of `make course-export`."


def read(archive: Path) -> dict[str, Any]:
    """The course's name (`course`), how it was made on a page (`made`; None: it was not), its text of
    `site/courses.yaml` (`written`; empty: there is none), and its class lists by their names there (`rosters`).

    :raises Unfit: it is no such archive.
    """
    texts: dict[str, str] = {}
    try:
        with tarfile.open(archive, "r|gz", tarinfo=Entry) as opened:
            for entry in opened:
                top = plain_parts(entry.name)[0]
                if top not in (ABOUT, WRITTEN, ROSTERS) or not entry.isreg() or len(texts) == MOST:
                    break
                if entry.size > LARGEST_BYTES:
                    raise Unfit(f"{entry.name[:80]!a} is larger than {LARGEST_BYTES >> 20} MiB.")
                source = opened.extractfile(entry)
                assert source is not None
                texts[entry.name] = source.read().decode()
        values = json.loads(texts[ABOUT])
        course, made = values["course"], values["made"]
    except (
        tarfile.TarError,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
        LookupError,
        TypeError,
        RecursionError,
        Refused,
    ):
        raise Unfit(NONE) from None
    if not isinstance(course, str) or not isinstance(made, dict | None):
        raise Unfit(NONE)
    lists = {name.removeprefix(f"{ROSTERS}/"): text for name, text in texts.items() if name.startswith(f"{ROSTERS}/")}
    return {"course": course, "made": made, "written": texts.get(WRITTEN, ""), "rosters": lists}
