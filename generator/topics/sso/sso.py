"""site/sso.yaml, checked: what is wrong with it is told with its line before anything is changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from generator.core.errors import HomeroomError, raise_all
from generator.core.finding import Finding, warning
from generator.schema.settings import Settings
from generator.site.reader import SiteFile
from generator.site.reader import load as read
from generator.topics.sso.site import SSO, Sso
from generator.topics.sso.ways import WAY

LOCATION = f"site/{SSO}"


def load(settings: Settings, site: Path) -> Sso | None:
    """What the web server in front says; None where AUTH does not name sso.

    :raises HomeroomError: everything that is wrong with it.
    """
    if WAY not in settings.ways:
        return None
    found = read(site / SSO, Sso)
    raise_all([*_faults_of_settings(settings), *_faults(found, site)])
    return found


def _faults_of_settings(settings: Settings) -> Iterator[HomeroomError]:
    if settings.TLS != "behind-proxy":
        yield HomeroomError(
            f"is {settings.TLS}, and with AUTH={settings.AUTH} a web server in front signs people in",
            location=".env: TLS",
            remedy="Set TLS=behind-proxy, HUB_HOST and TRUSTED_PROXIES: docs/sign-in/sso.md.",
        )
    if not settings.SSO_SECRET:
        yield HomeroomError(
            "is not set, and AUTH names sso",
            location=".env: SSO_SECRET",
            remedy="Make one with `openssl rand -hex 32`; the web server in front sends the same as X-SSO-Secret.",
        )


def _faults(found: Sso | None, site: Path) -> Iterator[HomeroomError]:
    if found is None or not found.has_rule:
        yield HomeroomError("has no rule who may sign in", location=LOCATION, remedy=Sso.rule_remedy)
    if found is None:
        return
    file = SiteFile(site / SSO)
    for field, header, wanted in (
        ("allowed_groups", "groups", found.allowed_groups),
        ("admin_groups", "groups", found.admin_groups),
        ("required_roles", "role", found.required_roles),
    ):
        if wanted and getattr(found.headers, header) is None:
            remedy = f"Add it below `headers:`, such as `{header}: X-SSO-{header.capitalize()}`."
            yield file.error((field,), f"needs the header that says the {header}", remedy=remedy)
    if found.headers.role and not found.required_roles:
        remedy = "Add `required_roles: [...]`, or leave the header out."
        yield file.error(("headers", "role"), "is a header for roles, and none is required", remedy=remedy)


def findings(settings: Settings, site: Path) -> Iterator[Finding]:
    """What is odd about it.

    :raises HomeroomError: everything that is wrong with it.
    """
    if load(settings, site) is None and read(site / SSO, Sso) is not None:
        remedy = "Write sso into AUTH, or take the file away."
        yield warning("sso", "AUTH does not name sso, so this file is not used", location=LOCATION, remedy=remedy)
