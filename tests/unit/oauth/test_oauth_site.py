"""generator/topics/oauth: site/oauth.yaml is told right or wrong before anything is changed, and reaches the hub."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from homeroom.hub.check_traits import misfits

from generator.core.errors import HomeroomError, SeveralErrors
from generator.core.paths import ROOT
from generator.topics.oauth import counterpart, providers
from generator.topics.oauth.site import OAUTH, OAuthFile, Provider
from generator.topics.oauth.ways import WAYS, secret_of
from tests.hub_config import loaded
from tests.providers import LyingOpenID
from tests.sample_settings import TOKEN, settings

SECRET = "a-client-secret"  # of nobody
UUID = "11111111-2222-3333-4444-555555555555"
BLOCKS = {
    "auth0": "domain: lab.eu.auth0.com\n  allowed_domains: [uni.example]",
    "bitbucket": "allowed_teams: [lab]",
    "cilogon": "allowed_idps: ['https://idp.uni.example/shibboleth']",
    "entra": f"tenant_id: {UUID}\n  allowed_groups: [{UUID}]",
    "github": "allowed_organizations: [lab, 'lab:staff']\n  admin_groups: ['lab:staff']",
    "gitlab": "url: https://gitlab.uni.example\n  allowed_gitlab_groups: [physics/lab]\n  allowed_project_ids: [7]",
    "globus": f"allowed_globus_groups: [{UUID}]",
    "google": "allowed_domains: [Uni.Example]\n  allowed_groups: [Staff@Uni.Example]",
    "mediawiki": "allowed_users: [ada]",
    "oidc": "issuer: https://login.uni.example/realms/uni\n  allowed_groups: [/physics]",
    "okta": "issuer: https://uni.okta.com\n  allow_all: true",
}


def values(*ways: str, **more: str) -> dict[str, str]:
    """A deployment's `.env` with these ways."""
    secrets = {secret_of(way): SECRET for way in ways if way in WAYS}
    known = {"AUTH": ",".join(ways), "HUB_IP": "127.0.0.1", "JUPYTERHUB_CRYPT_KEY": TOKEN}
    return {**known, **secrets, **more}


def site_with(tmp_path: Path, text: str) -> Path:
    """An operator's `site/` with this oauth.yaml."""
    site = tmp_path / "site"
    site.mkdir(exist_ok=True)
    (site / OAUTH).write_text(text)
    return site


def block(way: str, text: str = "") -> str:
    """A provider's block of the file."""
    return f"{way}:\n  client_id: homeroom\n  {text or BLOCKS[way]}\n"


def faults(tmp_path: Path, text: str, **env: str) -> list[HomeroomError]:
    """What is wrong with it."""
    with pytest.raises(HomeroomError) as caught:
        providers.load_chosen(settings(**env), site_with(tmp_path, text))
    error = caught.value
    return list(error.errors) if isinstance(error, SeveralErrors) else [error]


@pytest.mark.parametrize("way", WAYS)
def test_every_provider_reaches_the_hub(tmp_path: Path, way: str) -> None:
    """Each block is a way of the hub with a rule, told only what its class has; the secret is in no file."""
    config = loaded(tmp_path, site_with(tmp_path, block(way)), **values("native", way))
    assert list(misfits(config)) == []
    told = config[WAYS[way].rpartition(".")[2]]
    assert told["client_id"] == "homeroom"
    assert told["public_url"] == "http://127.0.0.1:8000/"
    assert told.get("allow_all") or told.get("allowed_users") or told.get("allowed_groups")
    assert all(SECRET not in path.read_text() for path in tmp_path.rglob("*") if path.is_file())


def test_groups_have_the_ways_name_before_theirs(tmp_path: Path) -> None:
    """A team of GitHub's is never a group of site/groups.yaml."""
    config = loaded(tmp_path, site_with(tmp_path, block("github")), **values("native", "github"))
    told = config["GitHubWay"]
    assert told["groups"] == {"lab": "github-lab", "lab:staff": "github-lab-staff"}
    assert told["allowed_groups"] == ["github-lab", "github-lab-staff"]
    assert told["admin_groups"] == ["github-lab-staff"]


