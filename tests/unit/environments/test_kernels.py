"""Kernels for everyone: what `site/kernels/` may hold, how failures are told, and how the builder switches kernels."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.core.errors import HomeroomError
from generator.topics.environments import kernel_builder, kernels

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Lays a file into `site/kernels/` and gives the site."""

    def lay(name: str, text: str) -> Path:
        folder = tmp_path / "kernels"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        return tmp_path

    return lay


def test_the_display_name_is_read_or_made(write: Write) -> None:
    """People see the name that the file gives, or one made of the file's."""
    write("machine-learning.txt", "numpy\n")
    site = write("bio.txt", "# Display name: Biology, 2nd year\nbiopython==1.85  # pinned\n")
    assert [kernel.display_name for kernel in kernels.read(site)] == ["Biology, 2nd year", "Machine learning"]


@pytest.mark.parametrize("name", ["python3.txt", "Bio.txt", "a b.txt", "-x.txt", "x" * 33 + ".txt"])
def test_names_that_labs_could_not_show_are_refused(write: Write, name: str) -> None:
    """The lab's own kernel cannot be replaced, nor a name given that Jupyter does not know."""
    with pytest.raises(HomeroomError, match=r"site/kernels/"):
        kernels.read(write(name, "numpy\n"))


@pytest.mark.parametrize(
    "line", ["-r other.txt", "-c versions.txt", "-e .", "./package", "--requirement=x", "file:///x"]
)
def test_lines_that_point_at_files_are_refused(write: Write, line: str) -> None:
    """Kernels are built where no file of this machine is; that is told with the line, before anything is built."""
    with pytest.raises(HomeroomError, match=r"bio\.txt line 2: .*points at a file"):
        kernels.read(write("bio.txt", f"numpy\n{line}\n"))


@pytest.mark.parametrize(
    ("output", "line"),
    [
        (["ERROR: Could not find a version that satisfies the requirement no.such-thing>=2 (from versions: none)"], 3),
        (["ERROR: Invalid requirement: 'a b': Expected end", "    a b", "(from line 2 of /build/bio.txt)"], 2),
        (["ERROR: Cannot install pandas==1 and numpy==2 because these package versions have conflicting"], 1),
        (["ERROR: Could not install packages due to an OSError: No space left on device"], None),
    ],
)
def test_pips_reason_is_told_with_its_line(output: list[str], line: int | None) -> None:
    """Whatever way pip puts it, the operator is told the line of their file, where there is one."""
    found, reasons = kernels.locate("pandas==1\na b\nNo_Such-Thing>=2\n", output)
    assert found == line
    assert reasons[0] == output[0].removeprefix("ERROR: ")


def test_pips_reason_is_told_in_a_few_words() -> None:
    """Of a version that is not there: the last of those that are, not all of them, nor those for other Pythons."""
    there = ", ".join(f"2.{minor}" for minor in range(200))
    output = [
        "ERROR: Ignored the following versions that require a different python version: 1.0 Requires-Python <3",
        f"ERROR: Could not find a version that satisfies the requirement numpy==99 (from versions: {there})",
    ]
    _, (reason,) = kernels.locate("numpy==99\n", output)
    assert reason == "Could not find a version that satisfies the requirement numpy==99 (from versions: ..., 2.199)"


def test_the_stamp_moves_with_image_and_requirements(write: Write) -> None:
    """A new image (which may bring another Python) or a changed file has the volume looked at; nothing else does."""
    asked = kernels.read(write("bio.txt", "numpy\n"))
    first = kernels.stamp(asked, "image-1")
    assert kernels.stamp(asked, "image-1") == first
    assert kernels.stamp(asked, "image-2") != first
    assert kernels.stamp(kernels.read(write("bio.txt", "numpy<3\n")), "image-1") != first


