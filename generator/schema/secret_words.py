"""Texts that leave the machine, without the secrets of `.env` and without what looks like one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from generator.schema.settings import specs

SHORTEST_SECRET = 6
"""What is shorter would take common words out of the texts."""
NAMED = re.compile(
    r"""(?ix) ( token | password | passwd | passphrase | secret | (?:api|access|private|crypt)[_-]?key | authorization
    | xsrf | signature | \b(?:code|state|ticket) ) (["']? \s* [=:] \s*) (?: (["'])[^"'\n]{4,}\3
    | ["']? (?:(?:bearer|token|basic)\s+)? [^\s"'&,;]{4,} )"""
)
"""What stands behind such a name, also behind one that merely ends so. No pattern here takes long for hostile logs."""
COOKIES = re.compile(r"(?i)\b((?:set-)?cookie[\"']?\s*[:=]\s*).{4,}")
SIGNED = re.compile(r"\beyJ[\w-]{6,512}\.[\w-]{6,8192}\.[\w-]*")
"""A token in JSON that somebody signed, as those of learning platforms."""
PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL)
ASSIGNED = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*[=:\s]\s*(.*)")
PATH_OF_ADDRESS = re.compile(r"(?<=://)[^/\s]+(/(?=[^\s]*(?:[0-9]|/[^\s])).+)")
"""Of a webhook: programs tell it without the host. One plain word could be any folder's name."""
IN_ADDRESS = re.compile(r"(?<=://)[^/?#\s]+(?=@)")


def without_secrets(text: str, secrets: Mapping[str, str]) -> str:
    """A text without these secrets, and without what looks like one.

    :param secrets: names of settings by their values.
    """
    for value, name in sorted(secrets.items(), key=lambda pair: -len(pair[0])):
        text = text.replace(value, f"[{name}]")
    for pattern, instead in (
        (PRIVATE_KEY, "[removed]"),
        (COOKIES, r"\1[removed]"),
        (NAMED, r"\1\2\3[removed]\3"),
        (SIGNED, "[removed]"),
        (IN_ADDRESS, "[removed]"),
    ):
        text = pattern.sub(instead, text)
    return text


def secrets_in(path: Path) -> dict[str, str]:
    """The secrets of `.env`, whole and by the parts of those that hold several, with their settings' names. Of a file
    with faults, too: what stands behind a name that is no setting, or has no name, counts as one.

    :param path: of `.env`; where there is none, there are no secrets.
    """
    secret, known = secret_settings(), {spec.name for spec in specs()}
    found: dict[str, str] = {}
    for name, value in values_in(path):
        parts = set() if name in known - secret else {value}
        if name in secret:
            parts |= set(re.split(r"[,;:\s]", value)) | set(PATH_OF_ADDRESS.findall(value))
        found |= {part: name for part in parts if len(part) >= SHORTEST_SECRET}
    return found


def values_in(path: Path) -> Iterator[tuple[str, str]]:
    """The values of a file of lines NAME=value with their names, as well as they can be read; a line without a name is
    a value itself."""
    try:
        text = path.read_bytes().decode(errors="replace")
    except OSError:
        return
    for line in text.splitlines():
        raw = line.strip()
        if not raw or raw.startswith("#"):
            continue
        match = ASSIGNED.fullmatch(raw)
        name, value = (match[1], match[2].strip()) if match else ("a line without a name", raw)
        yield name, value
        yield name, value.strip("'\"")


def secret_settings() -> set[str]:
    """The settings that are secrets."""
    return {spec.name for spec in specs() if spec.about.secret}
