"""What the edge says of itself, as an operator reads it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from generator.topics.edge.edge import Certificate, certificates_in, faults_in
from generator.topics.edge.status import describe_authority, is_short
from tests.sample_settings import settings

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
ROOT = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def test_days_left_are_whole_days() -> None:
    """A certificate that ends tomorrow afternoon has a day left, one that ended less than none; without one there is no
    number."""
    lines = ["served\thub.test\tNov 28 15:00:00 2026 GMT\tCN=Campus", "missing\tlabs.test", "noise"]
    hub, labs = certificates_in(lines)
    assert (hub.host, hub.issuer, hub.days_left(NOW)) == ("hub.test", "CN=Campus", 1)
    assert (labs.host, labs.days_left(NOW)) == ("labs.test", None)
    assert Certificate(host="a", until=datetime(2026, 11, 27, 11, tzinfo=UTC)).days_left(NOW) == -1


def test_a_fault_names_the_operators_file() -> None:
    """Where, what and what to do, for the files as the operator knows them."""
    lines = ["fault\tprivkey.pem\tis a poem\tWrite a key.", "fault\tCaddyfile\tis odd\tTell it.", "other line"]
    key, caddyfile = faults_in(lines, settings(TLS_FILES="/etc/homeroom-tls"))
    assert str(key) == "/etc/homeroom-tls/privkey.pem: is a poem\n  Write a key."
    assert caddyfile.location == "rendered/edge/Caddyfile"
    (usual,) = faults_in(lines[:1], settings())
    assert usual.location == "site/tls/privkey.pem"


@pytest.mark.parametrize(
    ("tls", "days", "short"), [("files", 13, True), ("files", 14, False), ("acme", 0, False), ("acme", -1, True)]
)
def test_what_the_operator_renews_is_told_in_time(tls: str, days: int, short: bool) -> None:
    """Two weeks before a certificate of theirs ends; what renews itself only where it did not."""
    assert is_short(settings(TLS=tls), days) == short


def test_people_are_told_where_the_authority_is() -> None:
    """By plain HTTP, since HTTPS is not trusted yet, with the fingerprint to compare."""
    said = describe_authority(settings(TLS="internal", HUB_HOST="hub.test", HTTP_PORT="8081"), ROOT)
    assert "http://hub.test:8081/homeroom-ca.crt" in said
    assert "SHA-256: 70:9E:80:C8:84:87" in said
