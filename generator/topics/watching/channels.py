"""The ways by which people elsewhere are told: those that the settings name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from generator.core.console import note, quoted, warn
from generator.core.errors import HomeroomError
from generator.core.paths import ENV_FILE
from generator.schema.secret_words import secrets_in
from generator.schema.settings import Settings
from generator.topics.watching import mail, web
from generator.topics.watching.message import Message, compose

MAIL, WEBHOOK = "mail", "webhook"


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One way.

    :param send: sends a message, and returns what came back; raises HomeroomError where it was not taken.
    """

    name: str
    send: Callable[[Settings, Message], str]


def of(settings: Settings) -> tuple[Channel, ...]:
    """The ways that are set."""
    found = []
    if settings.ALERT_MAIL:
        found.append(Channel(name=MAIL, send=mail.send))
    if settings.ALERT_WEBHOOK:
        found.append(Channel(name=WEBHOOK, send=web.post))
    return tuple(found)


def try_all(settings: Settings) -> bool:
    """Send one message by each way and say what came back; whether all were taken.

    :raises HomeroomError: no way is set.
    """
    ways = of(settings)
    if not ways:
        raise HomeroomError(
            "nobody is told when something is wrong",
            location=".env: ALERT_MAIL, ALERT_WEBHOOK",
            remedy="Set one of them, or both: docs/watching.md.",
        )
    text = ["This is a test of `make test-alert`: what goes wrong here will be told like this.", "Nothing is wrong."]
    message = compose(settings, "a test", text, secrets_in(ENV_FILE))
    taken = [_tried(way, settings, message) for way in ways]
    return all(taken)


def _tried(way: Channel, settings: Settings, message: Message) -> bool:
    try:
        said = way.send(settings, message)
    except HomeroomError as refusal:
        warn(f"By {way.name}: {refusal}")
        return False
    note(f"By {way.name}: {quoted(said)}. See whether it arrived.")
    return True
