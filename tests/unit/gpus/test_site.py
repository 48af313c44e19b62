"""site/gpus.yaml: what the machine has is found, proposed, and held against what the operator wrote."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from generator.core.errors import HomeroomError
from generator.site.reader import SiteFile
from generator.topics.gpus import gpus
from generator.topics.gpus.gpu_host import FoundGpu, cdi_directories, read_host
from generator.topics.gpus.site import GPUS, Access
from tests.sample_settings import settings

LISTING = """\
GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-aaaa)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-bbbb)
  MIG 3g.20gb     Device  0: (UUID: MIG-cccc)
  MIG 3g.20gb     Device  1: (UUID: MIG-dddd)
GPU 2: NVIDIA T4 (UUID: GPU-eeee)
"""
MEMORY = "GPU-aaaa, 40960\nGPU-bbbb, 40960\nGPU-eeee, 15360\n"


def smi(command: Sequence[str]) -> str:
    """`nvidia-smi` of a machine with two whole GPUs and one in two slices."""
    return LISTING if command[1] == "-L" else MEMORY


def none(_: Sequence[str]) -> str:
    """A machine without `nvidia-smi`."""
    return ""


def spec(directory: Path, names: dict[str, list[str]], *, kind: str = "nvidia.com/gpu", file: str = "x.json") -> Path:
    """A CDI spec with devices and their nodes."""
    devices = [
        {"name": name, "containerEdits": {"deviceNodes": [{"path": node} for node in nodes]}}
        for name, nodes in names.items()
    ]
    text = json.dumps({"cdiVersion": "0.5.0", "kind": kind, "devices": devices})  # JSON is YAML too
    directory.mkdir(exist_ok=True)
    (directory / file).write_text(text)
    return directory


def test_nvidia_smi_names_gpus_and_slices_by_uuid(tmp_path: Path) -> None:
    """Whole GPUs and MIG slices are found by UUID with what people call them; a sliced GPU is not there as a whole."""
    driver = tmp_path / "driver"
    (driver / "0000:01:00.0").mkdir(parents=True)
    (driver / "0000:01:00.0" / "information").write_text("GPU UUID: \t GPU-aaaa\nDevice Minor: \t 3\n")
    found = read_host(smi, [], driver)
    assert [(gpu.id, gpu.label) for gpu in found] == [
        ("GPU-aaaa", "NVIDIA A100-SXM4-40GB, 40 GiB"),
        ("MIG-cccc", "NVIDIA A100-SXM4-40GB, MIG 3g.20gb"),
        ("MIG-dddd", "NVIDIA A100-SXM4-40GB, MIG 3g.20gb"),
        ("GPU-eeee", "NVIDIA T4, 15 GiB"),
    ]
    assert found[0].nodes == ("/dev/nvidia3",)


def test_what_driver_580_says_of_an_h200_is_read(tmp_path: Path) -> None:
    """The words of a real machine, taken from driver 580.159.04: the GPU has its name, size and node."""
    uuid = "GPU-e749bde8-6ac6-1901-1eb3-e2d2f38b17c4"
    (tmp_path / "0000:00:06.0").mkdir()
    (tmp_path / "0000:00:06.0" / "information").write_text(
        "Model: \t\t NVIDIA H200\n"
        "IRQ:   \t\t 41\n"
        f"GPU UUID: \t {uuid}\n"
        "Bus Location: \t 0000:00:06.0\n"
        "Device Minor: \t 0\n"
        "GPU Excluded:\t No\n"
    )

    def answer(command: Sequence[str]) -> str:
        return f"GPU 0: NVIDIA H200 (UUID: {uuid})\n" if command[1] == "-L" else f"{uuid}, 143771\n"

    assert read_host(answer, [], tmp_path) == [FoundGpu(id=uuid, label="NVIDIA H200, 140 GiB", nodes=("/dev/nvidia0",))]


@pytest.mark.parametrize("file", ["nvidia.yaml", "nvidia.yml", "nvidia.json"])
def test_cdi_names_and_nodes_are_joined_to_uuids(tmp_path: Path, file: str) -> None:
    """A spec may know a GPU by UUID or index: both name the same GPU, and the UUID is asked for where there is one."""
    names = {
        "0": ["/dev/nvidia0"],
        "GPU-aaaa": ["/dev/nvidia0"],
        "1:0": ["/dev/nvidia1", "/dev/nvidia-caps/nvidia-cap30"],
        "2": ["/dev/nvidia2"],
        "all": ["/dev/nvidia0", "/dev/nvidia1"],
    }
    found = {gpu.id: gpu for gpu in read_host(smi, [spec(tmp_path / "cdi", names, file=file)], tmp_path)}
    assert found["GPU-aaaa"].cdi_name == "nvidia.com/gpu=GPU-aaaa"
    assert found["GPU-aaaa"].nodes == ("/dev/nvidia0",)
    assert found["MIG-cccc"].cdi_name == "nvidia.com/gpu=1:0"
    assert found["MIG-cccc"].nodes == ("/dev/nvidia1", "/dev/nvidia-caps/nvidia-cap30")
    assert found["GPU-eeee"].cdi_name == "nvidia.com/gpu=2"
    assert found["MIG-dddd"].cdi_name is None
    assert len(found) == 4


def test_specs_alone_are_enough(tmp_path: Path) -> None:
    """Without `nvidia-smi` the specs' GPUs are there by name, each once, `all` not; other kinds and rubbish are not."""
    directory = spec(tmp_path / "cdi", {"0": ["/dev/nvidia0"], "GPU-1": ["/dev/nvidia0"], "1": [], "all": []})
    spec(directory, {"0": ["/dev/dri/card0"]}, kind="amd.com/gpu", file="amd.json")
    spec(directory, {"eth0": []}, kind="vendor.com/net", file="net.json")
    (directory / "broken.json").write_text("{")
    (directory / "odd.yaml").write_text("- 1")
    (directory / "notes.txt").write_text("x")
    assert [gpu.id for gpu in read_host(none, [directory, tmp_path / "missing"], tmp_path)] == [
        "amd.com/gpu=0",
        "nvidia.com/gpu=GPU-1",
        "nvidia.com/gpu=1",
    ]


