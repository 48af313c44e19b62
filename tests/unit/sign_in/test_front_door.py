"""homeroom.sign_in.front_door: who gets in, as whom, and who stays; on a real database in memory."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bcrypt
import pytest
from homeroom.sign_in import identities, linking, removal
from homeroom.sign_in.front_door import SignIn
from homeroom.sign_in.known_names import mark_of, set_mark
from homeroom.sign_in.marks import REMOVED, TOKEN
from homeroom.sign_in.passwords import hashed
from homeroom.sign_in.refusals import KeptRefusal
from homeroom.sign_in.way import Identity
from homeroom.texts.said import Said
from jupyterhub.crypto import CryptKeeper
from nativeauthenticator.orm import UserInfo
from sqlalchemy.orm import Session
from tornado import web
from traitlets.config import Config

from jupyterhub import orm, roles
from tests.hub_config import loaded
from tests.hub_database import new_database
from tests.unit.sign_in.source import Campus, Directory, door

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash with the fewest rounds: the tests are about who gets in, not about how long a guess takes."""
    monkeypatch.setattr(bcrypt, "gensalt", partial(bcrypt.gensalt, 4))


@pytest.fixture
def db() -> Session:
    """The hub's database."""
    made = new_database()
    orm.Base.metadata.create_all(made.get_bind())
    for role in roles.get_default_roles():
        roles.create_role(made, role)
    return made


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The hub's configuration as `.env`'s defaults render it."""
    return loaded(tmp_path_factory.mktemp("rendered"))


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """Where the lists of people are."""
    return tmp_path / "people.yaml"


def write(lists: Path, text: str) -> None:
    """Write lists that have been left alone for a while."""
    lists.write_text(text)
    past = time.time() - 100 - len(text)
    os.utime(lists, (past, past))


@pytest.fixture
def both(db: Session, config: Config, lists: Path) -> SignIn:
    """A hub with accounts of its own, a directory and a campus."""
    made = door(db, config, "native", "directory", "campus", lists=str(lists))
    campus = made.opened["campus"]
    campus.allowed_groups = {"campus-staff"}
    return made


@pytest.fixture
def one(db: Session, config: Config, lists: Path) -> SignIn:
    """A hub with a directory alone."""
    return door(db, config, "directory", lists=str(lists))


def directory(of: SignIn) -> Directory:
    """Its directory."""
    found = of.opened["directory"]
    assert isinstance(found, Directory)
    return found


def campus_of(of: SignIn) -> Campus:
    """Its campus."""
    found = of.opened["campus"]
    assert isinstance(found, Campus)
    return found


def caller(address: str = "10.0.0.1") -> Any:
    """The request of somebody at an address."""
    return SimpleNamespace(request=SimpleNamespace(remote_ip=address), get_secure_cookie=lambda *_, **__: None)


def come(of: SignIn, data: Any) -> dict[str, Any] | None:
    """What JupyterHub is told of somebody who comes, by a way's page or by the form."""

    async def whole() -> Any:
        return await of.get_authenticated_user(caller(), data)

    found: dict[str, Any] | None = asyncio.run(whole())
    if found is not None:  # as JupyterHub goes on
        user = orm.User.find(of.db, found["name"])
        if user is None:
            user = orm.User(name=found["name"])
            of.db.add(user)
            of.add_user(user)
        if found["admin"] is not None:
            user.admin = found["admin"]
        of.db.commit()
    return found


def name_of(of: SignIn, data: Any) -> str:
    """The user name that somebody gets in under."""
    found = come(of, data)
    assert found is not None
    return str(found["name"])


def refusal(of: SignIn, data: Any) -> KeptRefusal:
    """What is kept of a sign-in that is refused; the number that the person sees is of it."""
    with pytest.raises(web.HTTPError) as caught:
        come(of, data)
    said = of.text_of(caught.value)
    (number,) = re.findall(r"tell the administrator this number: (\d+)\.", said)
    kept = of.db.get(KeptRefusal, int(number))
    assert kept is not None
    assert Said.load(json.loads(kept.said)).english() in said
    return kept


def stays(of: SignIn, name: str, *, by_token: bool = False) -> bool:
    """Whether somebody who is signed in stays so, when their source may be asked again."""
    for known in identities.of_user(of.db, name):
        known.looked_at = 0
    return asyncio.run(of.staying.may_stay(name, by_token=by_token))


