"""Homes: whose is whose, made right or not at all; limits, skeleton and what a lab is told of its disk."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import string
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from escapism import escape  # type: ignore[import-untyped]
from homeroom.contract import home_names, labels, sockets
from homeroom.contract.mounts import Mount
from homeroom.guard import home_provisioner
from homeroom.guard.decisions import decide
from homeroom.guard.policy import Policy
from homeroom.guard.response import Response
from homeroom.guard.routes import Deny, EngineCall
from homeroom.guard.values import Refused
from homeroom.storage import homes, storage
from hypothesis import given
from hypothesis import strategies as st

from generator.core import labels as host_labels
from generator.topics.storage import homes as host_homes
from generator.topics.storage import storage as host_storage
from tests.sample_settings import settings
from tests.unit.guard.test_policy import BODY, POLICY, SOCKETS

COMMON: dict[str, Any] = {"user": "ada", "groups": [], "home_source": "bio-user-ada", "home_target": "/home/jovyan"}


# -- names -------------------------------------------------------------------------------------------------------------


@given(st.text(st.characters(min_codepoint=0x20, exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_directories_are_named_as_volumes_are(name: str) -> None:
    """A home keeps its name when it moves from a volume into a directory: it is dockerspawner's escaping."""
    safe = set(string.ascii_lowercase + string.digits)
    assert home_names.directory_name(name) == escape(name, safe, escape_char="-").lower()
    assert homes.HOME_NAME.fullmatch(home_names.directory_name(name)[:200])


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_two_people_share_a_directory(one: str, other: str) -> None:
    """Names that differ by anything at all have different directories."""
    assert (home_names.directory_name(one) == home_names.directory_name(other)) == (one == other)


def asked(source: str, user: str) -> EngineCall | Deny:
    """The guard's verdict on a lab of a user with a home from somewhere."""
    policy = Policy(
        **{
            **{name: getattr(POLICY, name) for name in Policy.__dataclass_fields__},
            "binds": (),
            "homes_path": "/srv/homes",
            "home_provisioner_image": "homeroom-hub:local",
        }
    )
    body = json.loads(json.dumps(BODY))
    body["Labels"]["homeroom.user"] = user
    body["HostConfig"]["Binds"] = [
        "homeroom_hub-socket:/run/hub:ro",
        f"{SOCKETS}/{sockets.directory_name(user, '')}:/run/lab:rw",
    ]
    body["HostConfig"]["Mounts"] = [{"Type": "bind", "Source": source, "Target": "/home/jovyan", "ReadOnly": False}]
    return decide("POST", "/v1.45/containers/create", "name=homeroom-jupyter-x", json.dumps(body).encode(), policy)


def test_the_guard_gives_a_lab_its_own_users_directory() -> None:
    """The directory that is named after the label's user passes, and is made first."""
    verdict = asked("/srv/homes/a-2eb", "a.b")
    assert isinstance(verdict, EngineCall)
    assert verdict.home == "a-2eb"


@pytest.mark.parametrize("source", ["/srv/homes/bela", "/srv/homes", "/srv/homes/ada/x", "/srv/homes/.ada.new", "/srv"])
def test_the_guard_gives_no_other_directory(source: str) -> None:
    """Neither somebody else's home, nor what is above or inside one, whatever the hub says."""
    assert isinstance(asked(source, "ada"), Deny)


# -- making homes ------------------------------------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory for homes, root's."""
    made = tmp_path / "homes"
    made.mkdir(mode=0o711)
    return made


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="gives directories away")


@needs_root
def test_a_home_is_its_owners_alone(root: Path) -> None:
    """A new home is 1000:100 with mode 0700, whatever the umask; nothing else is left behind."""
    before = os.umask(0o077)
    try:
        homes.ensure(root, "ada")
    finally:
        os.umask(before)
    status = (root / "ada").stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7777) == (1000, 100, 0o700)
    assert [path.name for path in root.iterdir()] == ["ada"]
    assert homes.list_homes(root) == ["ada"]


