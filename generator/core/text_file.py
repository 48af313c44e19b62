"""Text that an operator wrote: UTF-8, or told what it is instead and how it becomes UTF-8."""

from __future__ import annotations

import codecs
import shlex
from pathlib import Path

from generator.core.errors import HomeroomError

_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),  # before UTF-16's, which it begins with
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
_SAMPLE_BYTES = 4096


def read(path: Path, location: str) -> str:
    """The text of an operator's file, without a byte order mark, its ends of lines as they are.

    :param location: its name for errors, from the deployment's directory.
    :raises HomeroomError: it cannot be read, or is not UTF-8.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise HomeroomError(
            f"cannot be read: {error.strerror}", location=location, remedy="It must be a file that may be read."
        ) from None
    return decoded(data, location).removeprefix("\ufeff")


def decoded(data: bytes, location: str) -> str:
    """The text of these bytes.

    :raises HomeroomError: they are not UTF-8: with the encoding that they seem to have, and the command that converts.
    """
    if wide := _wide(data):
        raise HomeroomError(
            f"is {wide}, as some editors and PowerShell save it, and not UTF-8",
            location=location,
            remedy=_conversion(wide, location),
        )
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise HomeroomError(
            f"byte 0x{data[error.start]:02x} is not UTF-8",
            location=f"{location} line {line}",
            remedy=_conversion(_narrow(data), location),
        ) from None


def _wide(data: bytes) -> str:
    """UTF-16 or UTF-32, by its mark or, without one, by where the zeros of ASCII's letters are; else empty."""
    for mark, name in _MARKS:
        if data.startswith(mark):
            return name
    sample = data[: min(len(data), _SAMPLE_BYTES) // 4 * 4]
    zeros = [sample[column::4].count(0) * 2 > len(sample) // 4 for column in range(4)]
    forms = {
        (False, True, True, True): "UTF-32LE",
        (True, True, True, False): "UTF-32BE",
        (False, True, False, True): "UTF-16LE",
        (True, False, True, False): "UTF-16BE",
    }
    return forms.get(tuple(zeros), "")  # type: ignore[arg-type]  # four of them


def _narrow(data: bytes) -> str:
    """Which encoding of Western Europe it may be: Windows' own, or Latin-1, which takes any byte."""
    try:
        data.decode("cp1252")
    except UnicodeDecodeError:
        return "LATIN1"
    return "WINDOWS-1252"


def _conversion(encoding: str, location: str) -> str:
    """What to type: it keeps the file's mode, and leaves no copy of a secret."""
    old, new = shlex.quote(f"{location}.old"), shlex.quote(location)
    return f"Save it as UTF-8, or run `cp -p {new} {old} && iconv -f {encoding} -t UTF-8 {old} > {new} && rm {old}`."
