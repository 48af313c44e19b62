"""What labs are given of this machine's network: certificates, HTTP proxy and package index."""

from __future__ import annotations

import json
from pathlib import Path

import certifi
import pytest

from generator.core.errors import HomeroomError
from generator.core.paths import RENDERED
from generator.lifecycle import render
from generator.topics.network import lab_network
from generator.topics.network.lab_network import CA_VARIABLES, CERTIFICATES, PIP_CONF, LabNetwork
from tests.sample_settings import settings

PRIVATE = Path(__file__).parents[2] / "private-ca.pem"
PUBLIC = Path(certifi.where())


def load(root: Path, environ: dict[str, str], **values: str) -> LabNetwork:
    """What labs are given by a machine of these files and variables."""
    auto = dict.fromkeys(("LAB_CERTIFICATES", "LAB_PROXY", "LAB_PIP_INDEX"), "auto")
    return lab_network.load(settings(**{**auto, **values}), {"HOME": str(root / "root"), **environ}, root)


def machine_with(root: Path, file: str, text: str) -> Path:
    path = root / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return root


def body(path: Path) -> str:
    return "".join(path.read_text().split("-----")[2].split())


def test_a_machine_without_a_network_of_its_own_gives_nothing(tmp_path: Path) -> None:
    """Public certificates, no proxy and no index: labs are as they were, whatever bundle the machine has."""
    assert load(tmp_path, {}) == LabNetwork()
    machine_with(tmp_path, "etc/ssl/certs/ca-certificates.crt", PUBLIC.read_text())
    assert load(tmp_path, {}) == LabNetwork()


def test_certificates_of_the_distribution_are_none_of_its_own(tmp_path: Path) -> None:
    """One that Debian's list has and certifi's has not is public all the same."""
    machine_with(tmp_path, "etc/ssl/certs/ca-certificates.crt", PUBLIC.read_text() + PRIVATE.read_text())
    machine_with(tmp_path, "usr/share/ca-certificates/mozilla/new.crt", PRIVATE.read_text())
    assert load(tmp_path, {}) == LabNetwork()


def test_the_machines_own_certificates_are_added_to_the_public_ones(tmp_path: Path) -> None:
    """Labs trust both, where programs look and by the variables of those that look elsewhere."""
    machine_with(tmp_path, "etc/ssl/certs/ca-certificates.crt", PRIVATE.read_text())
    found = load(tmp_path, {})
    text = found.files[CERTIFICATES]
    assert text.startswith(PUBLIC.read_text())
    assert body(PRIVATE) in "".join(text.split())
    assert found.environment == dict.fromkeys(CA_VARIABLES, "/etc/ssl/certs/ca-certificates.crt")
    assert load(tmp_path, {}, LAB_CERTIFICATES="off") == LabNetwork()


def test_a_file_of_certificates_can_be_named(tmp_path: Path) -> None:
    """The operator's file counts, and one that holds none is told."""
    assert body(PRIVATE) in "".join(load(tmp_path, {}, LAB_CERTIFICATES=str(PRIVATE)).files[CERTIFICATES].split())
    empty = machine_with(tmp_path, "empty.pem", "nothing") / "empty.pem"
    for path, reason in ((empty, "holds no certificate"), (tmp_path / "none.pem", "cannot be read")):
        with pytest.raises(HomeroomError, match=reason) as caught:
            load(tmp_path, {}, LAB_CERTIFICATES=str(path))
        assert caught.value.location == ".env: LAB_CERTIFICATES"


