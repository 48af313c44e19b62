"""A real server of mail that keeps what it takes: aiosmtpd, with STARTTLS or TLS and with accounts."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult

from tests.certificates import Authority

USER, PASSWORD = "homeroom@uni.example", "right word"
NOBODY = "nobody@uni.example"
"""For whom it takes no mail."""


@dataclass
class Sink:
    """One server on this machine.

    :param port: where it listens.
    :param mails: what it took, as it came.
    """

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        """Take all but one."""
        if address == NOBODY:
            return "550 5.1.1 there is no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Keep it."""
        found = message_from_bytes(envelope.content, policy=default)
        assert isinstance(found, EmailMessage)
        self.mails.append(found)
        self.recipients.append(list(envelope.rcpt_tos))
        return "250 2.0.0 taken"


def _known(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()), handled=False)


@contextmanager
def running(folder: Path, authority: Authority, *, tls: str = "starttls", name: str = "127.0.0.1") -> Iterator[Sink]:
    """A server that takes mail until the body ends.

    :param tls: as MAIL_TLS: with `off` it wants no account.
    :param name: of whom its certificate is.
    """
    certificate, key = authority.sign(folder, [name])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    sink, loop = Sink(), asyncio.new_event_loop()
    options: dict[str, Any] = {"loop": loop, "hostname": "sink.example"}
    if tls != "off":
        options |= {
            "authenticator": _known,
            "auth_required": True,
            "auth_require_tls": tls == "starttls",
        }  # of the other it does not know that it is encrypted
    if tls == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    server = loop.run_until_complete(
        loop.create_server(lambda: SMTP(sink, **options), "127.0.0.1", 0, ssl=context if tls == "tls" else None)
    )
    sink.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
