"""`site/shares.yaml`: what may be shared, where, and with whom; and what is refused before anything is changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from homeroom.contract.mounts import Mount
from homeroom.guard.values import MountRule
from homeroom.storage.storage import LINKED_SHARES, Share, storage_for

from generator.core.errors import HomeroomError
from generator.topics.storage import shares
from tests.hub_config import loaded


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A `site/` without a file."""
    (tmp_path / "site").mkdir()
    return tmp_path / "site"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A directory that labs may read and, being of their group, write into."""
    made = tmp_path / "data"
    made.mkdir()
    os.chown(made, 0, 100)
    made.chmod(0o2775)
    return made


def load(site: Path, text: str, **more: object) -> list[shares.SharedDirectory]:
    """The shares that a file of this text gives, in a deployment called bio."""
    (site / "shares.yaml").write_text(text)
    return shares.load(site, "bio", protected=[site.parent / "deployment"], **more)  # type: ignore[arg-type]


def refusal(site: Path, text: str, **more: object) -> str:
    """What is said of a file of this text."""
    with pytest.raises(HomeroomError) as caught:
        load(site, text, **more)
    return str(caught.value)


def one(**fields: object) -> str:
    """A file of one share."""
    given = {"name": "data", "target": "/srv/data", **fields}
    return "shares:\n  - {" + ", ".join(f"{key}: {value}" for key, value in given.items()) + "}\n"


def test_no_file_is_no_shares(site: Path) -> None:
    """Without site/shares.yaml there are no shares, and no error."""
    assert shares.load(site, "bio", protected=[]) == []


def test_a_share_reaches_hub_and_guard_alike(site: Path, data: Path) -> None:
    """The guard lets through exactly the mount that the hub asks for, and a read-only share never read-write."""
    (found,) = load(site, one(path=data, target="/home/jovyan/data", groups="[biology]"))
    share = Share.from_trait(found.trait())
    rules = shares.guard_rules([found])
    (rule,) = [MountRule.from_json(each) for each in rules["binds"]]
    assert rules["volumes"] == []
    assert share.mount == Mount(source=str(data), target=f"{LINKED_SHARES}/data", read_only=True)
    assert rule.allows(share.mount)
    assert not rule.allows(Mount(source=str(data), target=share.mount_target, read_only=False))
    assert not rule.allows(Mount(source=str(data), target="/home/jovyan", read_only=True))
    assert not rule.allows(Mount(source=f"{data}/x", target=share.mount_target, read_only=True))


def test_a_volume_is_the_deployments_own(site: Path) -> None:
    """A share's volume carries the deployment's name, and can be no home and none of the deployment's own volumes."""
    (found,) = load(site, one(volume="user-ada", read_only="false"))
    assert found.source == "bio-share-user-ada"
    assert not found.source.startswith("bio-user-")
    assert shares.guard_rules([found])["volumes"] == [
        {"source": "bio-share-user-ada", "target": "/srv/data", "read_only": False}
    ]


def test_links_in_a_path_are_followed_once(site: Path, data: Path, tmp_path: Path) -> None:
    """What labs mount is what was checked, not what a link says later."""
    (tmp_path / "link").symlink_to(data)
    (found,) = load(site, one(path=tmp_path / "link"))
    assert found.source == str(data)


def test_the_hub_reads_the_very_shares(site: Path, data: Path, tmp_path: Path) -> None:
    """What is rendered for the hub reads back as the shares of the file, people's names in small letters."""
    found = load(site, one(path=data, users='["Ada", "bela"]'))
    traits = loaded(tmp_path / "rendered", site).LabSpawner.shares
    assert [Share.from_trait(each) for each in traits] == [Share.from_trait(each.trait()) for each in found]
    assert Share.from_trait(traits[0]).is_for("ada", [])


@pytest.mark.parametrize(
    "path",
    ["/", "/etc", "/etc/ssl", "/root", "/proc", "/sys", "/dev", "/run", "/var/run", "/var/lib/docker/volumes", "/var"],
)
def test_forbidden_places(site: Path, path: str) -> None:
    """No share reaches the system, secrets or the engine's storage, be it by a directory above them."""
    text = refusal(site, one(path=path if path != "/" else "/."))
    assert "may not be shared" in text or "must be an absolute path" in text or "No such file" in text
    assert shares.forbidden_by(Path(path), [])


def test_a_link_into_a_forbidden_place(site: Path, tmp_path: Path) -> None:
    """A link does not carry a share out of where it may be."""
    (tmp_path / "harmless").symlink_to("/etc")
    assert "a link to /etc) may not be shared" in refusal(site, one(path=tmp_path / "harmless"))


def test_the_deployments_directory(site: Path, tmp_path: Path) -> None:
    """The deployment's secrets cannot be shared, nor can what holds them."""
    (tmp_path / "deployment" / "site").mkdir(parents=True)
    assert "may not be shared" in refusal(site, one(path=tmp_path / "deployment" / "site"))
    assert "may not be shared" in refusal(site, one(path=tmp_path))


def test_a_path_that_is_not_there(site: Path, tmp_path: Path) -> None:
    """A missing directory is told with how to make it."""
    text = refusal(site, one(path=tmp_path / "gone"))
    assert "No such file or directory" in text
    assert f"install -d -g 100 {tmp_path}/gone" in text


def test_a_file_is_no_directory(site: Path, tmp_path: Path) -> None:
    """A share whose path is a file is refused."""
    (tmp_path / "file").write_text("")
    assert "is no directory" in refusal(site, one(path=tmp_path / "file"))


