"""Mail, by a real server: it arrives whole, and what keeps it from that is told in words."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from generator.core.errors import HomeroomError
from generator.topics.watching import mail
from generator.topics.watching.message import Message, PartlyTaken, compose
from tests import smtp_sink
from tests.certificates import Authority
from tests.sample_settings import settings

NOBODY_LISTENS = 9
TOLD = Message(title="[hub] the disk is nearly full", lines=("the disk of homes: 3.1 GiB are free", "Räume auf."))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority of the tests' own."""
    return Authority.made(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine trusts it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))


def mail_settings(port: int, **values: str) -> Any:
    """Settings that send to a server of this machine."""
    wanted = {
        "ALERT_MAIL": "it@uni.example,ada@uni.example",
        "MAIL_HOST": "127.0.0.1",
        "MAIL_PORT": str(port),
        "MAIL_USER": smtp_sink.USER,
        "MAIL_PASSWORD": smtp_sink.PASSWORD,
        "MAIL_FROM": smtp_sink.USER,
    }
    return settings(**(wanted | values))


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("tls", ["starttls", "tls", "off"])
def test_a_mail_arrives(tmp_path: Path, authority: Authority, tls: str) -> None:
    """Encrypted and with an account, or without both: with all lines, for all who are named, and marked as one that no
    program should answer."""
    without = {"MAIL_USER": "", "MAIL_PASSWORD": ""} if tls == "off" else {}
    with smtp_sink.running(tmp_path, authority, tls=tls) as sink:
        said = mail.send(mail_settings(sink.port, MAIL_TLS=tls, **without), TOLD)
    assert "took it" in said
    (found,) = sink.mails
    assert found["Subject"] == TOLD.title
    assert found["From"] == smtp_sink.USER
    assert found["Auto-Submitted"] == "auto-generated"
    assert tuple(found.get_content().splitlines()) == TOLD.lines
    assert sink.recipients == [["it@uni.example", "ada@uni.example"]]


@contextmanager
def listening(answer: bytes | None) -> Iterator[int]:
    """The port of something that takes one connection and says this; with None it never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server, ExitStack() as held:

        def serve() -> None:
            connection = held.enter_context(server.accept()[0])
            if answer is not None:
                connection.sendall(answer)
                connection.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        thread.join()


def refusal(wanted: Any) -> str:
    """What is said of a mail that was not sent."""
    with pytest.raises(HomeroomError) as caught:
        mail.send(wanted, TOLD)
    assert caught.value.remedy
    assert smtp_sink.PASSWORD not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("at", ["STEP_SECONDS", "WHOLE_SECONDS"])
def test_a_server_that_hangs_is_told(monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    """It is waited for so long and no longer, at each step and in all: one that answers drop by drop, too."""
    monkeypatch.setattr(mail, at, 0.2)
    with listening(None) as port:
        assert "does not answer in time" in refusal(mail_settings(port))


def test_a_server_that_is_none_is_told() -> None:
    """Nothing listens; another program does; it ends the connection; its name is not known."""
    assert "it refuses the connection" in refusal(mail_settings(NOBODY_LISTENS))
    with listening(b"SSH-2.0-OpenSSH_9.2\r\n") as port:
        assert "127.0.0.1" in refusal(mail_settings(port))
    with listening(b"") as port:
        assert "ends the connection" in refusal(mail_settings(port))
    with listening(b"220 hello\r\n") as port:
        assert "does not speak TLS" in refusal(mail_settings(port, MAIL_TLS="tls"))


def test_a_server_that_talks_without_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says is kept up to some length, so that it does not fill the machine's memory."""
    monkeypatch.setattr(mail, "MOST_SAID_BYTES", 1000)
    with listening(b"220-hello\r\n" * 200) as port:
        assert "talks without end" in refusal(mail_settings(port))


@pytest.mark.parametrize(
    "values",
    [
        {"MAIL_HOST": "smtp..example"},
        {"MAIL_HOST": "a" * 64},
        {"ALERT_MAIL": "a@uni.example."},
        {"ALERT_MAIL": "=?utf-8?q?=0a?=@uni.example"},
        {"MAIL_FROM": "a..b@uni.example"},
        {"MAIL_PASSWORD": "Gänse"},
    ],
)
def test_what_no_mail_can_be_sent_with_is_refused(values: dict[str, str]) -> None:
    """As a setting, before it keeps any message from being sent."""
    with pytest.raises(ValueError, match=next(iter(values))):
        mail_settings(25, **values)


@pytest.mark.usefixtures("trusted")
def test_what_a_server_refuses_is_told(tmp_path: Path, authority: Authority) -> None:
    """A wrong password, a mailbox that there is not, and a server without STARTTLS are each told with the setting that
    it is about."""
    with smtp_sink.running(tmp_path, authority) as sink:
        words = refusal(mail_settings(sink.port, MAIL_PASSWORD="wrong one"))
        assert "MAIL_PASSWORD" in words
        assert "535" in words
        assert "wrong one" not in words
        assert "no such mailbox" in refusal(mail_settings(sink.port, ALERT_MAIL=smtp_sink.NOBODY))
        two = mail_settings(sink.port, ALERT_MAIL=f"it@uni.example,{smtp_sink.NOBODY}")
        with pytest.raises(PartlyTaken, match=f"takes no mail for {smtp_sink.NOBODY}"):
            mail.send(two, Message(title="x", lines=()))
    assert len(sink.mails) == 1
    with smtp_sink.running(tmp_path, authority, tls="off") as sink:
        assert "MAIL_TLS" in refusal(mail_settings(sink.port))
    assert sink.mails == []


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_certificate_that_is_not_trusted_is_told(tmp_path: Path, authority: Authority, tls: str) -> None:
    """No password is sent to a server whose certificate this machine does not know."""
    with smtp_sink.running(tmp_path, authority, tls=tls) as sink:
        assert "is not trusted" in refusal(mail_settings(sink.port, MAIL_TLS=tls))
    assert sink.mails == []


@pytest.mark.usefixtures("trusted")
def test_a_certificate_of_another_name_is_told(tmp_path: Path, authority: Authority) -> None:
    """Nor to one whose certificate is another's."""
    with smtp_sink.running(tmp_path, authority, name="mail.example.org") as sink:
        assert "is not trusted" in refusal(mail_settings(sink.port))


@pytest.mark.usefixtures("trusted")
def test_headers_cannot_be_injected(tmp_path: Path, authority: Authority) -> None:
    """Whatever a name holds, a mail has the headers that we give it; lines of its own are no lines there."""
    name = "ada\r\nBcc: eve@evil.example\r\n\r\nfree money"
    with smtp_sink.running(tmp_path, authority) as sink:
        wanted = mail_settings(sink.port)
        mail.send(wanted, compose(wanted, f"the lab of {name} is down", [f"{name} waits"], {}))
    (found,) = sink.mails
    assert found["Bcc"] is None
    assert set(found.keys()) >= {"From", "To", "Subject", "Date", "Message-ID"}
    assert sink.recipients == [["it@uni.example", "ada@uni.example"]]
    assert len(found.get_content().splitlines()) == 1
    with pytest.raises(ValueError, match="Header"):
        mail.written(wanted, Message(title=name, lines=()), wanted.ALERT_MAIL)
