"""Texts that leave the machine, without the secrets of `.env` and without what looks like one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from generator.schema import env_file
from generator.schema.settings import specs

SHORTEST_SECRET = 6
"""What is shorter would take common words out of the texts."""
NAMED = re.compile(
    r"""(?ix) \b (authorization|cookie|set-cookie|x-xsrftoken|_xsrf|token|api_token|password|passwd|secret|client_secret
    |code|id_token|access_token|refresh_token|state|ticket) (["']? \s* [=:] \s* ["']?) (?:(?:bearer|token|basic)\s+)?
    [^\s"'&,;]{4,}"""
)
IN_ADDRESS = re.compile(r"(?<=://)[^/\s@]+(?=@)")


def without_secrets(text: str, secrets: Mapping[str, str]) -> str:
    """A text without these secrets, and without what looks like one.

    :param secrets: names of settings by their values.
    """
    for value, name in sorted(secrets.items(), key=lambda pair: -len(pair[0])):
        text = text.replace(value, f"[{name}]")
    return IN_ADDRESS.sub("[removed]", NAMED.sub(r"\1\2[removed]", text))


def secrets_in(path: Path) -> dict[str, str]:
    """The secrets of `.env`, whole and by the parts of those that hold several, with their settings' names.

    :param path: of `.env`; where there is none, there are no secrets.
    """
    secret = secret_settings()
    found: dict[str, str] = {}
    for line in env_file.parse(env_file.read_text(path)) if path.exists() else ():
        if line.key in secret:
            for part in {line.value, *re.split(r"[,;:\s]", line.value)}:
                if len(part) >= SHORTEST_SECRET:
                    found[part] = line.key
    return found


def secret_settings() -> set[str]:
    """The settings that are secrets."""
    return {spec.name for spec in specs() if spec.about.secret}
