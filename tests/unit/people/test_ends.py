"""Groups that end: who leaves when, and that nobody leaves without notice, many at once, or by a clock gone astray."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from homeroom.people import ends as on_page
from homeroom.people import panel

from generator.core.errors import HomeroomError
from generator.engine.watched import Watched
from generator.topics.people import end_mail, ends, leaving, removal, watch
from generator.topics.people.ends import Leaver, Noticed, Rule
from generator.topics.people.timers import timers
from generator.topics.watching import mail
from tests import smtp_sink
from tests.certificates import Authority
from tests.sample_settings import settings

LAST = date(2027, 2, 28)
NOTICE = (30, 7)
RULES = {
    "biology": Rule(members=frozenset({"ada", "bela"}), ends=LAST),
    "physics": Rule(members=frozenset({"bela"}), ends=LAST + timedelta(days=10)),
    "staff": Rule(members=frozenset({"chen"})),
}


def person(name: str, *groups: str, **more: Any) -> dict[str, Any]:
    """Somebody as the hub knows them."""
    return {"name": name, "groups": list(groups), "admin": False, "here": False, "email": "", **more}


def leaver(name: str, **more: Any) -> Leaver:
    """Somebody of biology alone."""
    return Leaver(name=name, last_day=LAST, groups=("biology",), **more)


def looked(known: Noticed, found: list[Leaver], *days: date) -> Noticed:
    """What is known after a look on each of these days."""
    for day in days:
        known = ends.look(known, found, day, NOTICE)
    return known


def days(first: date, last: date) -> list[date]:
    """Each day from the first to the last."""
    return [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]


def test_who_is_in_a_group_that_goes_on_stays() -> None:
    """Nobody leaves who is in a group without a last day, be it the site's or the hub's; of several days the last
    counts; who is in no group that ends is left alone."""
    people = [
        person("ada"),
        person("bela"),
        person("chen", "biology"),
        person("dora", "biology", "of-the-directory"),
        person("emil", "biology"),
        person("fritz"),
    ]
    found = ends.leavers(people, RULES)
    assert [(one.name, one.last_day, one.groups) for one in found] == [
        ("ada", LAST, ("biology",)),
        ("emil", LAST, ("biology",)),
        ("bela", LAST + timedelta(days=10), ("physics",)),
    ]


@pytest.mark.parametrize("own", [c for size in range(4) for c in itertools.combinations((*RULES, "elsewhere"), size)])
@pytest.mark.parametrize("name", ["ada", "bela", "chen", "nobody"])
def test_the_home_page_says_the_same(name: str, own: tuple[str, ...]) -> None:
    """The hub and the command have one rule."""
    told = {
        group: {"members": sorted(rule.members), "ends": rule.ends.isoformat() if rule.ends else ""}
        for group, rule in RULES.items()
    }
    found = ends.leavers([person(name, *own)], RULES)
    assert on_page.last_day(name, own, told) == (found[0].last_day if found else None)


def test_nobody_leaves_on_the_last_day_nor_without_notice() -> None:
    """A day that was set long before is over the day after; one that was set late, or is over already, once people
    could see it for the shortest notice."""
    found = [leaver("ada")]
    known = looked(Noticed(), found, *days(LAST - timedelta(days=40), LAST))
    assert ends.due(known, found, LAST, NOTICE) == []
    after = LAST + timedelta(days=1)
    assert ends.due(looked(known, found, after), found, after, NOTICE) == found
    late = looked(Noticed(), found, *days(after, after + timedelta(days=6)))
    assert ends.due(late, found, after + timedelta(days=6), NOTICE) == []
    assert ends.due(looked(late, found, after + timedelta(days=7)), found, after + timedelta(days=7), NOTICE) == found


def test_a_day_that_is_moved_is_noticed_anew() -> None:
    """Who was told of another day has the notice again."""
    known = looked(Noticed(), [leaver("ada")], *days(LAST - timedelta(days=20), LAST - timedelta(days=10)))
    today = LAST - timedelta(days=9)
    moved = [Leaver(name="ada", last_day=today - timedelta(days=1), groups=("biology",))]
    assert ends.due(looked(known, moved, today), moved, today, NOTICE) == []


@pytest.mark.parametrize("jump", [-400, 4, 365])
def test_a_clock_that_jumps_removes_nobody(jump: int) -> None:
    """Set forward by mistake, or back, or not looked for days: held, also in the looks after it, until it is said; once
    it is right again and nothing is over, nothing is held."""
    found = [leaver("ada")]
    known = looked(Noticed(), found, *days(LAST - timedelta(days=20), LAST))
    wrong = LAST + timedelta(days=jump)
    if jump < 0:
        known, wrong = looked(known, found, LAST + timedelta(days=2)), LAST + timedelta(days=1)
    held = looked(known, found, wrong)
    assert held.held
    assert looked(held, found, wrong + timedelta(days=1)).held
    back = looked(held, found, LAST)
    assert back.held == ""


def test_a_mail_is_sent_once_for_each_notice() -> None:
    """To who has an address; a machine that was off sends one, not two; none once it is over."""
    found = [leaver("ada", email="ada@example.org"), leaver("bela")]
    known = Noticed()
    sent = []
    for day in days(LAST - timedelta(days=40), LAST + timedelta(days=3)):
        known = ends.look(known, found, day, NOTICE)
        for one, notice in ends.to_mail(known, found, day, NOTICE):
            known.mailed.setdefault(one.name, []).append(notice)
            sent.append((one.name, notice, (LAST - day).days))
    assert sent == [("ada", 30, 30), ("ada", 7, 7)]
    assert [notice for _, notice in ends.to_mail(Noticed(), found, LAST - timedelta(days=2), NOTICE)] == [7]


class Here:
    """A deployment in which a class ends, and who was removed of it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, count: int, **values: str) -> None:
        self.settings = settings(**values)
        self.removed: list[str] = []
        people = [person(f"s{number}", "biology") for number in range(count)]
        people += [
            person("head", "biology", admin=True),
            person("busy", "biology", here=True),
            person("admin", "biology"),
        ]
        monkeypatch.setattr(removal, "ask", lambda *_, **__: {"people": people})
        monkeypatch.setattr(removal, "remove", lambda _, names, why: self.removed.extend(names))
        monkeypatch.setattr(leaving, "rules", lambda: RULES)
        monkeypatch.setattr(leaving, "FOLDER", folder / "people")


