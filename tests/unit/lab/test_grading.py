"""What is taken of a run of something that was handed in: outputs, of the cells that were sent, and nothing else; and
what is another in nbgrader's pages where a course is graded."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from homeroom_lab.grading import outputs
from homeroom_lab.grading.processes import Processes
from homeroom_lab.grading.progress import Progress, read
from homeroom_lab.grading.scripts import AMENDMENTS, NAME, amended

STREAM = {"output_type": "stream", "name": "stdout", "text": "x"}
RESULT = {"output_type": "execute_result", "data": {"text/plain": "1"}, "metadata": {}, "execution_count": 1}
ERROR = {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["line"]}


def cells(*sources: str) -> list[Any]:
    """Code cells as a notebook has them once it was made ready."""
    return [
        SimpleNamespace(cell_type="code", source=source, outputs=[], execution_count=None, metadata={"points": 5})
        for source in sources
    ]


def ran(*outputs_of: list[Any], trouble: Any = None, **more: Any) -> dict[str, Any]:
    """What a run says of the cells from the first on."""
    found = {
        str(index): {"outputs": each, "execution_count": index + 1, **more} for index, each in enumerate(outputs_of)
    }
    return {"cells": found, "trouble": trouble}


def taken(notebook: list[Any], brought: dict[str, Any]) -> str:
    """Take it as the grader's lab does."""
    return outputs.take(notebook, brought, dict)


@pytest.mark.parametrize("output", [STREAM, RESULT, ERROR, {**RESULT, "data": {"application/json": {"a": [1]}}}])
def test_an_output_is_taken_as_it_is(output: dict[str, Any]) -> None:
    """Each kind that notebooks have, and what each has."""
    notebook = cells("1")
    assert taken(notebook, ran([output])) == ""
    assert (notebook[0].outputs, notebook[0].execution_count) == ([output], 1)


@pytest.mark.parametrize(
    "output",
    [
        None,
        [],
        "x",
        {},
        {"output_type": "markdown", "text": "x"},
        {**STREAM, "name": "stdin"},
        {**STREAM, "text": ["x"]},
        {**STREAM, "output_type": ["stream"]},
        {**ERROR, "traceback": "x"},
        {**ERROR, "traceback": [1]},
        {**ERROR, "ename": None},
        {**RESULT, "data": {"text/plain": {"x": 1}}},
        {**RESULT, "data": {"<script>": "x"}},
        {**RESULT, "data": []},
        {**RESULT, "metadata": None},
        {**RESULT, "execution_count": "1"},
        {**RESULT, "execution_count": -1},
        {**RESULT, "execution_count": True},
        {**STREAM, "text": "\ud800"},
        {**RESULT, "metadata": {"\ud800": 1}},
        {**RESULT, "data": {"application/json": json.loads('{"a":' * 900 + "1" + "}" * 900)}},
    ],
)
def test_what_is_no_output_is_not_taken(output: Any) -> None:
    """The cell has an error instead, so that its test earns nothing, and somebody looks at it."""
    notebook = cells("1", "2")
    assert taken(notebook, ran([output], [STREAM])) == outputs.REASONS["fault"]
    assert [each["ename"] for each in notebook[0].outputs] == ["NotRun"]
    assert notebook[1].outputs == [STREAM]


def test_nothing_but_outputs_comes_back() -> None:
    """No source, metadata, points or kind of a cell, no field that an output does not have, and no cell that was not
    sent."""
    notebook = cells("1")
    forged = {"source": "2", "metadata": {"points": 100}, "cell_type": "markdown", "score": 100}
    brought = ran([{**STREAM, "points": 5}], **forged)
    brought["cells"] |= {"7": {"outputs": [STREAM]}, "-1": {"outputs": [ERROR]}, "x": 1}
    assert taken(notebook, {**brought, "metadata": {}}) == ""
    (cell,) = notebook
    assert vars(cell) == {
        "cell_type": "code",
        "source": "1",
        "outputs": [STREAM],
        "execution_count": 1,
        "metadata": {"points": 5},
    }


@pytest.mark.parametrize(
    "brought", [{}, {"cells": None}, {"cells": []}, {"cells": {"0": None}}, {"cells": {"0": {"outputs": {}}}}]
)
def test_a_cell_without_outputs_earns_nothing(brought: dict[str, Any]) -> None:
    """A cell that was not run is no cell that wrote nothing: a test in it would pass."""
    notebook = cells("assert False")
    assert taken(notebook, brought)
    assert [each["ename"] for each in notebook[0].outputs] == ["NotRun"]


@pytest.mark.parametrize("why", ["memory", "processes", "time", "unresponsive", "output", "died", "start", "kernel"])
def test_the_reason_is_in_words(why: str) -> None:
    """What went wrong is told apart, in the cells that were not run and to who grades; a reason that a run made up is
    none."""
    notebook = cells("1", "2", "")
    reason = taken(notebook, ran([STREAM], trouble={"why": why}))
    assert reason == outputs.REASONS[why] != outputs.REASONS["fault"]
    assert notebook[1].outputs == [outputs.error(reason)]
    assert notebook[2].outputs == [], "an empty cell is not run"
    for made_up in ({"why": "full marks"}, {}, "x", 7):
        assert taken(cells("1"), ran([STREAM], trouble=made_up)) == outputs.REASONS["fault"]


