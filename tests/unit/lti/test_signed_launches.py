"""homeroom.lti.signed_launch, nonces and what becomes of a launch of LTI 1.1, on a real database in memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlencode

import pytest
from homeroom.lti import consumers, nonces, signed_launch, target, way
from homeroom.lti.consumers import Consumer
from homeroom.lti.signed_claims import claims_of
from homeroom.lti.signed_launch import LEEWAY_SECONDS, LIFE_SECONDS, SignedLaunch
from homeroom.sign_in.one_use import KeptSecret
from homeroom.sign_in.way import Identity, Refused
from ltiauthenticator.lti11.validator import LTI11LaunchValidator
from sqlalchemy.orm import Session
from tornado.web import HTTPError

from tests import lti_consumer
from tests.lti_consumer import KEY, SECRET, signature, signed

HUB = "https://hub.example/biology/"
ADDRESS = f"{HUB}hub/lti/launch"
SCHOOL = Consumer(name="oldschool", key=KEY, secret=SECRET)
LISTED = {"name": "oldschool", "key": KEY, "url": ""}


def sent(form: Mapping[str, str] | list[tuple[str, str]], query: str = "") -> SignedLaunch:
    """A launch as the hub reads it of what a browser sends."""
    return signed_launch.read(urlencode(form).encode(), query)


def verify(form: Mapping[str, str], query: str = "", *, by: Consumer = SCHOOL, later_seconds: float = 0) -> None:
    """Check a launch as of now, or of some time from now."""
    signed_launch.verify(sent(form, query), by, ADDRESS, time.time() + later_seconds)


def reason(form: Mapping[str, str], query: str = "", **more: Any) -> str:
    """Why a launch is refused."""
    with pytest.raises(Refused) as refused:
        verify(form, query, **more)
    return refused.value.reason


def lti(monkeypatch: pytest.MonkeyPatch, *listed: dict[str, Any], secrets: str = "", **more: Any) -> way.LTIWay:
    """The way with these consumers."""
    given = listed or (LISTED,)
    monkeypatch.setenv(consumers.SECRETS, secrets or ",".join(f"{each['name']}:{SECRET}" for each in given))
    return way.LTIWay(public_url=HUB, consumers=list(given), allow_all=True, **more)


def who(made: way.LTIWay, db: Session, fields: dict[str, str], query: str = "") -> Identity:
    """Who comes by a launch with these fields."""
    launch = sent(fields, query)
    consumer = consumers.choose(made.signing, launch.key)
    return made.person_of(db, consumer, claims_of(launch, ADDRESS), {"consumer_key": consumer.key})


def test_the_tests_sign_as_the_standard_does() -> None:
    """The platform of the tests signs what OAuth's own example has, to the letter."""
    fields = {
        "file": "vacation.jpg",
        "size": "original",
        "oauth_consumer_key": "dpf43f3p2l4k3l03",
        "oauth_token": "nnch734d00sl2jdk",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "1191242096",
        "oauth_nonce": "kllo9940pd9333jh",
        "oauth_version": "1.0",
    }
    made = signature(
        "GET", "http://photos.example.net/photos", list(fields.items()), "kd94hf93k423kf44", "pfkkdhi9sl3r4s00"
    )
    assert made == "tR3+Ty81lMeYAr/Fid0kMTYa/WM="


@pytest.mark.parametrize("manners", [lti_consumer.moodle, lti_consumer.canvas, lti_consumer.edx])
def test_what_platforms_send_is_taken(manners: Any) -> None:
    """The launches of Moodle, Canvas and Open edX are, with letters of all kinds."""
    verify(signed(ADDRESS, manners(context_title="Größe & Maß = 100 % + ~x*'()", custom_empty="")))


