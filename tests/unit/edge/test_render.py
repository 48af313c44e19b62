"""What the edge, the proxy and the hub are told of the names that people come by."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from homeroom.hub.check_traits import misfits
from homeroom.hub.labs_host import LabsHost

from generator.core.errors import HomeroomError
from generator.lifecycle import render
from generator.topics.edge.render import ACME_ROOT, CADDYFILE, NAMES, PROXY_HOSTS
from tests.hub_config import loaded
from tests.sample_settings import settings

NAMED = {"HUB_HOST": "hub.example.edu", "LABS_HOST": "labs.example.edu"}
NO_SITE = Path("/nonexistent")


def files(**values: str) -> dict[str, str]:
    """The rendered files."""
    return render.rendered_files(settings(**values), NO_SITE)


@pytest.mark.parametrize("tls", ["off", "behind-proxy"])
def test_where_nobody_needs_it_there_is_no_edge(tls: str) -> None:
    """Without HTTPS of Homeroom's own nothing is rendered for the edge, and the proxy serves on its own port."""
    found = files(TLS=tls, TRUSTED_PROXIES="10.1.2.3", **NAMED)
    assert not {CADDYFILE, NAMES} & found.keys()
    assert json.loads(found[PROXY_HOSTS])["https"] is False


@pytest.mark.parametrize(
    ("tls", "said"),
    [
        ("internal", "issuer internal"),
        ("files", "tls /data/files/fullchain.pem /data/files/privkey.pem {"),
        ("acme", "dir https://acme-v02.api.letsencrypt.org/directory"),
    ],
)
def test_each_source_of_certificates_is_named(tls: str, said: str) -> None:
    """The Caddyfile names one source, for the hub's name and the labs'; nothing else asks for a certificate."""
    found = files(TLS=tls, **NAMED)
    assert said in found[CADDYFILE]
    assert "\nhttps://hub.example.edu, https://labs.example.edu {\n" in found[CADDYFILE]
    assert found[NAMES] == "hub.example.edu\nlabs.example.edu\n"
    for other in {"issuer internal", "/data/files/", "issuer acme"} - {said, "issuer " + tls}:
        assert (other in found[CADDYFILE]) == (other in said)


def test_an_authority_of_a_campus_is_told_whole(tmp_path: Path) -> None:
    """Directory, e-mail and the certificate by which the directory is known reach the edge."""
    root = tmp_path / "root.pem"
    root.write_text("-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n")
    directory = "https://ca.example.edu/acme/directory"
    found = files(TLS="acme", ACME_DIRECTORY=directory, ACME_EMAIL="it@example.edu", ACME_ROOT=str(root), **NAMED)
    for line in (f"dir {directory}", "email it@example.edu", f"trusted_roots /srv/jupyterhub/{ACME_ROOT}"):
        assert line in found[CADDYFILE]
    assert found[ACME_ROOT] == root.read_text()


@pytest.mark.parametrize("text", [None, "nothing of the kind"])
def test_a_root_that_is_none_is_told(tmp_path: Path, text: str | None) -> None:
    """ACME_ROOT that is missing, or holds no certificate, is refused with its name."""
    path = tmp_path / "root.pem"
    if text is not None:
        path.write_text(text)
    with pytest.raises(HomeroomError) as refused:
        files(TLS="acme", ACME_ROOT=str(path), **NAMED)
    assert refused.value.location == ".env: ACME_ROOT"


def test_another_port_is_part_of_the_address() -> None:
    """Plain HTTP leads to the port of HTTPS that people type, and so does the proxy."""
    found = files(TLS="internal", HTTPS_PORT="8443", **NAMED)
    assert "redir https://hub.example.edu:8443{uri} 308" in found[CADDYFILE]
    known = json.loads(found[PROXY_HOSTS])
    assert (known["hub"], known["labs"]) == ("https://hub.example.edu:8443", "https://labs.example.edu:8443")


def test_an_address_is_no_name() -> None:
    """Browsers name no host to an address: its certificate is the one that is served then."""
    text = files(TLS="internal", HUB_HOST="2001:db8::7")[CADDYFILE]
    assert "\tdefault_sni 2001:db8::7\n" in text
    assert "\nhttps://[2001:db8::7] {\n" in text


