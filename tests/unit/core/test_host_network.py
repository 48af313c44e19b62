"""generator/core/host_network.py: what of the machine's network reaches a build, and that nothing of it is left."""

from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import certifi
import pytest

from generator.core import host_network as subject
from generator.core.host_network import AptSource, HostNetwork
from tests.fake_runner import FakeRunner, always

MIRROR = AptSource("http://mirror.example/debian/", "bookworm", security=False)
SECURITY = AptSource("http://mirror.example/debian-security/", "bookworm", security=True)


def test_the_ca_bundle_is_the_hosts_else_certifis(tmp_path: Path) -> None:
    """A bundle named in the environment wins, then the system's; without any, builds still get a valid one."""
    system = tmp_path / "etc/ssl/certs/ca-certificates.crt"
    system.parent.mkdir(parents=True)
    system.write_text("system")
    own = tmp_path / "own.pem"
    own.write_text("own")
    assert subject.find_ca_bundle({"PIP_CERT": str(own)}, tmp_path) == own
    assert subject.find_ca_bundle({"SSL_CERT_FILE": "/not/there"}, tmp_path) == system
    system.write_text("")
    assert subject.find_ca_bundle({}, tmp_path) == Path(certifi.where())


def test_proxies_reach_the_build_in_both_spellings() -> None:
    """apt reads http_proxy and pip HTTP_PROXY: whichever the host has set, both are given."""
    assert subject.read_proxies({"http_proxy": "http://a:1", "NO_PROXY": "x"}) == {
        "http_proxy": "http://a:1",
        "HTTP_PROXY": "http://a:1",
        "no_proxy": "x",
        "NO_PROXY": "x",
    }


def test_pip_conf_keeps_indexes_and_drops_files_of_the_host(tmp_path: Path) -> None:
    """Indexes over HTTP and trusted hosts go along; file:// indexes and find-links mean nothing in a build."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/pip.conf").write_text(
        "[global]\nindex-url = http://old.example/simple\nfind-links = /wheels\n"
        "extra-index-url = file:///pypi/simple https://more.example/simple\n[install]\ntrusted-host = old.example\n"
    )
    settings = subject.read_pip_settings({"PIP_INDEX_URL": "https://new.example/simple"}, tmp_path, tmp_path)
    text = subject.pip_conf(settings)
    assert "index-url = https://new.example/simple\n" in text
    assert "extra-index-url = https://more.example/simple\n" in text
    assert "trusted-host = old.example" in text
    assert "file:" not in text
    assert "wheels" not in text


def test_uv_is_told_what_pip_is() -> None:
    """uv reads no pip.conf: indexes, trusted hosts, the proxy and the patience that pip has are said in its own words,
    as a shell reads them."""
    text = subject.uv_env(
        {
            "index-url": "https://me:p'w$1@new.example/simple",
            "extra-index-url": "file:///pypi/simple https://more.example/simple https://third.example/simple",
            "trusted-host": "new.example more.example:8443",
            "proxy": "http://proxy.example:3128",
            "default-timeout": "180.5",
            "find-links": "/wheels",
        }
    )
    done = subprocess.run(["sh", "-c", f"{text}\nenv"], env={}, capture_output=True, text=True, check=True)
    assert dict(line.split("=", 1) for line in done.stdout.splitlines() if not line.startswith("PWD=")) == {
        "UV_DEFAULT_INDEX": "https://me:p'w$1@new.example/simple",
        "UV_INDEX": "https://more.example/simple https://third.example/simple",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_INSECURE_HOST": "new.example more.example:8443",
        "UV_HTTP_TIMEOUT": "180",
        **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://proxy.example:3128"),
    }
    assert subject.uv_env({}) == subject.NOTHING


def test_npmrc_carries_registry_and_token_and_trusts_the_ca(tmp_path: Path) -> None:
    """A private registry needs its token, in whose value the host's variables are put in."""
    (tmp_path / ".npmrc").write_text(
        "registry=https://npm.example/\n//npm.example/:_authToken=${TOKEN}\n@lab:registry=https://lab.example/\n"
        "cafile=/host/ca.pem\nprefix=/home/me/.npm\n; note=1\n"
    )
    lines = subject.npmrc(subject.read_npm_settings({"TOKEN": "t0"}, tmp_path, tmp_path)).splitlines()
    assert lines == [
        "registry=https://npm.example/",
        "//npm.example/:_authToken=t0",
        "@lab:registry=https://lab.example/",
        "cafile=/run/secrets/ca",
    ]