def test_the_machines_proxy_is_the_labs(tmp_path: Path) -> None:
    """In both spellings; a program of the lab's own is never asked for by way of the proxy."""
    found = load(tmp_path, {"https_proxy": "http://192.0.2.1:3128", "NO_PROXY": "example.edu,localhost"})
    assert found.environment == {
        "HTTPS_PROXY": "http://192.0.2.1:3128",
        "https_proxy": "http://192.0.2.1:3128",
        "NO_PROXY": "localhost,127.0.0.1,::1,example.edu",
        "no_proxy": "localhost,127.0.0.1,::1,example.edu",
    }
    assert found.findings == ()
    assert load(tmp_path, {"https_proxy": "http://192.0.2.1:3128"}, LAB_PROXY="off") == LabNetwork()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://ada:secret@192.0.2.1:3128", "has a password, which labs are not given"),
        ("http://127.0.0.1:3128", "listens on this machine alone (127.0.0.1:3128)"),
        ("http://10.1.2.3:3128", "10.1.2.3:3128 is closed to labs by the firewall"),
    ],
)
def test_what_labs_may_not_have_or_could_not_reach_is_told_and_not_given(tmp_path: Path, url: str, said: str) -> None:
    """Passwords stay with the operator, and programs do not ask in vain; the warning names setting and remedy."""
    for environ, setting in (
        ({"HTTPS_PROXY": url}, "LAB_PROXY"),
        ({"PIP_INDEX_URL": f"{url}/simple"}, "LAB_PIP_INDEX"),
    ):
        found = load(tmp_path, environ)
        (finding,) = found.findings
        assert (found.files, found.environment) == ({}, {})
        assert said in finding.cause
        assert finding.location == f".env: {setting}"
        assert setting in finding.remedy
        assert "secret" not in repr(finding)


def test_what_the_operator_opens_is_given(tmp_path: Path) -> None:
    """With its opening, or without a firewall, a private proxy is the labs' too."""
    environ = {"HTTP_PROXY": "http://10.1.2.3:3128"}
    for values in ({"LAB_OPEN_NETWORKS": "10.1.2.3:3128"}, {"LAB_FIREWALL": "off"}):
        found = load(tmp_path, environ, **values)
        assert found.environment["http_proxy"] == "http://10.1.2.3:3128"
        assert found.findings == ()


def test_what_the_operator_names_is_given_as_it_is(tmp_path: Path) -> None:
    """Also with a password; that the firewall is in its way is told."""
    found = load(
        tmp_path, {}, LAB_PROXY="http://class:word@10.1.2.3:3128", LAB_PIP_INDEX="https://u:p@192.0.2.1/simple"
    )
    assert found.environment["HTTPS_PROXY"] == found.environment["http_proxy"] == "http://class:word@10.1.2.3:3128"
    assert found.files[PIP_CONF] == "[global]\nindex-url = https://u:p@192.0.2.1/simple\n"
    (finding,) = found.findings
    assert finding.remedy == "Add 10.1.2.3:3128 to LAB_OPEN_NETWORKS, or set LAB_PROXY=off."


def test_the_machines_package_index_is_the_labs(tmp_path: Path) -> None:
    """Addresses alone, and nothing else of what the machine's pip is told."""
    text = "[global]\nindex-url = https://192.0.2.1/simple\nextra-index-url = file:///srv/wheels\nproxy = http://x\n"
    machine_with(tmp_path, "etc/pip.conf", text + "trusted-host = 192.0.2.1\nno-index = true\n")
    found = load(tmp_path, {})
    assert found.files == {PIP_CONF: "[global]\nindex-url = https://192.0.2.1/simple\ntrusted-host = 192.0.2.1\n"}
    assert load(tmp_path, {}, LAB_PIP_INDEX="off") == LabNetwork()


def test_the_guard_lets_labs_have_these_files_and_no_others(tmp_path: Path) -> None:
    """Each is mounted read-only where programs look for it; they are written, and go when they are no longer wanted."""
    given = settings(LAB_CERTIFICATES=str(PRIVATE), LAB_PIP_INDEX="https://packages.example.edu/simple")
    files = render.rendered_files(given, tmp_path / "site")
    binds = [each for each in json.loads(files[render.GUARD_POLICY])["binds"] if "/lab/" in each["source"]]
    assert binds == [
        {"source": str(RENDERED / name), "target": target, "read_only": True}
        for name, target in lab_network.TARGETS.items()
    ]
    assert f'"{RENDERED / PIP_CONF}": "/etc/pip.conf"' in files[render.HUB_CONFIG]
    rendered = tmp_path / "rendered"
    render.write(files, rendered)
    assert (rendered / PIP_CONF).read_text() == files[PIP_CONF]
    assert render.is_current(files, rendered)
    assert set(render.write(render.rendered_files(settings(), tmp_path / "site"), rendered)) >= {CERTIFICATES, PIP_CONF}
    assert not (rendered / PIP_CONF).exists()
