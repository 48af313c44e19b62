"""Whether the providers that AUTH names can be spoken to, and what to enter there."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from generator.core.finding import Finding, ok, warning
from generator.core.paths import SITE
from generator.schema.settings import Settings
from generator.topics.oauth import counterpart
from generator.topics.oauth.providers import LOCATION, load_chosen, unused

SUBJECT = "sign-in"


def of_site(settings: Settings) -> Iterator[Finding]:
    """What was found of each provider, and the address to register there.

    :raises HomeroomError: everything that is wrong with site/oauth.yaml and its secrets.
    """
    chosen = load_chosen(settings, SITE)
    for way in unused(settings, SITE) if (SITE / "oauth.yaml").exists() else ():
        yield warning(
            SUBJECT, f"AUTH does not name {way}, so its block is not read", location=LOCATION, remedy="Add it to AUTH."
        )
    with ThreadPoolExecutor(max_workers=max(1, len(chosen))) as threads:
        looks = [threads.submit(counterpart.look, one, SITE) for one in chosen]
    for one, look in zip(chosen, looks, strict=True):
        yield ok(SUBJECT, f"{one.way}: register the redirect URI {one.callback_url}")
        yield from look.result()
