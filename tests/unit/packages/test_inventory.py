"""What is in an image, of what its own programs say."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from generator.topics.packages import inventory
from generator.topics.packages.inventory import Package

LOCK = {"packages": {"node_modules/a": {"version": "1.0.0"}, "node_modules/a/node_modules/@s/b": {"version": "2.1"}}}


def test_packages_of_all_kinds_are_read() -> None:
    """Debian's, Python's, npm's (also those within others) and Go's modules; lines that are none are left out."""
    said = "\n".join(
        [
            "debian\tlibssl3t64\t3.5.1-1\tamd64\topenssl",
            "python\ttornado\t6.5",
            f"npm\t{json.dumps(LOCK)}",
            "npm\tno lock",
            "go\tgithub.com/caddyserver/caddy/v2\tv2.10.0",
            "a warning of some program",
            "python\thalf",
        ]
    )
    assert list(inventory.parse(said)) == [
        Package("debian", "libssl3t64", "3.5.1-1", "amd64", "openssl"),
        Package("python", "tornado", "6.5"),
        Package("npm", "a", "1.0.0"),
        Package("npm", "@s/b", "2.1"),
        Package("go", "github.com/caddyserver/caddy/v2", "v2.10.0"),
    ]


def test_python_packages_are_found_where_they_lie(tmp_path: Path) -> None:
    """The script names each Python package once, by what its own file says, and not what its description says."""
    for name, more in (("a", ""), ("b", "\n\nName: not this\nVersion: 9\n")):
        place = tmp_path / f"opt/lib/{name}-1.dist-info"
        place.mkdir(parents=True)
        (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1{more}")
    script = inventory.SCRIPT.replace("find /", f"find {tmp_path}")
    environment = {"PATH": os.environ["PATH"]}
    said = subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, check=True).stdout
    found = [each for each in inventory.parse(said) if each.kind == "python"]
    assert sorted(found) == [Package("python", "a", "1"), Package("python", "b", "1")]
