"""Which running labs nobody finds any more under the names that the settings have."""

from __future__ import annotations

import pytest

from generator.lifecycle.moved_labs import has_address
from tests.sample_settings import settings

HUB = {"HUB_HOST": "hub.test", "TLS": "internal"}
LABS = HUB | {"LABS_HOST": "labs.test"}
APART = HUB | {"SUBDOMAINS": "on"}
BOTH = LABS | {"SUBDOMAINS": "on"}


def lab(own: str, hub: str) -> dict[str, str]:
    """The environment that JupyterHub gives a lab."""
    return {"JUPYTERHUB_PUBLIC_URL": own, "JUPYTERHUB_PUBLIC_HUB_URL": hub}


STARTED = {
    "nothing": ({}, lab("", "")),
    "hub": (HUB, lab("https://hub.test/user/ada/", "https://hub.test/hub/")),
    "port": (HUB | {"HTTPS_PORT": "8443"}, lab("https://hub.test:8443/user/ada/", "https://hub.test:8443/hub/")),
    "labs": (LABS, lab("https://labs.test/user/ada/", "https://hub.test/hub/")),
    "apart": (APART, lab("https://ada.hub.test/user/ada/", "https://hub.test/hub/")),
    "both": (BOTH, lab("https://ada.labs.test/user/ada/", "https://hub.test/hub/")),
}


@pytest.mark.parametrize("now", STARTED)
@pytest.mark.parametrize("before", STARTED)
def test_a_lab_is_found_under_what_it_was_started_with(before: str, now: str) -> None:
    """And under no other settings of names, ports and TLS."""
    assert has_address(STARTED[before][1], settings(**STARTED[now][0])) == (before == now)
