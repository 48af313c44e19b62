"""What a request claims about who sends it: nobody's word is taken for it but that of a web server in front."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.door import Door, Request, open_door
from tests.hub_deployment import HubDeployment

LAB = "/user/ada"
FORGED = "203.0.113.9"
KNOWN = "198.51.100.7"
CLAIMS = (
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Port",
    "X-Forwarded-Proto",
    "X-Forwarded-Server",
    "X-Forwarded-Prefix",
    "X_Forwarded_For",
    "X-Real-Ip",
    "X-REAL-IP",
    "X-Client-Ip",
    "True-Client-Ip",
    "CF-Connecting-IP",
    "X-Cluster-Client-Ip",
    "X-Scheme",
    "X-Original-Url",
    "X-Rewrite-Url",
    "X-HTTP-Method-Override",
    "X-Script-Name",
    "Remote-User",
    "X-Remote-User",
    "X-ProxyContextPath",
    "X-SSO-User",
    "X-SSO-Secret",
    "X_SSO_Secret",
    "Via",
)


@pytest.fixture(scope="module")
def door(deployment: HubDeployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """The proxy as it is unless something else is set."""
    with open_door(f"{deployment.project}-proxy:local", tmp_path_factory.mktemp("door"), [LAB]) as made:
        yield made


@pytest.fixture(scope="module")
def behind(deployment: HubDeployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """The proxy behind a web server on this machine, which the test is."""
    image, directory = f"{deployment.project}-proxy:local", tmp_path_factory.mktemp("behind")
    with open_door(image, directory, [LAB], TRUSTED_PROXIES="127.0.0.1,10.0.0.0/8") as made:
        yield made


def ask(door: Door, path: str, *headers: str) -> Request:
    """The request that hub or lab is sent for one with these headers."""
    door.forget()
    door.get(path, *headers)
    (request,) = [*door.hub.requests, *door.labs[LAB].requests]
    return request


@pytest.mark.parametrize("path", ["/hub/", f"{LAB}/"])
@pytest.mark.parametrize("name", CLAIMS)
def test_a_guests_claims_are_not_believed(door: Door, path: str, name: str) -> None:
    """Whatever header a guest says it in: hub and labs are told the address that the connection comes from, and the
    protocol and host that were used."""
    plain = ask(door, path)
    (address,) = plain.values("x-real-ip")
    assert address not in (FORGED, "")
    assert plain.values("x-forwarded-for") == [address]
    assert plain.values("x-forwarded-proto") == ["http"]
    assert plain.values("x-forwarded-host") == plain.values("host") == [f"127.0.0.1:{door.port}"]
    assert plain.values("x-forwarded-port") == [str(door.port)]
    for claim in (FORGED, "https", f"for={FORGED};proto=https", "evil.example, x"):
        assert ask(door, path, f"{name}: {claim}").headers == plain.headers


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (KNOWN, KNOWN),
        (f"{FORGED}, {KNOWN}", KNOWN),
        (f"{FORGED}, {KNOWN}, 10.1.2.3", KNOWN),
        (f"{FORGED}, 2001:db8::1", "2001:db8::1"),
        (f"{FORGED}, nobody", None),
        ("", None),
    ],
)
def test_a_web_server_in_front_says_who_asks(behind: Door, forwarded: str, address: str | None) -> None:
    """Of a list that went through several, the last address that none of them is counts; what its sender wrote before
    does not."""
    (own,) = ask(behind, "/hub/").values("x-real-ip")
    found = ask(behind, "/hub/", f"X-Forwarded-For: {forwarded}", f"X-Real-Ip: {FORGED}")
    assert found.values("x-real-ip") == found.values("x-forwarded-for") == [address or own]


def test_a_web_server_in_front_says_whether_there_is_tls(behind: Door) -> None:
    """It passes the browser's protocol on; the other headers that the hub would believe before that one are the
    browser's and go."""
    found = ask(behind, "/hub/", "X-Forwarded-Proto: https", "X-Scheme: gopher", "Forwarded: proto=gopher", "Host: h")
    assert found.values("x-forwarded-proto") == ["https"]
    assert (found.values("x-forwarded-host"), found.values("x-forwarded-port")) == (["h"], ["443"])
    assert found.values("x-scheme") == found.values("forwarded") == []
    assert ask(behind, "/hub/", "X-Forwarded-Proto: gopher").values("x-forwarded-proto") == ["http"]


def test_who_signs_people_in_is_believed_by_the_hub_alone(behind: Door) -> None:
    """What a web server in front says of people reaches the hub, with the secret by which it is believed; no lab is
    told that secret, in any spelling."""
    sent = ("X-SSO-Secret: s3cret", "X-SSO-User: ada", "X_SSO_Secret: s3cret", "X_SSO_User: mallory")
    hub, lab = ask(behind, "/hub/sso/login", *sent), ask(behind, f"{LAB}/lab", *sent)
    assert (hub.values("x-sso-secret"), hub.values("x-sso-user")) == (["s3cret"], ["ada"])
    assert "s3cret" not in str(lab.headers)
    assert "mallory" not in str((*hub.headers, *lab.headers))
