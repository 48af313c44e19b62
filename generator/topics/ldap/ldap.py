"""site/ldap.yaml, checked: what is wrong with it is told with its line before anything is changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from generator.core.errors import HomeroomError, raise_all
from generator.core.finding import Finding, warning
from generator.schema.addresses import is_loopback
from generator.schema.settings import Settings
from generator.site.reader import SiteFile
from generator.site.reader import load as read
from generator.topics.ldap import certificates
from generator.topics.ldap.site import LDAP, Ldap
from generator.topics.ldap.ways import WAY

LOCATION = f"site/{LDAP}"
PASSWORD = ".env: LDAP_BIND_PASSWORD"  # noqa: S105  # where it stands


def load(settings: Settings, site: Path) -> Ldap | None:
    """The directory by which people sign in; None where AUTH names none.

    :raises HomeroomError: everything that is wrong with it.
    """
    if WAY not in settings.ways:
        return None
    found = read(site / LDAP, Ldap)
    if found is None:
        raise HomeroomError(
            "says nothing, and AUTH names ldap",
            location=LOCATION,
            remedy="Name servers, where people are found, and who may sign in: docs/sign-in/ldap.md.",
        )
    raise_all(list(_faults(found, SiteFile(site / LDAP), site, has_password=bool(settings.LDAP_BIND_PASSWORD))))
    return found


def _faults(ldap: Ldap, file: SiteFile, site: Path, *, has_password: bool) -> Iterator[HomeroomError]:
    if not ldap.has_rule:
        yield HomeroomError("has no rule who may sign in", location=LOCATION, remedy=ldap.rule_remedy)
    yield from _faults_of_servers(ldap, file)
    if ldap.ca_file and (wrong := certificates.fault(site / ldap.ca_file)):
        yield file.error(("ca_file",), wrong[0], remedy=wrong[1])
    if bool(ldap.search) == bool(ldap.template):
        cause = "says twice how people are found" if ldap.search else "does not say how people are found"
        remedy = "Write either `search:` with its base, or `template:`; docs/sign-in/ldap.md shows both."
        yield file.error(("template",), cause, remedy=remedy)
    if ldap.bind_dn and not has_password:
        remedy = f"Write LDAP_BIND_PASSWORD=..., the password of {ldap.bind_dn}."
        yield HomeroomError(f"is not set, and {LOCATION} names a bind_dn", location=PASSWORD, remedy=remedy)
    yield from _faults_of_groups(ldap, file)


def _faults_of_servers(ldap: Ldap, file: SiteFile) -> Iterator[HomeroomError]:
    for number, url in enumerate(ldap.servers):
        at, parts = ("servers", number), urlsplit(url)
        if parts.scheme == "ldap" and ldap.tls is None:
            remedy = f"Write `tls: starttls`, or ldaps://{parts.hostname} where the server offers that."
            yield file.error(at, f"{url} would have passwords travel unencrypted", remedy=remedy)
        if is_loopback(parts.hostname or ""):
            remedy = "Write the name of this machine, which stands in the server's certificate."
            yield file.error(at, f"{parts.hostname} is the hub's own container, not this machine", remedy=remedy)


def _faults_of_groups(ldap: Ldap, file: SiteFile) -> Iterator[HomeroomError]:
    wanted = next((name for name in ("allowed_groups", "admin_groups") if getattr(ldap, name)), "")
    if wanted and ldap.groups is None:
        remedy = "Add `groups:` with the base below which they stand, such as `base: ou=groups,dc=uni,dc=example`."
        yield file.error((wanted,), "names groups, and nothing says how they are found", remedy=remedy)
    if ldap.groups is not None and ldap.groups.base is None:
        remedy = "Write base, below which they stand: a group of the same name elsewhere would count, too."
        yield file.error(("groups",), "does not say which groups count", remedy=remedy)


def findings(settings: Settings, site: Path) -> Iterator[Finding]:
    """What is odd about it.

    :raises HomeroomError: everything that is wrong with it.
    """
    ldap = load(settings, site)
    if ldap is None:
        if read(site / LDAP, Ldap) is not None:
            remedy = "Write ldap into AUTH, or take the file away."
            yield warning("ldap", "AUTH does not name ldap, so this file is not used", location=LOCATION, remedy=remedy)
        return
    if ldap.tls == "plain" and any(url.startswith("ldap://") for url in ldap.servers):
        yield warning(
            "ldap",
            "with `tls: plain` everybody between the hub and the directory can read all passwords",
            location=LOCATION,
            remedy="Write `tls: starttls`, or ldaps://; plain is for a directory on this machine alone.",
        )
    if ldap.template and not ldap.bind_dn:
        yield warning(
            "ldap",
            "without bind_dn the directory is not asked about who is signed in: who is removed there stays signed in",
            location=LOCATION,
            remedy="Add bind_dn, an account that may read people, with LDAP_BIND_PASSWORD in .env.",
        )
    if settings.LDAP_BIND_PASSWORD and not ldap.bind_dn:
        remedy = f"Add bind_dn to {LOCATION}, or take it away."
        yield warning("ldap", "is set, and nothing says whose it is", location=PASSWORD, remedy=remedy)
