"""tests/everything.py: `make test` runs three kinds of tests side by side, and none is left out."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from generator.core.paths import ROOT
from tests import conftest, everything

RUN = """
import pathlib, sys, time
kind = next(word for word in sys.argv if word.startswith("--deployment=")).partition("=")[2]
here = pathlib.Path(sys.argv[1])
(here / kind).touch()
until = time.monotonic() + 20
while not all((here / each).exists() for each in ("shared", "own", "machine")) and time.monotonic() < until:
    time.sleep(0.01)
print(kind, "ran beside" if len(list(here.iterdir())) >= 3 else "ran alone")
sys.exit(kind == sys.argv[2])
"""


@pytest.mark.parametrize(("failing", "passed"), [("none", True), ("shared", False), ("own", False), ("machine", False)])
def test_all_run_at_once_and_each_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], failing: str, passed: bool
) -> None:
    """None waits for another's end, what all say is shown, and one that fails is a failure of all."""
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    monkeypatch.setattr(everything, "PYTEST", (sys.executable, "-c", RUN, str(meeting), failing))
    assert everything.side_by_side(tmp_path) is passed
    said = capfd.readouterr().out
    assert "shared ran beside" in said
    assert "own ran beside" in said
    assert "machine ran beside" in said


ONCE = """
import json, pathlib, sys
kind = next(word for word in sys.argv if word.startswith("--deployment=")).partition("=")[2]
cache = pathlib.Path(next(word for word in sys.argv if word.startswith("cache_dir=")).partition("=")[2]) / "v/cache"
fails, code, count = sys.argv[1:4]
if kind != "own" or ("--last-failed" in sys.argv and fails == "once"):
    sys.exit(0)
cache.mkdir(parents=True, exist_ok=True)
names = [f"tests/x{number}.py::test_{letter}" for number in range(int(count)) for letter in "ab"]
(cache / "lastfailed").write_text(json.dumps(dict.fromkeys(names, True)))
sys.exit(int(code))
"""


@pytest.mark.parametrize(
    ("fails", "code", "count", "passed"),
    [("once", 1, 2, True), ("twice", 1, 2, False), ("once", 1, 6, False), ("once", 1, 0, False), ("once", 2, 1, False)],
)
def test_what_fails_beside_others_has_a_second_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str, code: int, count: int, passed: bool
) -> None:
    """Tests that failed in a few files are run again by themselves; what fails then, too, is a failure, and so are
    many files, and a run that broke off."""
    monkeypatch.setattr(everything, "PYTEST", (sys.executable, "-c", ONCE, fails, str(code), str(count)))
    assert everything.side_by_side(tmp_path) is passed


REPORT = """\
<testsuites><testsuite><testcase classname="tests.x" name="test_well"/>
<testcase classname="tests.x" name="test_bad"><failure message="m">first
E   the reason
tests/x.py:3: AssertionError</failure></testcase></testsuite></testsuites>
"""


def test_what_failed_is_said_once_more_at_the_end(tmp_path: Path) -> None:
    """By name and with the reason; nothing where there is no report."""
    (tmp_path / "own.xml").write_text(REPORT, encoding="utf-8")
    (failure,) = everything.failures(tmp_path / "own.xml")
    assert failure.startswith("\nFailed: tests.x::test_bad\nfirst\nE   the reason\n")
    assert list(everything.failures(tmp_path / "shared.xml")) == []


def test_unit_tests_have_a_second_try_too(tmp_path: Path) -> None:
    """They are a kind of their own, which no deployment is named to."""
    command = everything.run_of(everything.UNITS, tmp_path, "--last-failed")
    assert command[-len(everything.UNIT) :] == list(everything.UNIT)
    assert "--last-failed" in command
    assert not any(word.startswith("--deployment") for word in command)


def test_unit_tests_run_in_several_processes_by_either_verb() -> None:
    """`make test-unit` runs them as `make test` does."""
    assert f"-m pytest {' '.join(everything.UNIT)}\n" in (ROOT / "tests/verbs.mk").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", conftest.KINDS)
def test_a_test_is_of_one_kind(kind: str) -> None:
    """Who asks for the shared deployment, by whatever way, runs with it, also with a machine beside it; others on a
    fresh machine run together with those of copies, and so does the rest."""
    params = {"where": "deployment", "answer": {"of": ["any", "type"]}}
    by_parameter = SimpleNamespace(fixturenames=["request"], callspec=SimpleNamespace(params=params))
    given = {
        "shared": [
            *(SimpleNamespace(fixturenames=["deployment", name]) for name in ("page", "make_machine")),
            by_parameter,
        ],
        "machine": [SimpleNamespace(fixturenames=[*names]) for names in (["make_machine"], ["deployment", "copied"])],
        "own": [SimpleNamespace(fixturenames=[])],
    }
    of_each: list[Any] = [item for items in given.values() for item in items]
    dropped: list[Any] = []
    hook = SimpleNamespace(pytest_deselected=lambda items: dropped.extend(items))
    left = list(of_each)
    conftest.pytest_collection_modifyitems(SimpleNamespace(getoption=lambda _: kind, hook=hook), left)  # type: ignore[arg-type]
    assert left == given[kind]
    assert sorted(map(id, [*left, *dropped])) == sorted(map(id, of_each))