def test_only_debians_own_repositories_are_mirrors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A third party's repository, backports and point updates are never taken for a mirror of the archive."""
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    sources = tmp_path / "debian.sources"
    sources.write_text(
        "# Mirrors\nTypes: deb\nURIs: x\nSigned-By: /keys/one.gpg\n\n"
        "# And\nTypes: deb\nURIs: y\nSigned-By: /keys/two.gpg\n"
    )
    listing = tmp_path / "own.list"
    listing.write_text("\ndeb [arch=amd64 signed-by=/keys/three.gpg] http://m3 bookworm main\n")
    said = "\n".join(
        [
            f"Packages|Debian|Debian|bookworm|main|http://m1/debian/|{sources}:1",
            f"Packages|Debian|Debian|bookworm-updates|main|http://m1/debian/|{sources}:1",
            f"Packages|Debian|Debian Backports|bookworm-backports|main|http://m1/debian/|{sources}:1",
            f"Packages|Debian|Debian|bookworm|contrib|http://m1/debian/|{sources}:1",
            f"Translations|Debian|Debian|bookworm|main|http://m1/debian/|{sources}:1",
            f"Packages|Debian|Debian-Security|bookworm-security|main|http://m2/security/|{sources}:2",
            f"Packages|Vendor|Vendor|bookworm|main|http://vendor.example/debian/|{sources}:1",
            f"Packages||||main|http://never.fetched/debian/|{sources}:1",
            f"Packages|Debian|Debian|bookworm|main|http://m3/|{listing}:2",
        ]
    )
    assert subject.read_apt_sources(always(out=said)) == [
        AptSource("http://m1/debian/", "bookworm", False, "/keys/one.gpg", str(sources)),
        AptSource("http://m2/security/", "bookworm", True, "/keys/two.gpg", str(sources)),
        AptSource("http://m3/", "bookworm", False, "/keys/three.gpg", str(listing)),
    ]


def test_the_apt_list_is_the_mirror_for_the_images_release() -> None:
    """A Debian host's mirror serves the base image's release, with updates and security."""
    lines = subject.apt_list([MIRROR, SECURITY]).splitlines()
    assert [line.split("] ")[1] for line in lines] == [
        "http://mirror.example/debian/ trixie main",
        "http://mirror.example/debian/ trixie-updates main",
        "http://mirror.example/debian-security/ trixie-security main",
    ]


@pytest.mark.parametrize(
    "sources",
    [
        [],
        [SECURITY],
        [AptSource("file:/media/mirror", "bookworm", security=False)],
        [AptSource("http://resigned.example/", "bookworm", security=False, signed_by="/keys/campus.gpg")],
    ],
)
def test_without_a_usable_mirror_the_images_own_sources_stay(
    sources: list[AptSource], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No mirror, a local one, or one with a key that no image has: the image's sources are not replaced."""
    monkeypatch.setattr(subject, "read_apt_sources", lambda runner: sources)
    secrets = subject.read_host_network({}, root=tmp_path, home=tmp_path, runner=FakeRunner()).secrets
    assert secrets["apt.list"].startswith(b"#")
    assert b"sourcelist" not in secrets["apt.conf"]


def test_apt_conf_takes_proxies_and_lets_apt_read_the_ca() -> None:
    """Proxies go along, programs of the host do not; and apt stays root, or _apt could not read the CA secret."""
    text = subject.apt_conf(
        {"Acquire::http::Proxy": "http://cache:3142", "Acquire::http::Proxy-Auto-Detect": "/usr/bin/auto"},
        mirrored=True,
    )
    assert 'Acquire::http::Proxy "http://cache:3142";' in text
    assert "auto" not in text
    assert 'Dir::Etc::sourcelist "/run/secrets/apt.list";' in text
    assert 'APT::Sandbox::User "root";' in text


def test_apt_settings_are_those_of_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all of apt's configuration only what is about the network is taken."""
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    said = 'APT::Architecture "amd64";\nAcquire "";\nAcquire::http::Proxy "http://cache:3142";\nDPkg::x "y";\n'
    assert subject.read_apt_settings(always(out=said)) == {"Acquire::http::Proxy": "http://cache:3142"}


def test_secrets_are_private_and_gone_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every id is always there, readable by nobody else, and deleted also when the build fails."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    network = HostNetwork({"ca": b"PEM", "npmrc": b"token"}, {"HTTP_PROXY": "http://u:secret@p:1"})

    def fail_while_building() -> None:
        with subject.handed_over(network) as lent:
            (directory,) = tmp_path.iterdir()
            assert stat.S_IMODE(directory.stat().st_mode) == 0o700
            assert {path.name for path in directory.iterdir()} == set(subject.SECRETS)
            assert {stat.S_IMODE(path.stat().st_mode) for path in directory.iterdir()} == {0o600}
            assert (directory / "npmrc").read_text() == "token"
            assert (directory / "pip.conf").read_text().startswith("#")
            assert "HTTP_PROXY" in lent.arguments
            assert not any("secret@" in argument for argument in lent.arguments)
            assert lent.environment["HTTP_PROXY"] == "http://u:secret@p:1"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_while_building()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("network", "needed"),
    [
        (HostNetwork({}, {"HTTP_PROXY": "http://127.0.0.1:3128"}), True),
        (HostNetwork({}, {"HTTP_PROXY": "http://proxy.example:3128", "NO_PROXY": "localhost"}), False),
        (HostNetwork({"apt.conf": b'Acquire::http::Proxy "http://localhost:3142";'}), True),
        (HostNetwork({"pip.conf": b"[global]\nindex-url = http://pip.example/localhost\n"}), False),
    ],
)
def test_a_proxy_on_loopback_lends_the_build_the_hosts_network(network: HostNetwork, needed: bool) -> None:
    """A proxy on 127.0.0.1 is out of a build's reach unless the build shares the machine's network."""
    with subject.handed_over(network) as lent:
        assert ("--network" in lent.arguments) is needed
    with subject.handed_over(network, rootless=True) as lent:
        assert "--network" not in lent.arguments
