"""site/sso.yaml: what is wrong with it is told with its line and what to do, and what is right reaches the hub."""

from __future__ import annotations

from pathlib import Path

import pytest
from homeroom.hub.check_traits import misfits
from homeroom.sso.way import SsoWay

from generator.core.errors import HomeroomError
from generator.topics.sso import sso
from tests.hub_config import loaded
from tests.sample_settings import OTHER_VALUES, settings

SECRET = "5ec2e7" + "0" * 58
NEEDED = {
    "AUTH": "sso",
    "TLS": "behind-proxy",
    "HUB_HOST": "hub.uni.example",
    "HUB_IP": "127.0.0.1",
    "TRUSTED_PROXIES": "127.0.0.1",
    "SSO_SECRET": SECRET,
    "JUPYTERHUB_CRYPT_KEY": OTHER_VALUES["JUPYTERHUB_CRYPT_KEY"],
}
RULE = "allow_all: true\n"


def written(folder: Path, text: str) -> Path:
    """A `site/` with this file."""
    site = folder / "site"
    site.mkdir(exist_ok=True)
    (site / "sso.yaml").write_text(text)
    return site


@pytest.mark.parametrize(
    ("text", "values", "where", "said", "remedy"),
    [
        ("", {}, "site/sso.yaml", "no rule who may sign in", "`allow_all: true`"),
        ("separator: ','\n", {}, "site/sso.yaml", "no rule who may sign in", "`allow_all: true`"),
        (RULE, {"TLS": "off"}, ".env: TLS", "is off", "TLS=behind-proxy"),
        (RULE, {"SSO_SECRET": ""}, ".env: SSO_SECRET", "is not set", "openssl rand -hex 32"),
        (RULE + "headers: {user: REMOTE_USER}\n", {}, "line 2", "holds _", "docs/sign-in/sso.md"),
        (RULE + "headers: {user: Cookie}\n", {}, "line 2", "means something else", "docs/sign-in/sso.md"),
        (RULE + "headers: {user: X-SSO-Secret}\n", {}, "line 2", "means something else", "docs/sign-in/sso.md"),
        (RULE + "headers: {user: X-Forwarded-For}\n", {}, "line 2", "means something else", "docs/sign-in/sso.md"),
        (RULE + "allowed_groups: [a]\n", {}, "line 2", "needs the header", "groups: X-SSO-Groups"),
        (RULE + "admin_groups: [a]\n", {}, "line 2", "needs the header", "groups: X-SSO-Groups"),
        (RULE + "required_roles: [a]\n", {}, "line 2", "needs the header", "role: X-SSO-Role"),
        (RULE + "headers: {role: X-SSO-Role}\n", {}, "line 2", "none is required", "required_roles"),
        (RULE + "logout: //evil.example\n", {}, "line 2", "https:// or", "docs/sign-in/sso.md"),
        (RULE + "logout: http://uni.example\n", {}, "line 2", "https:// or", "docs/sign-in/sso.md"),
        (RULE + "separator: ' '\n", {}, "line 2", "one of ; , | :", "docs/sign-in/sso.md"),
        (RULE + "header: {}\n", {}, "line 2", "there is no field header", "headers"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, text: str, values: dict[str, str], where: str, said: str, remedy: str
) -> None:
    """Each mistake is told where it stands, with what to do about it."""
    with pytest.raises(HomeroomError) as raised:
        sso.load(settings(**{**NEEDED, **values}), written(tmp_path, text))
    told = str(raised.value)
    assert where in told
    assert said in told
    assert remedy in told


def test_a_file_that_is_not_used_is_told(tmp_path: Path) -> None:
    """Who fills in the file and forgets AUTH reads so."""
    (found,) = sso.findings(settings(AUTH="native"), written(tmp_path, RULE))
    assert "does not name sso" in found.cause


WHOLE = """\
title: The university
headers: {user: Eppn, subject: X-Id, email: X-Mail, display_name: X-Name, groups: X-Groups, role: X-Role}
separator: ","
required_roles: [member]
protects: everything
logout: /Shibboleth.sso/Logout
allowed_users: [ada]
allowed_groups: [Physics, staff]
admin_groups: [wheel]
"""


def test_all_of_it_reaches_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every field is a trait of the way, which takes it; the secret comes from the environment, and is in no rendered
    file."""
    monkeypatch.setenv("SSO_SECRET", SECRET)
    config = loaded(tmp_path / "rendered", written(tmp_path, WHOLE), **NEEDED)
    assert list(misfits(config)) == []
    way = SsoWay(config=config)
    assert (way.title, way.separator, way.everywhere, way.secret) == ("The university", ",", True, SECRET)
    assert (way.user_header, way.subject_header, way.email_header) == ("Eppn", "X-Id", "X-Mail")
    assert (way.display_name_header, way.groups_header, way.role_header) == ("X-Name", "X-Groups", "X-Role")
    assert (way.required_roles, way.logout) == ({"member"}, "/Shibboleth.sso/Logout")
    assert (way.allowed_users, way.allowed_groups) == ({"ada"}, {"sso-Physics", "sso-staff"})
    assert (way.admin_groups, config.Authenticator.auth_refresh_age) == ({"sso-wheel"}, 15)
    for path in (tmp_path / "rendered").rglob("*"):
        assert path.is_dir() or SECRET not in path.read_text()


def test_what_is_left_out_is_usual(tmp_path: Path) -> None:
    """One rule is enough of a site/sso.yaml: all else has a default."""
    config = loaded(tmp_path / "rendered", written(tmp_path, RULE), **NEEDED)
    way = SsoWay(config=config)
    assert (way.user_header, way.separator, way.everywhere, way.rules()) == ("X-SSO-User", ";", False, True)
    assert "auth_refresh_age" not in config.get("Authenticator", {})