@needs_root
def test_a_home_that_is_there_is_left_alone(root: Path) -> None:
    """Its files and modes are its owner's; what an interrupted run left is taken up."""
    (root / ".ada.new").mkdir()
    homes.ensure(root, "ada")
    (root / "ada").chmod(0o750)
    (root / "ada" / "kept").write_text("kept")
    homes.ensure(root, "ada")
    assert (root / "ada").stat().st_mode & 0o777 == 0o750
    assert (root / "ada" / "kept").read_text() == "kept"


@needs_root
def test_nothing_else_passes_for_a_home(root: Path) -> None:
    """A link, a file or somebody else's directory by a home's name is refused with what to do; never mounted."""
    (root / "link").symlink_to("/etc")
    (root / "file").write_text("")
    (root / "roots").mkdir()
    for name in ("link", "file", "roots"):
        with pytest.raises(homes.CannotHold, match="chown"):
            homes.ensure(root, name)
    assert homes.list_homes(root) == []
    for name in ("", ".", "..", "a/b", "../x", ".ada.new"):
        with pytest.raises(homes.CannotHold):
            homes.ensure(root, name)


@needs_root
def test_homes_need_a_directory_that_is_roots(root: Path) -> None:
    """Where others could put a link in a home's place, no home is made."""
    root.chmod(0o777)
    with pytest.raises(homes.CannotHold, match="root's"):
        homes.ensure(root, "ada")
    root.chmod(0o711)
    os.chown(root, 1000, 100)
    with pytest.raises(homes.CannotHold, match="root's"):
        homes.ensure(root, "ada")


def test_project_ids_are_never_given_twice(root: Path) -> None:
    """A removed home's id is not somebody else's next."""
    assert [homes.next_project(root) for _ in range(3)] == [homes.FIRST_PROJECT + number for number in range(3)]


def test_use_counts_a_file_once(root: Path) -> None:
    """Use is what the disk gives, a file with two names once; a count that takes too long says so."""
    home = root / "ada"
    home.mkdir()
    empty = homes.tree_bytes(home, until=9e9)
    assert empty is not None
    (home / "one").write_bytes(b"x" * 100_000)
    os.link(home / "one", home / "two")
    counted = homes.tree_bytes(home, until=9e9)
    assert counted is not None
    assert 100_000 <= counted - empty < 200_000
    assert homes.tree_bytes(home, until=0) is None


# -- the home provisioner ----------------------------------------------------------------------------------------------


class FakeEngine:
    """An engine whose containers say what they are told to."""

    def __init__(self, *said: tuple[int, Any]) -> None:
        self.said = list(said)
        self.calls: list[EngineCall] = []

    async def __call__(self, call: EngineCall) -> Response:
        self.calls.append(call)
        if call.path.endswith("/create"):
            return Response(201, {}, b'{"Id": "abc"}')
        if call.path.endswith("/wait"):
            return Response(200, {}, json.dumps({"StatusCode": self.said[0][0]}).encode())
        if call.path.endswith("/logs"):
            line = json.dumps(self.said.pop(0)[1]).encode() + b"\n"
            return Response(200, {}, b"\x01\0\0\0" + len(line).to_bytes(4, "big") + line)
        return Response(204, {}, b"")

    def verbs(self) -> list[list[str]]:
        """What the containers ran."""
        return [json.loads(call.body or b"")["Cmd"][3:] for call in self.calls if call.path.endswith("/create")]


def test_homes_are_asked_for_once() -> None:
    """A class that starts after a reboot costs one container, not one each; a new person costs one more."""
    engine = FakeEngine((0, ["ada", "bela"]), (0, None))
    found = home_provisioner.HomeProvisioner(POLICY, engine)

    async def play() -> None:
        for name in ("ada", "bela", "cleo", "cleo", "ada"):
            await found.ensure(name)

    asyncio.run(play())
    assert engine.verbs() == [["list"], ["ensure", "cleo"]]
    assert [call.method for call in engine.calls].count("DELETE") == 2


