"""What to enter at the platforms of site/lti.yaml, and whether those of LTI 1.3 can be spoken to."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from generator.core.finding import Finding, ok
from generator.core.paths import SITE
from generator.schema.settings import Settings
from generator.topics.lti import counterpart
from generator.topics.lti.platforms import load_platforms

PASTED = {
    "login URL (initiate login, OIDC)": "oauth_login",
    "launch and redirect URL": "oauth_callback",
    "key set URL (public keys)": "jwks",
    "configuration as JSON (Canvas)": "config",
}


def of_site(settings: Settings) -> Iterator[Finding]:
    """The addresses to enter, and what was found of each platform.

    :raises HomeroomError: everything that is wrong with site/lti.yaml and the address of this hub.
    """
    found = load_platforms(settings, SITE)
    if found is None:
        return
    lines = [f"{what}: {settings.public_url}hub/lti13/{page}" for what, page in PASTED.items()]
    lines.append("registration URL, which sets up both sides: `make lti-register NAME=moodle` prints one")
    yield ok(counterpart.SUBJECT, "\n    ".join(["lti: to enter at the learning platform", *lines]))
    for consumer in found.consumers:
        yield ok(counterpart.SUBJECT, _to_enter(settings, consumer["name"], consumer["key"]))
    platforms = found.platforms
    with ThreadPoolExecutor(max_workers=max(1, len(platforms))) as threads:
        looks = [threads.submit(lambda each: list(counterpart.look(each, SITE)), each) for each in platforms]
    for look in looks:
        yield from look.result()


def _to_enter(settings: Settings, name: str, key: str) -> str:
    """What a platform of LTI 1.1 is told; its secret is shown nowhere but in `.env`."""
    lines = (
        f"lti: to enter at {name}, which speaks LTI 1.1",
        f"launch URL: {settings.public_url}hub/lti/launch",
        f"consumer key: {key}",
        f"shared secret: what stands behind {name}: in LTI_SECRETS of .env",
        f"passport (Open edX): {name}:{key}:<the shared secret>",
    )
    return "\n    ".join(lines)
