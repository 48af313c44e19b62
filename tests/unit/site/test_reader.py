"""Faults in the operator's YAML: each told with file, line, column and what to do; a good file read as it is meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.core.errors import HomeroomError
from generator.site import reader
from generator.topics.labs.site import Groups, Profiles

NAME = "profiles:\n  - name: a\n"


def loaded(directory: Path, text: str | bytes) -> Profiles | None:
    """The file, read as profiles."""
    path = directory / "site" / "profiles.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return reader.load(path, Profiles)


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n", "\n\n"])
def test_a_file_without_values_is_no_file(tmp_path: Path, text: str) -> None:
    """A starter with everything commented out changes nothing."""
    assert loaded(tmp_path, text) is None


def test_a_missing_file_is_none(tmp_path: Path) -> None:
    """A site file that is not there is no fault."""
    assert reader.load(tmp_path / "profiles.yaml", Profiles) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("profiles:\n  - name: a\n   bad: 1\n", "site/profiles.yaml line 3 column 4"),
        ("profiles:\n\t- name: a\n", "line 2 column 1: found character '\\t' that cannot start any token\n  YAML is"),
        ("profiles: 'open\n", "line 2 column 1"),
        (b"profiles:\n  - name: \xff\n", "line 2: byte 0xff is not UTF-8\n  Save it as UTF-8"),
        (NAME + "    memry: 1G\n", "line 3 column 5: there is no field memry\n  Did you mean memory?"),
        (NAME + "    allow: {group: [x]}\n", "line 3 column 13: there is no field group\n  Did you mean groups?"),
        (NAME + "    zzzzzz: 1\n", "line 3 column 5: there is no field zzzzzz\n  Known here: allow, "),
        ("profile: []\n", "line 1 column 1: there is no field profile\n  Did you mean profiles?"),
        (NAME + "    name: b\n", "line 3 column 5: name is there twice; the first is on line 2"),
        (NAME + "    environment: {A: b, A: c}\n", "line 3 column 25: A is there twice"),
        ("profiles: []\n", "line 1 column 1: profiles must not be empty"),
        ("profiles: {}\n", "line 1 column 1: profiles must be a list"),
        ("profiles:\n  - small\n", "line 2 column 5: profiles must be fields with values"),
        ("hello\n", "line 1 column 1: the file must be fields with values"),
        ("profiles:\n  - {}\n", "line 2 column 5: profiles.name is not set"),
        ("profiles:\n  - name: on\n", "line 2 column 5: profiles.name must be text\n  Put it in quotes"),
        (NAME + "    environment: {A: yes}\n", "line 3 column 19: profiles.environment.A must be text"),
        (
            NAME + "    environment: {JUPYTERHUB_API_TOKEN: x}\n",
            "line 3 column 19: profiles.environment.JUPYTERHUB_API_TOKEN is a variable that Homeroom itself sets",
        ),
        (NAME + "    memory: lots\n", "line 3 column 5: profiles.memory is not a size such as 512M or 2G"),
        (
            NAME + "    memory: 1024\n",
            "line 3 column 5: profiles.memory is not a size such as 512M or 2G\n  docs/labs.md",
        ),
        (
            NAME + "    image: Bad Image!\n",
            "line 3 column 5: profiles.image must be a folder's name of site/images/, or",
        ),
        ("profiles:\n  - name: Small Lab\n", "line 2 column 5: profiles.name must be small letters, digits and dashes"),
        (NAME + "    cpus: many\n", "line 3 column 5: profiles.cpus is not a number"),
        (NAME + "    gpus: 1.5\n", "line 3 column 5: profiles.gpus is not a whole number"),
        (NAME + "    network: closed\n", "line 3 column 5: profiles.network must be 'open' or 'none'"),
        (NAME + "    default: maybe\n", "line 3 column 5: profiles.default must be true or false"),
        (NAME + "    allow:\n", "line 3 column 5: profiles.allow is empty"),
        (NAME + "    allow: {groups: staff}\n", "line 3 column 13: profiles.allow.groups must be a list"),
        (NAME + "    description: 2026-02-30\n", "line 3 column 18: day is out of range for month\n  Fix the date"),
        (NAME + "    ? [x]\n    : 1\n", "line 3 column 7: a name must be plain text"),
        ("profiles: !!python/object:os.system\n  - x\n", "line 1 column 11: could not determine a constructor"),
        ("profiles: &p [*p]\n", "line 1 column"),
        ("a: &a [*a]\n", "there is no field a"),
        (NAME + "---\nx: 1\n", "line 3 column 1"),
    ],
)
def test_faults_are_told_with_their_location(tmp_path: Path, text: str | bytes, words: str) -> None:
    """Whatever is wrong: a HomeroomError, never a traceback, that points at the value."""
    with pytest.raises(HomeroomError) as caught:
        loaded(tmp_path, text)
    assert "site/profiles.yaml" in str(caught.value)
    assert words in str(caught.value)


def test_all_faults_are_told_together(tmp_path: Path) -> None:
    """All faults of a file are told in one go, not one a run."""
    with pytest.raises(HomeroomError) as caught:
        loaded(tmp_path, NAME + "    memory: lots\n    gpus: x\n  - name: b\n    cpus: 0\n")
    for location in ("line 3", "line 4", "line 6"):
        assert location in str(caught.value)


def test_a_directory_in_the_files_place_is_told(tmp_path: Path) -> None:
    """Such as an engine makes for a bind mount that was not there."""
    (tmp_path / "profiles.yaml").mkdir()
    with pytest.raises(HomeroomError, match="cannot be read"):
        reader.load(tmp_path / "profiles.yaml", Profiles)


def test_anchors_and_numbers_as_names(tmp_path: Path) -> None:
    """YAML's own means of repetition work, and a number is a name as it is written."""
    found = loaded(tmp_path, "profiles:\n  - &a\n    name: 1\n    memory: 2G\n  - <<: *a\n    name: b\n")
    assert found is not None
    assert [(each.name, each.memory) for each in found.profiles] == [("1", 2 * 2**30), ("b", 2 * 2**30)]


def test_fields_within_names_that_are_free(tmp_path: Path) -> None:
    """A group has any name; its fields are known and the nearest is told."""
    path = tmp_path / "groups.yaml"
    path.write_text("groups:\n  biology: {member: [ada]}\n")
    with pytest.raises(HomeroomError, match="Did you mean members"):
        reader.load(path, Groups)


def test_numbers_that_begin_with_0_are_names(tmp_path: Path) -> None:
    """Students are named by numbers in many places, and 0123 is not 83, as YAML has it; a time of day stays one."""
    path = tmp_path / "groups.yaml"
    path.write_text("groups:\n  biology: {members: [0123, 0o17, 123, 0x1f]}\n")
    found = reader.load(path, Groups)
    assert found is not None
    assert found.groups["biology"].members == ["0123", "0o17", "123", "0x1f"]


@pytest.mark.parametrize("name", ["Ada Lovelace", "-rf", "ad\u00e4", "\u212ait", "a/b"])
def test_who_can_be_nobody_is_refused(tmp_path: Path, name: str) -> None:
    """A member by a name that nobody can sign in with would get nothing, unseen."""
    path = tmp_path / "groups.yaml"
    path.write_text(f"groups:\n  biology:\n    members:\n      - {name}\n", encoding="utf-8")
    with pytest.raises(HomeroomError, match=r"groups.yaml line 4 column 9: .* must be a user's name: small letters"):
        reader.load(path, Groups)