def test_labs_must_be_able_to_use_it(site: Path, data: Path) -> None:
    """Modes under which a lab could not read, or not write, are told with the command, which is no chmod 777."""
    data.chmod(0o700)
    assert "may not read" in refusal(site, one(path=data))
    data.chmod(0o750)
    load(site, one(path=data))
    text = refusal(site, one(path=data, read_only="false"))
    assert "may not write" in text
    assert "chgrp -R 100" in text
    assert "777" not in text
    data.chmod(0o2770)
    load(site, one(path=data, read_only="false"))


def test_a_parent_that_others_write_into(site: Path, tmp_path: Path) -> None:
    """Where anybody could swap the directory for a link, it is not shared."""
    loose = tmp_path / "loose"
    (loose / "data").mkdir(parents=True)
    loose.chmod(0o777)
    assert "can be written by anybody" in refusal(site, one(path=loose / "data"))
    loose.chmod(0o1777)
    load(site, one(path=loose / "data"))


def test_a_share_inside_one_that_labs_write_into(site: Path, data: Path) -> None:
    """Labs cannot put a link in the place of another share."""
    (data / "inner").mkdir()
    os.chown(data, 1000, 0)
    data.chmod(0o755)
    outer = f"  - {{name: outer, path: {data}, target: /srv/outer, read_only: false}}\n"
    inner = f"  - {{name: inner, path: {data}/inner, target: /srv/inner}}\n"
    assert "is inside" in refusal(site, "shares:\n" + outer + inner)
    load(site, "shares:\n" + outer.replace("false", "true") + inner)


@pytest.mark.parametrize(
    "target",
    [
        *("/home/jovyan", "/home/jovyan/.ssh", "/home/ada", "/srv", "/mnt", "/opt/x", "/srv/../etc"),
        *("/srv/shares/x", "/srv/kernels", "/srv/skeleton/x"),
    ],
)
def test_forbidden_targets(site: Path, data: Path, target: str) -> None:
    """A share covers nothing of the lab's own: neither the home, nor its hidden files, nor the image's, nor ours."""
    assert "must " in refusal(site, one(path=data, target=target))


@pytest.mark.parametrize("target", ["/home/jovyan/data", "/home/jovyan/a/b", "/srv/data", "/data", "/data/x", "/mnt/x"])
def test_allowed_targets(site: Path, data: Path, target: str) -> None:
    """A share may be in a folder of the home, below /srv or /mnt, or in a new folder of the root."""
    assert load(site, one(path=data, target=target))


def test_targets_clash(site: Path, data: Path) -> None:
    """One target twice, or one inside another, is refused by the names of both shares; so is a name twice."""
    first = f"shares:\n  - {{name: one, path: {data}, target: /srv/data}}\n"
    assert "the same as that of share one" in refusal(
        site, first + f"  - {{name: two, path: {data}, target: /srv/data}}\n"
    )
    assert "inside or around that of share one" in refusal(
        site, first + f"  - {{name: two, path: {data}, target: /srv/data/x}}\n"
    )
    assert "is there twice" in refusal(site, first + f"  - {{name: one, path: {data}, target: /srv/other}}\n")


def test_a_group_that_is_not_there(site: Path, data: Path) -> None:
    """Where groups.yaml has groups it has all of them: another is told with its place; else they are the hub's own."""
    text = refusal(site, one(path=data, groups="[bilogy]"), known_groups={"biology", "chemistry"})
    assert "line 2 column" in text
    assert "there is no group bilogy" in text
    assert "Did you mean biology?" in text
    assert "`bilogy: {}`" in text
    load(site, one(path=data, groups="[biology]"), known_groups={"biology"})
    load(site, one(path=data, groups="[bilogy]"))


def test_faults_have_their_location(site: Path, data: Path, tmp_path: Path) -> None:
    """A fault is told with line and column; for a field that no share has, the nearest is named."""
    assert "line 2 column 37" in refusal(site, one(path=tmp_path / "gone"))
    assert "Did you mean read_only?" in refusal(site, one(path=data, readonly="true"))


def test_a_path_or_a_volume(site: Path, data: Path) -> None:
    """A share has one source, and an empty list of people is no way to say everybody."""
    assert "either path or volume" in refusal(site, one())
    assert "either path or volume" in refusal(site, one(path=data, volume="x"))
    assert "leave it out" in refusal(site, one(path=data, groups="[]"))


def share(**fields: object) -> Share:
    """A share for decisions."""
    given = {"name": "s", "source": "v", "target": "/srv/s", "mount_target": "/srv/s", **fields}
    return Share.from_trait(given)


def test_who_has_a_share() -> None:
    """Its users, the members of its groups, and nobody else; everybody where neither is named."""
    assert share().is_for("ada", [])
    closed = share(groups=["biology"], users=["grace"])
    assert closed.is_for("ada", ["biology", "x"])
    assert closed.is_for("grace", [])
    assert not closed.is_for("ada", ["chemistry"])
    assert not share(users=["grace"]).is_for("ada", ["grace"])
    assert not share(groups=["grace"]).is_for("grace", [])


def test_a_lab_mounts_its_own_shares_alone() -> None:
    """A person who is not of a share's group has neither the mount nor the link."""
    linked = share(target="/home/jovyan/s", mount_target="/srv/shares/s", groups=["biology"])
    common = {"home_source": "bio-user-ada", "home_target": "/home/jovyan", "shares": [linked]}
    inside = storage_for(user="ada", groups=["biology"], **common)  # type: ignore[arg-type]
    assert inside.mounts == (Mount(source="v", target="/srv/shares/s", read_only=True),)
    assert inside.environment["HOMEROOM_LINKS"] == "/home/jovyan/s=/srv/shares/s"
    outside = storage_for(user="cleo", groups=[], **common)  # type: ignore[arg-type]
    assert outside.mounts == ()
    assert outside.environment["HOMEROOM_LINKS"] == ""
