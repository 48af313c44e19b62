"""The webhook, by a real server: each kind has its form, and what keeps it from arriving is told in words."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from generator.core.errors import HomeroomError
from generator.core.paths import ROOT
from generator.topics.watching import channels, web
from generator.topics.watching.message import Message, compose
from tests.certificates import Authority
from tests.http_sink import answering
from tests.sample_settings import settings

TOLD = Message(title="[hub] a <fault>", lines=("@all: look <!channel>", "`![x](http://evil.example/x.png)`"))
HIDDEN = "hooks/x1y2z3"


def hook_settings(url: str, kind: str = "mattermost") -> Any:
    """Settings that post to this address."""
    return settings(ALERT_WEBHOOK=url, ALERT_WEBHOOK_KIND=kind)


def test_each_kind_has_its_form() -> None:
    """A chat is posted its text, in which nobody is called and nothing is fetched; ntfy a title and a message of a
    topic."""
    with answering() as hook:
        for kind in ("mattermost", "slack"):
            assert "answered 200: ok" in web.post(hook_settings(f"{hook.url}/{HIDDEN}", kind), TOLD)
        web.post(hook_settings(f"{hook.url}/homeroom", "ntfy"), TOLD)
    assert hook.paths == [f"/{HIDDEN}", f"/{HIDDEN}", "/"]
    mattermost, slack, ntfy = hook.bodies
    for text in (mattermost["text"], slack["text"]):
        assert "@all" not in text
        assert text.count("```") == 2
        assert text.count("`") == 8
    assert "<!channel>" not in slack["text"]
    assert "&lt;!channel&gt;" in slack["text"]
    assert ntfy == {"topic": "homeroom", "title": TOLD.title, "message": TOLD.text}


def test_an_address_may_hold_credentials() -> None:
    """A user with a password, or a token alone."""
    with answering() as hook:
        there = hook.url.removeprefix("http://")
        web.post(hook_settings(f"http://ada:secret%20word@{there}/x"), TOLD)
        web.post(hook_settings(f"http://:tk_123@{there}/x"), TOLD)
    assert hook.credentials == ["Basic YWRhOnNlY3JldCB3b3Jk", "Bearer tk_123"]


def refusal(url: str) -> str:
    """What is said of a message that was not taken; the address is a secret, but for its host."""
    with pytest.raises(HomeroomError) as caught:
        web.post(hook_settings(f"{url}/{HIDDEN}"), TOLD)
    assert HIDDEN not in str(caught.value)
    assert "127.0.0.1" in caught.value.cause
    assert caught.value.remedy
    return str(caught.value)


@pytest.mark.parametrize(
    ("status", "words"), [(403, "refuses it: 403"), (503, "cannot take it now: 503"), (302, "leads elsewhere: 302")]
)
def test_an_answer_that_is_none_is_told(status: int, words: str) -> None:
    """An error is an error, and a redirect is not followed."""
    with answering(status) as hook:
        assert words in refusal(hook.url)
    assert len(hook.paths) == 1


@pytest.mark.parametrize("at", ["STEP_SECONDS", "WHOLE_SECONDS"])
def test_a_server_that_hangs_is_told(monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    """It is waited for so long and no longer."""
    monkeypatch.setattr(web, at, 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert "does not answer in time" in refusal(f"http://127.0.0.1:{server.getsockname()[1]}")


def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    """It refuses, speaks no TLS, or has a certificate that this machine does not know."""
    assert "refuses the connection" in refusal("http://127.0.0.1:9")
    with answering() as hook:
        assert "does not speak TLS" in refusal(hook.url.replace("http:", "https:"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*Authority.made(tmp_path).sign(tmp_path, ["127.0.0.1"]))
    with answering(tls=context) as hook:
        assert "is not trusted" in refusal(hook.url)


# --- What is told, and by which ways ---


def test_nothing_private_is_told() -> None:
    """No secret, no path of a home, no more than a line where one is meant, and no end of them."""
    wanted = settings(HOMES="/srv/homes")
    lines = [
        "the hub said\nAuthorization: token abcdefgh12345 of word-of-env",
        "/srv/homes/ada/essay.ipynb and /var/lib/docker/volumes/hub-user-ada/_data/x and /home/bela/y are large",
        "x" * 2000,
        *("more" for _ in range(100)),
    ]
    told = compose(wanted, "two\nlines", lines, {"word-of-env": "MAIL_PASSWORD"})
    for hidden in ("abcdefgh", "word-of-env", "ada", "bela", "essay"):
        assert hidden not in told.text
    assert "\n" not in told.title
    assert told.lines[1] == "[homes] and [volume] and [home] are large"
    assert len(told.lines) == 40
    assert max(map(len, told.lines)) <= 400
    assert "64 more lines" in told.lines[-1]


def test_a_directory_beside_ours_is_named_whole() -> None:
    """What lies in this directory is told from here on; another's name that begins alike is not cut."""
    lines = [f"{ROOT}/rendered is full, {ROOT} too", f"{ROOT}-copies: not mounted"]
    told = compose(settings(), "two", lines, {})
    assert told.lines == ("./rendered is full, . too", f"{ROOT}-copies: not mounted")


def test_a_test_says_what_came_back(capsys: pytest.CaptureFixture[str]) -> None:
    """By each way that is set: one that is not taken is told, and the other is tried all the same. Where no way is
    set, that is said."""
    with pytest.raises(HomeroomError, match="nobody is told"):
        channels.try_all(settings())
    with answering() as hook:
        both = settings(ALERT_WEBHOOK=hook.url, ALERT_MAIL="it@uni.example", MAIL_HOST="127.0.0.1", MAIL_PORT="9")
        assert not channels.try_all(both)
        assert channels.try_all(hook_settings(hook.url))
    shown = capsys.readouterr()
    assert "By mail" in shown.err
    assert "answered 200" in shown.out
    assert len(hook.bodies) == 2


@pytest.mark.parametrize(
    ("values", "faulty"),
    [
        ({"ALERT_MAIL": "a@b.example"}, "MAIL_HOST"),
        ({"MAIL_PASSWORD": "right word"}, "MAIL_USER"),
        ({"MAIL_PASSWORD": "right word", "MAIL_USER": "ada", "MAIL_TLS": "off"}, "MAIL_TLS"),
        ({"ALERT_WEBHOOK": "https://ntfy.example", "ALERT_WEBHOOK_KIND": "ntfy"}, "ALERT_WEBHOOK"),
        ({"ALERT_WEBHOOK": "https://[chat.example/x"}, "ALERT_WEBHOOK"),
        ({"ALERT_WEBHOOK": "https://chat..example/x"}, "ALERT_WEBHOOK"),
        ({"WATCH_PING": "https://ping.example:99999/x"}, "WATCH_PING"),
        ({"WATCH_PING": "https:///x"}, "WATCH_PING"),
    ],
)
def test_settings_that_do_not_fit_are_refused(values: dict[str, str], faulty: str) -> None:
    """A password is never sent for all to read, and what is needed for a way is asked for."""
    assert [name for name, _, _ in settings(**values).all_cross_checks()] == [faulty]


@pytest.mark.parametrize("url", ["http://127.0.0.1:8/x", "https://:tk_1@[::1]:8/x", "https://ada:w@chat.example/x"])
def test_addresses_that_can_be_asked_are_taken(url: str) -> None:
    """Of each form, with and without credentials and port."""
    assert list(settings(ALERT_WEBHOOK=url, WATCH_PING=url).all_cross_checks()) == []
