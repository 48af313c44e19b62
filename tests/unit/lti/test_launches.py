"""homeroom.lti: what a launch must be, with real keys and tokens, on a real database in memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

import jwt
import pytest
from homeroom.lti import launches, registered, way
from homeroom.lti.claims import CLAIM
from homeroom.lti.launches import Begun
from homeroom.lti.platform import Platform, read
from homeroom.lti.records import Invitation, Membership, SeenDeployment
from homeroom.lti.validator import LaunchValidator, header_of
from homeroom.sign_in.one_use import KeptSecret, hashed
from homeroom.sign_in.way import Identity, Refused
from jwcrypto import jwk
from ltiauthenticator.lti13.validator import LTI13LaunchValidator
from sqlalchemy.orm import Session

from tests.lti_platform import (
    CLIENT_ID,
    DEPLOYMENT_ID,
    ISSUER,
    MOODLE,
    Person,
    canvas_manners,
    claims_of,
    edx_manners,
    new_key,
    token,
)

HUB = "https://hub.example/biology/"
NONCE = "0123456789" * 5
KEY = new_key("first")
OTHER = new_key("first")
ADA = Person(sub="2")


def platform(**more: Any) -> Platform:
    """The platform, with other values."""
    return read({**MOODLE, **more})


def lti(*platforms: dict[str, Any], **more: Any) -> way.LTIWay:
    """The way with these platforms."""
    return way.LTIWay(public_url=HUB, platforms=list(platforms or (MOODLE,)), **more)


def public(key: jwk.JWK) -> Any:
    """The public key, as a fetched set gives it."""
    return jwt.PyJWK(key.export_public(as_dict=True)).key


def dated(claims: dict[str, Any]) -> dict[str, Any]:
    """Claims whose times are seconds from now, with the times."""
    now = int(time.time())
    return {name: value + now if name in ("iat", "exp") and value < 10**9 else value for name, value in claims.items()}


def verified(key: jwk.JWK = KEY, algorithm: str = "RS256", **more: Any) -> dict[str, Any]:
    """The claims of a launch with these values, as the hub reads them."""
    made = token(key, claims_of(ISSUER, NONCE, ADA, **dated(more)), algorithm)
    _, named = header_of(made, platform())
    return LaunchValidator().verify(made, public(KEY), named, platform())


def reason(refused: pytest.ExceptionInfo[Refused]) -> str:
    """Why it was refused."""
    return refused.value.reason


def test_a_launch_is_read() -> None:
    """What a platform has signed for this hub is taken as it is."""
    assert verified()["sub"] == "2"


ATTACKS: dict[str, tuple[dict[str, Any], str]] = {
    "audience": ({"aud": "another-tool"}, "wrong-audience"),
    "audiences": ({"aud": ["another-tool", "third"]}, "wrong-audience"),
    "azp beside one audience": ({"azp": "another-tool"}, "wrong-azp"),
    "no azp beside two audiences": ({"aud": [CLIENT_ID, "another-tool"]}, "wrong-azp"),
    "issuer": ({"iss": "https://evil.example"}, "wrong-issuer"),
    "issuer in other letters": ({"iss": ISSUER.upper()}, "wrong-issuer"),
    "expired": ({"iat": -600, "exp": -120}, "expired"),
    "issued long ago": ({"iat": -3600, "exp": 60}, "bad-token"),
    "from the future": ({"iat": 300, "exp": 360}, "not-yet-valid"),
    "valid for ten years": ({"exp": 10 * 366 * 86400}, "valid-too-long"),
    "no subject": ({"sub": None}, "bad-token"),
    "a number as subject": ({"sub": 2}, "bad-token"),
    "no nonce": ({"nonce": None}, "bad-token"),
    "no deployment": ({CLAIM + "deployment_id": None}, "bad-token"),
    "LTI 1.1": ({CLAIM + "version": "1.1"}, "bad-token"),
    "another message": ({CLAIM + "message_type": "LtiSubmissionReviewRequest"}, "bad-token"),
}


@pytest.mark.parametrize("what", ATTACKS)
def test_a_launch_that_is_not_ours_is_refused(what: str) -> None:
    """What is signed by the platform and is not this launch for this hub now, is refused with its reason."""
    more, expected = ATTACKS[what]
    with pytest.raises(Refused) as refused:
        verified(**more)
    assert reason(refused) == expected
    assert str(refused.value.said).endswith(".")


def test_a_launch_signed_by_somebody_else_is_refused() -> None:
    """A key with the same id that is not the platform's signs for nobody."""
    with pytest.raises(Refused) as refused:
        verified(OTHER)
    assert reason(refused) == "wrong-signature"


