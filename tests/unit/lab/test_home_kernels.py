"""homeroom_lab.home_kernels: which kernels of a home are offered, and that finding them never waits."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest
from homeroom_lab import home_kernels

SPEC = {"argv": ["/opt/own/bin/python", "-m", "ipykernel_launcher"], "display_name": "Own", "language": "python"}


def write_spec(home: Path, name: str, said: object) -> Path:
    folder = home / home_kernels.SPECS / name
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(said))
    return folder


def make_environment(location: Path, *, ipykernel: bool = True, system: bool = False) -> Path:
    """What `python3 -m venv` leaves, as far as is looked at."""
    (location / "bin").mkdir(parents=True)
    (location / "bin/python").symlink_to(sys.executable)
    (location / "pyvenv.cfg").write_text(f"home = /usr/bin\ninclude-system-site-packages = {str(system).lower()}\n")
    libraries = location / "lib/python3.13/site-packages"
    (libraries / "ipykernel" if ipykernel else libraries).mkdir(parents=True)
    return location


def test_of_a_spec_only_what_starts_a_kernel_is_taken(tmp_path: Path) -> None:
    """Command, name, language and environment are the person's; who launches it and what the page runs are not."""
    folder = write_spec(
        tmp_path,
        "Mine",
        {
            **SPEC,
            "env": {"COURSE": "bio", "bad name": "x", "NUMBER": 3},
            "metadata": {"debugger": True, "kernel_provisioner": {"provisioner_name": "evil"}},
            "interrupt_mode": "message",
        },
    )
    (folder / "kernel.js").write_text("alert(1)")
    (folder / "logo-svg.svg").write_text("<svg/>")
    spec = home_kernels.find(tmp_path)["mine"].spec()
    assert spec == {
        "argv": SPEC["argv"],
        "display_name": "Own",
        "language": "python",
        "env": {"COURSE": "bio"},
        "interrupt_mode": "message",
        "metadata": {"debugger": True},
    }


def test_a_program_without_a_path_is_the_persons(tmp_path: Path) -> None:
    """`R` or `python3` in a spec is looked for on the kernels' PATH; upstream would take the server's own Python."""
    write_spec(tmp_path, "ir", {**SPEC, "argv": ["python3", "-m", "x"]})
    assert home_kernels.find(tmp_path)["ir"].argv == ["/usr/bin/env", "--", "python3", "-m", "x"]


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        {},
        {**SPEC, "argv": []},
        {**SPEC, "argv": "/bin/sh -c x"},
        {**SPEC, "argv": [""]},
        {**SPEC, "argv": ["/bin/sh", 3]},
        {**SPEC, "argv": ["/bin/sh", "a\0b"]},
        {**SPEC, "argv": ["/bin/sh"] * 65},
        {**SPEC, "argv": ["/bin/sh", "x" * 5000]},
        {**SPEC, "padding": "x" * 70_000},
    ],
    ids=str,
)
def test_what_cannot_be_started_is_passed_over(tmp_path: Path, said: object) -> None:
    """Whatever stands in a `kernel.json`, the other kernels are offered."""
    write_spec(tmp_path, "odd", said)
    write_spec(tmp_path, "good", SPEC)
    assert home_kernels.find(tmp_path).keys() == {"good"}


def test_names_and_texts_of_a_home_can_be_shown(tmp_path: Path) -> None:
    """A name that Jupyter does not know is passed over; a text with control characters gives way to the folder's."""
    write_spec(tmp_path, "a b", SPEC)
    write_spec(tmp_path, "loud", {**SPEC, "display_name": "\x1b[2J", "language": 7})
    (kernel,) = home_kernels.find(tmp_path).values()
    assert (kernel.display_name, kernel.language) == ("loud", "")


def test_nothing_that_is_no_file_is_opened_for_long(tmp_path: Path) -> None:
    """A pipe that nobody writes to, a link, a loop of links, a folder and a device are passed over without waiting."""
    folders = {name: tmp_path / home_kernels.SPECS / name for name in ("pipe", "link", "loop", "folder", "device")}
    for folder in folders.values():
        folder.mkdir(parents=True)
    os.mkfifo(folders["pipe"] / "kernel.json")
    (tmp_path / "elsewhere.json").write_text(json.dumps(SPEC))
    (folders["link"] / "kernel.json").symlink_to(tmp_path / "elsewhere.json")
    (folders["loop"] / "kernel.json").symlink_to("kernel.json")
    (folders["folder"] / "kernel.json").mkdir()
    (folders["device"] / "kernel.json").symlink_to("/dev/zero")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "venv").mkdir()
    os.mkfifo(tmp_path / "venv/pyvenv.cfg")
    assert home_kernels.find(tmp_path) == {}


def test_a_home_of_many_folders_is_read_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many entries a folder has, no more than a fixed number is looked at."""
    monkeypatch.setattr(home_kernels, "MOST_ENTRIES", 20)
    for number in range(50):
        write_spec(tmp_path, f"k{number}", SPEC)
    assert len(home_kernels.find(tmp_path)) == 20


def test_environments_with_ipykernel_are_offered_by_their_folder(tmp_path: Path) -> None:
    """A venv in a folder of the home or as its `.venv`, in `~/.venv` and `~/.virtualenvs`, and conda's; without
    ipykernel none is."""
    make_environment(tmp_path / "thesis")
    make_environment(tmp_path / "Big Project/.venv")
    make_environment(tmp_path / ".virtualenvs/course")
    make_environment(tmp_path / "shared-with-system", ipykernel=False, system=True)
    make_environment(tmp_path / "without", ipykernel=False)
    for conda in (tmp_path / "miniforge3", tmp_path / "miniforge3/envs/geo"):
        (conda / "conda-meta").mkdir(parents=True)
    make_environment(tmp_path / "miniforge3/envs/geo")
    (tmp_path / "diploma/conda-meta").mkdir(parents=True)  # as `conda create -p ~/diploma` makes it
    make_environment(tmp_path / "diploma")
    (tmp_path / "diploma/pyvenv.cfg").unlink()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/pyvenv.cfg").write_text("home = /usr/bin\n")
    found = {kernel.display_name: (name, kernel.argv[0]) for name, kernel in home_kernels.find(tmp_path).items()}
    assert found.keys() == {
        "Python (thesis)",
        "Python (Big Project)",
        "Python (.virtualenvs/course)",
        "Python (shared-with-system)",
        "Python (miniforge3/envs/geo)",
        "Python (diploma)",
    }
    assert found["Python (thesis)"] == ("home-thesis", str(tmp_path / "thesis/bin/python"))
    assert len({name for name, _ in found.values()}) == 6
    assert all(re.fullmatch(r"[a-z0-9._-]+", name) for name, _ in found.values())


def test_an_environment_that_was_registered_is_offered_once(tmp_path: Path) -> None:
    """Who ran `ipykernel install --user` in a venv sees the name that was chosen there, and no second kernel."""
    python = make_environment(tmp_path / "thesis") / "bin/python"
    write_spec(
        tmp_path, "thesis", {**SPEC, "argv": [str(python), "-m", "ipykernel_launcher"], "display_name": "Thesis"}
    )
    assert [kernel.display_name for kernel in home_kernels.find(tmp_path).values()] == ["Thesis"]
