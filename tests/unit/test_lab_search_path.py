"""homeroom_lab.search_path: whose programs run."""

from __future__ import annotations

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
