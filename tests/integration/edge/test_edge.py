"""HTTPS from one source of certificates to the next, on one deployment that somebody works in all the while."""

from __future__ import annotations

import os
import re
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from cryptography import x509
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from generator.core.errors import HomeroomError
from generator.topics.edge.edge import faults_in
from generator.topics.edge.render import AUTHORITY_PATH, caddyfile, hosts
from tests.edge_deployment import HUB, LOOPBACK, Authority, EdgeDeployment, Issued
from tests.faults import until
from tests.hub_deployment import engine
from tests.integration.edge.conftest import EDGE_MEMORY_BYTES
from tests.integration.edge.work import Work, read_on, serial, switch
from tests.sample_settings import settings

UPLOAD_BYTES = 50 * 2**20
STANDS_STILL_SECONDS = 80.0
ACME = "ca.test"
ACME_PORT = 9443
LIFETIME = "5m"  # the shortest that it gives
CADDYFILE = f"""
{{
	admin off
	skip_install_trust
	auto_https disable_redirects
}}
https://{ACME}:{ACME_PORT} {{
	tls internal
	acme_server {{
		lifetime {LIFETIME}
		challenges http-01
	}}
}}
http://{HUB}, http://*.{HUB} {{
	reverse_proxy edge:8080
}}
"""
"""An authority that looks for the hub by its name, and finds the edge."""


def test_our_own_authority_is_served_and_trusted(campus: EdgeDeployment, work: Work) -> None:
    """With TLS=internal people get the authority's certificate where `make up` says, and with it their browsers trust
    the hub by its name; `make status` shows for how long, and `make check` finds nothing."""
    given = requests.get(f"http://{HUB}:{campus.http_port}{AUTHORITY_PATH}", timeout=60)
    assert given.text == campus.authority
    assert given.headers["Content-Type"] == "application/x-x509-ca-cert"
    names = campus.served().extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [HUB]
    status = campus.make("status").stdout
    assert f":{campus.http_port}{AUTHORITY_PATH}" in status
    assert re.search(rf"{re.escape(HUB)}\s+.*Homeroom", status), status
    assert f"TLS: {HUB} has a certificate of" in campus.make("check").stdout


