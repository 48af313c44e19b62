"""generator/engine/install.py: what is installed from where, who may forbid it, and how failures read."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from generator.core.console import Step
from generator.core.errors import HomeroomError
from generator.core.host_network import AptSource
from generator.engine import apt, install_plan, start
from generator.engine import install as subject
from generator.engine.find import Engine, EngineMissing
from generator.engine.install_plan import InstallPlan, InstallRefused, plan_install
from tests.fake_runner import FakeRunner, in_turn

BOOKWORM = {"ID": "debian", "VERSION_ID": "12", "VERSION_CODENAME": "bookworm", "PRETTY_NAME": "Debian 12"}
TRIXIE = {"ID": "debian", "VERSION_ID": "13", "VERSION_CODENAME": "trixie"}
NOBLE = {"ID": "ubuntu", "ID_LIKE": "debian", "VERSION_ID": "24.04", "UBUNTU_CODENAME": "noble"}
MIRROR = AptSource("http://mirror.example/debian/", "bookworm", security=False, signed_by="/keys/campus.gpg")
SECURITY = AptSource("http://security.example/debian-security/", "bookworm", security=True)


@pytest.fixture
def etc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(install_plan, "SOURCE_FILE", tmp_path / "sources.list.d/homeroom.sources")
    monkeypatch.setattr(install_plan, "PIN_FILE", tmp_path / "preferences.d/homeroom.pref")
    monkeypatch.setattr(apt, "lists_are_fresh", lambda: True)
    return tmp_path


def test_debian_12_takes_the_engine_from_trixie_at_the_hosts_own_mirror() -> None:
    """On Debian 12 the packages come from Debian 13 at the host's mirror, with its key, and never from security's."""
    plan = plan_install(BOOKWORM, [SECURITY, MIRROR])
    assert "docker.io/trixie" in plan.packages
    assert "containerd/trixie" in plan.packages
    assert "iptables" in plan.packages
    assert not any(package.startswith("runc") for package in plan.packages)
    assert "URIs: http://mirror.example/debian/\n" in plan.source
    assert "Signed-By: /keys/campus.gpg" in plan.source
    assert "security.example" not in plan.source


def test_debian_12_pins_everything_else_of_trixie_away() -> None:
    """No other package may get a new candidate: all of trixie is below zero, the engine's packages at 100."""
    general, special = plan_install(BOOKWORM, [MIRROR]).pin.split("\n\n")
    assert "Package: *" in general
    assert "Pin-Priority: -1" in general
    assert "docker.io docker-cli docker-compose docker-buildx containerd" in special
    assert "Pin-Priority: 100" in special


def test_an_operators_own_trixie_source_is_left_alone() -> None:
    """A pin of ours would overrule the operator's, so with a trixie source there neither file is written."""
    own = AptSource("http://mirror.example/debian/", "trixie", security=False, file="/etc/apt/sources.list")
    plan = plan_install(BOOKWORM, [MIRROR, own])
    assert (plan.source, plan.pin) == ("", "")
    ours = AptSource(MIRROR.uri, "trixie", security=False, file=str(install_plan.SOURCE_FILE))
    assert plan_install(BOOKWORM, [MIRROR, ours]).pin


def test_debian_12_without_a_mirror_says_so() -> None:
    """Without a mirror of the archive nothing is guessed: the operator learns what is missing."""
    with pytest.raises(HomeroomError, match="no mirror of the Debian archive"):
        plan_install(BOOKWORM, [SECURITY])


def test_newer_systems_use_their_own_packages() -> None:
    """Debian 13, Ubuntu 24.04 and what is made of it need no source and no pin."""
    assert plan_install(TRIXIE).packages == ("docker.io", "docker-cli", "iptables", "docker-compose", "docker-buildx")
    assert plan_install(NOBLE).packages == ("docker.io", "docker-compose-v2", "docker-buildx")
    mint = {"ID": "linuxmint", "ID_LIKE": "ubuntu debian", "VERSION_ID": "22", "UBUNTU_CODENAME": "noble"}
    assert "docker-compose-v2" in plan_install(mint).packages
    assert plan_install(TRIXIE).source == plan_install(NOBLE).pin == ""


def test_only_what_is_missing_is_installed() -> None:
    """A machine with an engine but no Compose gets Compose, and its engine is not touched."""
    assert plan_install(BOOKWORM, [MIRROR], missing=["compose"]).packages == ("docker-compose/trixie",)


@pytest.mark.parametrize(
    "system",
    [
        {"ID": "fedora", "PRETTY_NAME": "Fedora 41"},
        {},
        {"ID": "debian", "VERSION_ID": "11", "VERSION_CODENAME": "bullseye"},
        {"ID": "ubuntu", "ID_LIKE": "debian", "VERSION_ID": "22.04"},
    ],
)
def test_other_systems_are_refused_with_what_is_needed(system: dict[str, str]) -> None:
    """Where we install nothing, the versions that are needed are named."""
    with pytest.raises(HomeroomError) as caught:
        plan_install(system, [MIRROR])
    assert "24.0" in caught.value.remedy


