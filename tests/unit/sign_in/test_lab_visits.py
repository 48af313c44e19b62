"""Administrators and other people's labs, with JupyterHub's own pages, cookies and roles."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import bcrypt
import pytest
from homeroom.sign_in import lab_visits
from homeroom.sign_in.passwords import hashed
from nativeauthenticator.orm import UserInfo

from jupyterhub import orm, roles
from tests.hub_app import Browser, HubApp, signed_in
from tests.hub_config import loaded
from tests.sample_settings import TOKEN

PASSWORD = "correct horse battery"
INTO_LAB = (
    "api/oauth2/authorize?client_id=jupyterhub-user-mina&redirect_uri=%2Fuser%2Fmina%2Foauth_callback"
    "&response_type=code&state=x"
)


@pytest.fixture(scope="module", params=["on", "off"])
def access(request: pytest.FixtureRequest) -> str:
    """ADMIN_ACCESS."""
    value: str = request.param
    return value


@pytest.fixture(scope="module")
def app(access: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubApp]:
    """A hub in which mina has a lab."""
    directory: Path = tmp_path_factory.mktemp("hub")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(roles, "get_default_roles", lab_visits._default_roles)
        config = loaded(directory, ADMIN_ACCESS=access)
        patch.setenv("CONFIGPROXY_AUTH_TOKEN", TOKEN)
        patch.setattr(bcrypt, "gensalt", partial(bcrypt.gensalt, 4))
        with HubApp(directory, config).running() as made:
            made.do(give_lab, made)
            yield made


def give_lab(app: HubApp) -> None:
    """Mina has a lab, which asks the hub who comes."""
    db = app.hub.db
    for name in ("admin", "mina", "nils"):
        db.add(UserInfo(username=name, password=hashed(PASSWORD), is_authorized=True))
    client = app.hub.oauth_provider.add_client(
        client_id="jupyterhub-user-mina",
        client_secret="secret",  # nobody's
        redirect_uri="/user/mina/oauth_callback",
        allowed_scopes=["access:servers!server=mina/"],
    )
    mina = orm.User(name="mina")
    db.add(mina)
    roles.assign_default_roles(db, entity=mina)
    db.add(orm.Spawner(name="", user=mina, oauth_client=client))
    db.commit()


def open_lab(browser: Browser) -> int:
    """Go into mina's lab, and say yes where the hub asks; the answer's status."""
    page = browser.visit(INTO_LAB, allow_redirects=False)
    if page.status_code == 200:
        scopes = "access:servers!server=mina/"
        address = f"{browser.address}/{INTO_LAB}"
        token = page.text.partition('name="_xsrf" value="')[2].partition('"')[0]
        page = browser.post(address, data={"scopes": scopes, "_xsrf": token}, allow_redirects=False, timeout=30)
    return page.status_code


def test_administrators_come_into_labs_where_that_is_on(app: HubApp, access: str) -> None:
    """With ADMIN_ACCESS=on an administrator who opens a lab is shown to its owner; with off they are refused. The owner
    comes in either way, and is no visitor; nobody else comes in."""
    owner, admin = signed_in(app, "mina", PASSWORD), signed_in(app, "admin", PASSWORD)
    assert open_lab(owner) == 302
    assert open_lab(signed_in(app, "nils", PASSWORD)) == 403
    assert open_lab(admin) == (302 if access == "on" else 403)
    home = owner.visit("home").text
    assert home.count("<li>admin, ") == (access == "on")
    assert ("Administrators can open your lab" in home) is False
    assert "<li>admin, " not in signed_in(app, "nils", PASSWORD).visit("home").text


def test_administrators_without_labs_make_no_tokens_of_others(app: HubApp, access: str) -> None:
    """Nor would a token of the person, or a share, be a way round."""
    admin = signed_in(app, "admin", PASSWORD)
    headers = {"Referer": f"{app.address}/home", "X-XSRFToken": str(admin.cookies.get("_xsrf", path="/hub/"))}
    for path, body in (("users/mina/tokens", {"note": "x"}), ("shares/mina/", {"user": "admin"})):
        answer = admin.post(f"{app.address}/api/{path}", json=body, headers=headers, timeout=30)
        assert (answer.status_code in (403, 404)) is (access == "off"), f"{path}: {answer.status_code} {answer.text}"


def test_the_page_shows_the_last_visits(app: HubApp, access: str) -> None:
    """Twenty at most, and none older than two weeks; where nobody may come nothing is said of it."""
    nils = signed_in(app, "nils", PASSWORD)
    for _ in range(lab_visits.MOST_TOLD + 5):
        app.do(lab_visits.keep, app.hub.db, "nils", "grace")
    assert nils.visit("home").text.count("<li>grace, ") == (lab_visits.MOST_TOLD if access == "on" else 0)
    app.do(lambda: app.hub.db.query(lab_visits.LabVisit).update({"at": 1}))
    said = "Administrators can open your lab. When one does, it is shown here." in nils.visit("home").text
    assert said == (access == "on")


def test_administrators_without_labs_keep_all_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """JupyterHub's own roles but for what opens labs; this fails when JupyterHub names that otherwise."""
    monkeypatch.setattr(roles, "get_default_roles", lab_visits._default_roles)
    before = {role["name"]: set(role["scopes"]) for role in roles.get_default_roles()}
    lab_visits.close_labs_to_administrators()
    after = {role["name"]: set(role["scopes"]) for role in roles.get_default_roles()}
    assert before["admin"] - after["admin"] == lab_visits.OPENS_LABS
    assert before | {"admin": after["admin"]} == after