def test_a_home_that_cannot_be_made_is_told() -> None:
    """The reason reaches the hub, the container is gone, and the next try asks again."""
    engine = FakeEngine((0, []), (1, "no room"), (0, None))
    found = home_provisioner.HomeProvisioner(POLICY, engine)

    async def play() -> None:
        with pytest.raises(Refused, match="no room"):
            await found.ensure("ada")
        await found.ensure("ada")

    asyncio.run(play())
    assert engine.verbs() == [["list"], ["ensure", "ada"], ["ensure", "ada"]]


def test_a_verb_has_only_what_it_needs() -> None:
    """The container that makes homes has no network and of root's capabilities one; two where it sets a quota."""
    for limit, expected in ((0, ["CHOWN"]), (1, ["CHOWN", "SYS_ADMIN"])):
        host = home_provisioner.container_body("image", "bio", "/srv/homes", "ensure", ["ada"], limit)["HostConfig"]
        assert host["CapAdd"] == expected
        assert host["CapDrop"] == ["ALL"]
        assert host["NetworkMode"] == "none"
    assert home_provisioner.container_body("image", "bio", "/srv/homes", "list", [])["HostConfig"]["CapAdd"] == []


def test_host_and_hub_agree() -> None:
    """What the generator repeats of the hub's side is the same there: it cannot import it."""
    assert str(home_names.ROOT) == host_homes.MOUNTED
    assert host_storage.SKELETON_TARGET == storage.SKELETON
    for name, label in vars(host_labels).items():
        if name.endswith("_LABEL"):
            assert getattr(labels, name) == label
    for verb, granted in host_homes.CAPABILITIES.items():
        assert granted == list(home_names.CAPABILITIES[verb])


# -- what a lab is told, and does first --------------------------------------------------------------------------------


def test_a_home_is_a_volume_or_a_directory() -> None:
    """HOMES decides, and the name is the same."""
    assert storage.home_source("", "bio-user-ada", "ada") == "bio-user-ada"
    assert storage.home_source("/srv/homes", "bio-user-ada", "ada") == "/srv/homes/ada"


def test_an_ephemeral_lab_mounts_no_home() -> None:
    """Its home is the container's own and goes with it; shares and skeleton are there all the same."""
    kept = storage.storage_for(**COMMON, skeleton="/deploy/site/skeleton", soft_limit_bytes=1)
    gone = storage.storage_for(**COMMON, skeleton="/deploy/site/skeleton", soft_limit_bytes=1, ephemeral=True)
    assert kept.home == Mount(source="bio-user-ada", target="/home/jovyan", read_only=False)
    assert gone.home is None
    assert (
        gone.mounts == kept.mounts == (Mount(source="/deploy/site/skeleton", target="/srv/skeleton", read_only=True),)
    )
    assert gone.environment["HOMEROOM_HOME"] == "ephemeral"
    assert "HOMEROOM_HOME_SOFT_LIMIT" not in gone.environment


def test_git_takes_read_only_shares_for_the_operators() -> None:
    """Git is told of the shares that this lab cannot write, and of none that another lab can."""
    read = storage.Share(name="atlas", source="/srv/data/atlas", target="/srv/atlas", mount_target="/srv/atlas")
    written = storage.Share(name="pool", source="pool", target="/srv/pool", mount_target="/srv/pool", read_only=False)
    shown = storage.Share(name="shown", source="pool", target="/srv/shown", mount_target="/srv/shown")
    told = storage.storage_for(**COMMON, shares=[read, written, shown]).environment
    assert told["HOMEROOM_GIT_PLACES"] == "/srv/atlas"
    assert "HOMEROOM_GIT_PLACES" not in storage.storage_for(**COMMON, shares=[written, shown]).environment
    # Whatever a profile tells Git by the same ways stays told, and is no exception.
    assert not any(name.startswith("GIT_") for name in told)


