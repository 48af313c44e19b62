"""The way `ldap`: people of a directory, by their name and password there."""

from __future__ import annotations

import asyncio
from typing import Any

from traitlets import Instance, Unicode, default

from homeroom.ldap.directory import LdapDirectory
from homeroom.ldap.people import Person, group_name
from homeroom.sign_in.way import Identity, Refused, Way
from homeroom.texts.said import say, text

REFUSAL_SECONDS = 0.5
"""After which a name or password is told to be wrong, at the earliest: the directory takes a time for an unknown name,
and another for a wrong password."""
LONGEST_PASSWORD = 1024
BY_FILTER = "ldap-BY-FILTER"
"""The group of those whom `allowed_filter` matches. No group of the directory is called so: their names here have small
letters."""


class LdapWay(Way):
    """Lets in people of an LDAP directory or Active Directory, by what they are called there; one person, whatever they
    type and wherever their entry is moved to, is one user here."""

    name = "ldap"
    has_form = True
    allowed_filter = Unicode("", config=True, help="Let in people whom this filter of the directory matches.")
    directory = Instance(LdapDirectory, help="The directory.")

    def usual_title(self) -> str:
        """The way's name on the sign-in page, where the configuration gives it none."""
        return text("ldap.title")

    @default("directory")
    def _own_directory(self) -> LdapDirectory:
        return LdapDirectory(parent=self.parent)

    def rules(self) -> bool:
        """Whether anybody could be let in: one rule at least is set."""
        return super().rules() or bool(self.allowed_filter)

    def allows(self, name: str, identity: Identity) -> bool:
        """Whether the rules let this person in, under this user name."""
        return super().allows(name, identity) or (bool(self.allowed_filter) and BY_FILTER in (identity.groups or ()))

    async def check(self, handler: Any, username: str, password: str) -> Identity | None:
        """Who has this name and password in the directory; None where they are wrong, which is never told at once.

        :raises Refused: they are right, and the directory closes the account or does not tell who it is.
        :raises Unreachable: no server says.
        """
        clock = asyncio.get_running_loop().time
        soonest = clock() + REFUSAL_SECONDS
        found = None
        if is_text(username) and is_text(password) and 0 < len(password) <= LONGEST_PASSWORD:
            found = await self.directory.ask(self._signed_in, username, password)
        if found is None:
            await asyncio.sleep(soonest - clock())
        return found

    async def refresh(self, identity: Identity) -> Identity | None:
        """The person as the directory knows them now; None where they are not there any more, or their account is
        closed there. Where it tells nothing without their password, they stay who they were.

        :raises Unreachable: no server says.
        """
        if not self.directory.looks_people_up:
            return identity
        return await self.directory.ask(self._looked_up, identity.subject, str(identity.state.get("dn", "")))

    def _signed_in(self, username: str, password: str) -> Identity | None:
        person = self.directory.sign_in(username, password)
        if person is None:
            return None
        if person.is_closed():
            raise Refused(
                "closed-in-directory",
                say("ldap.closed"),
                detail=f"{person.dn} is disabled or has expired",
                remedy="See to the account in the directory.",
            )
        return self._identity(person)

    def _looked_up(self, subject: str, dn: str) -> Identity | None:
        person = self.directory.look_up(subject, dn)
        return None if person is None or person.is_closed() else self._identity(person)

    def _identity(self, person: Person) -> Identity:
        directory = self.directory
        subject, name = person.subject(directory.subject_attribute), person.text(directory.name_attribute)
        if not name:
            raise Refused(
                "no-name",
                say("ldap.no_name"),
                detail=f"{person.dn} has no {directory.name_attribute}",
                remedy="Set attributes.name in site/ldap.yaml to one that everybody has.",
            )
        groups = frozenset(map(group_name, directory.groups_of(person)))
        if self.allowed_filter and directory.read(person.dn, self.allowed_filter) is not None:
            groups |= {BY_FILTER}
        return Identity(
            way=self.name,
            subject=subject,
            name=name,
            display_name=person.text(directory.display_name_attribute) or person.text("cn"),
            email=person.text(directory.email_attribute),
            groups=groups,
            admin=not self.admin_groups.isdisjoint(groups) if self.admin_groups else None,
            locale=person.text(directory.language_attribute),
            state={"dn": person.dn},
        )


def is_text(typed: str) -> bool:
    """Whether a directory can be asked for what was typed."""
    try:
        return b"\0" not in typed.encode()
    except UnicodeEncodeError:
        return False