def test_the_cell_in_which_a_kernel_died_earns_nothing() -> None:
    """What it wrote before is kept, with the reason below it."""
    notebook = cells("1", "2")
    reason = taken(notebook, ran([STREAM], [STREAM], trouble={"why": "died"}))
    assert notebook[0].outputs == [STREAM]
    assert notebook[1].outputs == [STREAM, outputs.error(reason)]
    brought = ran([STREAM], trouble={"why": "died"})
    brought["cells"] |= {"9" * 5000: {}, "9": {}}
    assert taken(cells("1", "2"), brought) == reason, "a cell that was not sent is none"


def test_progress_is_there_for_the_pages(tmp_path: Path) -> None:
    """How many of how many, who is to be looked at and why, and whether the process still goes on."""
    assert read(tmp_path, "ps1") == {}
    progress = Progress(tmp_path, "ps1", 3)
    progress.done("ada")
    progress.done("bob", ["It took too long.", "It took too long."])
    progress.failed("eve", "It could not be graded: see the log.")
    going = read(tmp_path, "ps1")
    assert (going["total"], going["going"], going["process"]) == (3, True, os.getpid())
    progress.end()
    found = read(tmp_path, "ps1")
    assert (found["done"], found["marked"], list(found["failed"])) == (2, {"bob": "It took too long."}, ["eve"])
    assert found["going"] is False
    assert [path.name for path in (tmp_path / ".homeroom/progress").iterdir()] == ["ps1.json"]


def test_grading_is_a_process_beside_the_server(tmp_path: Path) -> None:
    """What a page begins runs in the course's directory while the server goes on; a second click begins nothing more;
    what came of it is told with its log, as nbgrader's pages show it."""

    async def attempt() -> None:
        script = 'pwd; echo "$@"; while [ ! -e go ]; do sleep 0.01; done; test "$2" = --assignment=ps1'
        grading = Processes(tmp_path, ("/bin/sh", "-c", script, "sh"))
        assert grading.begin("ps1")
        assert grading.is_going("ps1")
        assert not grading.begin("ps1")
        assert grading.ended("ps1") is None
        other = asyncio.ensure_future(grading.run("collect", "ps2", "--student=b-2bob", "--update"))
        (tmp_path / "go").touch()
        async with asyncio.timeout(60):
            while grading.is_going("ps1"):
                await asyncio.sleep(0.01)
            failed = await other
        assert grading.ended("ps1") == {"success": True, "log": f"{tmp_path}\nautograde --assignment=ps1\n"}
        assert failed["success"] is False
        assert failed["error"] == "nbgrader collect ended with 1."
        assert "--student=b-2bob --update" in failed["log"]

    asyncio.run(attempt())


def test_one_thing_at_a_time_is_done_with_an_assignment(tmp_path: Path) -> None:
    """Who clicks twice, or collects while feedback is made, waits for what goes on; another assignment does not, nor
    does grading, which takes turns by itself."""

    async def attempt() -> None:
        script = 'echo "$1 $2" >> log; while [ ! -e go ]; do sleep 0.01; done; echo "$1 ends" >> log'
        pages, log = Processes(tmp_path, ("/bin/sh", "-c", script, "sh")), tmp_path / "log"

        async def began(count: int) -> list[str]:
            async with asyncio.timeout(60):
                while not log.exists() or len(log.read_text().splitlines()) < count:
                    await asyncio.sleep(0.01)
            return log.read_text().splitlines()

        feedback = asyncio.ensure_future(pages.run("generate_feedback", "ps1"))
        await began(1)
        others = [("collect", "ps1"), ("collect", "ps2"), ("autograde", "ps1")]
        tasks = [asyncio.ensure_future(pages.run(*each)) for each in others]
        assert set(await began(3)) == {
            "generate_feedback --assignment=ps1",
            "collect --assignment=ps2",
            "autograde --assignment=ps1",
        }
        (tmp_path / "go").touch()
        async with asyncio.timeout(60):
            await asyncio.gather(feedback, *tasks)
        lines = log.read_text().splitlines()
        assert lines.index("generate_feedback ends") < lines.index("collect --assignment=ps1")

    asyncio.run(attempt())


def test_links_lead_to_pages_that_there_are() -> None:
    """Each kind of link is led to JupyterLab under the lab's own address, and nothing else of the script is changed."""
    links = [
        f'{kind}: "/{place}/"' for kind, place in (("notebook", "notebooks"), ("file", "edit"), ("directory", "tree"))
    ]
    script = f"var prefix = {{ {', '.join(links)} }}[type];"
    assert amended("utils.js", script).count('base_url + "/lab/tree/"') == 3
    assert amended("utils.js", "var other = 1;") == "var other = 1;"


def test_what_comes_after_a_script_is_a_statement_of_its_own() -> None:
    """Where upstream's ends without a semicolon, ours is not taken for a part of it. Each amendment names what it puts
    in its place once."""
    script = amended("manage_submissions.js", " ".join(NAME) + "\nvar last = function () {}")
    assert "var last = function () {};" in script
    assert "Autograde all" in script
    assert '"None";' not in script.partition("var name")[0]
    for amendments in AMENDMENTS.values():
        assert all(old != new for old, new in amendments.items())
