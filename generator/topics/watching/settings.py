"""Whom this deployment tells when something is wrong, and how."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import urlsplit

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import Whole, written_as

WATCHING = Group(
    title="Watching", text="Whom this deployment tells when something is wrong, and how.", page="watching", order=75
)
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ATOM = r"[A-Za-z0-9!#%&*+/=^_|~-]{1,64}"
LOCAL, DOMAIN = rf"{ATOM}(?:\.{ATOM}){{0,9}}", rf"{LABEL}(?:\.{LABEL}){{0,19}}"
MAIL = rf"{LOCAL}@{DOMAIN}"
HOST = r"(?:[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63}){0,19}\.?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*)"
Mail = Annotated[str, written_as(rf"(?:{MAIL})?", "an e-mail address")]
Mails = Annotated[str, written_as(rf"(?:{MAIL}(?:,{MAIL}){{0,19}})?", "e-mail addresses with commas between them")]
MailHost = Annotated[
    str, written_as(rf"(?:{DOMAIN}|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*)?", "a host's name or address, without a port")
]
Word = Annotated[str, written_as(r"[ -~]{0,512}", "512 characters of ASCII at most: mail servers take no others")]
Hook = Annotated[str, written_as(r"(?:https?://[!-~]{1,1000})?", "an address that begins with http:// or https://")]


class WatchingSettings(Part):
    """Mail, a webhook, and an address that is asked."""

    ALERT_MAIL: Mails = setting(
        "",
        About(
            group=WATCHING, consumers=("generator",), unit="addresses with commas between them", example="it@uni.edu"
        ),
        "Who is sent mail when something is wrong, when it is over, and the letter on Monday. Empty: no mail is sent.",
    )
    MAIL_HOST: MailHost = setting(
        "",
        About(group=WATCHING, consumers=("generator",), example="smtp.example.edu"),
        "The server that takes mail of this machine.",
    )
    MAIL_PORT: Whole = setting(
        0,
        About(group=WATCHING, consumers=("generator",), unit="TCP port", example="2525"),
        "Its port. 0: the usual one, which is 587 with MAIL_TLS=starttls, 465 with tls and 25 with off.",
        ge=0,
        le=65535,
    )
    MAIL_TLS: Literal["starttls", "tls", "off"] = setting(
        "starttls",
        About(group=WATCHING, consumers=("generator",), example="tls"),
        """How it is spoken to. `starttls`: encrypted after its greeting. `tls`: encrypted from the start. `off`: not
        encrypted, and without a password. Its certificate must be one that this machine trusts.""",
    )
    MAIL_USER: Word = setting(
        "",
        About(group=WATCHING, consumers=("generator",), example="homeroom@uni.edu"),
        "The account there. Empty: none is needed.",
    )
    MAIL_PASSWORD: Word = setting(
        "",
        About(group=WATCHING, consumers=("generator",), secret=True, example="the-mail-accounts-password"),
        "The password of MAIL_USER. One with blanks or signs stands in single quotes.",
    )
    MAIL_FROM: Mail = setting(
        "",
        About(group=WATCHING, consumers=("generator",), example="homeroom@uni.edu"),
        "The sender. Empty: the first of ALERT_MAIL; many servers want an address of their own.",
    )
    ALERT_WEBHOOK: Hook = setting(
        "",
        About(group=WATCHING, consumers=("generator",), secret=True, example="https://chat.example.edu/hooks/x1y2z3"),
        "An address to which the same is posted, as ALERT_WEBHOOK_KIND says. Empty: none.",
    )
    ALERT_WEBHOOK_KIND: Literal["mattermost", "slack", "ntfy"] = setting(
        "mattermost",
        About(group=WATCHING, consumers=("generator",), example="ntfy"),
        """What answers there. `mattermost` and `slack`: an incoming webhook of theirs or of a chat like them. `ntfy`:
        a topic's address, such as `https://ntfy.example.edu/homeroom`.""",
    )

    WATCH: Literal["auto", "on", "off"] = setting(
        "auto",
        About(group=WATCHING, consumers=("generator",), example="on"),
        """Whether `make watch` is run each five minutes by the machine's clock: it restarts services that are not
        healthy, and tells what is wrong. `auto`: where ALERT_MAIL, ALERT_WEBHOOK or WATCH_PING is set. `make up` hands
        it to systemd or cron.""",
    )
    WATCH_PING: Hook = setting(
        "",
        About(group=WATCHING, consumers=("generator",), secret=True, example="https://ping.example.edu/x1y2z3"),
        """An address that is asked after each round of the watchdog that went well, as services offer it that notice
        when a machine falls silent. Empty: none.""",
    )

    def cross_checks(self) -> Iterator[tuple[str, str, str]]:
        """Yield (setting, cause, remedy) for what no single value shows."""
        for name in ("ALERT_WEBHOOK", "WATCH_PING"):
            if not _can_be_asked(getattr(self, name)):
                yield name, "is no address that can be asked", "See to its host and port: https://host:port/path."
        if self.ALERT_MAIL and not self.MAIL_HOST:
            yield "MAIL_HOST", "is not set, and ALERT_MAIL needs it", "Name the server that takes mail."
        if self.MAIL_PASSWORD and not self.MAIL_USER:
            yield "MAIL_USER", "is not set, and MAIL_PASSWORD is", "Name the account, or leave out the password."
        if self.MAIL_PASSWORD and self.MAIL_TLS == "off":
            yield (
                "MAIL_TLS",
                "is off, and the password would be sent for all to read",
                "Set MAIL_TLS=starttls or tls, or leave out MAIL_USER and MAIL_PASSWORD.",
            )
        if self.ALERT_WEBHOOK and self.ALERT_WEBHOOK_KIND == "ntfy" and len(self.ALERT_WEBHOOK.split("/")) < 4:
            yield "ALERT_WEBHOOK", "names no topic of ntfy", "Write it behind the host: https://ntfy.example.edu/topic"


def _can_be_asked(url: str) -> bool:
    """Whether an address has a host, and a port that there may be; an empty one is none that is asked."""
    try:
        parts = urlsplit(url)
        return not url or (bool(re.fullmatch(HOST, parts.hostname or "")) and parts.port != 0)
    except ValueError:
        return False
