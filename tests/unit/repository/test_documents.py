"""The pages that people read: their links lead somewhere, and they name what there is."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from homeroom.contract import labels
from pydantic import BaseModel

from generator.core.paths import ROOT
from generator.lifecycle import render
from generator.site import forms, starters
from generator.topics.courses.site import Assignment, Course, Exam
from generator.topics.environments import kernels, site_images
from generator.topics.labs.site import Profile
from generator.topics.prewarm.site import Lesson
from generator.topics.storage import homes
from tests import two_topics
from tests.unit.repository.python_file import functions

DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAGES_READ = sorted([*ROOT.glob("*.md"), ROOT / "tests/README.md", ROOT / "changes/README.md", *DOCS])
PAGES_OF_NOW = [page for page in PAGES_READ if page.name != "CHANGELOG.md"]
"""Those that speak of the tree as it is, not as it was."""
WITH_TESTS = [page for page in DOCS if "\n## Tested by\n" in page.read_text(encoding="utf-8")]
"""Those that end with a table of their promises' tests."""
DECISIONS = sorted((ROOT / "docs/decisions").glob("*.md"))
FOLDERS = ("bench", "changes", "copies", "docs", "generator", "jupyterhub", "jupyterlab", "proxy", "tests")
MADE = ("tests/artifacts", "changes/<")
"""What stands in the tree for a while only: what failed tests saw, and changes until a release."""
EXAMPLES = {path.replace("{name}", "<topic>") for path in two_topics.FILES}
PACKAGES = {
    "homeroom": "jupyterhub",
    "homeroom_copies": "copies",
    "homeroom_lab": "jupyterlab",
    "generator": "",
    "tests": "",
    "bench": "",
}


def called(page: Path) -> str:
    """A page's name in the tree."""
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """What a heading is called in a link, as GitHub has it."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def code(page: Path) -> Iterator[str]:
    """What stands in backticks within a page's text."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    yield from re.findall(r"`([^`\n]+)`", text)


@functools.cache
def is_there(path: str) -> bool:
    """Whether a path of the tree leads somewhere. `<topic>` and `*` stand for any name; a function may follow `::`."""
    file, _, function = path.partition("::")
    found = list(ROOT.glob(re.sub(r"<\w+>", "*", file.rstrip("/"))))
    return bool(found) and (not function or function in functions(found[0]))


def module_is_there(name: str) -> bool:
    """Whether a dotted name is that of a package, a module, or something in one."""
    first, *rest = name.split(".")
    at = ROOT / PACKAGES[first] / first
    for number, part in enumerate(rest):
        if (at / f"{part}.py").is_file():
            text = (at / f"{part}.py").read_text(encoding="utf-8")
            return all(re.search(rf"\b{inner}\b", text) for inner in rest[number + 1 :])
        at = at / part
    return at.is_dir()


@pytest.mark.parametrize("page", PAGES_READ, ids=called)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link within the tree leads to a file that is there, and to a heading of it where it names one."""
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        found = page.parent / path if path else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), target


def test_every_page_is_linked() -> None:
    """Whoever begins at README comes to every page of docs/."""
    pending, met = [ROOT / "README.md"], set()
    while pending:
        page = pending.pop()
        if page not in met:
            met.add(page)
            links = re.findall(r"\]\(([\w./-]+\.md)", page.read_text(encoding="utf-8"))
            pending += [(page.parent / link).resolve() for link in links]
    assert {page.resolve() for page in (*DOCS, ROOT / "tests/README.md", ROOT / "changes/README.md")} <= met


@pytest.mark.parametrize("page", PAGES_OF_NOW, ids=called)
def test_a_named_file_is_there(page: Path) -> None:
    """What a page names as a file or folder of the tree, a function of a test or a module is there by that name."""
    known = {value for name, value in vars(labels).items() if name.isupper()}
    for word in code(page):
        if re.fullmatch(rf"({'|'.join(FOLDERS)})(/[\w.*<>-]+)+/?(::\w+)?", word):
            assert word in EXAMPLES or word.startswith(MADE) or is_there(word), word
        elif re.fullmatch(rf"({'|'.join(PACKAGES)})(\.\w+)+", word) and word not in known:
            assert module_is_there(word), word
        elif re.fullmatch(r"[\w-]+\.(py|mjs|js|sh)", word):
            assert any(next((ROOT / folder).rglob(f"{word}*"), None) for folder in FOLDERS), word


def test_the_tree_is_drawn_as_it_is() -> None:
    """What docs/architecture.md draws is there, and of the generator's rooms and the topmost folders all are drawn."""
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8").partition("\n## The tree\n")[2]
    drawn: list[Path] = []
    for line in text.split("```")[1].strip("\n").splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        above = [path for path in drawn if len(path.parts) == depth]
        drawn.append((above[-1] if above else Path()) / line.split()[0])
    for path in drawn:
        assert (ROOT / path).exists(), path
    rooms = {path.parent.relative_to(ROOT) for path in (ROOT / "generator").glob("*/__init__.py")}
    assert rooms | {Path(name) for name in FOLDERS} <= set(drawn)


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_is_held(page: Path) -> None:
    """Each decision says by its number and title what it is, and names files of the tree and tests that hold it."""
    text = page.read_text(encoding="utf-8")
    assert re.match(rf"# {int(page.name[:4])}\. \S", text)
    held = re.findall(r"^- `([^`]+)`$", text.partition("\n## Held by\n")[2], re.MULTILINE)
    assert any(name.startswith("tests/") for name in held), "no test"
    for name in held:
        assert is_there(name), name


