"""The providers that AUTH names, as site/oauth.yaml and `.env` say them, with the names of their groups here."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from generator.core.errors import HomeroomError, raise_all
from generator.schema.settings import Settings
from generator.site.reader import SiteFile, load
from generator.topics.oauth.site import DOMAIN, IDP, OAUTH, OAuthFile, Provider
from generator.topics.oauth.ways import WAYS, secret_of
from generator.topics.oauth.written import check_address

LOCATION = f"site/{OAUTH}"


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """A provider that AUTH names.

    :param way: its word there.
    :param groups: what the hub asks for of memberships, with its own name for each.
    :param callback_url: the address to register at the provider.
    """

    way: str
    provider: Provider
    groups: dict[str, str]
    callback_url: str


def load_chosen(settings: Settings, site: Path) -> list[Chosen]:
    """The providers that AUTH names, in its order.

    :raises HomeroomError: everything that is wrong with them, together.
    """
    wanted = [way for way in settings.ways if way in WAYS]
    if not wanted:
        return []
    path = site / OAUTH
    found = load(path, OAuthFile) or OAuthFile()
    chosen = [(way, getattr(found, way)) for way in wanted]
    raise_all([fault for way, provider in chosen for fault in _faults(settings, path, way, provider)])
    base = public_url(settings)
    return [
        Chosen(
            way=way,
            provider=provider,
            groups=group_names(way, provider),
            callback_url=f"{base}hub/oauth/{way}/callback",
        )
        for way, provider in chosen
    ]


def unused(settings: Settings, site: Path) -> list[str]:
    """Blocks that AUTH does not name."""
    found = load(site / OAUTH, OAuthFile) or OAuthFile()
    return [way for way in WAYS if getattr(found, way) is not None and way not in settings.ways]


def public_url(settings: Settings) -> str:
    """The hub's address as people type it; empty where nobody can say. For a trial that of this machine does."""
    if settings.public_url:
        return settings.public_url
    address = ipaddress.ip_address(settings.HUB_IP)
    if not address.is_loopback:
        return ""
    host = f"[{address}]" if address.version == 6 else str(address)
    return f"http://{host}:{settings.HUB_PORT}{settings.BASE_URL}"


def client_secrets(settings: Settings) -> dict[str, str]:
    """The secrets by their ways; empty where one is not set."""
    return {
        "auth0": settings.AUTH0_CLIENT_SECRET,
        "bitbucket": settings.BITBUCKET_CLIENT_SECRET,
        "cilogon": settings.CILOGON_CLIENT_SECRET,
        "entra": settings.ENTRA_CLIENT_SECRET,
        "github": settings.GITHUB_CLIENT_SECRET,
        "gitlab": settings.GITLAB_CLIENT_SECRET,
        "globus": settings.GLOBUS_CLIENT_SECRET,
        "google": settings.GOOGLE_CLIENT_SECRET,
        "mediawiki": settings.MEDIAWIKI_CLIENT_SECRET,
        "oidc": settings.OIDC_CLIENT_SECRET,
        "okta": settings.OKTA_CLIENT_SECRET,
    }


def _faults(settings: Settings, path: Path, way: str, provider: Provider | None) -> Iterator[HomeroomError]:
    """What is missing for one way."""
    if not public_url(settings):
        yield HomeroomError(
            f"is not set, so {way} could not be told where to send people back to",
            location=".env HUB_HOST",
            remedy="Set HUB_HOST to the name that people type, and TLS; for a trial HUB_IP=127.0.0.1 is enough.",
        )
    elif not is_private_to_all(public_url(settings)):
        yield HomeroomError(
            f"is off, and with AUTH={way} sign-ins come back over plain HTTP, where others could take them",
            location=".env TLS",
            remedy="Set TLS as docs/operations.md shows; for a trial on this machine HUB_IP=127.0.0.1 is enough.",
        )
    if not client_secrets(settings)[way]:
        yield HomeroomError(
            f"is not set, and AUTH names {way}",
            location=f".env {secret_of(way)}",
            remedy=f"Write {secret_of(way)}=<the client secret that the provider shows>: docs/sign-in/{way}.md.",
        )
    if provider is None:
        yield HomeroomError(
            f"there is no block {way}, and AUTH names it",
            location=LOCATION,
            remedy=f"Add `{way}:` with client_id and a rule who may sign in: docs/sign-in/{way}.md.",
        )
        return
    file = SiteFile(path)
    if not (provider.allow_all or provider.allowed_users or list(provider.admitted())):
        yield file.error(
            (way,), f"{way} has no rule who may sign in", remedy=f"Add below it, for example: `{provider.rule}`."
        )
    if provider.ca_file and not (path.parent / provider.ca_file).is_file():
        yield file.error(
            (way, "ca_file"), f"there is no file site/{provider.ca_file}", remedy="Put the certificates there, as PEM."
        )
    yield from _name_clashes(file, way, provider)


def is_private_to_all(url: str) -> bool:
    """Whether nobody on the way reads what is sent to an address: encrypted, or this machine's own."""
    try:
        check_address(url)
    except ValueError:
        return False
    return True


def _name_clashes(file: SiteFile, way: str, provider: Provider) -> Iterator[HomeroomError]:
    """Two memberships that would be one group here: who is in the one would count as in the other."""
    met: dict[str, str] = {}
    for membership in memberships(provider):
        other = met.setdefault(group_name(way, membership), membership)
        if other != membership:
            yield file.error(
                (way,),
                f"{other!r} and {membership!r} would both be the group {group_name(way, membership)} here",
                remedy="Leave one of them out.",
            )


def memberships(provider: Provider) -> list[str]:
    """All memberships that the hub asks for, each once."""
    return list(dict.fromkeys([*provider.admitted(), *provider.admin_groups, *provider.groups]))


def group_names(way: str, provider: Provider) -> dict[str, str]:
    """The hub's names for them."""
    return {membership: group_name(way, membership) for membership in memberships(provider)}


def group_name(way: str, membership: str) -> str:
    """The hub's name for a group, organization, team, domain or institution of a provider: `github-my-lab-staff`."""
    plain = membership.removeprefix(DOMAIN).removeprefix(IDP).removeprefix("https://").lower()
    letters = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return f"{way}-{re.sub(r'[^a-z0-9._-]+', '-', letters).strip('-._')}"
