"""The words of the choice page and of the queue."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from homeroom.labs import choice
from homeroom.labs.plan import LabPlan
from homeroom.queue.resources import NOTHING, Estimate, Resources
from homeroom.texts.quantities import wait

MIB, GIB = 2**20, 2**30
UNKNOWN = Estimate()


@pytest.fixture(autouse=True)
def _templates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "TEMPLATES", Path(__file__).parents[3] / "jupyterhub" / "templates")


def plan(**facts: Any) -> LabPlan:
    """A small lab."""
    return LabPlan(**{"profile": "small", "image": "i", "memory_bytes": GIB, "cpus": 1.0, **facts})


def page(*names: str, chosen: str = "", description: str = "", used: Resources = NOTHING) -> str:
    """The form for some profiles, with room for two."""
    profiles = [{"name": name, "display_name": name.title(), "description": description} for name in names]
    capacity = Resources(memory_bytes=2 * GIB, cpus=8.0)
    return choice.form(
        profiles,
        [plan() for _ in names],
        used,
        capacity,
        chosen=chosen,
        estimates=[Estimate(latest_seconds=1500) for _ in names],
    )


class Tags(HTMLParser):
    """The elements of a page, each with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def radios(text: str) -> list[dict[str, str | None]]:
    """The radio buttons of a page."""
    return [attributes for tag, attributes in Tags(text).found if tag == "input" and attributes["type"] == "radio"]


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, ["1 GB memory", "1 CPU"]),
        ({"memory_bytes": 512 * MIB, "cpus": 0.5}, ["512 MB memory", "0.5 CPUs"]),
        ({"memory_bytes": 1536 * MIB, "cpus": 2.0}, ["1.5 GB memory", "2 CPUs"]),
        ({"gpus": 1}, ["1 GB memory", "1 CPU", "1 GPU"]),
        ({"gpus": 2}, ["1 GB memory", "1 CPU", "2 GPUs"]),
        ({"network": "none"}, ["1 GB memory", "1 CPU", "no network"]),
        ({"ephemeral": True}, ["1 GB memory", "1 CPU", "files are thrown away at the end"]),
        ({"max_age_seconds": 7200}, ["1 GB memory", "1 CPU", "ends after 2 h"]),
    ],
)
def test_what_a_lab_gives(facts: dict[str, Any], words: list[str]) -> None:
    """Each fact once, in a person's words; nothing of what it lacks."""
    assert [str(fact) for fact in choice.what_it_gives(plan(**facts))] == words


@pytest.mark.parametrize(
    ("used", "free"),
    [
        (Resources(memory_bytes=0, cpus=0), 4),
        (Resources(memory_bytes=GIB, cpus=0), 3),
        (Resources(memory_bytes=GIB + 1, cpus=0), 2),
        (Resources(memory_bytes=0, cpus=7.5), 0),
        (Resources(memory_bytes=0, cpus=6.0), 2),
        (Resources(memory_bytes=9 * GIB, cpus=99.0), 0),
    ],
)
def test_how_many_fit(used: Resources, free: int) -> None:
    """The scarcer of memory and CPUs decides; more than all in use is none free, not fewer."""
    assert choice.labs_that_fit(plan(), used, Resources(memory_bytes=4 * GIB, cpus=8.0)) == free


def test_tenths_of_cpus_are_not_lost() -> None:
    """Three labs of 0.1 CPUs fit into 0.3, whatever floats think."""
    assert choice.labs_that_fit(plan(cpus=0.1, memory_bytes=MIB), NOTHING, Resources(memory_bytes=GIB, cpus=0.3)) == 3


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "1 min"),
        (59, "1 min"),
        (61, "2 min"),
        (1500, "25 min"),
        (7200, "120 min"),
        (7201, "3 h"),
        (200_000, "3 days"),
    ],
)
def test_a_wait_is_never_told_shorter_than_it_is(seconds: float, words: str) -> None:
    """Minutes up to two hours, then hours, then days, always rounded up."""
    assert wait(seconds, "en") == words


@pytest.mark.parametrize(
    ("estimate", "words"),
    [
        (UNKNOWN, "No estimate yet."),
        (Estimate(latest_seconds=1500), "The next is free in 25 min at the latest."),
        (
            Estimate(likely_seconds=0),
            "The next may be free in 1 min, if an idle lab stops.",
        ),
        (
            Estimate(latest_seconds=1500, likely_seconds=600),
            "The next is free in 25 min at the latest, or in 10 min if an idle lab stops.",
        ),
    ],
)
def test_when_the_next_falls_free(estimate: Estimate, words: str) -> None:
    """What is sure is told as sure, what is likely as likely, and ignorance plainly."""
    assert str(choice.when_free(estimate, "next_")) == words


