"""The edge's settings: what cannot be is refused before anything is changed, with the setting's name."""

from __future__ import annotations

import pytest

from generator.schema.settings import validation_faults
from generator.topics.edge import checks
from tests.sample_settings import TOKEN, settings

NAMED = {"HUB_HOST": "hub.example.edu"}


def faulty(**values: str) -> list[str]:
    """The settings that are refused beside each other."""
    return [name for name, _, _ in settings(**values).all_cross_checks()]


@pytest.mark.parametrize("tls", ["internal", "files", "acme"])
def test_tls_needs_a_name(tls: str) -> None:
    """Every way to HTTPS is for a name; with one nothing is missing."""
    assert faulty(TLS=tls) == ["HUB_HOST"]
    assert faulty(TLS=tls, **NAMED) == []


@pytest.mark.parametrize(
    ("values", "refused"),
    [
        ({"TRUSTED_PROXIES": "10.1.2.3"}, ["TRUSTED_PROXIES"]),
        ({"HTTP_PORT": "443"}, ["HTTPS_PORT"]),
        ({"HUB_PORT": "80"}, ["HUB_PORT"]),
        ({"LABS_HOST": "hub.example.edu"}, ["LABS_HOST"]),
        ({"LABS_HOST": "192.0.2.7"}, ["LABS_HOST"]),
        ({"LABS_HOST": "labs.example.edu"}, []),
    ],
)
def test_what_does_not_go_together_is_refused(values: dict[str, str], refused: list[str]) -> None:
    """A proxy in front of the edge, one port for two, labs under the hub's own name or an address."""
    assert faulty(TLS="internal", **NAMED, **values) == refused


@pytest.mark.parametrize(
    ("values", "refused"),
    [
        ({"HUB_HOST": "192.0.2.7"}, ["HUB_HOST"]),
        ({"HUB_HOST": "hub"}, ["HUB_HOST"]),
        ({**NAMED, "HUB_IP": "127.0.0.1"}, ["HUB_IP"]),
        ({**NAMED, "HUB_IP": "127.0.0.1", "ACME_DIRECTORY": "https://ca.example.edu/acme/directory"}, []),
    ],
)
def test_an_authority_must_find_the_hub(values: dict[str, str], refused: list[str]) -> None:
    """TLS=acme for an address, a mere word, or where the public authority cannot ask, is refused."""
    assert faulty(TLS="acme", **values) == refused


def test_labs_have_a_name_only_beside_the_hubs() -> None:
    """LABS_HOST without HUB_HOST is refused: nobody could be sent to the hub."""
    assert faulty(LABS_HOST="labs.example.edu") == ["HUB_HOST"]


APART = {"SUBDOMAINS": "on"}


@pytest.mark.parametrize(
    ("values", "refused"),
    [
        ({"TLS": "internal", **NAMED}, []),
        ({"TLS": "files", **NAMED, "LABS_HOST": "labs.example.edu"}, []),
        ({"TLS": "acme", **NAMED, "ACME_ON_DEMAND": "on"}, []),
        ({"TLS": "behind-proxy", "TRUSTED_PROXIES": "10.1.2.3", **NAMED}, []),
        ({"HUB_IP": "127.0.0.1", "HUB_HOST": "localhost"}, []),
        ({"TLS": "internal"}, ["HUB_HOST"]),
        ({"HUB_IP": "127.0.0.1"}, ["HUB_HOST"]),
        ({"HUB_IP": "127.0.0.1", "LABS_HOST": "labs.example.edu"}, ["HUB_HOST"]),
        (NAMED, ["SUBDOMAINS"]),
        ({"TLS": "internal", "HUB_HOST": "192.0.2.7"}, ["SUBDOMAINS"]),
        ({"TLS": "internal", "HUB_HOST": "hub.labs.example.edu", "LABS_HOST": "labs.example.edu"}, ["LABS_HOST"]),
        ({"TLS": "internal", "HUB_HOST": ".".join(["x" * 50] * 4)}, ["SUBDOMAINS"]),
        ({"TLS": "acme", **NAMED}, ["SUBDOMAINS"]),
    ],
)
def test_names_for_each_users_labs_need_what_they_stand_on(values: dict[str, str], refused: list[str]) -> None:
    """SUBDOMAINS=on without a name, for an address, in the open, with the hub below the labs' name, or without a source
    of such certificates is refused, once, by the setting that is to be changed."""
    assert faulty(**values, **APART) == refused


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ACME_DIRECTORY", "http://ca.example.edu/directory"),
        ("ACME_DIRECTORY", "https://ca.example.edu/a b"),
        ("ACME_DIRECTORY", "https://ca.example.edu/{env.SECRET}"),
        ("ACME_EMAIL", "it@example.edu }"),
        ("TLS_FILES", "site/tls"),
        ("TLS_FILES", "/etc/a:b"),
        ("TLS_FILES", "/etc/$HOME"),
        ("LABS_HOST", "labs.example.edu {"),
    ],
)
def test_no_value_can_be_read_as_anything_else(name: str, value: str) -> None:
    """What goes into the Caddyfile or a mount has a form that neither takes for a word of its own."""
    _, faults = validation_faults({"CONFIGPROXY_AUTH_TOKEN": TOKEN, name: value})
    assert [fault for fault, _ in faults] == [name]


def test_a_name_that_leads_nowhere_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that is not found is a warning with its setting, for a wildcard one of those that it stands for; an
    address is not looked up, and without HTTPS of our own nothing is."""
    monkeypatch.setattr(checks, "resolve", lambda host: "unknown" if "labs" in host else None)
    both = NAMED | {"LABS_HOST": "labs.example.edu"}
    (found,) = checks.of_site(settings(TLS="internal", **both))
    assert (found.level, found.location) == ("warn", ".env: LABS_HOST")
    (found,) = checks.of_site(settings(TLS="internal", **both, **APART))
    assert found.location == ".env: SUBDOMAINS"
    assert "`getent hosts ada.labs.example.edu`" in found.remedy
    assert list(checks.of_site(settings(TLS="off", **both))) == []
    assert list(checks.of_site(settings(TLS="internal", HUB_HOST="192.0.2.7"))) == []
