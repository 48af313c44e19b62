"""The operator's profiles and groups: defaults, cross-checks, and what the hub is told."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from homeroom.storage.storage import storage_for

from generator.core.errors import HomeroomError
from generator.core.machine import Machine
from generator.schema.settings import Settings
from generator.site.models import TAKEN
from generator.site.starters import starters
from generator.topics.labs import labs, site
from generator.topics.labs.labs import LabsConfig
from generator.topics.labs.site import Groups, Profiles
from generator.topics.storage.site import Share, Shares

GIB = 2**30
ROOT = Path(__file__).parents[3]
MACHINE = Machine(memory_bytes=16 * GIB, cpus=4)


def settings(**values: str) -> Settings:
    """Settings as `.env` would give them."""
    return Settings.model_validate({"CONFIGPROXY_AUTH_TOKEN": "0123456789abcdef" * 4, **values})


def load(site: Path, profiles: str = "", groups: str = "", **values: str) -> LabsConfig:
    """The labs of these files and settings."""
    (site / "profiles.yaml").write_text(profiles)
    (site / "groups.yaml").write_text(groups)
    return labs.load(settings(**values), site, MACHINE)


def test_without_files_there_is_one_lab_made_of_env(tmp_path: Path) -> None:
    """`.env` alone gives one profile, which everyone has."""
    found = labs.load(settings(LAB_MEMORY="2G", LAB_CPUS="0.5", CULL_IDLE_SECONDS="60"), tmp_path, MACHINE)
    (only,) = found.profiles
    assert (only["memory_bytes"], only["cpus"], only["idle_seconds"], only["allow"]) == (2 * GIB, 0.5, 60, None)
    assert only["image"] == "homeroom-lab:local"
    assert found.groups == {}


def test_what_tells_a_lab_what_it_is_is_nobody_elses() -> None:
    """Neither a profile nor a group sets a variable that the start script, the hub's client, the server or the guard
    go by; all others are free, those of Git and the counts of CPUs too."""
    told = storage_for(
        user="ada", groups=[], home_source="a", home_target="/home/jovyan", skeleton="/x", soft_limit_bytes=1
    ).environment
    for name in (*told, "HOMEROOM_GIT_PLACES", "HOME", "JUPYTERHUB_API_TOKEN", "MEM_LIMIT", "NVIDIA_VISIBLE_DEVICES"):
        assert TAKEN.fullmatch(name), name
    for name in ("GIT_CONFIG_COUNT", "OMP_NUM_THREADS", "JUPYTERHUB_SINGLEUSER_APP", "HOMEROOM_LAB_PLAIN", "HOMEPAGE"):
        assert not TAKEN.fullmatch(name), name
    with pytest.raises(ValueError, match="a variable that Homeroom itself sets"):
        Groups.model_validate({"groups": {"a": {"environment": {"HOMEROOM_LINKS": "x"}}}})


def test_what_a_profile_leaves_out_comes_from_env(tmp_path: Path) -> None:
    """And what it says holds, also a timeout of 0, which means never."""
    text = "profiles:\n  - {name: a}\n  - {name: big-one, memory: 3G, cpus: 2, idle_seconds: 0, image: 'x:1'}\n"
    first, second = load(tmp_path, text, LAB_MEMORY="2G", CULL_IDLE_SECONDS="60").profiles
    assert (first["memory_bytes"], first["idle_seconds"], first["display_name"]) == (2 * GIB, 60, "A")
    assert (second["memory_bytes"], second["idle_seconds"], second["cpus"], second["image"]) == (3 * GIB, 0, 2.0, "x:1")


def test_more_time_is_for_labs_that_keep_nobody_waiting(tmp_path: Path) -> None:
    """MORE_TIME_SECONDS is what users may add; a profile with GPUs gives none of it unless it says so."""
    text = (
        "profiles:\n  - {name: a}\n  - {name: b, gpus: 1}\n"
        "  - {name: c, gpus: 1, more_time_seconds: 600}\n  - {name: d, more_time_seconds: 0}\n"
    )
    found = load(tmp_path, text, MORE_TIME_SECONDS="3600").profiles
    assert [each["more_time_seconds"] for each in found] == [3600, 0, 600, 0]


def test_the_default_comes_first(tmp_path: Path) -> None:
    """The one that says so, else the first in the file; exactly one is the default; the rest keeps its order."""
    text = "profiles:\n  - {name: a}\n  - {name: b}\n  - {name: c, default: true}\n"
    found = load(tmp_path, text).profiles
    assert [(each["name"], each["default"]) for each in found] == [("c", True), ("a", False), ("b", False)]
    assert load(tmp_path, text.replace("default: true", "")).profiles[0]["name"] == "a"


@pytest.mark.parametrize(
    ("values", "memory", "cpus"),
    [
        ({}, 16 * GIB - GIB, 0),
        ({"TOTAL_LAB_MEMORY": "5G", "TOTAL_LAB_CPUS": "3"}, 5 * GIB, 3),
        ({"LAB_MEMORY": "64G", "LAB_CPUS": "64"}, 64 * GIB, 0),
    ],
    ids=["machine", "settings", "one-lab-at-least"],
)
def test_what_labs_may_reserve_in_all(values: dict[str, str], memory: int, cpus: float) -> None:
    """The machine's memory less the services and a reserve, or what the operator says; one lab fits at any rate. CPUs
    are shared: they have an end only where the operator sets one."""
    given = settings(**values)
    own = given.HUB_MEMORY + given.PROXY_MEMORY + given.GUARD_MEMORY + 64 * 1024**2 if not values else 0
    assert labs.lab_capacity(given, MACHINE) == (memory - own, cpus)


def test_a_service_that_not_everybody_has_takes_memory_of_the_labs() -> None:
    """The one that shows people their copies, where there are such, and the one with TLS: what they may use is not
    promised to labs."""
    plain, _ = labs.lab_capacity(settings(), MACHINE)
    copies, _ = labs.lab_capacity(settings(BACKUP_TO="/srv/copies"), MACHINE)
    edge, _ = labs.lab_capacity(settings(TLS="internal", HUB_HOST="hub.example"), MACHINE)
    assert plain - copies == GIB // 2
    assert plain - edge == settings().EDGE_MEMORY


PROFILE_FAULTS = [
    ("profiles:\n  - name: a\n  - name: a\n", "line 3 column 5: the profile a is there twice"),
    ("profiles:\n  - {name: a, default: true}\n  - {name: b, default: true}\n", "line 3 column 15: a is the default"),
    (
        "profiles:\n  - name: a\n    memory: 5G\n",
        "line 3 column 5: a would never start: all labs together may have 4.0 GiB",
    ),
    (
        "profiles:\n  - name: a\n    cpus: 33\n",
        "line 3 column 5: a would never start: all labs together may have 32 CPUs",
    ),
    ("profiles:\n  - name: a\n    memory: 1G\n    shm: 2G\n", "line 4 column 5: shared memory is part of memory"),
]
GROUP_FAULTS = [
    ("groups:\n  a: {includes: [b]}\n", "line 2 column 18: there is no group b\n  Known: a."),
    ("groups:\n  a: {includes: [a]}\n", "line 2 column 18: a and a include each other"),
    (
        "groups:\n  a: {includes: [b]}\n  b: {includes: [c]}\n  c: {includes: [a]}\n",
        "line 4 column 18: c and a include",
    ),
    ("groups:\n  a: {memory: 5G}\n", "line 2 column 7: labs of a would never start"),
    ("groups:\n  a: {cpus: 33}\n", "line 2 column 7: labs of a would never start"),
]


@pytest.mark.parametrize(("profiles", "words"), PROFILE_FAULTS)
def test_profiles_that_cannot_be(tmp_path: Path, profiles: str, words: str) -> None:
    """Each file is well-formed; together with itself, `.env` or the machine it makes no sense, and is refused."""
    with pytest.raises(HomeroomError) as caught:
        load(tmp_path, profiles, TOTAL_LAB_MEMORY="4G", TOTAL_LAB_CPUS="32")
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("profiles", "values", "words"),
    [
        (
            "",
            {"TOTAL_LAB_MEMORY": "512M"},
            ".env: LAB_MEMORY: no lab would ever start: all labs together may have 512 MiB in all",
        ),
        (
            "",
            {"TOTAL_LAB_CPUS": "0.5"},
            ".env: LAB_CPUS: no lab would ever start: all labs together may have 0.5 CPUs in all",
        ),
        ("profiles: [{name: a}]", {"TOTAL_LAB_MEMORY": "512M"}, "Say `memory` here, since LAB_MEMORY in .env is more"),
        (
            "profiles: [{name: a, memory: 1G}]",
            {"TOTAL_LAB_MEMORY": "512M"},
            "Lower memory here, or raise TOTAL_LAB_MEMORY",
        ),
    ],
)
def test_a_lab_that_would_never_start_is_told_where_its_size_stands(
    tmp_path: Path, profiles: str, values: dict[str, str], words: str
) -> None:
    """In the profile, or in `.env` where the profile leaves it out or there is none."""
    with pytest.raises(HomeroomError) as caught:
        load(tmp_path, profiles, **values)
    assert words in str(caught.value)


@pytest.mark.parametrize(("groups", "words"), GROUP_FAULTS)
def test_groups_that_cannot_be(tmp_path: Path, groups: str, words: str) -> None:
    """Unknown and circular includes, and limits beyond the machine."""
    with pytest.raises(HomeroomError) as caught:
        load(tmp_path, groups=groups, TOTAL_LAB_MEMORY="4G", TOTAL_LAB_CPUS="32")
    assert words in str(caught.value)


def test_faults_of_both_files_are_told_together(tmp_path: Path) -> None:
    """Faults of profiles.yaml and groups.yaml are told in one go."""
    with pytest.raises(HomeroomError) as caught:
        load(tmp_path, PROFILE_FAULTS[0][0], GROUP_FAULTS[0][0])
    assert "profiles.yaml" in str(caught.value)
    assert "groups.yaml" in str(caught.value)


def test_what_fits_exactly_is_no_fault(tmp_path: Path) -> None:
    """A lab as large as all that labs may have can start, alone."""
    load(
        tmp_path,
        "profiles:\n  - {name: a, memory: 4G, shm: 4G, cpus: 32}\n",
        TOTAL_LAB_MEMORY="4G",
        TOTAL_LAB_CPUS="32",
    )


def test_cpus_keep_no_lab_from_starting_unless_somebody_says_so(tmp_path: Path) -> None:
    """Without TOTAL_LAB_CPUS a lab may be given more CPUs than the machine has: it gets its share of what there is."""
    assert load(tmp_path, "profiles:\n  - {name: a, cpus: 33}\n", TOTAL_LAB_MEMORY="4G").cpus == 0


@pytest.mark.parametrize(
    ("values", "machine_files", "files"),
    [
        ({}, 2**63 - 1, 8192),
        ({}, 2_466_170, 1204),
        ({}, 100_000, 1024),
        ({"LAB_PIDS": "64"}, 2_466_170, 8192),
        ({"LAB_OPEN_FILES": "70"}, 2_466_170, 70),
    ],
)
def test_one_lab_leaves_files_to_others(values: dict[str, str], machine_files: int, files: int) -> None:
    """All processes of a lab together open half of the machine's files at most, and each at least what programs take
    for granted; or what the operator says."""
    assert labs.open_files(settings(**values), replace(MACHINE, open_files=machine_files)) == files


def test_a_renamed_field_is_told_with_its_new_name(tmp_path: Path) -> None:
    """A file for the version before is refused with the new name, not with another field that looks like the old."""
    with pytest.raises(HomeroomError) as caught:
        load(tmp_path, profiles="profiles:\n  - {name: exam, longest_seconds: 60}\n")
    assert "there is no field longest_seconds" in str(caught.value)
    assert "It is called max_age_seconds now." in str(caught.value)


def test_includes_are_followed_to_the_end(tmp_path: Path) -> None:
    """Members of included groups count, also through the hub's own groups of those names, each once."""
    text = """\
groups:
  science: {members: [zoe], includes: [biology, physics]}
  biology: {members: [Ada], includes: [botany]}
  physics: {includes: [botany]}
  botany: {members: [ada, bela]}
"""
    found = load(tmp_path, groups=text).groups
    assert found["science"]["members"] == ["ada", "bela", "zoe"]
    assert sorted(found["science"]["hub_groups"]) == ["biology", "botany", "physics", "science"]
    assert (found["botany"]["members"], found["botany"]["hub_groups"]) == (["ada", "bela"], ["botany"])