@pytest.mark.parametrize("algorithm", ["none", "HS256", "PS256"])
def test_a_launch_signed_otherwise_is_refused(algorithm: str) -> None:
    """Nobody gets in unsigned, with the public key as a shared secret, or by what was not agreed on."""
    claims = claims_of(ISSUER, NONCE, ADA)
    made = {
        "none": lambda: jwt.encode(claims, "", "none"),
        "HS256": lambda: jwt.encode(claims, "0" * 64, "HS256", headers={"kid": "first"}),
        "PS256": lambda: token(KEY, claims, "PS256"),
    }[algorithm]()
    with pytest.raises(Refused) as refused:
        header_of(made, platform())
    assert reason(refused) == "wrong-algorithm"


def test_clocks_may_differ_by_a_minute() -> None:
    """A platform whose clock is half a minute ahead or behind is no reason to turn a class away.

    The library's own leeway is none: two seconds ahead are refused."""
    assert LTI13LaunchValidator().time_leeway == 0
    assert verified(iat=30, exp=90)
    assert verified(iat=-80, exp=-20)


def test_the_library_takes_a_foreign_azp_and_a_token_for_ten_years() -> None:
    """Why the validator is subclassed: ltiauthenticator takes both. When it no longer does, ours can go."""
    claims = claims_of(ISSUER, NONCE, ADA, **dated({"azp": "another-tool", "exp": 10 * 366 * 86400}))
    LTI13LaunchValidator().validate_azp_claim(claims, [CLIENT_ID])
    LTI13LaunchValidator().validate_id_token(claims)


def deep(**more: Any) -> dict[str, Any]:
    """What a request for links has beside, and without, what a launch has."""
    settings = {"deep_link_return_url": f"{ISSUER}/return", "accept_types": ["ltiResourceLink"], "data": "sealed"}
    return {
        CLAIM + "message_type": "LtiDeepLinkingRequest",
        CLAIM + "resource_link": None,
        CLAIM + "target_link_uri": None,
        "https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings": settings,
        **more,
    }


def test_a_request_for_links_needs_no_optional_claim() -> None:
    """ltiauthenticator asks for claims in it that are optional, and so refuses what is right."""
    assert verified(**deep())
    with pytest.raises(Refused):
        verified(**deep(**{"https://purl.imsglobal.org/spec/lti-dl/claim/deep_linking_settings": {}}))


def test_a_launch_is_taken_once(db: Session) -> None:
    """The same launch a second time, with all its cookies, is refused: the hub remembers."""
    begun = launches.begin(db, platform())
    launches.take(db, launches.find(db, begun.state, begun.browser), begun.nonce)
    with pytest.raises(Refused) as refused:
        launches.find(db, begun.state, begun.browser)
    assert reason(refused) == "replayed"


def test_of_two_requests_at_once_one_is_taken(db: Session) -> None:
    """Two copies of a launch that are both checked before either is done are one sign-in."""
    begun = launches.begin(db, platform())
    first, second = (launches.find(db, begun.state, begun.browser) for _ in range(2))
    launches.take(db, first, begun.nonce)
    with pytest.raises(Refused) as refused:
        launches.take(db, second, begun.nonce)
    assert reason(refused) == "replayed"


def test_any_number_of_tabs(db: Session) -> None:
    """Launches that are on their way side by side, in several tabs, do not disturb each other."""
    begun = [launches.begin(db, platform()) for _ in range(20)]
    assert len({launches.cookie_name(each.state) for each in begun}) == 20
    for each in reversed(begun):
        launches.take(db, launches.find(db, each.state, each.browser), each.nonce)


def stolen(begun: Begun, other: Begun) -> dict[str, tuple[str, str | None, str]]:
    """Ways to come with a state that is not one's own: its state, cookie and nonce, and the reason."""
    return {
        "another browser's cookie": (begun.state, other.browser, "stolen-state"),
        "no cookie": (begun.state, None, "cookie-lost"),
        "a state nobody was given": ("0" * 64, begun.browser, "launch-too-old"),
    }


@pytest.mark.parametrize("what", ["another browser's cookie", "no cookie", "a state nobody was given"])
def test_a_stolen_state_is_refused_and_harms_nobody(db: Session, what: str) -> None:
    """A launch is taken from the browser alone that began it; who tries otherwise does not use it up."""
    begun, other = launches.begin(db, platform()), launches.begin(db, platform())
    state, browser, expected = stolen(begun, other)[what]
    with pytest.raises(Refused) as refused:
        launches.find(db, state, browser)
    assert reason(refused) == expected
    launches.take(db, launches.find(db, begun.state, begun.browser), begun.nonce)