@pytest.mark.parametrize("way", WAYS)
def test_a_way_without_a_rule_says_which_line_is_missing(tmp_path: Path, way: str) -> None:
    """Nothing is rendered for a way that says not who may; what is to be added is a rule."""
    needed = {"oidc": "issuer", "okta": "issuer", "auth0": "domain", "entra": "tenant_id"}.get(way, "client_id")
    lines = [line for line in BLOCKS[way].split("\n  ") if line.startswith(needed)]
    text = f"{way}:\n  client_id: homeroom\n" + "".join(f"  {line}\n" for line in lines)
    (fault,) = faults(tmp_path, text, **values(way))
    assert fault.cause == f"{way} has no rule who may sign in"
    assert fault.location == "site/oauth.yaml line 1 column 1"
    line = re.search(r"`(.*)`", fault.remedy)
    assert line
    added = OAuthFile.model_validate(yaml.safe_load(text) | {way: yaml.safe_load(f"{text}  {line[1]}")[way]})
    provider: Provider = getattr(added, way)
    assert provider.allow_all or provider.allowed_users or list(provider.admitted())


@pytest.mark.parametrize(
    ("text", "location", "said"),
    [
        ("githob:\n  client_id: a\n", "line 1", "Did you mean github?"),
        ("github:\n  allow_all: true\n", "line 1", "client_id is not set"),
        (block("github", "allowed_organisations: [lab]"), "line 3", "Did you mean allowed_organizations?"),
        (block("github", "allow_all: true\n  url: http://github.uni.example"), "line 4", "must begin with https://"),
        (block("github", "allow_all: true\n  url: github.uni.example"), "line 4", "is not an address"),
        (block("github", "allow_all: true\n  url: 'https://a b'"), "line 4", "is not an address"),
        (block("github", "allow_all: true\n  url: 'https://ada:pw@uni.example'"), "line 4", "is not an address"),
        (block("github", "allowed_organizations: ['lab/staff']"), "line 3", "my-lab:staff"),
        (block("github", "allow_all: true\n  client_secret: abc"), "line 4", "there is no field client_secret"),
        (block("github", "allow_all: true\n  ca_file: none.pem"), "line 4", "there is no file site/none.pem"),
        (block("github", "allow_all: true\n  ca_file: ../../etc/passwd"), "line 4", "the name of a file in site/"),
        (block("github", "allowed_organizations: ['a-b:c', 'a:b-c']"), "line 1", "would both be the group"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, text: str, location: str, said: str) -> None:
    """File, line, what is wrong and what to do, before anything is changed."""
    (fault,) = faults(tmp_path, text, **values("github"))
    assert location in str(fault.location)
    assert said in f"{fault.cause} {fault.remedy}"


def test_several_things_are_told_together(tmp_path: Path) -> None:
    """A missing block, a missing secret, by the names of the settings."""
    found = faults(tmp_path, block("github"), **values("github", "gitlab", GITHUB_CLIENT_SECRET=""))
    assert [(fault.location, fault.cause.split(",")[0]) for fault in found] == [
        (".env GITHUB_CLIENT_SECRET", "is not set"),
        ("site/oauth.yaml", "there is no block gitlab"),
    ]


@pytest.mark.parametrize(
    ("env", "location"),
    [
        ({"HUB_IP": "0.0.0.0"}, ".env HUB_HOST"),
        ({"HUB_IP": "0.0.0.0", "HUB_HOST": "hub.uni.example"}, ".env TLS"),
    ],
    ids=["no name", "no TLS"],
)
def test_without_a_safe_address_nothing_is_rendered(tmp_path: Path, env: dict[str, str], location: str) -> None:
    """People are sent back to an address that is known beforehand, and that nobody reads along."""
    (fault,) = faults(tmp_path, block("github"), **values("github", **env))
    assert fault.location == location


def test_the_redirect_uri_follows_the_settings(tmp_path: Path) -> None:
    """With a public name and a path it is below them."""
    env = values(
        "github",
        HUB_IP="127.0.0.1",
        HUB_HOST="hub.uni.example",
        TLS="behind-proxy",
        TRUSTED_PROXIES="127.0.0.1",
        BASE_URL="/biology/",
    )
    (chosen,) = providers.load_chosen(settings(**env), site_with(tmp_path, block("github")))
    assert chosen.callback_url == "https://hub.uni.example/biology/hub/oauth/github/callback"


def test_the_file_is_not_needed_where_no_provider_is_named(tmp_path: Path) -> None:
    """Whoever has accounts of the hub's own alone needs no site/oauth.yaml, and blocks that wait there are told."""
    assert providers.load_chosen(settings(), tmp_path) == []
    assert providers.unused(settings(), site_with(tmp_path, block("github"))) == ["github"]


def test_the_starters_blocks_are_right() -> None:
    """Each block of the starter, with the # taken away, is a provider with a rule."""
    text = (ROOT / "generator/topics/oauth/starter" / OAUTH).read_text()
    found = OAuthFile.model_validate(yaml.safe_load(re.sub(r"^#(?!#)", "", text, flags=re.MULTILINE)))
    named = [getattr(found, way) for way in WAYS if getattr(found, way) is not None]
    assert len(named) == 5
    assert all(one.allow_all or list(one.admitted()) for one in named)


@pytest.mark.parametrize("way", WAYS)
def test_every_provider_has_a_page_with_both_sides(way: str) -> None:
    """Its page says the redirect URI and the secret's name, and shows a block that is right and has a rule."""
    page = (ROOT / f"docs/sign-in/{way}.md").read_text()
    assert f"/hub/oauth/{way}/callback" in page
    assert secret_of(way) in page
    (shown,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    provider: Provider = getattr(OAuthFile.model_validate(yaml.safe_load(shown)), way)
    assert provider.allow_all or provider.allowed_users or list(provider.admitted())
    for field in re.findall(r"^\| `(\w+)(?:: \w+)?`", page, re.MULTILINE):
        assert field in type(provider).model_fields or field == "openid", field


# --- What make check asks a provider ---


def looked_at(tmp_path: Path, openid: LyingOpenID) -> list[tuple[str, str]]:
    """What is found of an OpenID provider, by level and cause."""
    site = site_with(tmp_path, block("oidc", f"issuer: {openid.url}\n  allow_all: true"))
    (chosen,) = providers.load_chosen(settings(**values("oidc")), site)
    return [(found.level, found.cause) for found in counterpart.look(chosen, site)]


def test_a_provider_that_is_right_passes(tmp_path: Path, openid: LyingOpenID) -> None:
    """It answers, is who was named, and has the same time."""
    assert looked_at(tmp_path, openid) == [("ok", "oidc answers, and its clock agrees")]


def test_a_provider_that_is_not_is_told(tmp_path: Path, openid: LyingOpenID) -> None:
    """Another issuer, plain HTTP, no document, no answer, a clock apart: each a warning, none an error."""
    openid.document = {"issuer": "https://other.example"}
    assert "calls itself 'https://other.example'" in looked_at(tmp_path, openid)[0][1]
    openid.document = {"token_endpoint": "http://other.example/token"}
    assert "must begin with https://" in looked_at(tmp_path, openid)[0][1]
    openid.broken = {"/": (200, [1])}
    assert "something else than a discovery document" in looked_at(tmp_path, openid)[0][1]
    openid.broken = {"/": (404, None)}
    assert "HTTP 404" in looked_at(tmp_path, openid)[0][1]
    openid.broken = {"/": (302, None, {"Location": "http://127.0.0.1:1/"})}
    assert "HTTP 302" in looked_at(tmp_path, openid)[0][1]
    found = list(counterpart._clock("oidc", "Fri, 27 Nov 2020 00:00:00 GMT"))
    assert "ahead of that of oidc" in found[0].cause
    assert all(one.level == "warn" for one in found)
