"""Assistants of `site/people.yaml`, at a hub of JupyterHub's own: what they see and may, and what never."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import bcrypt
import pytest
from homeroom.sign_in import assistants
from homeroom.sign_in.lists import parse
from homeroom.sign_in.passwords import hashed

from generator.core.errors import HomeroomError
from generator.schema.settings import Settings
from generator.topics.sign_in.lists import load_people
from jupyterhub import orm, roles
from tests.hub_app import Browser, HubApp, add_people, signed_in
from tests.hub_config import loaded
from tests.sample_settings import TOKEN

PASSWORD = "correct horse battery"
PEOPLE = ("admin", "bela", "mina", "nils", "olga", "tina")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubApp]:
    """A hub with two groups: bela and mina are in biology, with the administrator; olga is in chemistry."""
    directory: Path = tmp_path_factory.mktemp("hub")
    with pytest.MonkeyPatch.context() as patch:
        config = loaded(directory)
        config.SignIn.people_file = str(directory / "people.yaml")
        config.LabSpawner.groups = {"biology": {"members": ["bela", "admin"], "hub_groups": ["biology", "campus-bio"]}}
        patch.setenv("CONFIGPROXY_AUTH_TOKEN", TOKEN)
        patch.setattr(bcrypt, "gensalt", partial(bcrypt.gensalt, 4))
        made = HubApp(directory, config)
        with made.running():
            add_people(made, *PEOPLE, password=hashed(PASSWORD))
            made.do(fill, made)
            yield made


def fill(app: HubApp) -> None:
    """Groups of the hub's own."""
    for group, name in (("campus-bio", "mina"), ("chemistry", "olga"), ("tutors", "tina")):
        app.hub.db.add(orm.Group(name=group, users=[orm.User.find(app.hub.db, name)]))
    app.hub.db.commit()


def say(app: HubApp, text: str) -> None:
    """Write the lists, and have the hub look at them."""
    path = Path(app.hub.authenticator.people_file)
    path.write_text(text)
    past = time.time() - 100 - len(text)
    os.utime(path, (past, past))
    app.do(app.hub.authenticator.staying.look)


def put(app: HubApp, group: str, *names: str) -> None:
    """Have these people be a group of the hub's, and have the hub look."""

    def change() -> None:
        found = orm.Group.find(app.hub.db, group)
        found.users = [orm.User.find(app.hub.db, name) for name in names]
        app.hub.db.commit()

    app.do(change)
    app.do(app.hub.authenticator.staying.look)


def seen(browser: Browser) -> set[str]:
    """Whom the page Admin lists."""
    answer = browser.visit("api/users")
    return {user["name"] for user in answer.json()} if answer.status_code == 200 else set()


def may(app: HubApp, name: str, scope: str) -> set[str]:
    """The people for whom somebody holds a scope of JupyterHub's."""

    def ask() -> set[str]:
        user = orm.User.find(app.hub.db, name)
        held = roles.roles_to_scopes(roles.get_roles_for(user))
        return {each.partition("!user=")[2] or "everybody" for each in held if each.partition("!")[0] == scope}

    found: set[str] = app.do(ask)
    return found - {name}


def test_assistants_help_a_group_and_no_one_else(app: HubApp) -> None:
    """They find its people on the page Admin, those of the site's file and of the hub's groups, and may start and stop
    their labs; they open them where the list says so. An administrator's lab is never theirs, and
    they may change no account."""
    say(app, "assistants:\n- {people: [nils], of: [biology], open_labs: true}\n- {groups: [tutors], of: [chemistry]}\n")
    nils, tina = signed_in(app, "nils", PASSWORD), signed_in(app, "tina", PASSWORD)
    assert seen(nils) == {"bela", "mina"}
    assert seen(tina) == {"olga"}
    assert nils.visit("admin").status_code == 200
    assert may(app, "nils", "servers") == {"bela", "mina"}
    assert may(app, "nils", "access:servers") == {"bela", "mina"}
    assert may(app, "tina", "access:servers") == set()
    for scope in ("admin:users", "admin:servers", "tokens", "shares", "shutdown", "admin:groups"):
        assert may(app, "nils", scope) <= {"nils"}
    assert nils.visit("authorize").status_code == 403


def test_assistants_open_no_labs_where_nobody_may(app: HubApp, tmp_path: Path) -> None:
    """With ADMIN_ACCESS=off a line that was written since `make check` lets nobody into a lab."""
    (tmp_path / "off").mkdir()
    assert loaded(tmp_path / "off", ADMIN_ACCESS="off").SignIn.assistants_open_labs is False
    entries = parse({"assistants": [{"people": ["nils"], "of": ["chemistry"], "open_labs": True}]}).assistants

    def scopes() -> list[str]:
        assistants.take_up(app.hub.db, entries, {}, (), open_labs=False)
        return list(orm.Role.find(app.hub.db, f"{assistants.PREFIX}0").scopes)

    assert app.do(scopes) == ["admin-ui", "list:users!user=olga", "read:users!user=olga", "servers!user=olga"]


def test_assistants_follow_list_and_groups(app: HubApp) -> None:
    """Who comes into the group is helped, who leaves it is not, within a look; who is taken off the list helps nobody,
    and the role of an entry that is gone is gone."""
    say(app, "assistants: [{people: [nils], of: [chemistry, no-such-group]}]\n")
    nils = signed_in(app, "nils", PASSWORD)
    assert seen(nils) == {"olga"}
    put(app, "chemistry", "olga", "mina")
    assert seen(nils) == {"olga", "mina"}
    put(app, "chemistry", "olga")
    assert seen(nils) == {"olga"}
    say(app, "allow: {}\n")
    assert seen(nils) == set()
    assert nils.visit("admin").status_code == 403
    left = app.do(lambda: [role.name for role in app.hub.db.query(orm.Role)])
    assert [name for name in left if name.startswith(assistants.PREFIX)] == []


def test_a_faulty_entry_changes_nothing(app: HubApp) -> None:
    """The hub goes on with what it read last."""
    say(app, "assistants: [{people: [nils], of: [chemistry]}]\n")
    nils = signed_in(app, "nils", PASSWORD)
    for text in ("assistants: nils\n", "assistants: [nils]\n", "assistants: [{people: [bela]}]\n"):
        say(app, text)
        assert seen(nils) == {"olga"}


@pytest.mark.parametrize(
    ("entry", "settings", "cause", "remedy"),
    [
        ("{of: [biology]}", {}, "these assistants are nobody", "Name them below people or groups."),
        ("{people: [nils]}", {}, "assistants.of is not set", "shows the file's form"),
        (
            "{people: [nils], of: [biology], open_labs: true}",
            {"ADMIN_ACCESS": "off"},
            "ADMIN_ACCESS=off keeps everybody out",
            "Take open_labs out",
        ),
    ],
)
def test_an_entry_that_cannot_be_right_is_refused(
    tmp_path: Path, entry: str, settings: dict[str, str], cause: str, remedy: str
) -> None:
    """Before anything is changed, with its line."""
    (tmp_path / "people.yaml").write_text(f"assistants:\n- {entry}\n")
    with pytest.raises(HomeroomError) as caught:
        load_people(Settings.model_validate({"CONFIGPROXY_AUTH_TOKEN": TOKEN} | settings), tmp_path)
    told = str(caught.value)
    assert cause in told
    assert remedy in told
    assert "people.yaml line 2" in told