def test_names_are_compared_as_the_hub_knows_them(tmp_path: Path) -> None:
    """The hub turns names into small letters; `Ada` in a file is `ada`."""
    found = load(tmp_path, "profiles:\n  - {name: a, allow: {users: [Ada]}}\n", "groups:\n  g: {members: [Ada]}\n")
    assert found.profiles[0]["allow"]["users"] == ["ada"]
    assert found.groups["g"]["members"] == ["ada"]


def test_a_profile_for_a_group_that_is_not_there(tmp_path: Path) -> None:
    """Where groups.yaml has groups it has all of them, also those whose members the hub alone knows; without any, a
    profile's groups are the hub's own."""
    profiles = "profiles:\n  - name: a\n    allow: {groups: [staff, theses]}\n"
    with pytest.raises(HomeroomError) as caught:
        load(tmp_path, profiles, "groups:\n  staff: {members: [ada]}\n")
    text = str(caught.value)
    assert "profiles.yaml line 3 column 29: there is no group theses" in text
    assert "`theses: {}`" in text
    assert (
        load(tmp_path, profiles, "groups:\n  staff: {members: [ada]}\n  theses: {}\n").groups["theses"]["members"] == []
    )
    assert load(tmp_path, profiles).groups == {}


def examples(text: str) -> list[dict[str, Any]]:
    """The YAML blocks of a document."""
    return [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL)]


