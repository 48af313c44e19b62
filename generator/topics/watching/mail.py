"""Mail: one message by SMTP, and what a server says against it, in words."""

from __future__ import annotations

import smtplib
import socket
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from typing import BinaryIO

from generator.core.errors import HomeroomError
from generator.schema.settings import Settings
from generator.topics.watching.deadline import within
from generator.topics.watching.message import Message, PartlyTaken, one_line

STEP_SECONDS = 15
"""How long a server may take for one answer."""
WHOLE_SECONDS = 60
LONGEST_WORDS = 200
MOST_SAID_BYTES = 1 << 20
PORTS = {"starttls": 587, "tls": 465, "off": 25}
"""The usual ones, by MAIL_TLS."""


class _Said:
    """What a server says, read line by line, to an end."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.bytes = 0

    def readline(self, most: int) -> bytes:
        """The next line.

        :raises OSError: it says too much.
        """
        line = self.file.readline(most)
        self.bytes += len(line)
        if self.bytes > MOST_SAID_BYTES:
            raise OSError("it talks without end")
        return line

    def close(self) -> None:
        """Read no more."""
        self.file.close()


class _Server(smtplib.SMTP):
    """smtplib's, which keeps all lines of an answer, however many there are: here they have an end."""

    def getreply(self) -> tuple[int, bytes]:
        """The next answer."""
        if self.file is None and self.sock is not None:
            self.file = _Said(self.sock.makefile("rb"))
        return super().getreply()


class _RefusedForSome(smtplib.SMTPRecipientsRefused):
    """Others were sent it; where all are refused, smtplib itself says so."""


class _ServerOfTls(_Server, smtplib.SMTP_SSL):
    """The same, encrypted from the start."""


def port(settings: Settings) -> int:
    """The port at which mail is taken."""
    return settings.MAIL_PORT or PORTS[settings.MAIL_TLS]


def sender(settings: Settings) -> str:
    """Whom mail is from."""
    return settings.MAIL_FROM or settings.ALERT_MAIL.split(",")[0]


def send(settings: Settings, message: Message, *, to: str = "") -> str:
    """Send it to ALERT_MAIL, or to one address; returns what the server said when it took it.

    :raises PartlyTaken: it was sent, and not to all.
    :raises HomeroomError: it was not sent.
    """
    try:
        return within(WHOLE_SECONDS, lambda: _send(settings, message, to or settings.ALERT_MAIL))
    except _RefusedForSome as failure:
        told = refusal(failure, settings)
        raise PartlyTaken(told.cause, location=told.location, remedy=told.remedy) from None
    except (OSError, smtplib.SMTPException, ValueError) as failure:
        raise refusal(failure, settings) from None


