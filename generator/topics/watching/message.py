"""What is told to people elsewhere: a title and lines, with nothing in them that only this machine should know."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from generator.core.console import plain
from generator.core.errors import HomeroomError
from generator.core.paths import ROOT
from generator.schema.secret_words import without_secrets
from generator.schema.settings import Settings

LONGEST_TITLE, LONGEST_LINE, MOST_LINES = 120, 400, 40
END = r"[^\s,;'\"]*"
OF_VOLUMES = re.compile(rf"/{END}/volumes/{END}")
OF_A_HOME = re.compile(rf"/home/{END}")


@dataclass(frozen=True, kw_only=True)
class Message:
    """One message; each of its lines is one line wherever it is shown.

    :param title: of which deployment, and what is up.
    """

    title: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The lines as they are sent."""
        return "\n".join(self.lines)


class PartlyTaken(HomeroomError):
    """A message was taken, though not for all who are to have it: it is not sent again."""


def compose(settings: Settings, title: str, lines: Iterable[str], secrets: Mapping[str, str]) -> Message:
    """A message of this deployment, without secrets and without paths of homes.

    :param secrets: names of settings by their values: `generator.schema.secret_words.secrets_in`.
    """
    told = [_shortened(without_private(line, settings, secrets), LONGEST_LINE) for line in lines]
    if len(told) > MOST_LINES:
        told = [*told[: MOST_LINES - 1], f"and {len(told) - MOST_LINES + 1} more lines: `make doctor ALL=1`"]
    name = settings.HUB_HOST or settings.COMPOSE_PROJECT_NAME
    return Message(title=_shortened(f"[{name}] {one_line(title)}", LONGEST_TITLE), lines=tuple(told))


def one_line(text: str) -> str:
    """Text on one line, with nothing that a terminal or a header obeys."""
    return plain(" ".join(text.split()))


def without_private(text: str, settings: Settings, secrets: Mapping[str, str]) -> str:
    """A line as it may leave the machine."""
    text = re.sub(rf"{re.escape(str(ROOT))}(?![\w.-])", ".", without_secrets(one_line(text), secrets))
    if settings.HOMES:
        text = re.sub(re.escape(settings.HOMES.rstrip("/")) + rf"(?=[/\s,;:'\"]|$){END}", "[homes]", text)
    return OF_A_HOME.sub("[home]", OF_VOLUMES.sub("[volume]", text))


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."
