"""A hub as a process, and the providers that it knows: a real OpenID provider, stand-ins for GitHub and GitLab, and a
provider that lies on demand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.hub_process import HubProcess, hub_process
from tests.openid_process import OpenIDProcess, openid_process
from tests.providers import GitHub, GitLab, LyingOpenID, new_key
from tests.sample_settings import TOKEN

SECRET = "the-right-client-secret"  # of stand-ins
WAYS = ("native", "oidc", "github", "gitlab", "okta")
SITE = """
oidc:
  title: The university
  issuer: {oidc}
  client_id: homeroom
  allowed_groups: [physics]
  admin_groups: [staff]
github:
  client_id: homeroom
  url: {github}
  allowed_organizations: [lab]
gitlab:
  client_id: homeroom
  url: {gitlab}
  allow_all: true
okta:
  client_id: homeroom
  issuer: {okta}
  allow_all: true
"""
MORE = """
from homeroom.oauth import client

c.OIDCWay.refresh_seconds = c.GitHubWay.refresh_seconds = 1
client.ANSWER_SECONDS = 300  # a busy machine is no provider that hangs
"""


@dataclass
class Campus:
    """The hub and its providers; `okta` is the one that lies."""

    hub: HubProcess
    oidc: OpenIDProcess
    github: GitHub
    gitlab: GitLab
    okta: LyingOpenID


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campus]:
    """All of them, for the tests of this folder."""
    directory = tmp_path_factory.mktemp("hub")
    site: Path = tmp_path_factory.mktemp("site")
    with (
        openid_process() as oidc,
        GitHub().running() as github,
        GitLab().running() as gitlab,
        LyingOpenID(new_key()).running() as okta,
    ):
        text = SITE.format(oidc=oidc.url, github=github.url, gitlab=gitlab.url, okta=okta.url)
        (site / "oauth.yaml").write_text(text)
        secrets = {f"{way.upper()}_CLIENT_SECRET": SECRET for way in WAYS[1:]}
        settings = {"AUTH": ",".join(WAYS), "HUB_IP": "127.0.0.1", "JUPYTERHUB_CRYPT_KEY": TOKEN, **secrets}
        with hub_process(directory, site, settings, MORE) as hub:
            yield Campus(hub, oidc, github, gitlab, okta)


@pytest.fixture
def campus(running: Campus) -> Iterator[Campus]:
    """The same, with providers that are well and honest."""
    yield running
    for provider in (running.github, running.gitlab, running.okta):
        if provider.pause is not None:
            provider.pause.set()
        provider.pause = None
        provider.broken = {}
    running.okta.claims = {}
    running.okta.document = {}
    running.okta.said = {}
    running.okta.sign = running.okta.signed