@pytest.fixture
def builder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Runs the builder on given requirements, with an installer that fails on `broken`."""
    root = tmp_path / "volume"
    root.mkdir()

    def make_environment(target: Path, requirements: Path) -> list[str]:
        target.mkdir(parents=True)
        if "broken" in requirements.read_text():
            return ["ERROR: broken"]
        (target / kernel_builder.DONE).touch()
        return []

    def run(oldest_lab: float | None = None, **texts: str) -> Path:
        given = tmp_path / "given"
        given.mkdir(exist_ok=True)
        for name, text in texts.items():
            (given / f"{name}.txt").write_text(text)
        asked = [{"name": name, "display_name": name} for name in texts]
        (given / "wanted.json").write_text(json.dumps({"kernels": asked, "oldest_lab": oldest_lab}))
        kernel_builder.main(given, root)
        return root

    monkeypatch.setattr(kernel_builder, "make_environment", make_environment)
    return run


def shown(root: Path) -> dict[str, str]:
    """The kernels that labs see, with their environments."""
    specs = (root / "share/jupyter/kernels").glob("*/kernel.json")
    return {spec.parent.name: str(kernel_builder.shown_environment(spec.parent)) for spec in specs}


def test_a_kernel_that_fails_leaves_what_was_there(builder: Callable[..., Path]) -> None:
    """The other kernels are built, and the failing one stays as it was before the change."""
    before = shown(builder(bio="numpy"))
    after = shown(builder(bio="broken", chem="rdkit"))
    assert after.keys() == {"bio", "chem"}
    assert after["bio"] == before["bio"]
    assert Path(after["bio"]).is_dir()


def test_a_kernel_goes_with_its_file(builder: Callable[..., Path]) -> None:
    """What the operator removed is not offered any more."""
    builder(bio="numpy", chem="rdkit")
    assert shown(builder(chem="rdkit")).keys() == {"chem"}


def test_an_environment_in_use_is_kept(builder: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    """A kernel that runs keeps its files while a lab lives that is older than the change; later they go."""
    old = shown(builder(bio="numpy"))["bio"]
    builder(oldest_lab=1.0, bio="numpy<3")
    assert Path(old).is_dir()
    builder(oldest_lab=None, bio="numpy<3")
    assert not Path(old).exists()
    capsys.readouterr()
    builder(bio="numpy<3")
    assert [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()] == ["current", "end"]


def test_files_that_make_no_kernel_are_told(write: Write) -> None:
    """`env.yml` would be passed over in silence; notes and hidden files are nobody's mistake."""
    write("README.md", "")
    write(".gitkeep", "")
    site = write("bio.txt", "numpy\n")
    assert list(kernels.unread(site)) == []
    write("env.yml", "dependencies: [numpy]\n")
    write("chem.in", "numpy\n")
    chem, env = kernels.unread(site)
    assert (chem.location, env.location) == ("site/kernels/chem.in", "site/kernels/env.yml")
    assert "site/kernels/<name>.txt" in chem.remedy
    assert "conda" in env.remedy


def test_the_page_finds_what_kernels_draw_with(tmp_path: Path) -> None:
    """The page's part of a kernel's widgets is laid where labs look, changes with the kernel, and goes with it."""

    def have(name: str, extension: str, version: str) -> None:
        environment = tmp_path / "envs" / f"{name}-{version}"
        (location := environment / "share/jupyter/labextensions" / extension / "static").mkdir(parents=True)
        (location.parent / "package.json").write_text(json.dumps({"version": version}))
        (location / "index.js").write_text(version)
        kernel_builder.write_spec(tmp_path / "share/jupyter/kernels" / name, environment, name)

    target = tmp_path / "share/jupyter/labextensions"
    have("bio", "@scope/map", "1")
    have("chem", "molecules", "1")
    kernel_builder.share_page_extensions(tmp_path)
    assert (target / "@scope/map/static/index.js").read_text() == "1"
    assert (target / "molecules/static/index.js").read_text() == "1"
    have("bio", "@scope/map", "2")
    shutil.rmtree(tmp_path / "share/jupyter/kernels/chem")
    kernel_builder.share_page_extensions(tmp_path)
    assert (target / "@scope/map/static/index.js").read_text() == "2"
    assert not (target / "molecules").exists()
