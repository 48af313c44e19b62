"""The generated reference and the two files that must follow the schema by hand: README and Makefile."""

from __future__ import annotations

import functools
import re
import subprocess
from pathlib import Path

import pytest
import typer.main

from generator.cli import app
from generator.core.paths import ENV_EXAMPLE, ROOT, SETTINGS_PAGE
from generator.schema import env_file, reference, settings

SPECS = settings.specs()
ARGUMENT = re.compile(r"\$\(([A-Z_]+)\)")
MAKE_ONLY = {"help", "lint", "test", "test-unit", "locks", "bench", "release"}
"""Verbs that are Make's alone: they are for developers, or about the Makefile itself."""
INNER = {"course-rehearse-beside", "course-work-beside", "drill-beside", "rehearse"}
"""Verbs that others run in a directory beside: `make update` of the next version, `make drill` of what came back,
`make course-rehearse` of what robots write."""


def test_env_example_is_what_the_schema_generates() -> None:
    """`.env.example` never drifts from the schema: `make reference` brings it in step."""
    assert ENV_EXAMPLE.read_text() == env_file.new_text({})


def test_the_settings_page_is_what_the_schema_generates() -> None:
    """`docs/settings.md` never drifts from the schema: `make reference` brings it in step."""
    assert SETTINGS_PAGE.read_text() == reference.settings_page()


def test_env_example_sets_nothing() -> None:
    """A copy of `.env.example` is all comments, so defaults can change under those who did not choose."""
    assert env_file.parse(ENV_EXAMPLE.read_text()) == []


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_every_setting_is_in_both(spec: settings.Spec) -> None:
    """Each setting stands once in both files, with its default."""
    assert ENV_EXAMPLE.read_text().count(f"\n#{spec.name}={spec.default or ''}\n") == 1
    page = SETTINGS_PAGE.read_text()
    assert page.count(f"\n### {spec.name}\n") == 1
    assert spec.description in page


@functools.cache
def settings_read() -> frozenset[str]:
    """The settings that the generator's code reads, the schema itself aside and what only prints the hub's
    configuration."""
    files = [path for path in (ROOT / "generator").rglob("*.py") if path.name not in ("settings.py", "render.py")]
    return frozenset(name for path in files for name in re.findall(r"\bsettings\.(\w+)", path.read_text()))


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.name)
def test_what_the_commands_read_is_marked_so(spec: settings.Spec) -> None:
    """A setting is marked as read by Homeroom's commands exactly where their code reads it."""
    through_property = spec.name == "DOCKER_NOTEBOOK_IMAGE"
    assert (spec.name in settings_read() or through_property) == ("generator" in spec.about.consumers)


def make_help() -> dict[str, str]:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return dict(re.findall(r"^  make ([a-z-]+) +(.+)$", shown, re.MULTILINE))


def app_verbs() -> dict[str, str]:
    """Every verb of the generator that people type, with the first sentence of its help."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    return {name: (command.help or "") for name, command in commands.items() if name not in INNER}


def test_every_verb_is_a_make_target_and_the_reverse() -> None:
    """What `make help` shows and what the generator can do are the same verbs."""
    assert make_help().keys() - MAKE_ONLY == app_verbs().keys()


def test_a_target_runs_the_verb_of_its_name() -> None:
    """`make X` runs `python -m generator X`: no target runs its neighbour's verb."""
    for verb in app_verbs():
        shown = subprocess.run(["make", "--dry-run", verb], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        assert re.search(r"-m generator ([a-z-]+)", shown)[1] == verb  # type: ignore[index]


def test_every_target_is_phony() -> None:
    """A file that happens to be called `check` or `build` does not stop its verb."""
    files = [ROOT / "Makefile", *ROOT.glob("generator/topics/*/verbs.mk"), ROOT / "tests/verbs.mk"]
    phony = [
        name
        for file in files
        for line in re.findall(r"^\.PHONY: (.+)$", file.read_text(), re.M)
        for name in line.split()
    ]
    assert sorted(phony) == sorted(make_help().keys())


def test_an_unknown_target_names_the_known_ones() -> None:
    """A misspelt verb ends with 2 and the list of verbs."""
    done = subprocess.run(["make", "staus"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "no verb 'staus'" in done.stderr
    assert "make status" in done.stderr


README = ROOT / "README.md"


def test_the_documents_name_every_verb_of_operators() -> None:
    """README's table of verbs has no other than there are; one that is not in it stands on a page of docs/."""
    named = set(re.findall(r"^\| *`make ([a-z-]+)", README.read_text(), re.MULTILINE))
    pages = "".join(page.read_text() for page in (ROOT / "docs").rglob("*.md"))
    developers = {verb for verb, text in make_help().items() if "(developers)" in text}
    assert named <= make_help().keys()
    for verb in make_help().keys() - developers - named:
        assert f"`make {verb}" in pages, verb


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.name)
def test_a_documented_setting_exists(page: Path) -> None:
    """A page of the documentation assigns no setting that the schema lacks, unless it is an argument of a verb."""
    text = re.sub(r"```dockerfile\n.*?```", "", page.read_text(), flags=re.DOTALL)  # there they are the build's
    named = set(re.findall(r"\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)=", text))
    arguments = {
        name for path in ROOT.glob("generator/topics/*/verbs.mk") for name in ARGUMENT.findall(path.read_text())
    }
    assert named <= {spec.name for spec in SPECS} | arguments
