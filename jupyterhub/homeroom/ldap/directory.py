"""What the directory is asked: who has a name and a password, who somebody is, and which groups they are in."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import ldap3
from ldap3.core.exceptions import LDAPException, LDAPInvalidDnError, LDAPPasswordIsMandatoryError
from ldap3.utils.conv import escape_filter_chars
from ldapauthenticator import LDAPAuthenticator
from traitlets import Bool, Enum, Int, List, Unicode, default

from homeroom.ldap import faults, groups
from homeroom.ldap.people import LOCKS, Person, subject_filter
from homeroom.ldap.servers import LDAPS, PLAIN, STARTTLS, Call, Servers
from homeroom.sign_in.way import Refused, Unreachable
from homeroom.texts.said import say

T = TypeVar("T")
THREADS = 16
NOBODY = "cn=homeroom-looks-for-nobody"
"""Who is asked for where nobody was found: the answer takes as long as that to a wrong password."""
WRONG = frozenset({"invalidCredentials", "inappropriateAuthentication", "noSuchObject", "invalidDNSyntax",
                   "unwillingToPerform", "constraintViolation"})  # fmt: skip
"""What a server answers where somebody cannot sign in; all else is its own trouble."""
READS_ANY = "(objectClass=*)"


class LdapDirectory(LDAPAuthenticator):
    """ldapauthenticator's, of which the hub uses what finds and checks a person; sign-in itself is the hub's own.

    - It asks several servers, over one connection for all of a sign-in, with their certificates checked, in threads of
      its own and within bounds.
    - What is wrong with the directory is told apart from what is wrong with a name or password.
    - A person is who their immutable attribute says, under the name that the directory has, whatever was typed.
    """

    servers = List(Unicode(), config=True, help="The servers' addresses, in the order in which they are asked.")
    security = Enum([LDAPS, STARTTLS, PLAIN], STARTTLS, config=True, help="How a connection to `ldap://` is sealed.")
    ca_file = Unicode("", config=True, help="Who may sign their certificates; empty: whoever the system trusts.")
    timeout_seconds = Int(5, config=True, help="For a connection to a server, and for each answer.")
    subject_attribute = Unicode("entryUUID", config=True, help="What never changes of a person.")
    name_attribute = Unicode("uid", config=True, help="What a person is called.")
    email_attribute = Unicode("mail", config=True, help="A person's e-mail address.")
    display_name_attribute = Unicode("displayName", config=True, help="How a person is shown to others.")
    language_attribute = Unicode("preferredLanguage", config=True, help="The language that a person reads.")
    groups_from = Enum(groups.SOURCES, groups.NONE, config=True, help="How the directory says who is in which group.")
    group_base = Unicode("", config=True, help="Below which groups count.")
    group_name_attribute = Unicode("cn", config=True, help="What a group is called.")
    nested_groups = Bool(True, config=True, help="Whether groups in groups count.")
    valid_username_regex = Unicode(r"^[^\x00-\x1f\x7f]{1,255}\Z", config=True)

    @default("lookup_dn_search_password")
    def _password(self) -> str | None:
        return os.environ.get("LDAP_BIND_PASSWORD") or None

    @cached_property
    def known_servers(self) -> Servers:
        """The servers, with what is remembered of them."""
        ca_file = Path(self.ca_file) if self.ca_file else None
        return Servers(self.servers, security=self.security, ca_file=ca_file, timeout_seconds=self.timeout_seconds)

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        """The directory's own threads: a server that hangs does not delay those who sign in by another way."""
        return ThreadPoolExecutor(THREADS, thread_name_prefix="ldap")

    @cached_property
    def _local(self) -> threading.local:
        return threading.local()

    @property
    def looks_people_up(self) -> bool:
        """Whether it can be asked about somebody without their password."""
        return self.lookup_dn or bool(self.lookup_dn_search_user)

    @property
    def most_seconds(self) -> int:
        """The longest that anybody waits for the directory, in seconds."""
        return self.timeout_seconds * (len(self.servers) + 2)

    async def ask(self, question: Callable[..., T], *arguments: Any) -> T:
        """Ask something in a thread.

        :raises Unreachable: there is no answer, or none in time.
        """
        call = Call()
        answer = asyncio.get_running_loop().run_in_executor(self._threads, self._asked, call, question, *arguments)
        done, _ = await asyncio.wait({answer}, timeout=self.most_seconds)
        if not done:
            answer.cancel()
            answer.add_done_callback(lambda late: late.cancelled() or late.exception())  # nobody asks for it any more
            call.cut()
            raise Unreachable(f"the directory did not answer within {self.most_seconds} seconds")
        return answer.result()

    def _asked(self, call: Call, question: Callable[..., T], *arguments: Any) -> T:
        with self.calling(call):
            return question(*arguments)

    @contextmanager
    def calling(self, call: Call) -> Iterator[None]:
        """All that this thread asks in the body goes over one connection.

        :raises Unreachable: also for what the library tells in its own way.
        """
        self._local.call = call
        try:
            yield
        except (LDAPException, OSError) as error:
            raise Unreachable(faults.of_connection(error)) from error
        finally:
            self._local.call = None
            call.close()

    def sign_in(self, username: str, password: str) -> Person | None:
        """Who has this name and password; None where they are wrong. For a thread.

        The library's own coroutine, which waits for nothing but the network, and would keep the whole hub meanwhile.

        :raises Refused: they are right, and the directory lets them in nowhere.
        :raises Unreachable: nobody can say.
        """
        model = asyncio.run(self.authenticate(None, {"username": username, "password": password}))
        return None if model is None else model["auth_state"]["user_attributes"]

    def get_connection(self, userdn: str | None, password: str | None) -> Any:
        """The call's connection, for a person; None where the password is not theirs.

        :raises Refused: it is theirs, and their account is closed.
        :raises Unreachable: no server says.
        """
        connection, result = self._bind(userdn, password)
        if result["description"] == "success":
            return connection
        closed = faults.of_account(result["message"])
        if closed is not None:
            raise Refused(
                "closed-in-directory",
                say("ldap.closed"),
                detail=f"{userdn} {closed}",
                remedy="See to the account in the directory.",
            )
        if result["description"] not in WRONG:
            raise Unreachable(f"{connection.server.name} answers {result['description']} {result['message']}".strip())
        return None

    def service_connection(self) -> Any:
        """The call's connection, for the hub itself: as bind_dn, or as nobody where there is none.

        :raises Unreachable: no server lets it in.
        """
        user, password = self.lookup_dn_search_user or None, self.lookup_dn_search_password or None
        if user and not password:
            raise Unreachable("bind_dn has no password: set LDAP_BIND_PASSWORD in .env")
        connection, result = self._bind(user, password)
        if result["description"] == "success":
            return connection
        said = f"{result['description']} {result['message']}".strip()
        remedy = f"look at bind_dn ({user}) and LDAP_BIND_PASSWORD" if user else "set bind_dn, and LDAP_BIND_PASSWORD"
        raise Unreachable(f"{connection.server.name} does not let the hub search: {said}; {remedy}")

    def _bind(self, user: str | None, password: str | None) -> tuple[Any, dict[str, Any]]:
        """Tell a server who asks, the next one where it fails in that; the connection and the server's answer."""
        call: Call = self._local.call
        for last in [*[False] * (len(self.servers) - 1), True]:
            connection = call.connection or self.known_servers.connect(call)
            connection.user, connection.password = user, password
            connection.authentication = ldap3.SIMPLE if user else ldap3.ANONYMOUS
            try:
                connection.bind(read_server_info=False)
            except (LDAPInvalidDnError, LDAPPasswordIsMandatoryError):
                return connection, {"description": "invalidCredentials", "message": ""}
            except (LDAPException, OSError) as error:
                self.known_servers.avoid(call)
                if last or call.is_cut:
                    raise Unreachable(f"{connection.server.name}: {faults.of_connection(error)}") from error
            else:
                return connection, connection.result
        raise AssertionError("the last server neither answered nor failed")

    def resolve_username(self, username_supplied_by_user: str) -> tuple[str | None, str | None]:
        """Where somebody stands whom this name finds; nothing where it finds nobody, or several, which takes as long as
        a wrong password."""
        self.service_connection()
        typed = self.lookup_dn_search_filter.format(login=escape_filter_chars(username_supplied_by_user), login_attr="")
        found = self.search(self.user_search_base, typed, ldap3.SUBTREE, ["1.1"])
        if len(found) == 1:
            return username_supplied_by_user, as_template(found[0].dn)
        if found:
            self.log.error("%d people of the directory are found by %s: nobody is signed in by it", len(found), typed)
        self.get_connection(f"{NOBODY},{self.user_search_base}", "no-password")
        return None, None

    def get_user_attributes(self, conn: Any, userdn: str) -> Person:
        """The entry of somebody whose password was right.

        :raises Unreachable: it cannot be read.
        """
        if self.lookup_dn_search_user:
            self.service_connection()
        found = self.read(userdn)
        if found is None:
            raise Unreachable(f"{userdn} signs in, but cannot be read; look at what bind_dn may read")
        return found

    def read(self, dn: str, matching: str = READS_ANY) -> Person | None:
        """An entry, where it is there and matches a filter."""
        wanted = [self.subject_attribute, self.name_attribute, self.email_attribute, self.display_name_attribute, "cn",
                  self.language_attribute, "memberOf", *LOCKS]  # fmt: skip
        return next(iter(self.search(dn, matching, ldap3.BASE, list(dict.fromkeys(wanted)))), None)

    def search(self, base: str, matching: str, scope: str, attributes: list[str]) -> list[Person]:
        """Entries, by the call's connection.

        :raises Unreachable: the server does not say.
        """
        connection = self._local.call.connection
        connection.search(search_base=base, search_filter=matching, search_scope=scope, attributes=attributes)
        return [
            Person.of(each["dn"], each["raw_attributes"])
            for each in connection.response or ()
            if each["type"] == "searchResEntry"
        ]

    def groups_of(self, person: Person) -> list[str]:
        """The names of somebody's groups."""
        rules = groups.GroupRules(self.groups_from, self.group_base, self.group_name_attribute, self.nested_groups)
        return groups.find(self.search, person, person.text(self.name_attribute), rules)

    def look_up(self, subject: str, dn: str) -> Person | None:
        """Somebody as the directory knows them now, also where they stand elsewhere; None where they are not there, or
        sign-in would not find them any more. For a thread.

        :param dn: where they stood.
        """
        self.service_connection()
        person = self.read(dn) if dn else None
        if person is None or person.subject(self.subject_attribute) != subject:
            person = self._by_subject(subject)
        if person is None or not self.lookup_dn:
            return person
        name = escape_filter_chars(person.text(self.name_attribute))
        return self.read(person.dn, self.lookup_dn_search_filter.format(login=name, login_attr=""))

    def _by_subject(self, subject: str) -> Person | None:
        if not self.user_search_base:
            return None
        matching = subject_filter(self.subject_attribute, subject)
        found = self.search(self.user_search_base, matching, ldap3.SUBTREE, ["1.1"])
        return self.read(found[0].dn) if len(found) == 1 else None


def as_template(dn: str) -> str:
    """A place in the directory as the library takes one, which fills in what stands in braces."""
    return dn.replace("{", "{{").replace("}", "}}")
