"""Providers of accounts on loopback, as stand-ins; one of a kind a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.providers import GitHub, GitLab, LyingOpenID, new_key

SECRET = "the-right-client-secret"  # of a stand-in
PUBLIC_URL = "https://hub.example/"


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    """The key of the OpenID provider."""
    return new_key()


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub's environment, as Compose makes it."""
    for way in ("GITHUB", "GITLAB", "OIDC", "BITBUCKET"):
        monkeypatch.setenv(f"{way}_CLIENT_SECRET", SECRET)


@pytest.fixture
def openid(key: rsa.RSAPrivateKey) -> Iterator[LyingOpenID]:
    """An OpenID provider."""
    with LyingOpenID(key).running() as provider:
        yield provider


@pytest.fixture
def github() -> Iterator[GitHub]:
    """GitHub."""
    with GitHub().running() as provider:
        yield provider


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    """GitLab."""
    with GitLab().running() as provider:
        yield provider
