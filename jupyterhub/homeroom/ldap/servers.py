"""The servers of a directory: which one is asked, how the way to it is sealed, and for how long an answer is waited
for."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ldap3
from ldap3.core.exceptions import LDAPExceptionError

from homeroom.ldap import faults
from homeroom.sign_in.way import Unreachable

LDAPS, STARTTLS, PLAIN = "ldaps", "starttls", "plain"
AVOIDED_SECONDS = 30.0
"""For how long a server that did not answer is asked after the others."""
MOST_ENTRIES = 1000
"""Of an answer; nobody is in more groups."""


class CheckedTls(ldap3.Tls):
    """ldap3's, but that the certificate and the name in it are always checked, by OpenSSL, and that the certificates of
    those who may sign one are read once, not at each connection."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context = context

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:  # the library's
        """Seal the connection.

        :raises ssl.SSLCertVerificationError: its certificate is not good, or another server's.
        """
        connection.socket = self._context.wrap_socket(connection.socket, server_hostname=connection.server.host)


class CheckedConnection(ldap3.Connection):
    """ldap3's, but that a search which the server did not carry out is an error; ldap3 would have found nobody."""

    def search(self, *arguments: Any, **options: Any) -> Any:
        """As ldap3's, within bounds; that there is no such place in the directory finds nothing only where one entry
        is read.

        :raises Unreachable: the server refuses the search, or fails in it.
        """
        reads_one = options.get("search_scope") == ldap3.BASE
        found = super().search(*arguments, **{"size_limit": MOST_ENTRIES, **options})
        answer = self.result["description"]
        if answer not in ("success", "sizeLimitExceeded") and not (reads_one and answer == "noSuchObject"):
            base = options.get("search_base", "")
            raise Unreachable(f"{self.server.name}: {faults.of_search(answer, self.result['message'], base)}")
        return found


class Call:
    """One errand to the directory, in a thread: all of it over one connection, which can be cut from outside."""

    def __init__(self) -> None:
        self.connection: Any = None
        self.url = ""
        """The server at its other end."""
        self.is_cut = False
        """Whether nobody waits for it any more."""

    def cut(self) -> None:
        """End it: whoever waits for the server waits no longer."""
        self.is_cut = True
        open_socket = getattr(self.connection, "socket", None)
        if open_socket is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(open_socket, socket.SHUT_RDWR)

    def require_waiting(self) -> None:
        """Go on only while somebody waits: it may have been cut when there was no socket yet that could be.

        :raises Unreachable: nobody does.
        """
        if self.is_cut:
            raise Unreachable("the directory did not answer in time")

    def close(self) -> None:
        """Let the server know that nothing more comes."""
        if self.connection is not None:
            with contextlib.suppress(LDAPExceptionError, OSError):
                self.connection.unbind()
            self.connection = None


class Servers:
    """The servers of one directory, asked in their order.

    :param urls: such as `ldaps://ldap.uni.example` and `ldap://localhost:1389`.
    :param security: for `ldap://`: STARTTLS or PLAIN.
    :param ca_file: who may sign the servers' certificates; None: whoever the system trusts.
    :param timeout_seconds: for a connection, and for each answer.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        security: str,
        ca_file: Path | None,
        timeout_seconds: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.urls = tuple(urls)
        self.security = security
        self.ca_file = ca_file
        self.timeout_seconds = timeout_seconds
        self._clock = clock
        self._avoided_until: dict[str, float] = {}
        self._context: tuple[object, ssl.SSLContext] | None = None
        self._lock = threading.Lock()

    def in_order(self) -> list[str]:
        """The servers as they are tried: in their order, those that did not answer lately at the end."""
        now = self._clock()
        return sorted(self.urls, key=lambda url: self._avoided_until.get(url, 0.0) > now)

    def connect(self, call: Call) -> Any:
        """A sealed connection to the first server that answers, for nobody yet; it is the call's, too.

        :raises Unreachable: none does; with what is wrong with each.
        """
        found = []
        for url in self.in_order():
            if call.is_cut:
                break
            try:
                self._open(url, call)
            except (LDAPExceptionError, OSError) as error:
                call.url = url
                self.avoid(call)
                found.append(f"{url}: {faults.of_connection(error)}")
            else:
                call.url = url
                self._avoided_until.pop(url, None)
                return call.connection
        raise Unreachable("; ".join(found) or "the directory did not answer in time")

    def avoid(self, call: Call) -> None:
        """Give up the call's connection, whose server fails, and ask that one last for a while."""
        self._avoided_until[call.url] = self._clock() + AVOIDED_SECONDS
        call.close()

    def _open(self, url: str, call: Call) -> None:
        parts = urlsplit(url)
        at_once = parts.scheme == LDAPS
        sealed = at_once or self.security != PLAIN
        server = ldap3.Server(
            parts.hostname,
            port=parts.port,
            use_ssl=at_once,
            tls=CheckedTls(self.context()) if sealed else None,
            get_info=ldap3.NONE,
            connect_timeout=self.timeout_seconds,
        )
        # A referral is not followed: it would hand the password to whichever server is named, sealed or not.
        connection = CheckedConnection(
            server, auto_bind=ldap3.AUTO_BIND_NONE, auto_referrals=False, receive_timeout=self.timeout_seconds
        )
        call.connection = connection
        connection.open(read_server_info=False)
        call.require_waiting()
        if sealed and not at_once:
            connection.start_tls(read_server_info=False)
            call.require_waiting()

    def context(self) -> ssl.SSLContext:
        """What certificates are checked by; made anew where the file has changed. As strict as Python 3.13 is, in any
        Python.

        :raises OSError: the file cannot be read, or holds no certificate.
        """
        seen: object = None
        if self.ca_file is not None:
            status = self.ca_file.stat()
            seen = (status.st_mtime_ns, status.st_size, status.st_ino)
        with self._lock:
            if self._context is None or self._context[0] != seen:
                made = ssl.create_default_context(cafile=None if self.ca_file is None else str(self.ca_file))
                made.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
                self._context = (seen, made)
            return self._context[1]
