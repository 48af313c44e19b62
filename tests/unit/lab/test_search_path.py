"""homeroom_lab.search_path: whose programs run."""

from __future__ import annotations

from pathlib import Path

from homeroom_lab import search_path

IMAGE = "/home/jovyan/.local/bin:/usr/local/bin:/usr/bin:/bin:/opt/jupyter/bin"


def test_the_server_runs_the_images_programs_alone() -> None:
    """Nothing of the home, and nothing relative to wherever it stands, is on the server's own PATH."""
    environment = {"HOME": "/home/jovyan", "PATH": f"{IMAGE}::bin:.:/home/jovyan:/home/jovyan2/bin"}
    search_path.keep_to_image(environment)
    assert environment["PATH"] == "/usr/local/bin:/usr/bin:/bin:/opt/jupyter/bin:/home/jovyan2/bin"


def test_the_person_keeps_theirs() -> None:
    """Kernels and terminals find what was installed into the home, also after the server started itself anew."""
    environment = {"HOME": "/home/jovyan/", "PATH": IMAGE}
    search_path.keep_to_image(environment)
    search_path.keep_to_image(environment)
    assert search_path.persons(environment) == IMAGE
    assert ".local" not in environment["PATH"]


def test_there_is_always_some_path() -> None:
    """An image that sets none, or one in the home alone, still finds the system's programs."""
    for given in ({}, {"PATH": "/home/jovyan/bin"}):
        environment = {"HOME": "/home/jovyan", **given}
        search_path.keep_to_image(environment)
        assert "/bin" in environment["PATH"].split(":")
    assert search_path.persons({}) != ""


def of_kernel(program: str, path: str) -> list[str]:
    """The PATH of a kernel whose `kernel.json` made `path` of the server's."""
    environment = {"HOME": "/home/jovyan", "PATH": IMAGE}
    search_path.keep_to_image(environment)
    path = path.replace("${PATH}", environment["PATH"])
    return search_path.of_kernel([program, "-m", "x"], {"PATH": path}, environment)["PATH"].split(":")


def test_the_usual_kernel_has_the_persons_path() -> None:
    """`python` and `pip` in its cells are those of a terminal."""
    assert of_kernel("/usr/bin/python3", "${PATH}") == IMAGE.split(":")
    assert of_kernel("R", "${PATH}") == IMAGE.split(":")


def test_a_kernel_with_programs_of_its_own_finds_them_first() -> None:
    """`python` and `pip` in cells of a venv, or of a kernel of site/kernels/, are that environment's."""
    assert of_kernel("/home/jovyan/thesis/bin/python", "${PATH}") == ["/home/jovyan/thesis/bin", *IMAGE.split(":")]
    own = "/srv/kernels/envs/bio-1/bin"
    assert of_kernel(f"{own}/python", f"{own}:${{PATH}}") == [own, *IMAGE.split(":")]


def test_a_virtual_environment_is_as_if_activated(tmp_path: Path) -> None:
    """Tools that go by VIRTUAL_ENV, such as uv, work on the kernel's environment."""
    (tmp_path / "pyvenv.cfg").write_text("")
    found = search_path.of_kernel([f"{tmp_path}/bin/python"], {}, {"PATH": "/usr/bin"})
    assert found["VIRTUAL_ENV"] == str(tmp_path)
    assert "VIRTUAL_ENV" not in search_path.of_kernel(["/usr/bin/python3"], {}, {"PATH": "/usr/bin"})
