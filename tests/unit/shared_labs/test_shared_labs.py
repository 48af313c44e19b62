"""Labs that several people may enter, at a hub of JupyterHub's own: who may, who may no more, and whose name it is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bcrypt
import pytest
from homeroom.hub.service_names import PREFIXES, is_of_service
from homeroom.labs.plan import LabPlan
from homeroom.shared_labs import shared_lab, users
from homeroom.shared_labs.shared_lab import SharedLab
from homeroom.sign_in import known_names, leavers, removal, user_names
from homeroom.sign_in.lab_visits import LabVisit
from homeroom.sign_in.marks import REMOVED, SHARED
from homeroom.sign_in.passwords import hashed
from homeroom.sign_in.way import Identity
from nativeauthenticator.orm import UserInfo

from generator.schema.types import USERNAME_PATTERN
from jupyterhub import orm, roles, scopes
from tests.faults import until
from tests.hub_app import HubApp, add_people
from tests.hub_config import loaded
from tests.sample_settings import TOKEN

PASSWORD = "correct horse battery"
NAME = "room-choir"
LAB = SharedLab(name=NAME, entered_by=("choir",))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubApp]:
    """A hub with some people; ada is in the group choir."""
    directory: Path = tmp_path_factory.mktemp("hub")
    with pytest.MonkeyPatch.context() as patch:
        config = loaded(directory, SIGN_UP="open")
        patch.setenv("CONFIGPROXY_AUTH_TOKEN", TOKEN)
        patch.setattr(bcrypt, "gensalt", partial(bcrypt.gensalt, 4))
        made = HubApp(directory, config)
        with made.running():
            add_people(made, "ada", "bela", "admin", password=hashed(PASSWORD))
            made.do(lambda: _fill(made))
            yield made
            made.do(users.take_up, made.hub.db, "room-", [])


def _fill(app: HubApp) -> None:
    app.hub.db.add(orm.Group(name="choir", users=[orm.User.find(app.hub.db, "ada")]))
    app.hub.db.commit()


def take_up(app: HubApp, *labs: SharedLab) -> bool:
    """Have these be the shared labs."""
    made: bool = app.do(users.take_up, app.hub.db, "room-", labs)
    return made


def may(app: HubApp, name: str) -> set[str]:
    """What somebody may do with the lab."""
    found = app.do(lambda: scopes.get_scopes_for(orm.User.find(app.hub.db, name)))
    return {scope.partition("!")[0] for scope in found if scope.endswith(f"!user={NAME}")}


def put(app: HubApp, *names: str) -> None:
    """Have these be the members of the group."""

    def change() -> None:
        orm.Group.find(app.hub.db, "choir").users = [orm.User.find(app.hub.db, name) for name in names]
        app.hub.db.commit()

    app.do(change)


def test_members_enter_and_others_know_nothing_of_it(app: HubApp) -> None:
    """Members of the group may start and enter the lab, and nothing else of it; for others it is not there. Who leaves
    the group is out with the next request, who joins it is in."""
    assert take_up(app, LAB)
    assert {"access:servers", "servers"} <= may(app, "ada")
    assert not may(app, "ada") & {"tokens", "shares", "admin:users", "users", "delete:users", "read:users"}
    assert may(app, "bela") == set()
    ada, bela = (app.browser_of(name, PASSWORD) for name in ("ada", "bela"))
    assert not {"groups", "roles", "auth_state"} & ada.visit(f"api/users/{NAME}").json().keys()
    assert bela.visit(f"spawn/{NAME}").status_code == 404
    put(app, "bela")
    assert (may(app, "ada"), "access:servers" in may(app, "bela")) == (set(), True)
    assert ada.visit(f"spawn/{NAME}").status_code == 404
    put(app, "ada")
    assert not take_up(app, LAB), "it is there already"


def test_the_role_outlives_the_hub(app: HubApp) -> None:
    """JupyterHub removes roles that no configuration names when it starts, and not these."""
    take_up(app, LAB)
    app.do(app.hub.init_role_creation)
    app.do(app.hub.init_role_assignment)
    assert "access:servers" in may(app, "ada")


def test_a_lab_that_is_gone_is_closed(app: HubApp) -> None:
    """Nobody enters it any more, and its tokens are worth nothing; its user stays with the home. When it comes again,
    it is the same."""
    take_up(app, LAB)

    def token() -> str:
        return str(orm.User.find(app.hub.db, NAME).new_api_token())

    secret = app.do(token)
    ask = {"Authorization": f"token {secret}"}
    browser = app.browser()
    assert browser.visit("api/user", headers=ask).json()["name"] == NAME
    take_up(app)
    assert may(app, "ada") == set()
    assert browser.visit("api/user", headers=ask).status_code == 403
    assert app.do(lambda: orm.User.find(app.hub.db, NAME)) is not None
    assert shared_lab.of(NAME) is None
    take_up(app, LAB)
    assert "access:servers" in may(app, "ada")


@pytest.mark.parametrize("restarted", [False, True])
def test_one_that_somebody_has_left_ends(app: HubApp, restarted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """What they began there would run on as the lab, and could answer whoever asks in the place of its server. Who only
    joins ends nothing; who left while the hub was away is noticed, too."""
    ended: list[str] = []

    async def end_labs(_: Any, user: Any) -> None:
        ended.append(user.name)
        running.clear()

    def look(*names: str) -> None:
        before = app.do(users.who_enters, app.hub.db, "room-")
        put(app, *names)
        app.do(users.note_left, app.hub.db, "room-", {} if not restarted else before)
        app.do(users.end_closed, hub, "room-")

    monkeypatch.setattr(users, "_entered", {})
    monkeypatch.setattr(users, "_left", set())
    monkeypatch.setattr(removal, "end_labs", end_labs)
    running = {"": SimpleNamespace(active=True, pending=None)}
    hub = SimpleNamespace(users={NAME: SimpleNamespace(name=NAME, spawners=running)})
    take_up(app, LAB)
    look("ada")
    look("ada", "bela")
    assert ended == []
    if restarted:
        users._entered.clear()
    look("ada")
    until(lambda: ended == [NAME], "the lab ends")
    look("ada")
    assert (ended, users._left) == ([NAME], set())


def test_nobody_is_called_so(app: HubApp) -> None:
    """Nobody signs up, signs in or is made under such a name, by the page, the page Admin or a source; nor is such a
    lab made an administrator, called otherwise or removed there."""
    take_up(app, LAB)
    stranger = app.browser()
    for name in ("room-choir", "room-other", "Grader-Biology"):
        form = {"username": name, "signup_password": PASSWORD, "signup_password_confirmation": PASSWORD}
        stranger.fill_in("signup", **form)
        assert app.do(lambda name=name: known_names.account_of(app.hub.db, name.lower())) is None
    authenticator: Any = app.hub.authenticator

    def force() -> None:
        app.hub.db.add(UserInfo(username="grader-old", password=hashed(PASSWORD), is_authorized=True))
        app.hub.db.commit()

    app.do(force)
    assert stranger.sign_in("grader-old", PASSWORD).status_code in (200, 403)
    assert not stranger.is_signed_in
    admin = app.browser_of("admin", PASSWORD)
    xsrf = next(cookie.value for cookie in admin.cookies if cookie.name == "_xsrf")
    for path, body in (("users/grader-new", {}), ("users", {"usernames": ["grader-new"]})):
        answer = admin.post(f"{app.address}/api/{path}", json=body, headers={"X-XSRFToken": xsrf}, timeout=30)
        assert answer.status_code == 409, answer.text
    answer = admin.patch(
        f"{app.address}/api/users/bela", json={"name": "grader-new"}, headers={"X-XSRFToken": xsrf}, timeout=30
    )
    assert answer.status_code == 400
    changes: tuple[dict[str, Any], ...] = ({"admin": True}, {"name": "olga"})
    for change in changes:
        patched = f"{app.address}/api/users/{NAME}"
        answer = admin.patch(patched, json=change, headers={"X-XSRFToken": xsrf}, timeout=30)
        assert answer.status_code == 400
    assert not app.do(lambda: orm.User.find(app.hub.db, NAME).admin)
    answer = admin.delete(f"{app.address}/api/users/{NAME}", headers={"X-XSRFToken": xsrf}, timeout=30)
    assert answer.status_code == 400
    assert not authenticator.validate_username("grader-x")
    identity = Identity(way="github", subject="7", name="grader-biology")
    assert user_names.first_free(identity, lambda name: not authenticator.validate_username(name)) == (
        "github-grader-biology"
    )


def test_its_user_stays_by_token_alone(app: HubApp) -> None:
    """The lab's own token is good as long as the lab is there; a browser is never signed in as its user."""
    take_up(app, LAB)
    staying = app.hub.authenticator.staying
    assert app.do(lambda: staying.may_stay(NAME, by_token=True)) is True
    assert app.do(lambda: staying.may_stay(NAME)) is False