@pytest.mark.parametrize("nonce", ["another", None, 7, ["0"]])
def test_another_logins_nonce_is_refused(db: Session, nonce: object) -> None:
    """A token that was made for another login is no answer to this one."""
    begun = launches.begin(db, platform())
    with pytest.raises(Refused) as refused:
        launches.take(db, launches.find(db, begun.state, begun.browser), nonce)
    assert reason(refused) == "wrong-nonce"


def test_no_nonce_is_kept(db: Session) -> None:
    """Who reads the database, or a copy of it, cannot have a token made for somebody else's login."""
    begun = launches.begin(db, platform())
    assert begun.nonce not in db.query(KeptSecret).one().value


SCHOOLS = (
    {**MOODLE, "name": "north", "issuer": "https://canvas.instructure.com", "client_id": "1", "deployment_ids": ["n"]},
    {**MOODLE, "name": "south", "issuer": "https://canvas.instructure.com", "client_id": "1", "deployment_ids": ["s"]},
    {**MOODLE, "name": "west", "issuer": "https://canvas.instructure.com", "client_id": "2", "deployment_ids": ["w"]},
    MOODLE,
)


@pytest.mark.parametrize(
    ("issuer", "client_id", "deployment_id", "name"),
    [
        ("https://canvas.instructure.com", "1", "n", "north"),
        ("https://canvas.instructure.com", "1", "s", "south"),
        ("https://canvas.instructure.com", "2", "", "west"),
        ("https://canvas.instructure.com", "", "w", "west"),
        (ISSUER, "", "", "moodle"),
    ],
)
def test_several_platforms_are_told_apart(
    db: Session, issuer: str, client_id: str, deployment_id: str, name: str
) -> None:
    """Issuer, client and deployment choose the platform: one issuer may be many schools."""
    assert lti(*SCHOOLS).choose(db, issuer, client_id, deployment_id).name == name


@pytest.mark.parametrize(
    ("issuer", "client_id", "expected"),
    [
        ("https://evil.example", "1", "unknown-platform"),
        ("https://MOODLE.example", "", "unknown-platform"),
        (ISSUER, "1", "unknown-client"),
        ("https://canvas.instructure.com", "", "unknown-client"),
    ],
)
def test_an_unknown_platform_is_refused(db: Session, issuer: str, client_id: str, expected: str) -> None:
    """Who is none of ours, or cannot be told from others, is refused with what to do."""
    with pytest.raises(Refused) as refused:
        lti(*SCHOOLS).choose(db, issuer, client_id)
    assert reason(refused) == expected
    assert refused.value.remedy


def identity(
    db: Session, person: Person = ADA, taken: way.LTIWay | None = None, more: Mapping[str, Any] | None = None
) -> Identity:
    """Who a launch is about; `more` are claims."""
    return (taken or lti()).identity(db, platform(), claims_of(ISSUER, NONCE, person, **(more or {})))


@pytest.mark.parametrize("deployment_id", ["2", "", "11", None])
def test_another_deployment_is_refused(db: Session, deployment_id: str | None) -> None:
    """Only those parts of a platform are let in that the operator named. ltiauthenticator takes any."""
    with pytest.raises(Refused) as refused:
        identity(db, more={CLAIM + "deployment_id": deployment_id})
    assert reason(refused) == "unknown-deployment"
    assert "site/lti.yaml" in refused.value.remedy


def test_who_a_launch_is_about(db: Session) -> None:
    """A person is the platform's `sub`; names, groups and language come along."""
    found = identity(db)
    assert (found.way, found.subject) == ("lti:moodle", f"{ISSUER} 2")
    assert (found.name, found.display_name, found.email) == ("ada", "Ada Lovelace", "ada@school.example")
    assert set(found.groups or ()) == {"lti-moodle-12-student"}
    assert found.locale == "de"


def test_subjects_are_told_apart_by_letter_and_platform(db: Session) -> None:
    """`AbC` and `aBc` are two people, and so are two platforms' `2`, also under a name that was another's before.

    ltiauthenticator takes what it finds in `email` for the name, and JupyterHub lowers it."""
    subjects = {identity(db, Person(sub=sub)).subject for sub in ("AbC", "aBc", "abc", "2")}
    assert len(subjects) == 4
    moved = {**MOODLE, "issuer": "https://other.example"}
    claims = claims_of("https://other.example", NONCE, ADA)
    assert lti(moved).identity(db, read(moved), claims).subject not in subjects


