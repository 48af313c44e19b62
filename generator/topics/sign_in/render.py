"""The ways to sign in, in the order of `AUTH`, and what the hub needs to know of people whom `site/` names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from generator.core.paths import SITE
from generator.rendering.context import Context, Rendered
from generator.schema.types import USERNAME_PATTERN
from generator.site.reader import load
from generator.topics.labs.site import GROUPS, PROFILES, Groups, Profiles
from generator.topics.sign_in.lists import load_people
from generator.topics.sign_in.settings import known_ways
from generator.topics.sign_in.ways import NATIVE


def render(context: Context) -> Rendered:
    """The authenticator, and what the pages need to know of it."""
    settings = context.settings
    people = load_people(settings, context.site)
    named = sorted({*named_in_site(context.site), *people.user_names()})
    open_signup = settings.SIGN_UP == "open"
    return Rendered(
        hub={
            "ways": {way: known_ways()[way] for way in settings.ways},
            "people": people.model_dump(exclude_none=True, exclude_defaults=True),
            "named_people": named,
            "admin": settings.JUPYTERHUB_ADMIN,
            "username_pattern": USERNAME_PATTERN,
            "template_vars": {
                "accounts": NATIVE in settings.ways,
                "several_ways": len(settings.ways) > 1,
                "sign_up": NATIVE in settings.ways and settings.SIGN_UP != "closed",
                "password_min_length": settings.PASSWORD_MIN_LENGTH,
            },
            "admin_access": settings.ADMIN_ACCESS == "on",
            "enable_signup": settings.SIGN_UP != "closed",
            "open_signup": open_signup,
            "reserved_names": named if open_signup else [],
            "password_min_length": settings.PASSWORD_MIN_LENGTH,
            "login_attempts": settings.LOGIN_ATTEMPTS,
            "login_lockout_seconds": settings.LOGIN_LOCKOUT_SECONDS,
        }
    )


def named_in_site(site: Path = SITE) -> Iterator[str]:
    """The people whom profiles and groups name: whoever came under such a name would have what is theirs."""
    for group in (groups.groups if (groups := load(site / GROUPS, Groups)) else {}).values():
        yield from group.members
    for profile in profiles.profiles if (profiles := load(site / PROFILES, Profiles)) else []:
        yield from profile.allow.users if profile.allow else []