def test_a_machine_without_gpus_has_none(tmp_path: Path) -> None:
    """A machine without driver and CDI specs has no GPUs, and that is no error."""
    assert read_host(none, [tmp_path], tmp_path) == []


def test_the_engine_says_where_its_specs_are() -> None:
    """An engine told of other directories is believed."""
    assert cdi_directories({"CDISpecDirs": ["/opt/cdi"]}) == [Path("/opt/cdi")]
    assert cdi_directories({})[0] == Path("/etc/cdi")


HOST = [
    FoundGpu(id="GPU-aaaa", label="A100", cdi_names=("nvidia.com/gpu=0",), nodes=("/dev/nvidia0",)),
    FoundGpu(id="MIG-cccc", label="A100, MIG", cdi_names=("nvidia.com/gpu=1:0",), nodes=("/dev/nvidia1",)),
    FoundGpu(id="GPU-bare", label="T4", nodes=("/dev/nvidia2",)),
]


def site(tmp_path: Path, text: str) -> Path:
    """A site with this gpus.yaml."""
    (tmp_path / "site").mkdir(exist_ok=True)
    (tmp_path / "site" / GPUS).write_text(text)
    return tmp_path / "site"


def fault(tmp_path: Path, text: str) -> str:
    """What is said about a gpus.yaml that must be refused."""
    with pytest.raises(HomeroomError) as caught:
        gpus.load(site(tmp_path, text), HOST)
    return str(caught.value)


def test_what_the_operator_lists_is_leased_with_what_the_machine_knows(tmp_path: Path) -> None:
    """Ids stay the operator's; names for the engine and nodes for the proof come from the machine."""
    pool = gpus.load(
        site(tmp_path, "per_user: 2\ngpus:\n- {id: GPU-aaaa, label: Big, slots: 4}\n- {id: 'nvidia.com/gpu=1:0'}\n"),
        HOST,
    )
    first, second = pool.gpus
    assert first == {
        "id": "GPU-aaaa",
        "label": "Big",
        "slots": 4,
        "name": "nvidia.com/gpu=0",
        "nodes": ["/dev/nvidia0"],
    }
    assert (second["id"], second["label"], second["slots"]) == ("nvidia.com/gpu=1:0", "A100, MIG", 1)
    assert (pool.access, pool.per_user, pool.requested) == ("cdi", 2, ["nvidia.com/gpu=0", "nvidia.com/gpu=1:0"])