def test_never_refuses_with_the_exact_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """INSTALL_ENGINE=never installs nothing and hands the operator every command it would have taken."""
    monkeypatch.setattr("os.geteuid", lambda: 0)
    plan = plan_install(BOOKWORM, [MIRROR])
    with pytest.raises(InstallRefused) as caught:
        install_plan.allow_install(plan, "never", lambda question: True)
    assert "docker.io/trixie" in caught.value.remedy
    script = "\n".join(line.strip() for line in plan.commands() if line.startswith("printf"))
    script = script.replace(str(install_plan.SOURCE_FILE), "/dev/stdout").replace(
        str(install_plan.PIN_FILE), "/dev/stdout"
    )
    said = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout
    assert said == plan.source + plan.pin


def test_a_no_is_a_no_and_without_a_terminal_it_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a terminal the answer counts; without one the plan is announced; `always` asks nobody."""
    monkeypatch.setattr("os.geteuid", lambda: 0)
    said: list[str] = []
    monkeypatch.setattr(install_plan, "note", said.append)
    plan = InstallPlan(("docker.io",), "Debian's packages")
    with pytest.raises(InstallRefused):
        install_plan.allow_install(plan, "ask", lambda question: False)
    install_plan.allow_install(plan, "ask", lambda question: "docker.io from Debian's packages" in question)
    assert said == []
    install_plan.allow_install(plan, "ask", None)
    install_plan.allow_install(plan, "always", lambda question: False)
    assert said == ["Installing docker.io from Debian's packages."] * 2


def test_only_root_installs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user is refused before anything runs, also with `always`."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(InstallRefused, match="only root"):
        install_plan.allow_install(InstallPlan(("docker.io",), "x"), "always", None)


def test_carrying_out_writes_the_pin_and_updates_only_its_own_source(etc: Path) -> None:
    """Both files are written, the one list is fetched, and the packages are installed without recommendations."""
    apt = FakeRunner()
    plan = plan_install(BOOKWORM, [MIRROR])
    subject.carry_out(plan, runner=apt)
    assert install_plan.PIN_FILE.read_text() == plan.pin
    assert install_plan.SOURCE_FILE.read_text() == plan.source
    audit, update, install = apt.commands
    assert audit == ["dpkg", "--audit"]
    assert "Dir::Etc::sourceparts=-" in update
    assert install[-len(plan.packages) - 2 :] == ["install", "--no-install-recommends", *plan.packages]


def test_apts_error_lines_are_the_cause(etc: Path) -> None:
    """When apt fails the operator sees its E: lines and not its chatter; stale lists get one more try."""
    failed = (100, "", "W: chatter\nE: Unable to locate package docker.io\n")
    apt = in_turn((0, "", ""), failed, (0, "", ""), failed)
    with pytest.raises(HomeroomError, match="Unable to locate package") as caught:
        subject.carry_out(InstallPlan(("docker.io",), "x"), runner=apt)
    assert "chatter" not in str(caught.value)
    assert [command[-1] for command in apt.commands] == ["--audit", "docker.io", "update", "docker.io"]


def test_the_progress_names_packages() -> None:
    """apt's output is summed up in a word or two and never scrolls."""
    shown = Step("x")
    said: list[str] = []
    for line in (
        "Get:3 http://mirror.example/debian trixie/main amd64 docker.io amd64 26.1.5 [27.0 MB]",
        "Get:1 http://mirror.example/debian trixie InRelease [138 kB]",
        "Unpacking docker.io (26.1.5) ...",
        "Setting up docker.io (26.1.5) ...",
        "(Reading database ... 5%",
    ):
        apt.summarise(line, shown)
        said.append(shown.detail)
    assert said == [
        "fetching docker.io",
        "fetching InRelease",
        "unpacking docker.io",
        "setting up docker.io",
        "setting up docker.io",
    ]


def test_a_daemon_that_dies_shows_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon that ends at once is not waited for a minute, and its log's reason is the cause."""

    def missing(socket: Path | None) -> Engine:
        raise EngineMissing("no", remedy="")

    monkeypatch.setattr(start, "find_engine", missing)
    log = tmp_path / "dockerd.log"
    words = 'echo level=info msg=hello; echo "failed to start daemon: no overlay"; echo level=info msg=bye; exit 1'
    process = start.detach(["sh", "-c", words], log)
    with pytest.raises(HomeroomError, match="no overlay") as caught:
        start.wait_for_engine(None, Step("x"), process, log, timeout_seconds=30)
    assert "hello" not in str(caught.value)
    assert "bye" not in str(caught.value)


def test_os_release_is_read_with_and_without_quotes(tmp_path: Path) -> None:
    """Fields count whether or not they are quoted; a missing file is an unknown system."""
    path = tmp_path / "os-release"
    path.write_text("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n# no\nVERSION_CODENAME='bookworm'\n")
    assert install_plan.read_os_release(path)["PRETTY_NAME"] == "Debian GNU/Linux 12"
    assert install_plan.read_os_release(path)["VERSION_CODENAME"] == "bookworm"
    assert install_plan.read_os_release(tmp_path / "none") == {}


def test_nothing_is_done_when_all_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second `up` finds the engine and touches nothing."""
    found = Engine("docker", Path("/x.sock"), "26.1.5", "1.45", rootless=False)
    monkeypatch.setattr(subject, "find_engine", lambda socket: found)
    monkeypatch.setattr(subject, "missing_parts", lambda engine, runner: [])
    apt = FakeRunner()
    assert subject.provide_engine(None, "never", runner=apt) is found
    assert apt.commands == []