# --- As whom ---


def test_who_comes_again_is_the_same(one: SignIn) -> None:
    """A person is who the source says for good: another name, another address and another spelling change nothing."""
    first = directory(one).add("8f3a", "ada", email="ada@uni.example")
    assert name_of(one, first) == "ada"
    renamed = directory(one).add("8f3a", "Ada King", email="king@uni.example")
    assert name_of(one, renamed) == "ada"


def test_a_name_that_is_given_away_elsewhere_is_another_person(one: SignIn) -> None:
    """Who gets the name, or the e-mail address, of somebody who left does not get their files."""
    assert name_of(one, directory(one).add("1", "ada", email="ada@uni.example")) == "ada"
    assert name_of(one, directory(one).add("2", "ada", email="ada@uni.example")) == "ada-directory"
    assert name_of(one, directory(one).add("3", "ada")) == "ada-directory-2"


def test_a_subject_is_taken_letter_by_letter(one: SignIn) -> None:
    """`AbC` and `aBc` are two people, who would be one by JupyterHub's user names."""
    names = {name_of(one, directory(one).add(subject, "ada")) for subject in ("AbC", "aBc", "abc")}
    assert len(names) == 3


def test_the_same_subject_elsewhere_is_another_person(both: SignIn) -> None:
    """Every Moodle has a user `2`: people of two sources never meet, nor those of two platforms of one kind."""
    campus_of(both).allow_all = True
    names = [
        name_of(both, Identity(way="directory", subject="2", name="bela")),
        name_of(both, Identity(way="campus:north", subject="2", name="bela")),
        name_of(both, Identity(way="campus:south", subject="2", name="bela")),
    ]
    assert names == ["bela", "bela-campus-north", "bela-campus-south"]


@pytest.mark.parametrize(
    ("theirs", "here"),
    [
        ("Ada.Lovelace@uni.example", "ada.lovelace@uni.example"),
        ("Zoë Müller", "zoe-muller"),
        ("-rf", "rf"),
        ("../../etc", "etc"),
        ("a/b:c", "a-b-c"),
        ("x" * 300, "x" * 64),
    ],
)
def test_a_name_from_elsewhere_becomes_a_plain_one(one: SignIn, theirs: str, here: str) -> None:
    """Whatever a source calls somebody, their name here is one that labs, paths and logs take."""
    assert name_of(one, directory(one).add("1", theirs)) == here


@pytest.mark.parametrize("theirs", ["", "李", "💥", "---", "\u212aim"])
def test_a_name_without_plain_letters_is_made_up(one: SignIn, theirs: str) -> None:
    """Who has no letter that a user name may have gets in all the same, under a name of their own."""
    found = name_of(one, directory(one).add("1", theirs))
    assert one.validate_username(found)


def test_an_administrators_name_is_given_to_nobody(one: SignIn) -> None:
    """Who is called as the administrator at the source is not the administrator."""
    found = come(one, directory(one).add("1", "Admin"))
    assert found is not None
    assert found["name"] == "admin-directory"
    assert not found["admin"]


def test_an_account_of_the_hubs_own_is_not_met(both: SignIn) -> None:
    """Who is called as somebody with an account here, or as somebody who was here, gets another name; and nobody signs
    up for the name of somebody from elsewhere."""
    both.db.add(UserInfo(username="ada", password=hashed(PASSWORD), is_authorized=True))
    set_mark(both.db, "bela", REMOVED)
    set_mark(both.db, "machine", TOKEN)
    both.db.commit()
    for name in ("ada", "bela", "machine"):
        assert name_of(both, directory(both).add(name, name)) == f"{name}-directory"
    assert name_of(both, directory(both).add("4", "dora")) == "dora"
    assert both.accounts.create_user("dora", PASSWORD) is None
    assert name_of(both, {"username": "ada", "password": PASSWORD}) == "ada"


def test_names_that_the_site_mentions_are_the_first_ways(both: SignIn, one: SignIn, lists: Path) -> None:
    """Of a name that groups or lists give more, somebody else's ways give another: they would have what was meant for
    somebody else. Where the source is the first way it was meant."""
    both.admission.mentioned = one.admission.mentioned = {"ada"}
    write(lists, "allow: {people: [bela]}\n")
    assert name_of(both, directory(both).add("1", "ada")) == "ada-directory"
    assert name_of(both, directory(both).add("2", "bela")) == "bela-directory"


