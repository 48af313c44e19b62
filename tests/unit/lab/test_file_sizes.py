"""How large a file the lab's page opens and saves: by the lab's memory, and by what is left of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from homeroom_lab import file_sizes
from homeroom_lab.file_sizes import largest_file_bytes, largest_request_bytes, refusal_to_open, refusal_to_save

MB = 2**20
SMALL_LAB = {"MEM_LIMIT": str(512 * MB)}


@pytest.fixture
def cgroup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the system tells of the lab's memory; nothing is there yet."""
    monkeypatch.setattr(file_sizes.used_bytes, "__defaults__", (tmp_path,))
    return tmp_path


@pytest.mark.parametrize("memory_mb", [256, 512, 1024, 4096, 65536])
def test_what_is_opened_takes_half_of_the_memory(memory_mb: int) -> None:
    """The copies that are made of the largest file fit into the lab, and of the largest one that is saved; a notebook
    that was saved opens again."""
    lab = {"MEM_LIMIT": str(memory_mb * MB)}
    assert largest_file_bytes(lab) * file_sizes.COPIES <= memory_mb * MB / 2
    assert largest_request_bytes("survey.ipynb", lab) == largest_file_bytes(lab)
    assert largest_file_bytes(lab) < largest_request_bytes("survey.csv", lab)
    assert largest_request_bytes("survey.csv", lab) * file_sizes.COPIES <= memory_mb * MB * 0.75


@pytest.mark.parametrize("given", ["", "none", "0"])
def test_a_lab_without_a_limit_has_a_bound_all_the_same(given: str) -> None:
    """Where the hub gives no limit, files are opened up to a fixed size."""
    assert largest_file_bytes({"MEM_LIMIT": given}) == file_sizes.WITHOUT_LIMIT_BYTES
    assert "This lab opens" in (refusal_to_open("x.csv", 100 * MB, {"MEM_LIMIT": given}) or "")


def test_a_refusal_names_file_sizes_and_what_to_do(cgroup: Path) -> None:
    """The person reads how large the file is, how large one may be, and how to get at it."""
    assert refusal_to_open("survey.csv", 265 * MB, SMALL_LAB) == (
        "survey.csv is too large for the page: 265 MB. A lab with 512 MB of memory opens files of up to 32 MB in it. "
        "Read it with code, or download it."
    )
    assert refusal_to_open("survey.csv", 31 * MB, SMALL_LAB) is None
    assert "Clear the largest outputs" in refusal_to_save("/user/ada/api/contents/a.ipynb", SMALL_LAB)
    assert "outputs" not in refusal_to_save("/user/ada/api/contents/a.csv", SMALL_LAB)


@pytest.mark.parametrize(
    ("usage", "parts"),
    [("memory.current", "memory.stat"), ("memory/memory.usage_in_bytes", "memory/memory.stat")],
    ids=["cgroup v2", "cgroup v1"],
)
def test_what_others_use_is_not_there_to_open_files(cgroup: Path, usage: str, parts: str) -> None:
    """A file for which kernels have left no memory is refused, and small ones open always; what the system keeps of
    files does not count as used."""
    (cgroup / usage).parent.mkdir(exist_ok=True)
    (cgroup / usage).write_text(str(500 * MB))
    (cgroup / parts).write_text(f"anon {400 * MB}\ninactive_file {80 * MB}\nactive_file {20 * MB}\n")
    assert file_sizes.used_bytes() == 400 * MB
    refusal = refusal_to_open("survey.csv", 20 * MB, SMALL_LAB)
    assert refusal
    assert "files of up to 14 MB open. Shut down kernels" in refusal
    assert refusal_to_open("survey.csv", 14 * MB, SMALL_LAB) is None
    (cgroup / usage).write_text(str(612 * MB))
    assert refusal_to_open("notes.md", file_sizes.ALWAYS_BYTES, SMALL_LAB) is None
    assert refusal_to_open("notes.md", file_sizes.ALWAYS_BYTES + 1, SMALL_LAB)
