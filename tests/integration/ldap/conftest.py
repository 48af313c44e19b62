"""A directory for the tests of this folder, and ways to sign in by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from homeroom.ldap.way import LdapWay
from traitlets.config import Config

from tests import slapd
from tests.certificates import Authority
from tests.slapd import Slapd

MakeWay = Callable[..., LdapWay]
SEARCHES = {
    "lookup_dn": True,
    "lookup_dn_search_filter": "(uid={login})",
    "user_search_base": slapd.PEOPLE,
    "lookup_dn_search_user": slapd.SERVICE,
    "lookup_dn_search_password": slapd.SERVICE_PASSWORD,
    "group_base": slapd.GROUPS,
}


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs the certificates of the directory's servers."""
    return Authority.made(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Slapd]:
    """A running directory that tests share: each has people of its own."""
    server = Slapd(tmp_path_factory.mktemp("slapd"), authority)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def make_way(directory: Slapd, authority: Authority) -> MakeWay:
    """Makes a way that asks this directory, over STARTTLS and by a search."""

    def make(*, way: dict[str, Any] | None = None, **directory_traits: Any) -> LdapWay:
        config = Config()
        config.LdapWay.update({"allow_all": True, **(way or {})})
        config.LdapDirectory.update({"servers": [directory.url], "ca_file": str(authority.file), **SEARCHES})
        config.LdapDirectory.update(directory_traits)
        made = LdapWay(config=config)
        made.directory.config = config
        made.directory.update_config(config)
        return made

    return make