def test_by_the_clock_people_leave_after_their_last_day(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Not before, not administrators, and not who is here now; who is removed is removed as by `make user-remove`."""
    here: Any = Here(monkeypatch, tmp_path, 3)
    for day in days(LAST - timedelta(days=8), LAST):
        leaving.by_the_clock(here, day)
    assert here.removed == []
    leaving.by_the_clock(here, LAST + timedelta(days=1))
    assert here.removed == ["s0", "s1", "s2"]


@pytest.mark.parametrize(("most", "gap", "word"), [("2", 1, "GROUP_END_MOST=2"), ("60", 30, "30 days ago")])
def test_many_at_once_or_an_odd_clock_need_a_word(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, most: str, gap: int, word: str
) -> None:
    """The command ends with an error, which the watchdog tells, and nobody is removed; their number, typed, does it."""
    here: Any = Here(monkeypatch, tmp_path, 3, GROUP_END_MOST=most)
    for day in days(LAST - timedelta(days=8), LAST):
        leaving.by_the_clock(here, day)
    today = LAST + timedelta(days=gap)
    with pytest.raises(HomeroomError, match=word):
        leaving.by_the_clock(here, today)
    with pytest.raises(HomeroomError, match="not of 5"):
        leaving.show_or_remove(here, "5", today)
    leaving.show_or_remove(here, "", today)
    assert here.removed == []
    watched = Watched(settings=settings(), now=datetime(2027, 2, 20, 12, tzinfo=UTC))
    assert [word in one.cause for one in watch.faults(watched)] == [True]
    leaving.show_or_remove(here, "3", today)
    assert here.removed == ["s0", "s1", "s2"]
    assert list(watch.faults(watched)) == []
    assert ["biology" in line for line in watch.letter(watched)] == [True, False]


def test_who_leaves_is_told_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """One mail each, with nobody else's name, in both languages; an address that is none is left out; a server that
    takes none is not asked without end."""
    sent: list[tuple[str, str]] = []
    mails = settings(MAIL_HOST="mail.example.org", MAIL_FROM="hub@example.org")
    monkeypatch.setattr(mail, "send", lambda _, message, *, to: sent.append((to, message.text)))
    found = [(leaver("ada", email="ada@x.org"), 7), (leaver("b", email="b@x.org, all@x.org"), 7)]
    known = Noticed()
    end_mail.tell(mails, known, found, lambda _: None)
    ((to, text),) = sent
    assert to == "ada@x.org"
    assert all(word in text for word in ("ada", "2027-02-28", "Guten Tag", "30 days"))
    assert known.mailed == {"ada": [7]}

    def refuse(*_: object, **__: object) -> str:
        sent.append(("", ""))
        raise HomeroomError("no", remedy="none")

    sent.clear()
    monkeypatch.setattr(mail, "send", refuse)
    end_mail.tell(mails, known, [(leaver(f"s{n}", email="s@x.org"), 7) for n in range(50)], lambda _: None)
    assert len(sent) == end_mail.MOST_FAILURES
    end_mail.tell(settings(), known, found, lambda _: None)
    assert len(sent) == end_mail.MOST_FAILURES, "without a server nothing is tried"


def test_the_mail_arrives_with_whom_it_is_for(tmp_path: Path) -> None:
    """By a real server: for the person alone, and not for those who look after the machine."""
    with smtp_sink.running(tmp_path, Authority.made(tmp_path), tls="off") as sink:
        values = {"MAIL_HOST": "127.0.0.1", "MAIL_PORT": str(sink.port), "MAIL_TLS": "off"}
        mails = settings(ALERT_MAIL="it@uni.example", MAIL_FROM="hub@uni.example", **values)
        found = [(leaver("ada", email="ada@uni.example"), 7), (leaver("bela", email="bela@uni.example"), 7)]
        end_mail.tell(mails, Noticed(), found, lambda _: None)
    assert sink.recipients == [["ada@uni.example"], ["bela@uni.example"]]
    assert [found["To"] for found in sink.mails] == ["ada@uni.example", "bela@uni.example"]
    assert all("2027-02-28" in found["Subject"] for found in sink.mails)
    assert "bela" not in sink.mails[0].get_content()


def test_it_is_looked_by_the_clock_where_a_group_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not otherwise; a file that cannot be read keeps nobody from looking at the clock."""
    monkeypatch.setattr(leaving, "rules", lambda: RULES)
    assert [one.name for one in timers(settings())] == ["group-ends"]
    monkeypatch.setattr(leaving, "rules", lambda: {"staff": RULES["staff"]})
    assert list(timers(settings())) == []

    def broken() -> dict[str, Rule]:
        raise HomeroomError("it is no YAML", remedy="Write it anew.")

    monkeypatch.setattr(leaving, "rules", broken)
    assert list(timers(settings())) == []


def seen(day: date, *, admin: bool = False, notice: int = 30) -> Any:
    """What the home page shows to ada."""
    told = {"notice_days": notice, "groups": {"biology": {"members": ["ada"], "ends": day.isoformat()}}}
    user = SimpleNamespace(name="ada", admin=admin, groups=[])
    handler = SimpleNamespace(settings={"template_vars": {"group_ends": told}}, current_user=user)
    return asyncio.run(panel.access_ends(handler))


def test_the_home_page_tells_it_from_the_first_notice_on() -> None:
    """Not before, not to administrators, and also once the day is over."""
    today = date.today()
    assert seen(today + timedelta(days=31)) is None
    assert seen(today + timedelta(days=30)) == {"day": (today + timedelta(days=30)).isoformat(), "is_over": False}
    assert seen(today - timedelta(days=3))["is_over"] is True
    assert seen(today, admin=True) is None