def test_a_single_source_gives_names_that_the_site_mentions(one: SignIn) -> None:
    """With one way the names that files of `site/` give more to are that way's."""
    one.admission.mentioned = {"ada"}
    assert name_of(one, directory(one).add("1", "ada")) == "ada"


def test_several_people_of_a_source_can_be_one_user(both: SignIn, lists: Path) -> None:
    """The operator's map leads several sign-ins to one user; a name of a source is that of who came under it first."""
    campus_of(both).allow_all = True
    write(lists, 'map: {"directory:ada.k": ada, "campus:akl": ada}\n')
    assert name_of(both, directory(both).add("1", "ada.k")) == "ada"
    assert name_of(both, Identity(way="campus", subject="1", name="akl")) == "ada"
    assert name_of(both, Identity(way="campus", subject="another", name="akl")) != "ada"


# --- Who may ---


def test_without_a_rule_the_hub_does_not_start(both: SignIn) -> None:
    """A way that lets in nobody by any rule is a slip of the operator's, told when the hub starts."""
    campus_of(both).allowed_groups = set()
    with pytest.raises(ValueError, match="the way campus has no rule"):
        both.check_allow_config()


def test_one_ways_rule_lets_in_nobody_of_another(both: SignIn) -> None:
    """What admits everybody of the directory admits nobody of the campus."""
    kept = refusal(both, Identity(way="campus", subject="1", name="ada", groups=frozenset({"campus-students"})))
    assert (kept.reason, kept.way, kept.name) == ("not-allowed", "campus", "ada")
    assert "site/people.yaml" in kept.remedy
    assert identities.find(both.db, "campus", "1") is None
    assert name_of(both, Identity(way="campus", subject="1", name="ada", groups=frozenset({"campus-staff"}))) == "ada"


def test_who_is_in_the_hubs_database_is_not_let_in_for_that(both: SignIn) -> None:
    """Whom no rule names any more is refused, however often they were here."""
    staff = Identity(way="campus", subject="1", name="ada", groups=frozenset({"campus-staff"}))
    assert name_of(both, staff) == "ada"
    left = Identity(way="campus", subject="1", name="ada", groups=frozenset())
    assert refusal(both, left).reason == "not-allowed"


def test_lists_count_without_a_restart(both: SignIn, lists: Path) -> None:
    """Who is put on the list is let in, and blocked as soon as they are on the other; blocking comes first."""
    person = Identity(way="campus", subject="1", name="ada", groups=frozenset({"campus-students"}))
    refusal(both, person)
    write(lists, 'allow: {people: ["campus:ada"]}\n')
    assert name_of(both, person) == "ada"
    write(lists, 'allow: {people: ["campus:ada"]}\nblock: {groups: [campus-students]}\n')
    assert refusal(both, person).reason == "blocked"


def test_a_name_that_changes_hands_brings_nothing_with_it(both: SignIn, lists: Path) -> None:
    """Lists mean by a source's name who came under it first, also after they are called otherwise there: whoever takes
    the name is neither let in nor an administrator by it."""
    write(lists, 'allow: {people: ["campus:ada", "campus:grace"]}\nadmins: ["campus:grace"]\n')
    for name in ("ada", "grace"):
        assert name_of(both, Identity(way="campus", subject=name, name=name)) == name
        assert name_of(both, Identity(way="campus", subject=name, name=f"{name}-king")) == name
        assert refusal(both, Identity(way="campus", subject=f"{name}-2", name=name)).reason == "not-allowed"
    assert both.admission.administers("grace") is True
    campus_of(both).allow_all = True
    for name in ("ada", "grace"):
        taker = name_of(both, Identity(way="campus", subject=f"{name}-2", name=name))
        assert both.admission.administers(taker) is False
    write(lists, 'admins: ["campus:grace-king"]\n')
    assert both.admission.administers("grace") is True


def test_a_blocked_person_stays_so_under_another_name(both: SignIn, lists: Path) -> None:
    """Who is blocked by a name at the source is not in again by another one; nor is who has that name now."""
    campus_of(both).allow_all = True
    name_of(both, Identity(way="campus", subject="1", name="mallory"))
    write(lists, 'block: {people: ["campus:mallory"]}\n')
    for subject, name in (("1", "mallory"), ("1", "trudy"), ("2", "mallory")):
        assert refusal(both, Identity(way="campus", subject=subject, name=name)).reason == "blocked"


