"""Bookmarks that were made under another BASE_URL, at JupyterHub's own handlers."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

import pytest
import requests
from homeroom.hub.old_addresses import under

from tests.hub_app import HubApp
from tests.hub_config import loaded
from tests.sample_settings import TOKEN


@pytest.fixture(scope="module", params=["/", "/biology/"])
def app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubApp]:
    """A hub with this BASE_URL."""
    directory = tmp_path_factory.mktemp("hub")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONFIGPROXY_AUTH_TOKEN", TOKEN)
        with HubApp(directory, loaded(directory, BASE_URL=request.param)).running() as made:
            yield made


def landing(app: HubApp, path: str) -> str:
    """The page that a browser lands on, with its query, without the hub's BASE_URL; the sign-in page names it."""
    origin = app.address.removesuffix("/hub")
    answer = requests.get(f"{origin}{path}", timeout=30, cookies={"homeroom-here": "1"})
    address = answer.url.removeprefix(origin).removeprefix(app.hub.base_url)
    return f"{answer.status_code} {unquote(address)}"


@pytest.mark.parametrize("before", ["/", "/chemistry/", "/homeroom/", "/a/b/", "/user-lab/"])
def test_a_bookmark_of_before_leads_to_the_page(app: HubApp, before: str) -> None:
    """The same page under the BASE_URL that there is, also a page of a lab."""
    base = app.hub.base_url
    assert landing(app, f"{before}hub/home") == f"200 hub/login?next={base}hub/home"
    assert landing(app, f"{before}user/ada/lab/tree/a.ipynb").startswith(f"200 hub/login?next={base}hub/user/ada/lab/")
    assert landing(app, f"{before}hub/login") == "200 hub/login"


@pytest.mark.parametrize("path", ["hub/nothing", "hub/api/hub/home", "hub/homeroom/hub-of-a-kind/x"])
def test_what_was_never_there_is_not_found(app: HubApp, path: str) -> None:
    """A mistyped address is told as one, and what is for programs stays so."""
    assert landing(app, app.hub.base_url + path).startswith("404 ")


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("hub/home", "home"),
        ("biology/hub/home?a=/hub/b", "home?a=/hub/b"),
        ("biology/user/ada/lab?x", "user/ada/lab?x"),
        ("hub/user/hub/lab", "user/hub/lab"),
        ("x/hub//evil.test/y", "/evil.test/y"),
        ("x?y=hub/z", ""),
    ],
)
def test_an_address_is_taken_from_where_it_is_whole(address: str, found: str) -> None:
    """The first such part counts, which is where an old BASE_URL ends; the query is part of it and holds none."""
    assert under(address) == found
