"""A deployment whose labs have a name of their own, and somebody's browser there."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.pages import Lab, SignIn
from tests.edge_deployment import HUB, EdgeDeployment, names_lead_here

LABS = f"labs.{HUB}"
"""Below the hub's own name: so its pages may set cookies for both."""


@pytest.fixture(scope="package")
def apart(prepared_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EdgeDeployment]:
    """A deployment whose labs have a name of their own."""
    settings = {"AUTH": "dummy", "TLS": "internal", "JUPYTERHUB_ADMIN": "grace", "SHOW_LAB_MINUTES": "60"}
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


@pytest.fixture
def sign_in(apart: EdgeDeployment) -> Callable[[Page, str], Lab]:
    """Signs somebody in by the hub's name; JupyterLab is then there under the name of their labs."""

    def signed_in(page: Page, name: str) -> Lab:
        SignIn(page, apart).open().submit(name, "")
        lab = Lab(page, apart, name)
        lab.address = re.compile(re.escape(f"{apart.lab_url(name)}user/{name}/lab"))
        return lab.wait()

    return signed_in