def test_the_examples_in_the_documents_are_valid() -> None:
    """Each YAML block in docs/labs.md and docs/labs-storage.md can be copied into its file."""
    found = examples((ROOT / "docs" / "labs.md").read_text())
    for example in found:
        (Profiles if "profiles" in example else Groups).model_validate(example)
    assert {next(iter(each)) for each in found} == {"profiles", "groups"}
    (example,) = examples((ROOT / "docs" / "labs-storage.md").read_text())
    Shares.model_validate(example)


@pytest.mark.parametrize(
    ("name", "model", "item"),
    [("profiles.yaml", Profiles, site.Profile), ("groups.yaml", Groups, site.Group), ("shares.yaml", Shares, Share)],
)
def test_the_starters_change_nothing_and_are_valid_without_their_hashes(
    name: str, model: type[Any], item: type[Any]
) -> None:
    """A new `site/` behaves as none; and what it shows works once the comment signs in front are taken away, with
    every field of the model shown."""
    text = starters()[name]
    assert yaml.safe_load(text) is None
    active = "\n".join(line[1:] for line in text.splitlines() if line.startswith("#") and line[:2] != "##")
    model.model_validate(yaml.safe_load(active))
    for field in item.model_fields:
        assert re.search(rf"\b{field}:", active), field