def test_the_nvidia_runtime_is_asked_by_uuid(tmp_path: Path) -> None:
    """With `access: nvidia` the name for the engine is the UUID, whatever the operator's id is."""
    pool = gpus.load(site(tmp_path, "access: nvidia\ngpus: [{id: GPU-bare}, {id: nvidia.com/gpu=0}]\n"), HOST)
    assert [gpu["name"] for gpu in pool.gpus] == ["GPU-bare", "GPU-aaaa"]


def test_no_file_or_an_empty_one_means_no_gpus(tmp_path: Path) -> None:
    """A machine with GPUs leases none until the operator says so."""
    assert gpus.load(tmp_path, HOST) == gpus.NO_GPUS
    assert gpus.load(site(tmp_path, "# later\n"), HOST) == gpus.NO_GPUS
    assert gpus.load(site(tmp_path, "gpus: []\n"), HOST) == gpus.NO_GPUS


def test_a_gpu_that_does_not_exist_is_refused_with_its_location(tmp_path: Path) -> None:
    """File, line and column, and the nearest id there is."""
    said = fault(tmp_path, "gpus:\n  - id: GPU-aaab\n    slots: 1\n")
    assert said.startswith("site/gpus.yaml line 2 column 5: there is no GPU GPU-aaab on this machine")
    assert "Did you mean GPU-aaaa?" in said


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("gpus: [{id: GPU-aaaa}, {id: GPU-aaaa}]", "GPU-aaaa is there twice"),
        ("gpus: [{id: GPU-aaaa}, {id: nvidia.com/gpu=0}]", "nvidia.com/gpu=0 and GPU-aaaa are the same GPU"),
        ("gpus: [{id: GPU-aaaa, slots: 0}]", "slots"),
        ("gpus: [{id: GPU-aaaa, slots: many}]", "slots"),
        ("gpus: [{id: GPU-aaaa, slot: 2}]", "Did you mean slots?"),
        ("gpus: [{label: no id}]", "id"),
        ("gpus: [{id: 'GPU-a,GPU-b'}]", "id"),
        ("gpus: [{id: GPU-bare}]", "no CDI spec has GPU-bare"),
        ("access: cuda\ngpus: [{id: GPU-aaaa}]", "access"),
        ("gpus: [{id: GPU-aaaa}", "line"),
    ],
)
def test_other_faults_are_refused(tmp_path: Path, text: str, cause: str) -> None:
    """Doubles under any name, slots below one, unknown fields, and what the engine could not be asked for."""
    said = fault(tmp_path, text)
    assert cause in said
    assert said.startswith("site/gpus.yaml line")


def test_a_profile_that_could_never_start_is_refused(tmp_path: Path) -> None:
    """A profile that wants more GPUs than there are, or than one person may hold, is told at its line."""
    path = tmp_path / "site" / "profiles.yaml"
    path.parent.mkdir()
    path.write_text("profiles:\n- {name: plain}\n- name: large\n  default: true\n  gpus: 3\n")
    profiles = [{"name": "large", "gpus": 3}, {"name": "plain", "gpus": 0}]
    pool = gpus.Pool(gpus=[{"name": "a"}, {"name": "b"}])
    (error,) = gpus.profile_faults(SiteFile(path), profiles, pool)
    assert str(error).startswith("site/profiles.yaml line 5 column 3: large would never start: it wants 3 GPUs")
    capped = gpus.Pool(gpus=[{"name": name} for name in "abcd"], per_user=2)
    assert "one person may hold 2" in str(next(gpus.profile_faults(SiteFile(path), profiles, capped)))
    assert not list(gpus.profile_faults(SiteFile(path), profiles, gpus.Pool(gpus=capped.gpus)))