def test_pseudonyms_say_nothing_of_a_person(db: Session) -> None:
    """With pseudonyms neither name nor e-mail of a launch reaches the hub's accounts."""
    found = identity(db, taken=lti(names="pseudonyms"))
    assert found.name.startswith("p-")
    assert (found.display_name, found.email) == ("", "")
    assert found.groups


def test_courses_are_remembered(db: Session) -> None:
    """A launch tells of one course: the groups of the others stay, a changed role changes, and a lost one goes."""
    identity(db)
    biology = {"id": "13", "label": "CHEM"}
    teacher = Person(sub="2", roles=["http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"])
    found = identity(db, teacher, more={CLAIM + "context": biology})
    assert set(found.groups or ()) == {"lti-moodle-12-student", "lti-moodle-13-instructor"}
    assert set(identity(db, Person(sub="2", roles=[])).groups or ()) == {"lti-moodle-13-instructor"}
    assert set(identity(db, Person(sub="3")).groups or ()) == {"lti-moodle-12-student"}


def test_a_term_later_a_course_is_forgotten(db: Session) -> None:
    """Who has not come from a course for a term is not in its groups any more."""
    identity(db)
    db.query(Membership).update({"seen": int(time.time()) - 201 * 86400})
    found = identity(db, more={CLAIM + "context": {"id": "13"}})
    assert set(found.groups or ()) == {"lti-moodle-13-student"}


MANNERS = {"canvas": canvas_manners, "edx": edx_manners}


@pytest.mark.parametrize("name", MANNERS)
def test_other_platforms_manners(db: Session, name: str) -> None:
    """Launches as Canvas and Open edX make them sign people in, under names and groups that the hub can take."""
    more = MANNERS[name](ADA)
    values = {**MOODLE, "name": name, "deployment_ids": [more.get(CLAIM + "deployment_id", DEPLOYMENT_ID)]}
    claims = verified(**more)
    found = lti(values).identity(db, read(values), claims)
    assert found.name.startswith("ada")
    (group,) = found.groups or {"none"}
    assert group.startswith(f"lti-{name}-")
    assert group.endswith("-student")


async def refreshed(taken: way.LTIWay, db: Session, found: Identity) -> Identity | None:
    """The person as the way knows them now."""
    taken._app = type("App", (), {"db": db})()
    return await taken.refresh(found)


async def _out(db: Session) -> None:
    found = identity(db)
    assert await refreshed(lti(), db, found)
    assert await refreshed(lti({**MOODLE, "deployment_ids": ["9"]}), db, found) is None
    assert await refreshed(lti({**MOODLE, "client_id": "another"}), db, found) is None
    assert await refreshed(lti({**MOODLE, "issuer": "https://other.example"}), db, found) is None


def test_who_came_from_a_platform_that_was_taken_out_is_out(db: Session) -> None:
    """A platform, client or deployment that leaves site/lti.yaml takes its people with it, at their next refresh."""
    asyncio.run(_out(db))


def test_a_registered_platforms_deployments_wait_to_be_allowed(db: Session) -> None:
    """A part of a registered platform that was never seen is refused, noted, and let in once it is allowed."""
    registered.keep(db, "registered", {**MOODLE, "issuer": "https://registered.example"}, "")
    taken = lti()
    where = taken.choose(db, "https://registered.example", CLIENT_ID)
    claims = claims_of("https://registered.example", NONCE, ADA)
    with pytest.raises(Refused) as refused:
        taken.identity(db, where, claims)
    assert reason(refused) == "unknown-deployment"
    assert "make lti-allow PLATFORM=registered DEPLOYMENT=1" in refused.value.remedy
    db.query(SeenDeployment).update({"allowed": True})
    assert taken.identity(db, where, claims).way == "lti:registered"


def test_an_invitation_is_good_once(db: Session) -> None:
    """The address that sets up both sides works once, unless nothing came of it."""
    db.add(Invitation(token=hashed("secret"), name="moodle", expires=int(time.time()) + 600))
    db.commit()
    first = registered.take_invitation(db, "secret")
    assert first is not None
    assert registered.take_invitation(db, "secret") is None
    registered.give_back(db, first)
    assert registered.take_invitation(db, "secret") is not None


def test_an_invitation_ends(db: Session) -> None:
    """An old address is worth nothing."""
    db.add(Invitation(token=hashed("secret"), name="moodle", expires=int(time.time()) - 60))
    db.commit()
    assert registered.take_invitation(db, "secret") is None
