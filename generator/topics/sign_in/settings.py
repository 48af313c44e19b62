"""Who gets in."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator

from generator import topics
from generator.core.errors import nearest
from generator.schema.deployment import SECRETS, DeploymentSettings, new_secret
from generator.schema.setting import About, Group, setting
from generator.schema.types import OptionalSecret, Whole
from generator.topics.sign_in.ways import DUMMY, NATIVE, WAYS

SIGN_IN = Group(title="Sign-in", text="Who gets in.", page="sign-in/index", order=30)


def known_ways() -> dict[str, str]:
    """Every way to sign in by its word in `AUTH`, with the class that the hub loads for it."""
    found: dict[str, str] = {}
    for part in topics.each("ways"):
        found |= part.WAYS
    return found


def check_ways(value: str) -> str:
    """Require words for ways with commas between them, each once; `dummy` stands alone."""
    known = known_ways()
    named = value.split(",")
    for way in named:
        if way not in known:
            meant = nearest(way, list(known)) if way.strip().lower() not in known else ""  # the other is told by itself
            near = f" Did you mean {meant}?" if meant else ""
            raise ValueError(f"names {way!r}, which is no way to sign in.{near} Known: {', '.join(sorted(known))}")
    if repeated := sorted({way for way in named if named.count(way) > 1}):
        raise ValueError(f"names {repeated[0]} twice; once is enough")
    if DUMMY in named and len(named) > 1:
        raise ValueError("names dummy beside others; it lets in anybody, under any name, so it stands alone")
    return value


Ways = Annotated[str, AfterValidator(check_ways)]


class SignInSettings(DeploymentSettings):
    """Who gets in."""

    AUTH: Ways = setting(
        NATIVE,
        About(group=SIGN_IN, consumers=("hub", "generator"), unit="words with commas between them", example=DUMMY),
        """How people sign in: one way or several. `native`: accounts kept by the hub. `dummy`: any name and no
        password, for a trial; it stands alone, and is refused unless HUB_IP is 127.0.0.1 or ::1. The others, and what
        each needs: docs/sign-in/.""",
    )
    SIGN_UP: Literal["approval", "open", "closed"] = setting(
        "approval",
        About(group=SIGN_IN, consumers=("hub",), example="closed"),
        """Who makes an account of the hub's own (`native`). `approval`: anybody, and it waits for the administrator.
        `open`: anybody, and it can be used at once. `closed`: the administrator alone, by `make account` or
        `make roster`.""",
    )
    ADMIN_ACCESS: Literal["on", "off"] = setting(
        "on",
        About(group=SIGN_IN, consumers=("hub", "generator"), example="off"),
        """Whether administrators, and assistants where `site/people.yaml` says so, may open other people's labs. `on`:
        they may; each visit is in the log and on that person's home page. `off`: they may not.""",
    )
    PASSWORD_MIN_LENGTH: Whole = setting(
        10,
        About(group=SIGN_IN, consumers=("hub",), unit="characters", example="12"),
        "Shortest password that sign-up accepts. Common passwords are refused at any length.",
        ge=8,
        le=72,  # bytes: bcrypt takes no more
    )
    LOGIN_ATTEMPTS: Whole = setting(
        5,
        About(group=SIGN_IN, consumers=("hub",), example="7"),
        "After this many wrong passwords in a row, further tries from there are refused for LOGIN_LOCKOUT_SECONDS.",
        ge=1,
        le=1000,
    )
    LOGIN_LOCKOUT_SECONDS: Whole = setting(
        600,
        About(group=SIGN_IN, consumers=("hub",), unit="seconds", example="60"),
        "How long an account stays locked after too many wrong passwords.",
        ge=1,
        le=86400,
    )

    JUPYTERHUB_CRYPT_KEY: OptionalSecret = setting(
        "",
        About(group=SECRETS, consumers=("compose",), secret=True, generate=new_secret),
        """Seals what the hub keeps of sign-ins elsewhere, such as tokens of a provider. With another key the people
        concerned sign in once more.""",
    )

    @property
    def ways(self) -> tuple[str, ...]:
        """The ways to sign in, in the order in which the page offers them."""
        return tuple(self.AUTH.split(","))

    def cross_checks(self) -> Iterator[tuple[str, str, str]]:
        """Yield (setting, cause, remedy) for what no single value shows."""
        if not self.JUPYTERHUB_CRYPT_KEY and not WAYS.keys() >= set(self.ways):
            yield (
                "JUPYTERHUB_CRYPT_KEY",
                f"is not set, and with AUTH={self.AUTH} the hub keeps what providers give it sealed by this key",
                "Make one with `openssl rand -hex 32` and write JUPYTERHUB_CRYPT_KEY=<the 64 digits>.",
            )
        if DUMMY in self.ways and not ipaddress.ip_address(self.HUB_IP).is_loopback:
            yield (
                "AUTH",
                f"dummy lets anyone in without a password, and other machines can reach HUB_IP={self.HUB_IP}",
                "Set HUB_IP=127.0.0.1 for a trial on this machine, or AUTH=native.",
            )
