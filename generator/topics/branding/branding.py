"""The operator's `site/branding.yaml` and the pictures in `site/branding/`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from generator.core.errors import HomeroomError, raise_all
from generator.site import reader
from generator.site.reader import SiteFile
from generator.topics.branding.site import BRANDING, Branding

FOLDER = "branding"
LARGEST_LOGO_BYTES = 512 * 1024
STARTS = {".png": b"\x89PNG\r\n\x1a\n"}
LEAST_CONTRAST = 4.5
"""Of white text on a colour, as WCAG 2.2 asks for it (AA)."""


def load(site: Path) -> Branding:
    """What the pages look like; the defaults where there is no such file.

    :raises HomeroomError: everything that is wrong with it, each with line and column.
    """
    branding = reader.load(site / BRANDING, Branding)
    if branding is None:
        return Branding()
    raise_all(list(_faults(SiteFile(site / BRANDING), branding, site / FOLDER)))
    return branding


def _faults(file: SiteFile, branding: Branding, folder: Path) -> Iterator[HomeroomError]:
    for field in ("logo", "logo_dark"):
        name = getattr(branding, field)
        cause = name and logo_fault(folder / name)
        if cause:
            remedy = f"Put an SVG or PNG picture there, {LARGEST_LOGO_BYTES >> 10} KiB at most."
            yield file.error((field,), cause, remedy=remedy)
    for field in ("colour", "colour_dark"):
        found = contrast_with_white(getattr(branding, field))
        if found < LEAST_CONTRAST:
            cause = f"white text on {getattr(branding, field)} has a contrast of {found:.1f}, too little to read"
            yield file.error((field,), cause, remedy=f"Take a darker colour: {LEAST_CONTRAST} is needed.")


def logo_fault(path: Path) -> str:
    """What is wrong with a picture; empty where nothing is."""
    where = f"site/{FOLDER}/{path.name}"
    try:
        if path.stat().st_size > LARGEST_LOGO_BYTES:
            return f"{where} is larger than {LARGEST_LOGO_BYTES >> 10} KiB"
        content = path.read_bytes()
    except OSError as error:
        return f"{where} cannot be read: {error.strerror}"
    is_picture = content.startswith(STARTS[".png"]) if path.suffix == ".png" else b"<svg" in content
    return "" if is_picture else f"{where} is no {path.suffix[1:].upper()} picture"


def contrast_with_white(colour: str) -> float:
    """How much white differs in brightness from a colour, as WCAG counts it: 1 to 21."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 1.05 / (0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] + 0.05)