def start(home: Path, command: str = "true", **environment: str) -> str:
    """Run the start script in a home as a lab does; what the lab's command printed."""
    words = storage.storage_for(**COMMON).command(["sh", "-c", command])
    done = subprocess.run(
        words,
        env={"PATH": os.environ["PATH"], "HOME": str(home), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_what_a_profile_tells_git_stays_told(tmp_path: Path) -> None:
    """The exceptions for shares are those alone, whatever else is set in Git's environment; what a profile sets there,
    by number or by a file, is in force beside them."""
    settings_file = tmp_path / "their config"
    settings_file.write_text("[user]\n\tname = Class\n")
    told = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "user.email", "GIT_CONFIG_VALUE_0": "*"}
    command = "git config --get-all safe.directory; git config user.name; git config user.email; rm $GIT_CONFIG_SYSTEM"
    shown = start(tmp_path, command, HOMEROOM_GIT_PLACES="/srv/atlas", GIT_CONFIG_SYSTEM=str(settings_file), **told)
    assert shown.splitlines() == ["/srv/atlas", "/srv/atlas/*", "Class", "*"]
    assert start(tmp_path, "git config --get-all safe.directory || true", GIT_CONFIG_NOSYSTEM="1", **told) == ""


def test_the_skeleton_comes_once(tmp_path: Path) -> None:
    """A first start brings files, hidden ones and directories, and overwrites nothing; later starts bring nothing."""
    skeleton, home = tmp_path / "skeleton", tmp_path / "home"
    (skeleton / "course").mkdir(parents=True)
    home.mkdir()
    (skeleton / "course" / "one.txt").write_text("one")
    (skeleton / ".hidden").write_text("hidden")
    (skeleton / "mine").write_text("theirs")
    (home / "mine").write_text("mine")
    start(home, HOMEROOM_SKELETON=str(skeleton))
    assert (home / "course" / "one.txt").read_text() == "one"
    assert (home / ".hidden").read_text() == "hidden"
    assert (home / "mine").read_text() == "mine"
    (home / "course" / "one.txt").unlink()
    start(home, HOMEROOM_SKELETON=str(skeleton))
    assert not (home / "course" / "one.txt").exists()


def test_shares_are_linked_and_unlinked(tmp_path: Path) -> None:
    """A share in the home is a link; it goes when the share goes, and nothing of the person's own is touched."""
    home, place = tmp_path / "home", tmp_path / "shares"
    (place / "data").mkdir(parents=True)
    home.mkdir()
    (home / "own").mkdir()
    told = {"HOMEROOM_LINKED": str(place)}
    links = f"{home}/data={place}/data {home}/deep/er={place}/data {home}/own={place}/data"
    start(home, HOMEROOM_LINKS=links, **told)
    assert (home / "data").readlink() == place / "data"
    assert (home / "deep" / "er").readlink() == place / "data"
    assert not (home / "own").is_symlink()
    (home / "elsewhere").symlink_to("/nowhere")
    (place / "data").rmdir()
    start(home, HOMEROOM_LINKS="", **told)
    assert not (home / "data").is_symlink()
    assert (home / "elsewhere").is_symlink()


def test_what_labs_make_is_their_groups(tmp_path: Path) -> None:
    """The umask lets the group write, which is what a shared directory needs, and nobody else."""
    assert start(tmp_path, "umask", HOMEROOM_UMASK=storage.GROUP_UMASK).strip() == "0002"


def test_a_full_home_starts_in_rescue(tmp_path: Path) -> None:
    """Where the home takes nothing, what the server must write goes elsewhere, and the home is still the home."""
    home = tmp_path / "missing"  # root, who runs this, may write into anything that is there
    said = start(home, 'echo "$HOMEROOM_RESCUE $HOME"; : > "$JUPYTER_RUNTIME_DIR/x" && echo wrote; echo "$IPYTHONDIR"')
    first, second, third = said.splitlines()
    assert first == f"1 {home}"
    assert second == "wrote"
    shutil.rmtree(Path(third).parent)
    assert third.startswith("/tmp/homeroom-rescue.")
    assert "unset" in start(tmp_path, 'echo "${HOMEROOM_RESCUE:-unset}"', HOMEROOM_RESCUE="1")
    assert not list(tmp_path.glob(".homeroom-probe*"))


@pytest.mark.parametrize("kind", [os.mkfifo, lambda path: path.symlink_to("/dev/zero"), lambda path: path.mkdir()])
def test_what_lies_in_a_home_does_not_keep_it_from_starting(tmp_path: Path, kind: Callable[[Path], None]) -> None:
    """A pipe, an endless file or a directory in the place of what is written or read at the start: nothing waits, and
    a home that has room is not taken for a full one. Settings that cannot be read are left out."""
    places = [tmp_path / f".homeroom-probe.{number}" for number in range(20)]
    places += [tmp_path / ".jupyter/labconfig/page_config.d", tmp_path / ".jupyter/labconfig/page_config.json"]
    places += [tmp_path / ".local/share/homeroom/first-start", tmp_path / "data"]
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        kind(place)
    links = {"HOMEROOM_LINKED": "/srv/shares", "HOMEROOM_LINKS": f"{tmp_path}/data=/srv/shares/data"}
    said = start(tmp_path, 'echo "${HOMEROOM_RESCUE:-no} $PWD"', **links)
    is_read = (tmp_path / ".jupyter/labconfig/page_config.json").is_dir()  # the server passes over a directory
    assert said == f"{'no' if is_read else 'settings'} {tmp_path}\n"


@pytest.mark.parametrize(
    "name", ["user-settings/@jupyterlab/apputils-extension/themes.jupyterlab-settings", "workspaces/x"]
)
def test_a_page_waits_for_no_pipe_among_the_settings(tmp_path: Path, name: str) -> None:
    """What the server reads for its page is looked at, too: a lab with a pipe there starts without its settings."""
    place = tmp_path / ".jupyter/lab" / name
    place.parent.mkdir(parents=True)
    place.write_text("{}")
    assert start(tmp_path, 'echo "${HOMEROOM_RESCUE:-no}"') == "no\n"
    place.unlink()
    os.mkfifo(place)
    assert start(tmp_path, 'echo "${HOMEROOM_RESCUE:-no}"; rm -rf "${IPYTHONDIR%/*}"') == "settings\n"


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        (b'{"disabledExtensions": {"@a/b": true}, "lockedExtensions": ["x"], "deferredExtensions": {}}', True),
        (b"{", True),  # JupyterLab passes over it
        (b"", True),
        (b"\xff\x00", False),
        (b"[" * 100_000, False),
        (b"null", False),
        (b'["x"]', False),
        (b'{"disabledExtensions": 5}', False),
        (b'{"disabledExtensions": [5]}', False),
        (b'{"lockedExtensions": "x"}', False),
    ],
)
def test_settings_without_which_there_is_no_page_are_left_out(tmp_path: Path, written: bytes, taken: bool) -> None:
    """A lab whose settings are none of JupyterLab's form starts without them, and says so; else its page would not be
    found. (What is passed over here was seen to be passed over by the page.)"""
    settings_folder = tmp_path / ".jupyter/labconfig"
    (settings_folder / "page_config.d").mkdir(parents=True)
    overrides = {"default_setting_overrides.json": b'{"@a/b:c": 5}'} if not taken else {}
    for name, content in {"page_config.json": written, "page_config.d/x.json": written, **overrides}.items():
        (settings_folder / name).write_bytes(content)
        said = start(tmp_path, 'echo "${HOMEROOM_RESCUE:-no}"; rm -rf "${IPYTHONDIR%/*}"')
        assert said == f"{'no' if taken else 'settings'}\n"
        (settings_folder / name).unlink()