def test_a_plain_name_on_the_list_is_no_newcomers_of_another_way(both: SignIn, lists: Path) -> None:
    """With several ways a name alone does not say whose: who would merely like it is not let in by it."""
    write(lists, "allow: {people: [ada]}\n")
    assert refusal(both, Identity(way="campus", subject="1", name="ada")).reason == "not-allowed"


def test_a_faulty_list_changes_nothing(both: SignIn, lists: Path, caplog: pytest.LogCaptureFixture) -> None:
    """With a slip in the file, or half of it, the last lists count: nobody is let in, or thrown out, for that."""
    both.admission.lists.log = logging.getLogger("test")
    write(lists, "block: {people: [mallory]}\n")
    assert both.admission.lists.read().block.people == {"mallory"}
    for slip in ("block: {people: [mallory\n", "block: [mallory]\n", "blok: {}\n", "- a\n", "admins: 5\n"):
        write(lists, slip)
        assert both.admission.lists.read().block.people == {"mallory"}
    assert caplog.text.count("is faulty") == 5


def test_who_was_removed_stays_removed(one: SignIn) -> None:
    """A removed person is not let in again because their source still knows them."""
    person = directory(one).add("1", "ada")
    name_of(one, person)
    set_mark(one.db, "ada", REMOVED)
    one.db.commit()
    kept = refusal(one, person)
    assert (kept.reason, kept.remedy.split("`")[1]) == ("removed", "make user-restore NAME=ada")


# --- Administrators and groups ---


def test_administrators_are_made_and_unmade_by_the_list(both: SignIn, lists: Path) -> None:
    """Who is on the list administers, who is taken off it does not, within a look of the hub's; the configuration's
    own administrator always does."""
    write(lists, 'admins: ["directory:grace"]\n')
    found = come(both, directory(both).add("1", "grace"))
    assert found is not None
    assert found["admin"] is True
    write(lists, "admins: []\n")
    assert stays(both, "grace")
    user = orm.User.find(both.db, "grace")
    assert user is not None
    assert user.admin is False
    assert [role.name for role in user.roles] == ["user"]
    assert both.admission.administers("admin") is True


def test_without_a_list_the_page_decides(one: SignIn) -> None:
    """Who was made an administrator on the page Admin stays one when no list speaks of administrators."""
    name_of(one, directory(one).add("1", "grace"))
    user = orm.User.find(one.db, "grace")
    assert user is not None
    user.admin = True
    one.db.commit()
    assert stays(one, "grace")
    assert user.admin is True


def test_groups_that_administer_are_asked_again(one: SignIn) -> None:
    """Who leaves the source's group of administrators is none any more."""
    directory(one).admin_groups = {"directory-staff"}
    found = come(one, directory(one).add("1", "grace", "directory-staff"))
    assert found is not None
    assert found["admin"] is True
    directory(one).add("1", "grace")
    assert stays(one, "grace")
    user = orm.User.find(one.db, "grace")
    assert user is not None
    assert user.admin is False


def test_groups_follow_the_source(one: SignIn) -> None:
    """A source's groups are groups of the hub under its word; who leaves one there leaves it here, and what an
    administrator gave by hand stays."""
    name_of(one, directory(one).add("1", "ada", "directory-physics", "staff"))
    user = orm.User.find(one.db, "ada")
    assert user is not None
    assert {group.name for group in user.groups} == {"directory-physics", "directory-staff"}
    by_hand = orm.Group(name="theses")
    user.groups.append(by_hand)
    one.db.commit()
    directory(one).add("1", "ada", "directory-chemistry")
    assert stays(one, "ada")
    assert {group.name for group in user.groups} == {"directory-chemistry", "theses"}


def test_a_group_called_as_one_of_the_sites_is_not_it(one: SignIn) -> None:
    """A course named `staff` at the source makes nobody a member of your group of that name."""
    name_of(one, directory(one).add("1", "ada", "staff", "theses"))
    user = orm.User.find(one.db, "ada")
    assert user is not None
    assert {group.name for group in user.groups} == {"directory-staff", "directory-theses"}


# --- The form, and what is said ---