def test_somebody_who_has_the_name_keeps_it_to_themselves(app: HubApp) -> None:
    """Where a person has had the name from before, there is no shared lab of it: nobody enters a person's lab."""
    name = "room-old"

    def person() -> None:
        app.hub.db.add(orm.User(name=name))
        app.hub.db.add(UserInfo(username=name, password=b"no hash", is_authorized=True))
        app.hub.db.commit()
        roles.assign_default_roles(app.hub.db, entity=orm.User.find(app.hub.db, name))

    app.do(person)
    take_up(app, LAB, SharedLab(name=name, entered_by=("choir",)))
    held = app.do(lambda: scopes.get_scopes_for(orm.User.find(app.hub.db, "ada")))
    assert not [scope for scope in held if scope.endswith(f"!user={name}")]
    assert shared_lab.of(name) is None
    assert app.do(lambda: known_names.mark_of(app.hub.db, name)) is None


def test_one_that_was_removed_comes_again(app: HubApp) -> None:
    """An administrator may remove what is left of a lab that is gone; when the lab comes again, so does its user."""
    take_up(app)

    async def remove() -> None:
        from homeroom.sign_in import removal

        await asyncio.wait_for(removal.remove(app.hub, NAME, "admin"), 10)

    app.do(remove)
    assert app.do(lambda: known_names.mark_of(app.hub.db, NAME)) == REMOVED
    take_up(app, LAB)
    assert app.do(lambda: known_names.mark_of(app.hub.db, NAME)) == SHARED
    assert "access:servers" in may(app, "ada")