def test_links_that_lead_in_circles_are_no_end(tmp_path: Path) -> None:
    """A mark that cannot be made, and settings that lead nowhere, end no shell before the lab's own command."""
    for name in (".local/share/homeroom/first-start", ".jupyter/labconfig/page_config.json", ".local/share/homeroom/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).symlink_to(Path(name).name)
    assert start(tmp_path, 'echo "$HOMEROOM_RESCUE"') == "settings\n"


def test_the_lab_starts_at_home_wherever_it_is_started(tmp_path: Path) -> None:
    """The engine is asked for `/`, which is always there and open; the lab's own programs begin in the home."""
    (tmp_path / "home").mkdir()
    assert start(tmp_path / "home", "pwd") == f"{tmp_path / 'home'}\n"
    assert start(tmp_path / "gone", "pwd") == "/\n"


# -- what the settings ask ---------------------------------------------------------------------------------------------

MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 7:0 / /srv/homes rw,relatime shared:2 - ext4 /dev/loop0 rw,prjquota
24 22 8:1 / /data rw,relatime - xfs /dev/sda1 rw,attr2
"""


def test_where_a_hard_limit_can_be_kept() -> None:
    """A file system without project quotas is told with how to have them; one with them passes."""
    assert list(host_homes.quota_faults(Path("/srv/homes"), MOUNTS)) == []
    assert list(host_homes.quota_faults(Path("/srv/homes/deeper"), MOUNTS)) == []
    (fault,) = host_homes.quota_faults(Path("/srv"), MOUNTS)
    assert "ext4 without project quotas" in fault.cause
    assert "tune2fs" in fault.remedy
    (fault,) = host_homes.quota_faults(Path("/data/homes"), MOUNTS)
    assert "mount /data with `prjquota`" in fault.remedy


@needs_root
def test_where_homes_may_be(tmp_path: Path) -> None:
    """A place of root's own that nobody else writes into; anything else is told with what to do."""
    deployment, place = tmp_path / "deployment", tmp_path / "homes"

    def told(path: Path) -> list[str]:
        return [str(fault) for fault in host_homes.homes_faults(settings(HOMES=str(path)), deployment)]

    place.mkdir(mode=0o711)
    tmp_path.chmod(0o755)
    assert told(place) == []
    (tmp_path / "link").symlink_to(place)
    (tmp_path / "file").touch()
    for path, words in (
        (tmp_path / "gone", "install -d -o root -g root -m 0711"),
        (Path("/etc/homes"), "labs may not see /etc"),
        (deployment / "homes", "labs may not see"),
        (tmp_path / "link", "without symbolic links"),
        (tmp_path / "my homes", "letters, digits and . _ @ + - only, without spaces"),
        (tmp_path / "file", "is no directory"),
    ):
        (said,) = told(path)
        assert ".env: HOMES" in said
        assert words in said
    place.chmod(0o777)
    (said,) = told(place)
    assert "can be written by others than root" in said
    place.chmod(0o711)
    tmp_path.chmod(0o777)
    (said,) = told(place)
    assert f"chown root {tmp_path}" in said
    tmp_path.chmod(0o755)


def test_a_skeleton_that_labs_could_not_read(tmp_path: Path) -> None:
    """A file that is not for everybody is told before anyone misses it; nothing at all is fine."""
    assert list(host_homes.skeleton_faults(tmp_path / "skeleton")) == []
    (tmp_path / "skeleton").mkdir(mode=0o755)
    (tmp_path / "skeleton" / "secret").touch(mode=0o600)
    (fault,) = host_homes.skeleton_faults(tmp_path / "skeleton")
    assert "secret" in fault.cause
    (tmp_path / "skeleton" / "secret").chmod(0o644)
    assert list(host_homes.skeleton_faults(tmp_path / "skeleton")) == []
