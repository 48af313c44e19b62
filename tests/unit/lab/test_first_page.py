"""homeroom_lab.first_page: the scripts of the first page in one file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from homeroom_lab.first_page import NAMES, found, install, name_of_file, together, with_file_ahead

TAG = '<script defer="defer" src="{{page_config.fullStaticUrl}}/main.0123.js?v=0123"></script>'


class WebApp:
    """What of a server is told what its page shall know."""

    def __init__(self) -> None:
        self.settings: dict[str, dict[str, str]] = {}


def laid(directory: Path, *names: str) -> list[Path]:
    """Scripts of these names."""
    paths = [directory / name for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'"use strict";(self.chunk=self.chunk||[]).push("{path.name}");//# sourceMappingURL=x')
    return paths


def test_scripts_are_found_without_what_changes_with_their_content(tmp_path: Path) -> None:
    """A name means the one script that begins with it and a dot; of several places the first that has it counts, and
    what is not there, or is there twice, is left out."""
    core, git, twice = laid(tmp_path, "static/219.aa.js", "first/git/static/7.bb.js", "static/5.cc.js")[:3]
    laid(tmp_path, "static/2190.aa.js", "second/git/static/7.ee.js", "static/5.dd.js")
    places = {"static/lab": [str(twice.parent)], "lab/extensions": [str(tmp_path / "first"), str(tmp_path / "second")]}
    names = ["lab/extensions/git/static/7", "static/lab/219", "static/lab/5", "static/lab/6", "elsewhere/219"]
    assert found(names, places) == [git, core]


def test_each_script_stays_a_script_of_its_own(tmp_path: Path) -> None:
    """`use strict` is the first word of a function of its own, and a comment at the end hides nothing."""
    text = together(laid(tmp_path, "a.1.js", "b.2.js"))
    assert text.count('!function(){"use strict";') == 2
    assert text.count("\n}();\n") == 2


def test_the_file_comes_before_the_program() -> None:
    """JupyterLab's page runs the file before its own program; another page than expected breaks the image's build."""
    page = with_file_ahead(f"<head>{TAG}</head>")
    assert page.index("page_config.homeroomFirstPage}}?v=") < page.index(TAG)
    with pytest.raises(ValueError, match="to put a script before"):
        with_file_ahead('<script src="main.js">')


def test_scripts_that_were_changed_in_the_image_are_fetched_as_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is told of the file while all that is in it is still in the image, under the same names."""
    scripts, parts = laid(tmp_path, "219.aa.js", "7.bb.js"), tmp_path / "first_page.json"
    parts.write_text(json.dumps({"name": "all.js", "scripts": [str(path) for path in scripts]}))
    assert name_of_file(parts) == "all.js"
    scripts[1].rename(tmp_path / "7.cc.js")
    assert name_of_file(parts) == ""
    assert name_of_file(tmp_path / "missing.json") == ""

    monkeypatch.setattr("homeroom_lab.first_page.name_of_file", lambda: "all.js")
    web_app = WebApp()
    install(web_app)
    assert web_app.settings == {"page_config_data": {"homeroomFirstPage": "all.js"}}


def test_the_list_names_scripts_without_digests() -> None:
    """Each line is a path that a lab serves, each once, in order: so that a new one has one place."""
    names = NAMES.read_text(encoding="utf-8").split("\n")[:-1]
    assert names == sorted(set(names))
    assert all(name.startswith(("static/lab/", "lab/extensions/")) for name in names)
    assert not [name for name in names if "." in Path(name).name]