def test_the_form_says_which_way(both: SignIn) -> None:
    """A name and a password are looked up at the way that the form names, at the first where it names none; a field of
    a form never makes a person."""
    directory(both).add("1", "ada")
    typed = {"username": "ada", "password": "ada"[::-1]}
    assert name_of(both, {**typed, "way": "directory"}) == "ada"
    assert come(both, typed) is None
    assert come(both, {**typed, "way": "campus"}) is None
    assert come(both, {**typed, "way": "nowhere"}) is None
    assert come(both, {"identity": "ada", "subject": "1", "way": "directory"}) is None


@pytest.mark.parametrize("data", [None, [], "ada", {}, {"username": "ada"}, {"username": "\ud800", "password": "x"}])
def test_a_form_that_is_none_signs_nobody_in(both: SignIn, data: Any) -> None:
    """What is no form is refused, and no error of the hub's."""
    assert come(both, data) is None


def test_a_source_that_does_not_answer_is_told_in_a_sentence(both: SignIn) -> None:
    """No page of an error of ours, and the operator reads why; who is signed in stays."""
    person = directory(both).add("1", "ada")
    name_of(both, person)
    directory(both).away = True
    with pytest.raises(web.HTTPError) as caught:
        come(both, {"username": "ada", "password": "ada"[::-1], "way": "directory"})
    assert caught.value.status_code == 502
    assert "try again in a minute" in both.text_of(caught.value)
    assert stays(both, "ada")


def test_what_is_said_of_a_refusal_can_hold_anything(both: SignIn) -> None:
    """A name with a percent sign does not end in an error of formatting."""
    kept = refusal(both, Identity(way="campus", subject="%s", name="100%d"))
    assert kept.subject == "%s"


def test_the_same_refusal_is_counted(both: SignIn) -> None:
    """Somebody who tries again and again is one line with a count, and has one number to tell."""
    person = Identity(way="campus", subject="1", name="ada")
    numbers = {refusal(both, person).number for _ in range(5)}
    (kept,) = both.db.query(KeptRefusal)
    assert (numbers, kept.times) == ({kept.number}, 5)


def test_wrong_passwords_are_counted_by_name_and_address(both: SignIn) -> None:
    """Any number of guesses at one name from one address are kept as one refusal, with their count."""
    both.attempts.most = 100
    for _ in range(20):
        assert come(both, {"username": "ada", "password": "no", "way": "directory"}) is None
    (kept,) = both.db.query(KeptRefusal)
    assert (kept.reason, kept.name, kept.times) == ("wrong-password", "ada", 20)