def test_plain_http_leads_to_https(campus: EdgeDeployment, work: Work) -> None:
    """By the edge's port of plain HTTP, by whatever name, and by the proxy's own, with address and path; the proxy
    serves nothing else there."""
    wanted = f"{campus.url}hub/login?next=%2Fx"
    for start in (f"http://{HUB}:{campus.http_port}", f"http://{LOOPBACK}:{campus.http_port}"):
        answer = requests.get(f"{start}/hub/login?next=%2Fx", timeout=60, allow_redirects=False)
        assert (answer.status_code, answer.headers["Location"]) == (308, wanted)
    answer = requests.get(f"http://{LOOPBACK}:{campus.port}/hub/login?next=%2Fx", timeout=60, allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (308, wanted)
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://{LOOPBACK}:{campus.port}/hub/homeroom/echo", proxy=None)
    assert refused.value.response.status_code == 308


def test_headers_protect_and_break_nothing(campus: EdgeDeployment, work: Work) -> None:
    """HTTPS is remembered for this name, not for those below it; what hub and labs say of themselves is left as it is;
    cookies are sent over HTTPS alone."""
    page = work.person.get("hub/home")
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Content-Security-Policy"].startswith("frame-ancestors 'none'")
    assert "Server" not in page.headers or "Caddy" not in page.headers["Server"]
    lab = work.person.get("user/ada/lab")
    assert "X-Frame-Options" not in lab.headers
    assert lab.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    cookies = [one for one in work.person.web.cookies if one.name.startswith("jupyterhub")]
    assert cookies
    assert [one.name for one in cookies if not one.secure] == []


def test_the_hub_knows_who_comes(campus: EdgeDeployment, work: Work) -> None:
    """The hub's log has the address that the edge sees, whatever a request claims."""
    network = engine().networks.get(f"{campus.project}_front")
    gateway = network.attrs["IPAM"]["Config"][0]["Gateway"]
    claims = {"X-Forwarded-For": "203.0.113.9", "X-Real-Ip": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    claims |= {"X_Forwarded_For": "203.0.113.9", "X-Scheme": "http", "X-Forwarded-Proto": "http"}
    assert work.person.web.get(f"{campus.url}hub/token", headers=claims, timeout=60).status_code == 200
    log = campus.compose("logs", "hub")
    assert f"(ada@{gateway})" in log
    assert "203.0.113.9" not in log


def test_a_large_upload_streams(campus: EdgeDeployment, work: Work, tmp_path: Path) -> None:
    """An upload arrives whole in a lab; one that is larger than all the memory of the edge passes through it, and the
    lab says that it is too large."""
    model = {"type": "file", "format": "text", "content": "x" * UPLOAD_BYTES}
    answer = work.person.lab_api("PUT", "contents/upload.txt", json=model)
    assert answer.status_code == 201, answer.text
    assert answer.json()["size"] == UPLOAD_BYTES
    started = campus.container("edge").attrs["State"]["StartedAt"]
    vast = tmp_path / "vast"
    vast.touch()
    os.truncate(vast, EDGE_MEMORY_BYTES + 2**27)
    with vast.open("rb") as content:
        answer = work.person.lab_api("PUT", "contents/vast.txt", data=content)
    assert answer.status_code == 413
    assert "Too large for the page" in answer.text
    assert campus.container("edge").attrs["State"]["StartedAt"] == started


FAULTS: dict[str, tuple[str, Callable[[Authority], Issued]]] = {
    "expired": ("has expired", lambda one: one.issue(HUB, first_day=-9, last_day=-1)),
    "not valid yet": ("is not valid yet", lambda one: one.issue(HUB, first_day=2)),
    "mismatched": (
        "is not the key of the certificate",
        lambda one: Issued(one.issue(HUB).certificate, one.issue(HUB).key),
    ),
    "passphrase": ("is protected by a passphrase", lambda one: one.issue(HUB, passphrase="seven")),
    "another name": (f"is not for {HUB}", lambda one: one.issue("other.test")),
    "no key": ("holds no private key", lambda one: Issued(one.issue(HUB).certificate, "nothing\n")),
    "no certificate": ("holds no certificate", lambda one: Issued("nothing\n", one.issue(HUB).key)),
}


def examined(campus: EdgeDeployment, folder: Path, **values: str) -> list[HomeroomError]:
    """What the image of the edge finds wrong with the certificate that lies in `tls/`, for these settings."""
    wanted = settings(TLS="files", HUB_HOST=HUB, **values)
    (folder / "edge").mkdir(exist_ok=True)
    (folder / "edge/Caddyfile").write_text(caddyfile(wanted))
    (folder / "edge/names").write_text("".join(f"{each}\n" for each in hosts(wanted)))
    folder.chmod(0o755)
    mounts = {str(folder): "/srv/jupyterhub", str(folder / "tls"): "/srv/tls"}
    container = engine().containers.create(
        f"{campus.project}-edge:local",
        ["homeroom-edge", "check"],
        volumes={source: {"bind": target, "mode": "ro"} for source, target in mounts.items()},
        network_mode="none",
    )
    try:
        container.start()
        ended = container.wait(timeout=120)["StatusCode"]
        found = list(faults_in(str(container.logs(stderr=False), "utf-8").splitlines(), wanted))
    finally:
        container.remove(force=True)
    assert (ended == 0) == (found == [])
    return found


@pytest.mark.parametrize("what", FAULTS)
def test_what_cannot_be_served_is_told(campus: EdgeDeployment, what: str, tmp_path: Path) -> None:
    """A certificate that is expired, early, for another name or with another's key, a key with a passphrase: which file
    it is, and what is wrong, is told by the image of the edge before anything is changed."""
    cause, make = FAULTS[what]
    make(Authority()).lay(tmp_path / "tls")
    (fault,) = examined(campus, tmp_path)
    assert cause in fault.cause
    assert str(fault.location).startswith("site/tls/")
    assert fault.remedy


def test_names_for_each_users_labs_need_a_wildcard(campus: EdgeDeployment, tmp_path: Path) -> None:
    """With SUBDOMAINS a certificate that names hub and labs, or one lab, is refused; one with a wildcard is served."""
    authority, apart = Authority(), {"LABS_HOST": f"labs.{HUB}", "SUBDOMAINS": "on"}
    authority.issue(HUB, f"labs.{HUB}", f"ada.labs.{HUB}", f"*.{HUB}").lay(tmp_path / "tls")
    (fault,) = examined(campus, tmp_path, **apart)
    assert f"is not for *.labs.{HUB}" in fault.cause
    authority.issue(HUB, f"*.labs.{HUB}").lay(tmp_path / "tls")
    assert examined(campus, tmp_path, **apart) == []


def test_what_cannot_be_served_is_refused(campus: EdgeDeployment, work: Work) -> None:
    """`make up` with a key that the edge may not read, and `make check` with a certificate that has expired: both say
    which file, and what to do; what runs goes on as it was."""
    before = serial(campus)
    authority, folder = Authority(), campus.directory / "site/tls"
    campus.set(TLS="files")
    try:
        authority.issue(HUB, first_day=-9, last_day=-1).lay(folder)
        done = campus.make("check", check=False)
        assert done.returncode == 2
        assert "site/tls/fullchain.pem: has expired" in done.stdout
        authority.issue(HUB).lay(folder)
        os.chown(folder / "privkey.pem", 0, 0)
        done = campus.make("up", check=False)
        assert done.returncode == 2
        assert "chown 992 privkey.pem" in done.stdout
        assert serial(campus) == before
        work.goes_on()
    finally:
        campus.set(TLS="internal")
        for path in folder.glob("*.pem"):
            path.unlink()


def test_a_certificate_of_the_operators_is_renewed_while_people_work(campus: EdgeDeployment, work: Work) -> None:
    """TLS=files serves it; a newer one in its place is taken up with no command given, a wrong one is told by `make
    status` and not taken; who works notices none of it."""
    authority, folder = Authority(), campus.directory / "site/tls"
    first, second = authority.issue(HUB), authority.issue(HUB, last_day=5)
    first.lay(folder)
    switch(campus, authority.pem, TLS="files")
    assert serial(campus) == first.serial
    work.goes_on()
    second.lay(folder)
    until(lambda: serial(campus) == second.serial, "the renewed certificate is served")
    work.goes_on()
    Issued(authority.issue(HUB).certificate, second.key).lay(folder)
    until(lambda: "is not the key of" in campus.compose("logs", "edge"), "the wrong one is refused")
    assert serial(campus) == second.serial
    status = campus.make("status").stdout
    assert "site/tls/privkey.pem: is not the key of" in status
    assert re.search(rf"{re.escape(HUB)}\s+.*Campus authority.*\s4\b", status), status
    work.goes_on()
    second.lay(folder)


def test_an_acme_authority_gives_and_renews(campus: EdgeDeployment, work: Work, acme: tuple[Path, str]) -> None:
    """TLS=acme has a certificate of an authority that looks for the hub by its name, and renews it before it ends; who
    works notices nothing."""
    root, pem = acme
    switch(
        campus, pem, TLS="acme", ACME_DIRECTORY=f"https://{ACME}:{ACME_PORT}/acme/local/directory", ACME_ROOT=str(root)
    )
    first = until(lambda: serial(campus), "the authority's certificate is served in the place of the one before")
    work.goes_on()
    path = campus.directory / "rendered/edge/Caddyfile"
    path.write_text(path.read_text().replace("{\n", "{\n\trenewal_window_ratio 0.97\n", 1))  # soon, not after minutes
    until(lambda: serial(campus) not in (0, first), "the certificate is renewed", seconds=180, interval=1)
    work.goes_on()


def test_certificates_are_had_for_labs_of_users_alone(
    campus: EdgeDeployment, work: Work, acme: tuple[Path, str]
) -> None:
    """With SUBDOMAINS and ACME_ON_DEMAND the labs of a user have a certificate once somebody opens them, and no name of
    nobody's has one, nor is the authority asked for it; `make up` tells of labs that cannot be found under their old
    name."""
    root, pem = acme
    directory = f"https://{ACME}:{ACME_PORT}/acme/local/directory"
    told = switch(
        campus, pem, TLS="acme", ACME_DIRECTORY=directory, ACME_ROOT=str(root), SUBDOMAINS="on", ACME_ON_DEMAND="on"
    )
    try:
        assert "cannot be opened" in told
        known, unknown = f"ada.{HUB}", f"eve.{HUB}"

        def names() -> list[str]:
            found = campus.served(known).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            return found.get_values_for_type(x509.DNSName)

        until(lambda: _served(campus, known), "a user's labs have a certificate")
        assert names() == [known]
        with pytest.raises(ssl.SSLError):
            campus.served(unknown)
        kept = campus.container("edge").exec_run(["find", "/data/caddy/certificates", "-name", "*.crt"])
        assert f"{known}.crt" in kept.output.decode()
        assert unknown not in kept.output.decode()
    finally:
        campus.set(SUBDOMAINS="off")


def test_a_download_that_stood_still_goes_on(work: Work) -> None:
    """A laptop that slept, or a page that was paused: Caddy itself would end it after a minute. It has stood still
    since the first test of these."""
    time.sleep(max(0.0, STANDS_STILL_SECONDS - (time.monotonic() - work.begun)))
    read_on(work.untouched)


def _served(campus: EdgeDeployment, name: str) -> bool:
    try:
        return bool(campus.served(name))
    except OSError:
        return False


@pytest.fixture(scope="module")
def acme(campus: EdgeDeployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """An authority beside the edge, with the file that has its own certificate, and its text."""
    folder = tmp_path_factory.mktemp("acme")
    (folder / "Caddyfile").write_text(CADDYFILE)
    client = engine()
    network = client.networks.get(f"{campus.project}_front")
    container = client.containers.create(
        f"{campus.project}-edge:local",
        ["caddy", "run", "--config", "/srv/acme/Caddyfile", "--adapter", "caddyfile"],
        volumes={str(folder): {"bind": "/srv/acme", "mode": "ro"}},
        user="0:0",
        extra_hosts=dict.fromkeys((HUB, f"ada.{HUB}", f"eve.{HUB}"), LOOPBACK),
        network=network.name,
        labels={"com.docker.compose.project": campus.project},
    )
    network.disconnect(container)
    network.connect(container, aliases=[ACME])
    folder.chmod(0o755)
    try:
        container.start()
        root = "/data/caddy/pki/authorities/local/root.crt"
        until(lambda: container.exec_run(["test", "-s", root]).exit_code == 0, "the authority runs")
        pem = str(container.exec_run(["cat", root]).output, "utf-8")  # type: ignore[arg-type]
        path = folder / "root.pem"
        path.write_text(pem)
        yield path, pem
    finally:
        container.remove(force=True, v=True)
