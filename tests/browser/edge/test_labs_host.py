"""Labs on a host of their own: people work there, and find back to the hub."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.pages import Lab, SignIn
from tests.edge_deployment import HUB, EdgeDeployment, names_lead_here

LABS = f"labs.{HUB}"
"""Below the hub's own name: so its pages may set cookies for both."""


@pytest.fixture(scope="module")
def apart(prepared_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeDeployment]:
    """A deployment whose labs have a name of their own."""
    settings = {"AUTH": "dummy", "TLS": "internal", "JUPYTERHUB_ADMIN": "grace"}
    made = EdgeDeployment(tmp_path_factory.mktemp("apart"), f"hrapart{os.getpid()}", settings, labs_host=LABS)
    try:
        with names_lead_here():
            made.up_trusted()
            yield made
    finally:
        made.remove()


@pytest.fixture
def window(browser: Browser) -> Iterator[Page]:
    """A page of somebody whose browser knows the authority."""
    context = browser.new_context(ignore_https_errors=True)
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def labs_url(apart: EdgeDeployment) -> str:
    """The address of the labs' host."""
    return f"https://{LABS}:{apart.https_port}"


def sign_in(page: Page, apart: EdgeDeployment, name: str) -> Lab:
    """Sign in by the hub's name; JupyterLab is then there under the labs'."""
    SignIn(page, apart).open().submit(name, "")
    lab = Lab(page, apart, name)
    lab.address = re.compile(re.escape(f"{labs_url(apart)}/user/{name}/lab"))
    return lab.wait()


def test_people_work_under_the_labs_name(apart: EdgeDeployment, window: Page) -> None:
    """Who signs in at the hub comes to their lab under its own name, runs code there and finds back to the hub; an
    address with the wrong one of both names leads to the right one."""
    notebook = sign_in(window, apart, "ada").new_notebook()
    assert "42" in notebook.run("print(6 * 7)")
    window.goto(f"{apart.url}user/ada/lab")
    window.wait_for_url(re.compile(re.escape(f"{labs_url(apart)}/user/ada/lab")))
    window.goto(f"{labs_url(apart)}/hub/home")
    window.wait_for_url(f"{apart.url}hub/home")
    cookies = window.context.cookies()
    assert {each["domain"] for each in cookies if each["name"].startswith("jupyterhub-user-")} == {LABS}
    assert [each["domain"] for each in cookies if each["name"] == "__Host-jupyterhub-hub-login"] == [HUB]