def test_labs_with_a_name_of_their_own(tmp_path: Path) -> None:
    """The hub sends people to the labs' name, its proxy routes by path all the same, and with HTTPS nobody but the
    hub's own host can set its cookies."""
    config = loaded(tmp_path, TLS="internal", **NAMED)
    assert list(misfits(config)) == []
    hub = config["JupyterHub"]
    assert hub["subdomain_host"] == "https://hub.example.edu"
    assert hub["subdomain_hook"]("ada", "hub.example.edu", kind="user") == "labs.example.edu"
    assert hub["subdomain_hook"] == LabsHost("labs.example.edu")
    assert hub["cookie_host_prefix_enabled"] is True
    assert config["SocketProxy"]["labs_host"] == LabsHost("labs.example.edu")


def test_without_a_name_for_labs_nothing_of_it_is_set(tmp_path: Path) -> None:
    """Labs then share the hub's host, as JupyterHub has it."""
    hub = loaded(tmp_path, HUB_HOST="hub.example.edu", TLS="internal")["JupyterHub"]
    assert not {"subdomain_host", "subdomain_hook", "cookie_host_prefix_enabled"} & hub.keys()


APART = {"HUB_HOST": "hub.example.edu", "SUBDOMAINS": "on"}


@pytest.mark.parametrize(("labs", "parent"), [("", "hub.example.edu"), ("labs.example.edu", "labs.example.edu")])
@pytest.mark.parametrize("tls", ["internal", "files"])
def test_each_users_labs_have_a_name(tmp_path: Path, tls: str, labs: str, parent: str) -> None:
    """With SUBDOMAINS hub and proxy look for labs below LABS_HOST, or below the hub's own name; the certificate is to
    have a wildcard, and plain HTTP leads to the same name."""
    found = files(TLS=tls, LABS_HOST=labs, **APART)
    assert f"\nhttps://hub.example.edu, https://*.{parent} {{\n" in found[CADDYFILE]
    assert f"\nhttp://*.{parent} {{\n" in found[CADDYFILE]
    assert "redir https://{host}{uri} 308" in found[CADDYFILE]
    assert found[NAMES] == f"hub.example.edu\n*.{parent}\n"
    assert json.loads(found[PROXY_HOSTS]) | {"apart": True} == json.loads(found[PROXY_HOSTS])
    assert json.loads(found[PROXY_HOSTS])["labs"] == f"https://{parent}"
    config = loaded(tmp_path, TLS=tls, LABS_HOST=labs, **APART)
    assert list(misfits(config)) == []
    assert config["JupyterHub"]["subdomain_hook"]("ada", "hub.example.edu", kind="user") == f"ada.{parent}"


def test_certificates_for_labs_are_had_for_users_alone(tmp_path: Path) -> None:
    """With TLS=acme each user's labs have a certificate of their own, and the edge asks the hub first who is one; the
    hub's own certificate is had at once, as ever."""
    values = {"TLS": "acme", "ACME_ON_DEMAND": "on", "BASE_URL": "/biology/", **APART}
    found = files(**values)
    text = found[CADDYFILE]
    assert text.count("\ton_demand\n") == 1
    assert "on_demand" not in text[text.index("\nhttps://hub.example.edu {") : text.index("\nhttps://*.")]
    assert "ask http://127.0.0.1:8099/biology/hub/homeroom/lab-name\n" in text
    assert found[NAMES] == "hub.example.edu\n"
    config = loaded(tmp_path, **values)
    assert any(path == "/homeroom/lab-name" for path, _ in config["JupyterHub"]["extra_handlers"])


def test_without_need_nobody_is_told_who_is_a_user(tmp_path: Path) -> None:
    """Where no certificate is had on demand, nothing is asked or answered."""
    assert "on_demand" not in files(TLS="internal", **APART)[CADDYFILE]
    handlers = loaded(tmp_path, TLS="internal", **APART)["JupyterHub"]["extra_handlers"]
    assert not any("lab-name" in path for path, _ in handlers)