@pytest.mark.parametrize(
    "typed", ["HTTPS://HUB.example/biology/hub/lti/launch", ADDRESS.replace("/bio", ":443/bio", 1)]
)
def test_spellings_of_one_address_are_one(typed: str) -> None:
    """Capitals of a host, and the port that everybody means, say nothing: what is signed is without both."""
    launch = sent(signed(ADDRESS, lti_consumer.moodle()))
    signed_launch.verify(launch, SCHOOL, typed, time.time())


OTHERWISE: dict[str, tuple[str, Any]] = {
    "changed": ("wrong-signature", lambda: {**signed(ADDRESS, lti_consumer.moodle()), "user_id": "3"}),
    "added": ("wrong-signature", lambda: {**signed(ADDRESS, lti_consumer.moodle()), "custom_next": "/biology/hub/"}),
    "taken away": (
        "wrong-signature",
        lambda: {name: value for name, value in signed(ADDRESS, lti_consumer.moodle()).items() if name != "roles"},
    ),
    "newer time": (
        "wrong-signature",
        lambda: {**signed(ADDRESS, lti_consumer.moodle()), "oauth_timestamp": str(int(time.time()) + 1)},
    ),
    "another secret": ("wrong-signature", lambda: signed(ADDRESS, lti_consumer.moodle(), "guessed")),
    "no secret": ("wrong-signature", lambda: signed(ADDRESS, lti_consumer.moodle(), "")),
    "no signature": ("wrong-signature", lti_consumer.moodle),
    "an empty signature": ("wrong-signature", lambda: {**lti_consumer.moodle(), "oauth_signature": ""}),
    "letters beyond ASCII": ("wrong-signature", lambda: {**lti_consumer.moodle(), "oauth_signature": "ü"}),
    "another path": ("wrong-signature", lambda: signed(f"{HUB}hub/lti/launches", lti_consumer.moodle())),
    "another host": ("wrong-signature", lambda: signed(ADDRESS.replace("hub.", "evil."), lti_consumer.moodle())),
    "another port": ("wrong-signature", lambda: signed(ADDRESS.replace("/bio", ":8443/bio"), lti_consumer.moodle())),
    "plain http": ("wrong-signature", lambda: signed(ADDRESS.replace("https", "http"), lti_consumer.moodle())),
    "a GET": (
        "wrong-signature",
        lambda: {
            **(fields := lti_consumer.moodle()),
            "oauth_signature": signature("GET", ADDRESS, list(fields.items()), SECRET),
        },
    ),
    "plain text": (
        "wrong-algorithm",
        lambda: {**lti_consumer.moodle(oauth_signature_method="PLAINTEXT"), "oauth_signature": f"{SECRET}&"},
    ),
    "no algorithm": ("wrong-algorithm", lambda: signed(ADDRESS, lti_consumer.moodle(oauth_signature_method=None))),
    "no time": ("bad-launch", lambda: signed(ADDRESS, lti_consumer.moodle(oauth_timestamp=None))),
    "no number": ("bad-launch", lambda: signed(ADDRESS, lti_consumer.moodle(oauth_timestamp="1e9"))),
    "letters that are digits": (
        "bad-launch",
        lambda: signed(ADDRESS, lti_consumer.moodle(oauth_timestamp="\u0661" * 10)),
    ),
    "no version": ("no-launch", lambda: signed(ADDRESS, lti_consumer.moodle(oauth_version=None))),
    "another message": (
        "no-launch",
        lambda: signed(ADDRESS, lti_consumer.moodle(lti_message_type="ContentItemSelectionRequest")),
    ),
    "another LTI": ("no-launch", lambda: signed(ADDRESS, lti_consumer.moodle(lti_version="LTI-2p0"))),
    "no resource": ("no-launch", lambda: signed(ADDRESS, lti_consumer.moodle(resource_link_id=None))),
    "nobody": ("anonymous", lambda: signed(ADDRESS, lti_consumer.moodle(""))),
    "blank": ("anonymous", lambda: signed(ADDRESS, lti_consumer.moodle(" "))),
}