def test_what_a_card_says_of_free_capacity() -> None:
    """A number while it means something; when there is none, when the next one is."""
    assert str(choice.free_message(1, UNKNOWN)) == "1 is free now"
    assert str(choice.free_message(99, UNKNOWN)) == "99 are free now"
    assert str(choice.free_message(100, UNKNOWN)) == "Free now"
    assert str(choice.free_message(0, UNKNOWN)) == "None is free now. No estimate yet."


def test_a_lab_larger_than_the_capacity_is_told_so() -> None:
    """Not that none is free just now: it never will be."""
    profiles = [{"name": name, "display_name": name, "description": ""} for name in ("small", "vast")]
    plans = [plan(), plan(memory_bytes=3 * GIB)]
    capacity = Resources(memory_bytes=2 * GIB, cpus=8.0)
    text = choice.form(profiles, plans, NOTHING, capacity, chosen="", estimates=[UNKNOWN, UNKNOWN])
    assert "2 are free now" in text
    assert "This lab needs more than this machine offers." in text
    assert "None is free now" not in text


def test_what_is_short_is_told() -> None:
    """Whoever waits learns what for: memory, CPUs or GPUs, or what of them."""
    for used, words in (
        (Resources(memory_bytes=2 * GIB, cpus=0), "there is too little memory"),
        (Resources(memory_bytes=0, cpus=8), "there are too few CPUs"),
        (Resources(memory_bytes=2 * GIB, cpus=8), "there is too little memory and there are too few CPUs"),
    ):
        short = (used + plan().resources).short(Resources(memory_bytes=2 * GIB, cpus=8.0))
        assert str(choice.queue_message(1, UNKNOWN, short=short)).startswith(f"All labs are in use: {words} left. You")
        assert "None is free now: there" in str(choice.free_message(0, UNKNOWN, short))


def test_what_a_user_in_the_queue_is_told() -> None:
    """The position in words, then the estimate."""
    first, seventh = choice.queue_message(1, Estimate(latest_seconds=5)), choice.queue_message(7, UNKNOWN)
    assert "You are next in the queue. You get a lab in 1 min at the latest." in str(first)
    assert "You are number 7 in the queue. No estimate yet." in str(seventh)


def test_the_bar_moves_forward_only() -> None:
    """It grows as the queue gets shorter and while the lab starts, and is never full before the lab is there."""
    line = [choice.queue_progress(position, 9) for position in range(9, 0, -1)]
    start = [choice.start_progress(seconds) for seconds in range(0, 120, 3)]
    assert line + start == sorted(line + start)
    assert line[0] < line[-1] < start[0] < start[-1] < 100


def test_descriptions_cannot_carry_html() -> None:
    """What an operator writes is shown as it is written."""
    text = page("small", description='<script>alert("x")</script> & more')
    assert "<script" not in text
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize(("chosen", "selected"), [("", "small"), ("large", "large"), ("gone", "small")])
def test_exactly_one_card_is_selected(chosen: str, selected: str) -> None:
    """The choice of last time where it may still be taken, else the default; so the form is never sent empty."""
    found = radios(page("small", "large", chosen=chosen))
    assert [each["value"] for each in found if "checked" in each] == [selected]


def test_every_card_is_named_and_described_for_screen_readers() -> None:
    """Each radio button has a label and a description, and what they point to is there."""
    text = page("small", "large")
    ids = {attributes.get("id") for _, attributes in Tags(text).found}
    for radio in radios(text):
        assert radio["aria-labelledby"] in ids
        assert radio["aria-describedby"] in ids
    labels = {attributes["for"] for tag, attributes in Tags(text).found if tag == "label"}
    assert labels == {radio["id"] for radio in radios(text)}


def test_a_full_card_says_so_and_can_still_be_taken() -> None:
    """A profile of which no lab is free says so; a user who takes it waits in the queue."""
    text = page("small", used=Resources(memory_bytes=2 * GIB, cpus=0))
    assert "None is free now: there is too little memory left. The next is free in 25 min at the latest." in text
    assert "disabled" not in text
