"""Who gets in."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Literal

from generator.schema.deployment import DeploymentSettings
from generator.schema.setting import About, Group, setting
from generator.schema.types import Whole

SIGN_IN = Group(title="Sign-in", text="Who gets in.", page="operations", order=30)


class SignInSettings(DeploymentSettings):
    """Who gets in."""

    AUTH: Literal["native", "dummy"] = setting(
        "native",
        About(group=SIGN_IN, consumers=("hub", "generator"), example="dummy"),
        """How people sign in. `native`: accounts kept by the hub, sign-up waits for the administrator's approval.
        `dummy`: any name and no password, for a trial; refused unless HUB_IP is 127.0.0.1 or ::1.""",
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
        "Wrong passwords in a row after which whoever typed them gets no further try for LOGIN_LOCKOUT_SECONDS.",
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

    def cross_checks(self) -> Iterator[tuple[str, str, str]]:
        """Yield (setting, cause, remedy) for what no single value shows."""
        if self.AUTH == "dummy" and not ipaddress.ip_address(self.HUB_IP).is_loopback:
            yield (
                "AUTH",
                f"dummy lets anyone in without a password, and HUB_IP={self.HUB_IP} can be reached from elsewhere",
                "Set HUB_IP=127.0.0.1 for a trial on this machine, or AUTH=native.",
            )