def test_the_proposal_can_be_taken_as_it_is(tmp_path: Path) -> None:
    """What detection writes, loads, with every GPU of the machine; on a machine without any it loads too."""
    text = gpus.proposal(HOST[:2], "cdi")
    assert text.startswith("# Written by `make gpus`")
    assert [gpu["id"] for gpu in gpus.load(site(tmp_path, text), HOST).gpus] == ["GPU-aaaa", "MIG-cccc"]
    assert gpus.load(site(tmp_path, gpus.proposal([], "cdi")), []) == gpus.NO_GPUS


@pytest.mark.parametrize(
    ("kind", "info", "access"),
    [
        ("docker", {"CDISpecDirs": ["/etc/cdi"], "Runtimes": {"nvidia": {}}}, "cdi"),
        ("docker", {"CDISpecDirs": [], "Runtimes": {"runc": {}, "nvidia": {}}}, "nvidia"),
        ("docker", {"Runtimes": {"runc": {}}}, "cdi"),
        ("podman", {}, "podman"),
    ],
)
def test_the_way_to_give_devices_is_the_hosts(kind: str, info: dict[str, Any], access: Access) -> None:
    """CDI where Docker has it, else the NVIDIA runtime where it is configured; Podman by its own way."""
    assert gpus.access_of(kind, info, HOST[:2]) == access


@pytest.mark.parametrize(
    ("access", "kind", "info", "said"),
    [
        ("cdi", "docker", {"CDISpecDirs": []}, '"features": {"cdi": true}'),
        ("nvidia", "docker", {"Runtimes": {"runc": {}}}, "nvidia-ctk runtime configure"),
        ("cdi", "podman", {}, "access: podman"),
        ("podman", "docker", {"CDISpecDirs": ["/etc/cdi"]}, "access: cdi"),
    ],
)
def test_an_engine_that_cannot_give_devices_is_told(access: Access, kind: str, info: dict[str, Any], said: str) -> None:
    """`make check` and `make up` say what to switch on, instead of labs that start without their GPU."""
    (fault,) = gpus.access_faults(access, kind, info)
    assert said in str(fault)


def test_an_engine_that_can_is_not_complained_about() -> None:
    """An engine that can give GPUs in the way that is set, of which there are three, has no fault."""
    assert not list(gpus.access_faults("cdi", "docker", {"CDISpecDirs": ["/etc/cdi"]}))
    assert not list(gpus.access_faults("nvidia", "docker", {"Runtimes": {"nvidia": {}}}))
    assert not list(gpus.access_faults("podman", "podman", {}))


def test_status_reads_the_holders_from_labels() -> None:
    """Who holds what since when: by GPU, named servers told apart, labs without GPUs left out."""
    rows = [
        ({"homeroom.user": "ada", "homeroom.server": "", "homeroom.gpus": "a,b"}, "t1"),
        ({"homeroom.user": "bela", "homeroom.server": "x", "homeroom.gpus": "b"}, "t2"),
        ({"homeroom.user": "cyd"}, "t3"),
    ]
    assert gpus.holders(rows) == {"a": [("ada", "t1")], "b": [("ada", "t1"), ("bela/x", "t2")]}


def test_the_guard_and_the_hub_are_told_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is rendered: the hub leases what the guard lets through, the NVIDIA runtime only where it is used."""
    from generator.lifecycle import render
    from generator.topics.gpus import gpu_host

    monkeypatch.setattr(gpu_host, "read_host", lambda: HOST)
    where = site(tmp_path, "access: nvidia\nper_user: 1\ngpus: [{id: GPU-bare, slots: 2}]\n")
    files = render.rendered_files(settings(), where)
    policy = json.loads(files[render.GUARD_POLICY])
    assert (policy["devices"], policy["runtimes"]) == (["GPU-bare"], ["nvidia"])
    config = files[render.HUB_CONFIG]
    assert 'c.GPUPool.access = "nvidia"' in config
    assert '{"id": "GPU-bare", "label": "T4", "slots": 2, "name": "GPU-bare", "nodes": ["/dev/nvidia2"]},' in config
    (where / GPUS).unlink()
    files = render.rendered_files(settings(), where)
    assert json.loads(files[render.GUARD_POLICY])["devices"] == []
    assert "GPUPool" not in files[render.HUB_CONFIG]
