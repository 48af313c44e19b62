"""The bill of materials of an image."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from generator.core.errors import HomeroomError
from generator.topics.packages import sbom
from generator.topics.packages.images import Image
from generator.topics.packages.inventory import Package

IMAGE = Image("hub", "room-hub:local", "sha256:1", "2026-11-23")
PACKAGES = [
    Package("debian", "libssl3t64", "3.5.1-1+deb13u1", "amd64", "openssl"),
    Package("go", "github.com/caddyserver/caddy/v2", "v2.10.0"),
    Package("npm", "@s/b", "2.1"),
    Package("python", "ruamel.yaml", "0.18"),
]


def test_it_names_each_package_as_scanners_know_it() -> None:
    """It is CycloneDX, says of which image and version it is, and has each package with its address; Debian's with the
    source package, by which its security updates are announced."""
    found = json.loads(sbom.document(IMAGE, PACKAGES))
    assert (found["bomFormat"], found["specVersion"]) == ("CycloneDX", "1.6")
    assert found["metadata"]["component"]["name"] == "homeroom-hub"
    assert found["metadata"]["component"]["version"].endswith("+2026-11-23")
    assert sorted(each["purl"] for each in found["components"]) == [
        "pkg:deb/debian/libssl3t64@3.5.1-1%2Bdeb13u1?arch=amd64&distro=trixie&upstream=openssl",
        "pkg:golang/github.com/caddyserver/caddy/v2@v2.10.0",
        "pkg:npm/%40s/b@2.1",
        "pkg:pypi/ruamel.yaml@0.18",
    ]


def test_where_to_is_asked(tmp_path: Path) -> None:
    """Without a directory nothing is looked into, and what to type is said."""
    deployment: object = None
    with pytest.raises(HomeroomError, match="where to") as raised:
        sbom.write(deployment, "")  # type: ignore[arg-type]
    assert "make sbom TO=" in raised.value.remedy
