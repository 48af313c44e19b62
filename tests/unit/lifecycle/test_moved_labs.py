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
    return {"JUPYTERHUB_PUBLIC_URL": own, "JUPYTERHUB_PUBLIC_HUB_URL": hub, "JUPYTERHUB_USER": "ada"}


STARTED = {
    "nothing": ({}, lab("", "")),
    "hub": (HUB, lab("https://hub.test/user/ada/", "https://hub.test/hub/")),
    "port": (HUB | {"HTTPS_PORT": "8443"}, lab("https://hub.test:8443/user/ada/", "https://hub.test:8443/hub/")),
    "labs": (LABS, lab("https://labs.test/user/ada/", "https://hub.test/hub/")),
    "labs below": (
        HUB | {"LABS_HOST": "labs.hub.test"},
        lab("https://labs.hub.test/user/ada/", "https://hub.test/hub/"),
    ),
    "apart": (APART, lab("https://ada.hub.test/user/ada/", "https://hub.test/hub/")),
    "both": (BOTH, lab("https://ada.labs.test/user/ada/", "https://hub.test/hub/")),
}


@pytest.mark.parametrize("now", STARTED)
@pytest.mark.parametrize("before", STARTED)
def test_a_lab_is_found_under_what_it_was_started_with(before: str, now: str) -> None:
    """And under no other settings of names, ports and TLS."""
    assert has_address(STARTED[before][1], settings(**STARTED[now][0])) == (before == now)


def test_a_name_that_is_no_label_is_known_by_its_form() -> None:
    """What stands for such a name is the hub's to say; its form tells it from a name of all labs."""
    found = lab("https://u-adaunite--g6hccby5vw2xv77d5kor6yhnou.hub.test/user/x/", "https://hub.test/hub/")
    assert has_address(found, settings(**APART))
    assert not has_address(found, settings(**HUB))