@pytest.mark.parametrize("what", OTHERWISE)
def test_what_is_no_launch_of_the_platforms_is_refused(what: str) -> None:
    """A launch counts as it was signed: by this secret, for this address, and none of its fields is another."""
    wanted, form = OTHERWISE[what]
    assert reason(form()) == wanted


def test_without_a_secret_nothing_is_signed() -> None:
    """A platform of which the hub was told no secret signs nobody in, as little as who signs by none."""
    nothing = Consumer(name="oldschool", key=KEY, secret="")
    assert reason(signed(ADDRESS, lti_consumer.moodle(), ""), by=nothing) == "wrong-signature"
    with pytest.raises(Refused, match="does not know") as refused:
        consumers.choose([nothing], KEY)
    assert refused.value.reason == "no-secret"
    with pytest.raises(Refused, match="does not know"):
        consumers.choose([SCHOOL], "another")
    with pytest.raises(Refused, match="does not know"):
        consumers.choose([SCHOOL], "")


@pytest.mark.parametrize(
    ("later_seconds", "wanted"),
    [(LIFE_SECONDS + 5, "expired"), (-LEEWAY_SECONDS - 5, "not-yet-valid"), (400_000_000, "expired")],
)
def test_a_launch_is_of_its_time(later_seconds: float, wanted: str) -> None:
    """A launch is good for ten minutes; a platform's clock may be a minute ahead."""
    form = signed(ADDRESS, lti_consumer.moodle())
    assert reason(form, later_seconds=later_seconds) == wanted
    verify(form, later_seconds=LIFE_SECONDS - 5)
    verify(form, later_seconds=-LEEWAY_SECONDS + 5)


def test_what_stands_in_the_address_is_signed_too() -> None:
    """Fields of the launch's address count, where the platform signed them, and not otherwise."""
    query = {"next": "/biology/hub/home"}
    form = signed(ADDRESS, lti_consumer.moodle(), query=query)
    verify(form, urlencode(query))
    assert target.landing(claims_of(sent(form, urlencode(query)), ADDRESS), HUB) == "/biology/hub/home"
    assert reason(form) == "wrong-signature"
    assert reason(form, "next=%2Fbiology%2Fhub%2Fadmin") == "wrong-signature"
    assert reason(signed(ADDRESS, lti_consumer.moodle()), "next=%2Fbiology%2Fhub%2Fhome") == "wrong-signature"


@pytest.mark.parametrize("name", ["user_id", "oauth_nonce", "oauth_signature", "oauth_consumer_key", "custom_next"])
def test_a_field_stands_there_once(name: str) -> None:
    """Two values of one field are refused, in the form, in the address, or one in each: no two parts of the hub read
    a launch otherwise."""
    form = list(signed(ADDRESS, lti_consumer.moodle(custom_next="/biology/hub/")).items())
    with pytest.raises(Refused, match="is there twice"):
        sent([*form, (name, "other")])
    with pytest.raises(Refused, match="is there twice"):
        sent(form, urlencode({name: "other"}))
    with pytest.raises(Refused, match="is there twice"):
        sent(form, urlencode([("a", "1"), ("a", "2")]))


@pytest.mark.parametrize(
    "form", [b"\xff\xfe", b'{"user_id": "2"}', b"user_id=%zz", "user_id=\u00fc".encode(), b"a&" * 5000]
)
def test_what_is_no_form_is_refused(form: bytes) -> None:
    """Bytes that nobody can make sense of, and more fields than any platform sends, are told in a sentence."""
    with pytest.raises(Refused) as refused:
        signed_launch.read(form, "")
    assert refused.value.reason == "bad-launch"


def taken(db: Session, form: Mapping[str, str], by: Consumer = SCHOOL) -> None:
    """Use a launch up."""
    nonces.take(db, by, sent(form))