def test_the_shell_takes_it_for_no_person(app: HubApp) -> None:
    """`make user-remove` removes none, and who has not been here for long is no such user."""
    take_up(app, LAB)

    def ask() -> tuple[Any, Any]:
        from homeroom.sign_in.accounts import open_database

        path = Path(app.hub.db_url.removeprefix("sqlite:///"))
        database = open_database(path)
        try:
            removed = leavers.remove(database, [NAME], "shell", "")
            return removed, leavers.cohort(database, "", 0, 2**31)
        finally:
            database.close()

    removed, cohort = app.do(ask)
    assert removed["shared"] == [NAME]
    assert NAME not in [one["name"] for one in cohort]
    assert app.do(lambda: known_names.mark_of(app.hub.db, NAME)) == SHARED


def test_generator_and_hub_keep_the_same_names() -> None:
    """What the site's files, `make account` and the hub refuse are the same names."""
    import re

    for prefix in PREFIXES:
        assert not re.match(USERNAME_PATTERN, f"{prefix}x")
        assert is_of_service(f"{prefix}x")
    for name in ("grader", "graders-1", "rooms", "a-room-b", "roomy"):
        assert re.match(USERNAME_PATTERN, name)
        assert not is_of_service(name)


def test_it_ends_by_idleness_alone() -> None:
    """Its profile's age does not end a lab in the middle of grading, and its home is never thrown away."""
    plan = LabPlan(profile="p", image="i", memory_bytes=1, cpus=1, max_age_seconds=3600, ephemeral=True)
    fitted = shared_lab.fitted(plan)
    assert (fitted.idle_seconds, fitted.max_age_seconds, fitted.ephemeral) == (3600, 0, False)
    assert (
        shared_lab.fitted(LabPlan(profile="p", image="i", memory_bytes=1, cpus=1, idle_seconds=60)).idle_seconds == 60
    )


def test_members_are_not_asked_first(app: HubApp) -> None:
    """Who may enter comes in at once: the lab's owner is nobody who could want to know who they are. Others stay out,
    and no visit is kept, as it is of administrators in a person's lab."""
    take_up(app, LAB)
    into = (
        f"api/oauth2/authorize?client_id=jupyterhub-user-{NAME}&response_type=code"
        f"&redirect_uri=%2Fuser%2F{NAME}%2Foauth_callback"
    )

    def give_lab() -> None:
        client = app.hub.oauth_provider.add_client(
            client_id=f"jupyterhub-user-{NAME}",
            client_secret="secret",  # nobody's
            redirect_uri=f"/user/{NAME}/oauth_callback",
            allowed_scopes=[f"access:servers!server={NAME}/"],
        )
        app.hub.db.add(orm.Spawner(name="", user=orm.User.find(app.hub.db, NAME), oauth_client=client))
        app.hub.db.commit()

    app.do(give_lab)
    ada, bela = (app.browser_of(name, PASSWORD) for name in ("ada", "bela"))
    assert ada.visit(into, allow_redirects=False).status_code == 302
    assert bela.visit(into, allow_redirects=False).status_code == 403
    assert app.do(lambda: app.hub.db.query(LabVisit).count()) == 0
