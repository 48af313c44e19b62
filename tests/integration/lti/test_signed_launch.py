"""A hub process and platforms that speak LTI 1.1: launches, and what tries to pass for one."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
import requests

from tests import lti_consumer
from tests.lti_consumer import signed
from tests.lti_hub import Browser, LTIHub, refusals


@pytest.fixture
def user_id() -> str:
    """Somebody at the platform whom the hub does not know yet."""
    return str(time.monotonic_ns())


def send(browser: Browser, form: Any, query: str = "", **headers: str) -> requests.Response:
    """Send a launch."""
    return browser.request("POST", f"hub/lti/launch{query}", data=form, headers=headers)


def address(hub: LTIHub) -> str:
    """Where launches go, as `make check` prints it."""
    return f"{hub.url}hub/lti/launch"


def test_a_launch_signs_in(hub: LTIHub, user_id: str) -> None:
    """Whom a platform vouches for by its secret is signed in under a name that people can read, in the groups of the
    course, and led to what the link is for; who comes again is the same person."""
    for _ in range(2):
        browser = Browser(hub)
        answer = send(browser, signed(address(hub), lti_consumer.moodle(user_id, custom_next="/hub/token")))
        assert (answer.status_code, answer.headers["Location"]) == (302, "/hub/token"), answer.text
        assert browser.is_signed_in
    with closing(sqlite3.connect(hub.database)) as database:
        query = "SELECT way, name, display_name, email, locale, groups FROM homeroom_identities WHERE subject = ?"
        ((*kept, groups),) = database.execute(query, (f"key:{lti_consumer.KEY} {user_id}",))
    assert kept == ["lti:oldschool", f"u{user_id}", "Ada Lovelace", f"u{user_id}@school.example", "de"]
    assert json.loads(groups) == ["lti-oldschool-12-student"]


def test_the_address_is_the_one_that_people_type(hub: LTIHub, user_id: str) -> None:
    """A launch counts for the address that the platform was told, whatever a proxy or a forger says of host and
    scheme in headers; one that was signed for what they say is none."""
    told = {"Host": "inner:8081", "X-Forwarded-Host": "inner", "X-Forwarded-Proto": "https"}
    told |= {"X-Scheme": "https", "Forwarded": "host=inner;proto=https"}
    good = send(Browser(hub), signed(address(hub), lti_consumer.moodle(user_id)), **told)
    assert good.status_code == 302
    for claimed in ("https://inner:8081/hub/lti/launch", "https://inner/hub/lti/launch"):
        browser = Browser(hub)
        assert send(browser, signed(claimed, lti_consumer.moodle(user_id)), **told).status_code == 403
        assert not browser.is_signed_in


ATTACKS: dict[str, tuple[Callable[[str], dict[str, str]], str]] = {
    "a changed person": (lambda at: {**signed(at, lti_consumer.moodle()), "user_id": "3"}, "wrong-signature"),
    "a changed role": (lambda at: {**signed(at, lti_consumer.moodle()), "roles": "Instructor"}, "wrong-signature"),
    "a guessed secret": (lambda at: signed(at, lti_consumer.moodle(), "guessed"), "wrong-signature"),
    "an empty secret": (lambda at: signed(at, lti_consumer.moodle(), ""), "wrong-signature"),
    "another platform's secret and key": (
        lambda at: signed(at, lti_consumer.moodle(oauth_consumer_key="unheard")),
        "unknown-key",
    ),
    "no key": (lambda at: signed(at, lti_consumer.moodle(oauth_consumer_key=None)), "unknown-key"),
    "an old time": (lambda at: signed(at, lti_consumer.moodle(oauth_timestamp="1700000000")), "expired"),
    "a time to come": (lambda at: signed(at, lti_consumer.moodle(oauth_timestamp="4000000000")), "not-yet-valid"),
    "no algorithm": (
        lambda at: signed(at, lti_consumer.moodle(oauth_signature_method="PLAINTEXT")),
        "wrong-algorithm",
    ),
    "another page": (lambda at: signed(f"{at}/../../lti13/launch", lti_consumer.moodle()), "wrong-signature"),
    "an empty form": (lambda _: {}, "unknown-key"),
}


@pytest.mark.parametrize("what", ATTACKS)
def test_what_is_no_launch_is_refused_and_kept(hub: LTIHub, what: str) -> None:
    """What the platform did not sign, for this hub and for now, signs nobody in; the person is told a number, and the
    operator can look up the reason."""
    make, reason = ATTACKS[what]
    browser = Browser(hub)
    answer = send(browser, make(address(hub)))
    assert answer.status_code == 403
    assert re.search(r"number: \d{5}", answer.text), answer.text
    assert reason in refusals(hub)
    assert not browser.is_signed_in


def test_a_replay_is_refused(hub: LTIHub, user_id: str) -> None:
    """A launch that was taken is worth nothing to whoever has all of it, however much is sent between."""
    form = signed(address(hub), lti_consumer.moodle(user_id))
    assert send(Browser(hub), form).status_code == 302
    now = int(form["oauth_timestamp"])
    for second in range(now - 40, now):
        unsigned = {**form, "oauth_timestamp": str(second), "oauth_nonce": "x"}
        assert send(Browser(hub), unsigned).status_code == 403
    thief = Browser(hub)
    assert send(thief, form).status_code == 403
    assert "replayed" in refusals(hub)
    assert not thief.is_signed_in


def test_doubled_and_oversized_forms_are_refused(hub: LTIHub, user_id: str) -> None:
    """No form that is larger than any launch is read, and none that says something twice, in the form or beside it."""
    form = signed(address(hub), lti_consumer.moodle(user_id))
    assert send(Browser(hub), [*form.items(), ("user_id", "3")]).status_code == 403
    assert send(Browser(hub), form, "?user_id=3").status_code == 403
    assert send(Browser(hub), {**form, "custom_large": "x" * 200_000}).status_code == 413
    assert send(Browser(hub), {**form, **{f"custom_{n}": "" for n in range(400)}}).status_code == 403
    assert {"twice", "bad-launch"} <= set(refusals(hub))
    assert send(Browser(hub), form).status_code == 302


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_launch_is_a_form_that_is_sent(hub: LTIHub, user_id: str, method: str) -> None:
    """By another method a launch is none, with whatever signature."""
    form = signed(address(hub), lti_consumer.moodle(user_id))
    browser = Browser(hub)
    kind = "params" if method == "GET" else "data"
    assert browser.request(method, "hub/lti/launch", **{kind: form}).status_code == 405
    assert not browser.is_signed_in


def test_within_a_frame_a_button_opens_a_window(hub: LTIHub, user_id: str) -> None:
    """A launch within a frame is answered by a page that any course may show, with the same launch behind a button; it
    is not used up by that. Nothing that it says is read as part of the page."""
    form = signed(address(hub), lti_consumer.moodle(user_id, context_title='"><script>'))
    framed = send(Browser(hub), form, **{"Sec-Fetch-Dest": "iframe"})
    assert framed.status_code == 200
    assert 'target="_blank"' in framed.text
    assert "frame-ancestors *" in framed.headers["Content-Security-Policy"]
    assert "<script>" not in framed.text
    assert "Set-Cookie" not in framed.headers or "login" not in framed.headers["Set-Cookie"]
    assert send(Browser(hub), form).status_code == 302


def test_another_website_sends_no_launch(hub: LTIHub, user_id: str) -> None:
    """Where the configuration says where a platform is, nobody is signed in as somebody else by a launch that another
    website sends with their browser, within a frame or not."""

    def launch() -> dict[str, str]:
        return signed(address(hub), lti_consumer.moodle(user_id, oauth_consumer_key="strict"))

    for origin in ("https://evil.example", "https://moodle.example.evil.example", "http://moodle.example", "null", ""):
        browser = Browser(hub)
        assert send(browser, launch(), Origin=origin).status_code == 403
        assert send(browser, launch(), Origin=origin, **{"Sec-Fetch-Dest": "iframe"}).status_code == 403
        assert not browser.is_signed_in
    assert "wrong-origin" in refusals(hub)
    assert send(Browser(hub), launch(), Origin="https://moodle.example").status_code == 302
    assert send(Browser(hub), launch(), Origin=hub.url.rstrip("/")).status_code == 302  # a frame's button


@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_a_launch_leads_to_no_other_site(hub: LTIHub, user_id: str, where: str) -> None:
    """A target of another site's leads to the person's lab, as without one."""
    form = signed(address(hub), lti_consumer.moodle(user_id, custom_next=where))
    answer = send(Browser(hub), form, "")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/hub/")
