"""Which language somebody is answered in."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from homeroom.texts import language, pages
from homeroom.texts.refusal import Refusal
from homeroom.texts.said import say
from jinja2 import Environment
from jupyterhub.handlers.base import BaseHandler


class Handler:
    """A request, as far as its language goes."""

    def __init__(self, cookie: str | None = None, accepts: str = "") -> None:
        self.cookie = cookie
        self.request = SimpleNamespace(headers={"Accept-Language": accepts} if accepts else {})
        self.base_url = "/"
        self.sent: dict[str, str] = {}
        self.kept: list[tuple[str, str]] = []

    def get_cookie(self, name: str) -> str | None:
        return self.cookie if name == language.COOKIE else None

    def set_header(self, name: str, value: str) -> None:
        self.sent[name] = value

    def _set_cookie(self, name: str, value: str, **_: Any) -> None:
        self.kept.append((name, value))


@pytest.mark.parametrize(
    ("cookie", "accepts", "wanted"),
    [
        (None, "", None),
        (None, "de-DE,de;q=0.9,en;q=0.8", "de"),
        (None, "fr-FR,fr;q=0.9,en;q=0.5,de;q=0.6", "de"),
        (None, "en-GB,de;q=0.9", "en"),
        (None, "fr,nl", None),
        (None, "de;q=0,en;q=0.1", "en"),
        (None, "de;q=lots,;;,-", None),
        ("en", "de", "en"),
        ("de", "en", "de"),
        ("xx", "de", "de"),
        ("../../etc", "", None),
    ],
)
def test_the_choice_then_the_browser(cookie: str | None, accepts: str, wanted: str | None) -> None:
    """What somebody chose here comes first, then the languages of their browser by its own order; others are passed
    over, and nonsense too."""
    assert language.chosen(cookie, accepts) == wanted


def test_every_answer_depends_on_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the hub answers is told in the language of who asks, and says to caches that it depends on it."""
    monkeypatch.setattr(BaseHandler, "set_default_headers", lambda _: None)
    monkeypatch.setattr(pages, "_set_default_headers", BaseHandler.set_default_headers)
    pages.answer_in_their_language()
    handler: Any = Handler(accepts="de")
    BaseHandler.set_default_headers(handler)
    assert handler.sent == {"Vary": "Accept-Language, Cookie"}
    assert str(say("page.sign_out")) == "Abmelden"
    assert Refusal(403, "no_lab.one_only").jupyterhub_message.startswith("Sie können")
    BaseHandler.set_default_headers(Handler())
    assert str(say("page.sign_out")) == "Sign out"


def test_a_refusal_is_logged_in_english() -> None:
    """Operators read the log."""
    language.answer(Handler(accepts="de"))
    try:
        assert "one lab only" in str(Refusal(403, "no_lab.one_only"))
    finally:
        language.answer(Handler())


def test_a_source_of_sign_ins_can_say_the_language() -> None:
    """It is taken up where the browser asks for none that there is, and never in place of a choice."""
    for handler, locale, kept in (
        (Handler(), "de_AT", [(language.COOKIE, "de")]),
        (Handler(accepts="en"), "de", []),
        (Handler(cookie="en"), "de", []),
        (Handler(accepts="fr"), "xx", []),
        (Handler(), "", []),
    ):
        language.suggest(handler, locale)
        assert handler.kept == kept


def test_values_cannot_carry_html() -> None:
    """A name on a page is shown as it is written, also in a text that holds marks."""
    page = Environment(autoescape=True, extensions=[pages.Texts]).from_string(
        '{{ text("accounts.password.account", name="<script>") }}'
    )
    assert page.render() == 'Account: <strong class="text-break">&lt;script&gt;</strong>'