def written(settings: Settings, message: Message, to: str) -> EmailMessage:
    """The mail as it is sent. Headers take no line from outside: the library refuses one that holds a line's end."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender(settings)
    mail["To"] = ", ".join(to.split(","))
    mail["Subject"] = message.title
    mail["Date"] = formatdate(localtime=True)
    mail["Message-ID"] = make_msgid(domain=sender(settings).rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"  # so that nobody's notice of absence answers
    mail.set_content(message.text + "\n", charset="utf-8", cte="quoted-printable")
    return mail


def _send(settings: Settings, message: Message, to: str) -> str:
    name = settings.HUB_HOST or socket.gethostname()
    context = ssl.create_default_context()
    if settings.MAIL_TLS == "tls":
        server: smtplib.SMTP = _ServerOfTls(
            settings.MAIL_HOST, port(settings), local_hostname=name, timeout=STEP_SECONDS, context=context
        )
    else:
        server = _Server(settings.MAIL_HOST, port(settings), local_hostname=name, timeout=STEP_SECONDS)
    with server:
        server.ehlo_or_helo_if_needed()
        if settings.MAIL_TLS == "starttls":
            server.starttls(context=context)
        if settings.MAIL_USER:
            server.login(settings.MAIL_USER, settings.MAIL_PASSWORD)
        refused = server.send_message(written(settings, message, to), to_addrs=to.split(","))
    if refused:
        raise _RefusedForSome(refused)
    return f"{settings.MAIL_HOST}:{port(settings)} took it for {to}"


def refusal(failure: Exception, settings: Settings) -> HomeroomError:
    """What kept a mail from being sent, where, and what to do."""
    name, cause, remedy = _told(failure, settings)
    return HomeroomError(cause, location=f".env: {name}", remedy=remedy)


def _told(failure: Exception, settings: Settings) -> tuple[str, str, str]:
    """The setting that it is about, the cause, and the remedy; the more telling kinds of failure come first."""
    server = f"{settings.MAIL_HOST}:{port(settings)}"
    look = f"Set MAIL_HOST and MAIL_PORT as the server wants them; `nc -v {settings.MAIL_HOST} {port(settings)}`"
    if isinstance(failure.__context__, TimeoutError):  # smtplib tells it as a connection that ended
        failure = failure.__context__
    match failure:
        case smtplib.SMTPAuthenticationError():
            return (
                "MAIL_PASSWORD",
                f"{server} refuses MAIL_USER with this password: {_said(failure)}",
                "Some servers want a password made for programs, or have signing in by SMTP switched off.",
            )
        case smtplib.SMTPRecipientsRefused():
            refused = ", ".join(f"{who} ({code} {_words(said)})" for who, (code, said) in failure.recipients.items())
            return "ALERT_MAIL", f"{server} takes no mail for {refused}", "See to the address, or to what may be sent."
        case smtplib.SMTPSenderRefused():
            remedy = "Set MAIL_FROM to an address that the server lets this account use."
            return "MAIL_FROM", f"{server} takes no mail from {sender(settings)}: {_said(failure)}", remedy
        case smtplib.SMTPNotSupportedError():
            remedy = "Set MAIL_TLS and MAIL_PORT as the server wants them, or leave out MAIL_USER."
            return "MAIL_TLS", f"{server} does not offer what is set: {one_line(str(failure))}", remedy
        case smtplib.SMTPResponseException():
            return "MAIL_HOST", f"{server} does not take the mail: {_said(failure)}", "Its administrators know why."
        case smtplib.SMTPServerDisconnected():
            remedy = "Set MAIL_TLS and MAIL_PORT as the server wants them: 587 is starttls, 465 is tls."
            return "MAIL_TLS", f"{server} ends the connection: {one_line(str(failure))}", remedy
        case ssl.SSLCertVerificationError():
            return (
                "MAIL_HOST",
                f"the certificate of {server} is not trusted: {one_line(failure.verify_message)}",
                "Set MAIL_HOST to the name in its certificate; one of an authority of your own is trusted once "
                "`update-ca-certificates` knows it.",
            )
        case ssl.SSLError():
            remedy = "Set MAIL_TLS and MAIL_PORT as the server wants them: 587 is starttls, 465 is tls."
            return "MAIL_TLS", f"{server} does not speak TLS as it is set: {failure.reason or 'no TLS'}", remedy
        case TimeoutError():
            return "MAIL_HOST", f"{server} does not answer in time", f"{look} shows whether a firewall is between."
        case ConnectionRefusedError():
            return "MAIL_PORT", f"nothing takes mail at {server}: it refuses the connection", f"{look} tries it."
        case socket.gaierror():
            return "MAIL_HOST", f"the name {settings.MAIL_HOST} is not known", "See to its spelling, and to the DNS."
    if isinstance(failure, UnicodeError):  # of a name that is none; what it says may hold a password
        return (
            "MAIL_HOST",
            f"{server} cannot be spoken to: {type(failure).__name__}",
            "See to how the MAIL_ settings are spelt.",
        )
    words = getattr(failure, "strerror", None) or str(failure) or type(failure).__name__
    return "MAIL_HOST", f"{server} cannot be reached: {one_line(str(words))}", f"{look} tries it."


def _said(failure: smtplib.SMTPResponseException) -> str:
    return f"{failure.smtp_code} {_words(failure.smtp_error)}"


def _words(said: bytes | str) -> str:
    return one_line(said.decode(errors="replace") if isinstance(said, bytes) else said)[:LONGEST_WORDS]