def test_refusals_are_kept_for_a_week_and_within_bounds(both: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger who tries a thousand names drives out wrong passwords first, and nothing is kept for longer than a
    week."""
    monkeypatch.setattr("homeroom.sign_in.refusals.MOST_KEPT", 10)
    person = Identity(way="campus", subject="1", name="ada")
    number = refusal(both, person).number
    for guess in range(30):
        come(both, {"username": f"guess{guess}", "password": "no", "way": "directory"})
    assert both.db.get(KeptRefusal, number) is not None
    assert both.db.query(KeptRefusal).count() == 10
    both.db.query(KeptRefusal).update({"last_at": int(time.time()) - 8 * 86400})
    refusal(both, Identity(way="campus", subject="2", name="bela"))
    assert both.db.query(KeptRefusal).count() == 1


def test_guessing_ends_at_a_source_too(both: SignIn) -> None:
    """Who guesses at a name of the directory has no further try from there, and the directory is not asked; the person
    signs in from elsewhere, and everybody else from there. A right password, a closed account and a directory that is
    away are no guesses."""
    directory(both).add("1", "ada")
    directory(both).add("2", "bela")
    right = {"username": "ada", "password": "ada"[::-1], "way": "directory"}
    for _ in range(both.login_attempts * 2):
        name_of(both, right)
        refusal(both, {**right, "password": "closed"})
    directory(both).away = True
    for _ in range(both.login_attempts * 2):
        with pytest.raises(web.HTTPError, match="does not answer"):
            come(both, right)
    directory(both).away = False
    for _ in range(both.login_attempts):
        assert come(both, {**right, "password": "no"}) is None
    assert refusal(both, {**right, "username": "ADA"}).reason == "too-many-wrong-passwords"
    assert refusal(both, right).reason == "too-many-wrong-passwords"
    assert name_of(both, {"username": "bela", "password": "bela"[::-1], "way": "directory"}) == "bela"
    elsewhere = asyncio.run(both.get_authenticated_user(caller("10.0.0.2"), right))
    assert elsewhere is not None


# --- Who stays ---


def test_whom_the_source_knows_no_more_is_out(one: SignIn) -> None:
    """Sessions and tokens of somebody who was removed in the directory are worth nothing, and they are refused until
    the directory knows them again."""
    person = directory(one).add("1", "ada")
    name_of(one, person)
    user = orm.User.find(one.db, "ada")
    assert user is not None
    one.db.add(orm.OAuthClient(identifier="jupyterhub"))
    user.new_api_token(note="hers", scopes=[])
    cookie = user.cookie_id
    assert stays(one, "ada")
    del directory(one).people["1"]
    assert not stays(one, "ada")
    assert user.cookie_id != cookie
    assert user.api_tokens == []
    assert not stays(one, "ada", by_token=True)
    directory(one).people["1"] = person
    assert name_of(one, person) == "ada"
    assert stays(one, "ada")


def test_who_is_put_on_the_block_list_is_out_without_a_request(both: SignIn, lists: Path) -> None:
    """The hub's own look finds them, whether they come from elsewhere or have an account here."""
    both.db.add(UserInfo(username="bela", password=hashed(PASSWORD), is_authorized=True))
    both.db.commit()
    name_of(both, directory(both).add("1", "ada"))
    name_of(both, {"username": "bela", "password": PASSWORD})
    before = {user.name: user.cookie_id for user in both.db.query(orm.User)}
    asyncio.run(both.staying.look())
    write(lists, 'block: {people: ["directory:ada", bela]}\n')
    asyncio.run(both.staying.look())
    after = {user.name: user.cookie_id for user in both.db.query(orm.User)}
    assert all(after[name] != before[name] for name in ("ada", "bela"))
    assert after.get("admin") == before.get("admin")


def test_a_source_is_asked_once_a_minute(one: SignIn) -> None:
    """However many requests somebody makes, and however many tabs they have open."""
    name_of(one, directory(one).add("1", "ada"))
    for known in identities.of_user(one.db, "ada"):
        known.looked_at = 0

    async def storm() -> None:
        await asyncio.gather(*(one.staying.may_stay("ada") for _ in range(20)))

    asyncio.run(storm())
    assert directory(one).asked == 1


def test_a_way_that_is_closed_closes_for_who_came_by_it(db: Session, config: Config) -> None:
    """Who signed in by a way that `AUTH` names no more is out."""
    before = door(db, config, "native", "directory")
    name_of(before, directory(before).add("1", "ada"))
    after = door(db, config, "native")
    assert not stays(after, "ada")


def test_who_became_somebody_else_is_out(one: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source that answers with another person than the one who was asked about throws nobody's door open."""
    name_of(one, directory(one).add("1", "ada"))

    async def another(_self: Any, _identity: Identity) -> Identity:
        return Identity(way="directory", subject="2", name="mallory")

    monkeypatch.setattr(Directory, "refresh", another)
    assert not stays(one, "ada")


def test_an_account_that_is_approved_stays(both: SignIn) -> None:
    """Accounts of the version before go on, with their sessions: nothing is written anew for them."""
    both.db.add(UserInfo(username="bela", password=hashed(PASSWORD), is_authorized=True))
    both.db.add(orm.User(name="bela"))
    both.db.commit()
    assert stays(both, "bela")
    UserInfo.change_authorization(both.db, "bela")
    assert not stays(both, "bela")


def test_a_user_made_for_tokens_stays_by_token(both: SignIn) -> None:
    """Nobody signs in as such a user, and their tokens are good."""
    both.db.add(orm.User(name="machine"))
    set_mark(both.db, "machine", TOKEN)
    both.db.commit()
    assert stays(both, "machine", by_token=True)
    assert not stays(both, "machine")


def test_what_a_source_is_asked_with_is_sealed(one: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens of a provider are not in the database in the clear, and come back for the next question; without a key
    they are not kept at all."""
    asked: list[Identity] = []

    async def remember(_self: Any, identity: Identity) -> Identity:
        asked.append(identity)
        return identity

    monkeypatch.setattr(Directory, "refresh", remember)
    keeper = CryptKeeper.instance()
    monkeypatch.setattr(keeper, "keys", [b"k" * 32])
    person = directory(one).add("1", "ada", state={"refresh_token": "very-secret"})
    name_of(one, person)
    known = identities.find(one.db, "directory", "1")
    assert known is not None
    assert known.state is not None
    assert b"very-secret" not in known.state
    assert stays(one, "ada")
    assert asked[-1].state == {"refresh_token": "very-secret"}
    monkeypatch.setattr(keeper, "keys", [b"j" * 32])
    assert stays(one, "ada")
    assert asked[-1].state == {}
    monkeypatch.setattr(keeper, "keys", [])
    name_of(one, person)
    assert known.state is None


# --- Linked ---


def test_linked_sign_ins_are_one_user(both: SignIn) -> None:
    """Whichever they sign in with, they are the same user; one that had a user already leads to the other."""
    both.db.add(UserInfo(username="bela", password=hashed(PASSWORD), is_authorized=True))
    both.db.commit()
    person = directory(both).add("1", "bela.k")
    assert name_of(both, {"username": "bela", "password": PASSWORD}) == "bela"
    assert name_of(both, person) == "bela.k"
    asyncio.run(both.link(person, kept="bela", gone="bela.k"))
    assert name_of(both, person) == "bela"
    assert name_of(both, {"username": "bela", "password": PASSWORD}) == "bela"
    assert not stays(both, "bela.k")
    assert stays(both, "bela")


def test_the_other_user_can_be_the_one_that_stays(both: SignIn) -> None:
    """Who goes on as the user from elsewhere signs in as that with the account's password, too."""
    both.db.add(UserInfo(username="bela", password=hashed(PASSWORD), is_authorized=True))
    both.db.commit()
    name_of(both, {"username": "bela", "password": PASSWORD})
    person = directory(both).add("1", "bela.k")
    name_of(both, person)
    asyncio.run(both.link(person, kept="bela.k", gone="bela"))
    assert name_of(both, {"username": "bela", "password": PASSWORD}) == "bela.k"
    assert stays(both, "bela.k")
    assert not stays(both, "bela")


def test_a_linked_sign_in_that_is_closed_ends_every_browser(both: SignIn) -> None:
    """Nobody knows which browser came by which: all sign in again, by the one that is open."""
    both.db.add(UserInfo(username="bela", password=hashed(PASSWORD), is_authorized=True))
    both.db.commit()
    name_of(both, {"username": "bela", "password": PASSWORD})
    person = directory(both).add("1", "bela.k", "directory-physics")
    asyncio.run(both.link(person, kept="bela", gone=None))
    user = orm.User.find(both.db, "bela")
    assert user is not None
    cookie = user.cookie_id
    assert {group.name for group in user.groups} == {"directory-physics"}
    del directory(both).people["1"]
    assert not stays(both, "bela")
    assert user.cookie_id != cookie
    assert user.groups == []
    assert name_of(both, {"username": "bela", "password": PASSWORD}) == "bela"
    assert stays(both, "bela")


def test_an_administrators_user_is_not_left_behind(both: SignIn) -> None:
    """The administrator's own user stays: another sign-in is linked to it, not it to another."""
    person = directory(both).add("1", "grace")
    with pytest.raises(web.HTTPError, match="administrator"):
        asyncio.run(both.link(person, kept="grace", gone="admin"))


def test_unlinked_is_another_person_again(both: SignIn) -> None:
    """A sign-in that was unlinked from a user comes back as a newcomer."""
    both.db.add(UserInfo(username="bela", password=hashed(PASSWORD), is_authorized=True))
    both.db.commit()
    name_of(both, {"username": "bela", "password": PASSWORD})
    person = directory(both).add("1", "bela.k")
    asyncio.run(both.link(person, kept="bela", gone=None))
    assert not linking.unlink(both.db, "mallory", "directory", "1")
    assert linking.unlink(both.db, "bela", "directory", "1")
    assert name_of(both, person) == "bela.k"


def test_nobody_else_is_removed_with_somebody(one: SignIn) -> None:
    """A removal marks the name, and the source's record stays: nobody gets the name by coming first."""
    name_of(one, directory(one).add("1", "ada"))
    user = orm.User.find(one.db, "ada")
    assert user is not None
    removal.close_sessions(one.db, user)
    set_mark(one.db, "ada", REMOVED)
    one.db.commit()
    assert name_of(one, directory(one).add("2", "ada")) == "ada-directory"
    assert mark_of(one.db, "ada") == REMOVED
