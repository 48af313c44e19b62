"""What a home takes, as its labs tell the hub."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from homeroom.storage import home_use

from jupyterhub import orm
from tests.hub_app import HubApp, add_people
from tests.hub_config import loaded
from tests.sample_settings import TOKEN

MEGABYTE = 2**20


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubApp]:
    """A hub that ada and bela have labs at."""
    directory = tmp_path_factory.mktemp("hub")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONFIGPROXY_AUTH_TOKEN", TOKEN)
        with HubApp(directory, loaded(directory)).running() as made:
            add_people(made, "ada", "bela")
            yield made


def token(app: HubApp, name: str, scope: str) -> str:
    """A token as a lab of somebody's has one."""

    found: str = app.do(lambda: orm.User.find(app.hub.db, name).new_api_token(scopes=[scope]))
    return found


def tell(app: HubApp, name: str, used: Any, by: str, *, scope: str = "users:activity!user") -> int:
    """Tell the hub what somebody's home takes; returns the answer's status."""
    headers = {"Authorization": f"token {token(app, by, scope)}"}
    address = f"{app.address}/api/homeroom/homes/{name}"
    return app.browser().post(address, headers=headers, json=used, timeout=30).status_code


def told(app: HubApp, name: str) -> int | None:
    """What the hub knows."""
    found: int | None = app.do(lambda: home_use.told(app.hub.users[name]))
    return found


def test_a_lab_tells_what_its_home_takes(app: HubApp) -> None:
    """The last word counts, and is each person's own."""
    assert tell(app, "ada", {"used_bytes": 3 * MEGABYTE}, "ada") == 204
    assert tell(app, "ada", {"used_bytes": 5 * MEGABYTE}, "ada") == 204
    assert tell(app, "bela", {"used_bytes": 0}, "bela") == 204
    assert (told(app, "ada"), told(app, "bela")) == (5 * MEGABYTE, 0)


def test_nobody_tells_of_anothers_home(app: HubApp) -> None:
    """A lab speaks of its own user's home alone, and not without its token."""
    before = told(app, "bela")
    assert tell(app, "bela", {"used_bytes": 7}, "ada") == 404
    assert tell(app, "ada", {"used_bytes": 7}, "ada", scope="read:users!user") == 403
    address = f"{app.address}/api/homeroom/homes/ada"
    assert app.browser().post(address, json={"used_bytes": 7}, timeout=30).status_code == 403
    assert told(app, "bela") == before


@pytest.mark.parametrize(
    "used",
    [None, [], {}, *({"used_bytes": bad} for bad in (-1, True, "9", 2**63, 1.5))],
)
def test_what_is_no_number_of_bytes_is_refused(app: HubApp, used: Any) -> None:
    """Whatever a lab sends, what is kept can be shown."""
    before = told(app, "ada")
    assert tell(app, "ada", used, "ada") == 400
    assert told(app, "ada") == before
