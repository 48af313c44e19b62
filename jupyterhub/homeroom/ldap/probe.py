"""What the directory's servers say to the hub, for `make check`: `python -m homeroom.ldap.probe JSON`, with the
traits of the way and of the directory. One finding a line, as JSON."""

from __future__ import annotations

import json
import ssl
import sys
import time
from collections.abc import Iterator
from typing import Any

import ldap3
from traitlets.config import Config

from homeroom.ldap import people
from homeroom.ldap.directory import LdapDirectory
from homeroom.ldap.servers import Call
from homeroom.sign_in.way import Refused, Unreachable

SOON_DAYS = 14
DAY_SECONDS = 86400
OK, WARN, ERROR = "ok", "warn", "error"
Finding = tuple[str, str, str]
"""Level, what was found, what to do."""


def look(way: dict[str, Any], traits: dict[str, Any]) -> Iterator[Finding]:
    """What is found at each server, and of people and groups at the first that answers."""
    asked = False
    for url in traits["servers"]:
        directory = LdapDirectory(config=Config({"LdapDirectory": {**traits, "servers": [url]}}))
        call = Call()
        try:
            with directory.calling(call):
                yield from _greet(directory, call, url)
                if not asked:
                    yield from _people(directory)
                    yield from _groups(directory, way)
                asked = True
        except Unreachable as error:
            yield WARN, str(error), "People who sign in wait for this server until the time is over, then for the next."
    if not asked:
        yield ERROR, "no server of the directory can be used", "Mend what is told of each; nobody can sign in there."


def _greet(directory: LdapDirectory, call: Call, url: str) -> Iterator[Finding]:
    """Connect as the hub does, and tell who it is."""
    connection = directory.known_servers.connect(call)
    certificate = connection.socket.getpeercert() if isinstance(connection.socket, ssl.SSLSocket) else None
    sealed = "without TLS"
    if certificate:
        days = int((ssl.cert_time_to_seconds(str(certificate["notAfter"])) - time.time()) / DAY_SECONDS)
        sealed = f"certificate good for {days} days"
        if days < SOON_DAYS:
            yield WARN, f"the certificate of {url} expires in {days} days", "Renew it on the server."
    if directory.lookup_dn or directory.lookup_dn_search_user:
        directory.service_connection()
    yield OK, f"{url} answers ({sealed}) and takes the hub as {directory.lookup_dn_search_user or 'nobody'}", ""


def _people(directory: LdapDirectory) -> Iterator[Finding]:
    """See whether anybody is found, and whether it can be told who they are."""
    if not directory.lookup_dn:
        return
    anybody = directory.lookup_dn_search_filter.format(login="*", login_attr="")
    found = directory.search(directory.user_search_base, anybody, ldap3.SUBTREE, ["1.1"])
    if not found:
        cause = f"nobody is found by {anybody} below {directory.user_search_base}"
        yield WARN, cause, "Look at search in site/ldap.yaml, and at what bind_dn may read."
        return
    person = directory.read(found[0].dn)
    if person is None:
        yield WARN, f"{found[0].dn} is found, and cannot be read", "Let bind_dn read people's entries."
        return
    try:
        person.subject(directory.subject_attribute)
    except Refused as refused:
        yield WARN, refused.detail, refused.remedy
        return
    if not person.text(directory.name_attribute):
        remedy = "Set attributes.name in site/ldap.yaml to one that everybody has."
        yield WARN, f"{person.dn} has no {directory.name_attribute}", remedy
        return
    yield OK, f"people are found, {'1000 or more' if len(found) >= 1000 else len(found)} of them", ""


def _groups(directory: LdapDirectory, way: dict[str, Any]) -> Iterator[Finding]:
    """See whether the groups are there that rules name."""
    wanted = {*way.get("allowed_groups", ()), *way.get("admin_groups", ())}
    if not directory.group_base or not (directory.lookup_dn or directory.lookup_dn_search_user):
        return
    name = directory.group_name_attribute
    found = directory.search(directory.group_base, f"({name}=*)", ldap3.SUBTREE, [name])
    known = {people.group_name(text) for group in found for text in group.texts(name)[:1]}
    if missing := sorted(wanted - known):
        remedy = f"Look at allowed_groups, admin_groups and groups.base in site/ldap.yaml; {name} is a group's name."
        yield WARN, f"no group is called {', '.join(each.removeprefix('ldap-') for each in missing)}", remedy
    else:
        yield OK, f"groups are found, {len(known)} of them", ""


def main(text: str) -> int:
    """Look, and print."""
    given = json.loads(text)
    for level, cause, remedy in look(given["way"], given["directory"]):
        print(json.dumps({"level": level, "cause": cause, "remedy": remedy}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