def pass_time(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Have it be later by now."""
    later = time.time() + seconds
    monkeypatch.setattr(time, "time", lambda: later)


def test_a_launch_is_taken_once(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A launch that was used is worth nothing, to whoever has all of it; the same nonce of another second, or of
    another platform, is another launch."""
    form = signed(ADDRESS, lti_consumer.moodle())
    taken(db, form)
    with pytest.raises(Refused) as refused:
        taken(db, form)
    assert refused.value.reason == "replayed"
    pass_time(monkeypatch, LIFE_SECONDS + LEEWAY_SECONDS)
    with pytest.raises(Refused):
        taken(db, form)
    taken(db, {**form, "oauth_timestamp": str(int(form["oauth_timestamp"]) + 1)})
    taken(db, form, Consumer(name="other", key="other", secret=SECRET))


def test_another_spelling_of_a_nonce_is_the_same_launch(db: Session) -> None:
    """oauthlib reads percent signs of OAuth's own fields a second time: a nonce that is so written has the signature of
    another one, and is that one, so that no launch is taken again under another name."""
    form = signed(ADDRESS, lti_consumer.moodle(oauth_nonce="abcA"))
    again = {**form, "oauth_nonce": "abc%41"}
    verify(again)
    taken(db, form)
    with pytest.raises(Refused) as refused:
        taken(db, again)
    assert refused.value.reason == "replayed"


def test_nothing_is_forgotten_that_could_come_again(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept is bounded, and goes when it is worth nothing any more; where there are more, they are refused, for
    to forget one would be to take it again. Other platforms' people come in meanwhile."""
    monkeypatch.setattr(nonces, "MOST_KEPT", 3)
    forms = [signed(ADDRESS, lti_consumer.moodle()) for _ in range(4)]
    for form in forms[:3]:
        taken(db, form)
    with pytest.raises(Refused) as refused:
        taken(db, forms[3])
    assert refused.value.reason == "too-many-launches"
    with pytest.raises(Refused):
        taken(db, forms[0])
    taken(db, forms[3], Consumer(name="other", key="other", secret=SECRET))
    pass_time(monkeypatch, nonces.KEPT_SECONDS + 5)
    taken(db, forms[3])
    assert db.query(KeptSecret).count() == 1


def test_a_launch_has_a_nonce(db: Session) -> None:
    """What could not be told from the next launch of its second is refused."""
    with pytest.raises(Refused) as refused:
        taken(db, signed(ADDRESS, lti_consumer.moodle(oauth_nonce="")))
    assert refused.value.reason == "bad-launch"


def test_the_library_takes_a_launch_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """ltiauthenticator keeps what nobody signed, for the last 35 seconds that it was told of: with unsigned requests
    whoever has one launch has it forgotten, and used again. This is why its validator is not used."""
    monkeypatch.setattr(LTI11LaunchValidator, "nonces", type(LTI11LaunchValidator.nonces)(35, 35.0))
    now = int(time.time())
    monkeypatch.setattr("ltiauthenticator.lti11.validator.time", SimpleNamespace(time=lambda: now))
    library = LTI11LaunchValidator({KEY: SECRET})
    form = signed(ADDRESS, lti_consumer.moodle(oauth_timestamp=str(now)))
    assert library.validate_launch_request(ADDRESS, {}, form)
    with pytest.raises(HTTPError, match="already used"):
        library.validate_launch_request(ADDRESS, {}, form)
    for second in [*range(now - 25, now), *range(now + 1, now + 26)]:
        with pytest.raises(HTTPError, match="Invalid oauth_signature"):
            library.validate_launch_request(ADDRESS, {}, {**form, "oauth_timestamp": str(second), "oauth_nonce": "x"})
    assert library.validate_launch_request(ADDRESS, {}, form)


@pytest.mark.parametrize(
    ("fields", "name", "groups"),
    [
        (lti_consumer.moodle("2"), "u2", {"lti-oldschool-12-student"}),
        (lti_consumer.moodle("2", ext_user_username=None), "4711", {"lti-oldschool-12-student"}),
        (lti_consumer.canvas(), "hopper", {"lti-oldschool-4dde05e8ca1973bcca9bffc13e1548820eee93a3-assistant"}),
        (lti_consumer.edx(), "bela", {"lti-oldschool-course-v1-school-bio1-2026-b18ddeb3-student"}),
    ],
    ids=["moodle", "moodle without its own field", "canvas", "edx"],
)
def test_people_and_their_courses(
    db: Session, monkeypatch: pytest.MonkeyPatch, fields: dict[str, str], name: str, groups: set[str]
) -> None:
    """A newcomer is called as they are there, and is in the group of their course and role, as with LTI 1.3."""
    found = who(lti(monkeypatch), db, fields)
    assert (found.way, found.name) == ("lti:oldschool", name)
    assert found.subject == f"key:homeroom {fields['user_id']}"
    assert set(found.groups or ()) == groups


@pytest.mark.parametrize(
    ("roles", "role"),
    [
        ("Learner", "student"),
        ("Instructor,urn:lti:sysrole:ims/lis/Administrator", "instructor"),
        ("urn:lti:role:ims/lis/Instructor", "instructor"),
        ("urn:lti:role:ims/lis/Instructor/TeachingAssistant", "assistant"),
        ("Instructor, TeachingAssistant", "assistant"),
        ("urn:lti:instrole:ims/lis/Instructor,Learner", "student"),
        ("urn:lti:instrole:ims/lis/Administrator", None),
        ("https://evil.example/Instructor", None),
        ("", None),
    ],
)
def test_roles(db: Session, monkeypatch: pytest.MonkeyPatch, roles: str, role: str | None) -> None:
    """A role counts where it is one in the course, however it is written."""
    found = who(lti(monkeypatch), db, lti_consumer.moodle(roles=roles)).groups
    assert set(found or ()) == ({f"lti-oldschool-12-{role}"} if role else set())


def test_pseudonyms(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """With pseudonyms neither name nor e-mail of a launch is kept."""
    found = who(lti(monkeypatch, names="pseudonyms"), db, lti_consumer.moodle())
    assert (found.display_name, found.email) == ("", "")
    assert found.name.startswith("p-")


def test_people_are_told_apart_by_platform_and_letter(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's number of one platform is another person at another one, and so is another spelling."""
    made = lti(monkeypatch, LISTED, {"name": "other", "key": "other", "url": ""})
    people = [
        who(made, db, lti_consumer.moodle("AbC")),
        who(made, db, lti_consumer.moodle("aBc")),
        who(made, db, lti_consumer.moodle("AbC", oauth_consumer_key="other")),
    ]
    assert len({(each.way, each.subject) for each in people}) == 3


@pytest.mark.parametrize(
    ("custom", "path"),
    [
        ({"custom_notebook": "week1/a.ipynb"}, "/biology/hub/user-redirect/lab/tree/week1/a.ipynb"),
        ({"custom_next": "/biology/hub/home"}, "/biology/hub/home"),
        ({"custom_next": "https://evil.example/"}, ""),
        ({"custom_next": "//evil.example"}, ""),
        ({}, ""),
    ],
)
def test_custom_parameters_say_where_it_leads(custom: dict[str, str], path: str) -> None:
    """As with LTI 1.3: to a page of this hub or of the lab, never to another site."""
    launch = sent(signed(ADDRESS, lti_consumer.moodle(**custom)))
    assert target.landing(claims_of(launch, ADDRESS), HUB) == path


def test_who_came_stays_while_the_platform_is_ours(db: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose platform is taken from site/lti.yaml, or gets another key, is out; others stay, in their groups."""
    made = lti(monkeypatch)
    identity = who(made, db, lti_consumer.moodle())
    for listed, stays in ((LISTED, True), ({**LISTED, "key": "new"}, False), ({**LISTED, "name": "x"}, False)):
        later = lti(monkeypatch, listed)
        later._app = SimpleNamespace(db=db)
        found = asyncio.run(later.refresh(identity))
        assert (found is not None) is stays
        if found is not None:
            assert set(found.groups or ()) == {"lti-oldschool-12-student"}