def test_every_decision_is_in_the_index() -> None:
    """docs/architecture.md lists them in their order, each by its number and its title; no number is given twice."""
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| \[(.+?)\]\(decisions/(.+?)\) \| .+\. \|$", text, re.MULTILINE)
    heads = [(page.name, page.read_text(encoding="utf-8").splitlines()[0]) for page in DECISIONS]
    assert [(name, f"# {number}. {title}") for number, title, name in rows] == heads
    assert len({name[:4] for name, _ in heads}) == len(heads)


def test_how_to_add_a_topic_names_its_files() -> None:
    """docs/develop/topics.md has a row for each file of the minimal topic, and for no other."""
    text = (ROOT / "docs/develop/topics.md").read_text(encoding="utf-8")
    table = text.partition("\n## File by file\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert rows == [path.replace("{name}", "<topic>") for path in two_topics.FILES]


def test_the_glossary_has_the_codes_words() -> None:
    """A name of the code that the glossary explains is one of the code's."""
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    words = {word for path in files for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}
    names = {word for word in code(ROOT / "docs/develop/glossary.md") if re.fullmatch(r"\w+", word)}
    assert len(names) >= 10
    assert names <= words


def test_how_many_files_each_takes() -> None:
    """Where docs/develop/topics.md counts files, it names as many as it says."""
    text = (ROOT / "docs/develop/topics.md").read_text(encoding="utf-8").partition("\n## How many files\n")[2]
    rows = re.findall(r"^\| (.+?) \| (\d+) \| (.+?) \| (\d+) \| (.+?) \|", text, re.MULTILINE)
    assert len(rows) == 8
    for what, code_files, named, others, other_names in rows:
        for count, cell in ((code_files, named), (others, other_names)):
            words = re.findall(r"`([^`]+)`", cell)
            assert sum(is_there(word) or word.startswith(MADE) for word in words) == int(count), what


def test_pages_for_operators_have_tests() -> None:
    """What those who look after a deployment are promised is in such a table."""
    operators = {"operations", "copies", "updates", "privacy", "watching", "statistics"}
    assert operators <= {page.stem for page in WITH_TESTS}


@pytest.mark.parametrize("page", WITH_TESTS, ids=called)
def test_each_promise_names_its_tests(page: Path) -> None:
    """In a page's table "Tested by" each promise has a test by name; that there are these is looked at above."""
    rows = page.read_text(encoding="utf-8").partition("\n## Tested by\n")[2].strip().splitlines()
    assert rows[:2] == ["| promise | tests |", "|---|---|"]
    for row in rows[2:]:
        assert re.fullmatch(r"\| [^|]+ \| (`tests/[\w/]+\.py::\w+`(, )?)+ \|", row), row


def test_every_field_is_explained() -> None:
    """The tables of fields have all of them: a profile's in docs/labs.md, a lesson's in docs/classes.md, a course's and
    an assignment's in docs/courses/index.md, an exam's in docs/courses/exams.md."""
    models: dict[str, tuple[type[BaseModel], ...]] = {
        "labs": (Profile,),
        "classes": (Lesson,),
        "courses/index": (Course, Assignment),
        "courses/exams": (Exam,),
    }
    for name, forms_there in models.items():
        text = (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
        rows = "".join(re.findall(r"^\| (`[^|]+)\|", text, re.MULTILINE))
        assert set(re.findall(r"`(\w+)`", rows)) == {field for each in forms_there for field in each.model_fields}, name


def test_the_files_of_site_are_explained() -> None:
    """`site/README.md` names every file and folder that is read; where an error says which page shows a file's form,
    that page does."""
    readme = starters.starters()["README.md"]
    for name in (*forms.names(), render.HUB_D, kernels.FOLDER, site_images.FOLDER, homes.SKELETON):
        assert f"`{name}" in readme, name
    for form in forms.known():
        assert form.name in (ROOT / "docs" / f"{form.page}.md").read_text(encoding="utf-8"), form.name
