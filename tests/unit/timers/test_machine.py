"""Timers are installed, kept in step and taken away, with systemd and with cron."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from generator.core.errors import HomeroomError
from generator.core.process import Completed
from generator.timers import machine
from generator.timers.calendar import daily, every, weekly
from generator.timers.cron import Cron
from generator.timers.job import Job
from generator.timers.machine import Scheduler
from generator.timers.systemd import Systemd
from generator.timers.timer import Timer

COPY = Timer(name="backup", title="Make a copy, at 100 %", at=daily("02:30", "14:30"), verb=("backup",))
LOOK = Timer(name="watch", title="Look", at=every(5), verb=("watch",), catches_up=False)


class FakeSystemctl:
    """A systemctl that remembers which timers are on."""

    def __init__(self) -> None:
        self.on: set[str] = set()
        self.calls: list[str] = []
        self.fails = False

    def __call__(self, command: Sequence[str], **_: object) -> Completed:
        words = [word for word in command[1:] if not word.startswith("--")]
        self.calls.append(" ".join(words))
        verb, named = words[0], words[1:]
        code = 0
        if verb == "enable":
            self.on |= set(named)
            code = int(self.fails)
        elif verb == "disable":
            self.on -= set(named)
        elif verb in ("is-active", "is-enabled"):
            code = int(not set(named) <= self.on)
        return Completed(tuple(command), code, "", "it cannot" if code else "")


def jobs(*timers: Timer, project: str = "biology", directory: str = "/srv/home room") -> list[Job]:
    """Timers of a deployment."""
    return [Job(timer=each, project=project, directory=Path(directory), user="grace") for each in timers]


@pytest.fixture(params=["systemd", "cron"])
def found(request: pytest.FixtureRequest, tmp_path: Path) -> Scheduler:
    """A machine's scheduler, in a root of its own."""
    made: Scheduler = Cron(tmp_path) if request.param == "cron" else Systemd(tmp_path, FakeSystemctl())
    made.folder.mkdir(parents=True)
    return made


def shown(found: Scheduler) -> dict[str, str]:
    """All files that are there."""
    return {path.name: path.read_text() for path in found.folder.iterdir()}


def test_what_is_wanted_is_there_and_repeated_without_a_change(found: Scheduler) -> None:
    """What was there of others stays; a second time nothing is done; no temporary file is left."""
    (found.folder / "theirs").write_text("theirs")
    assert machine.take_up(found, "biology", jobs(COPY, LOOK))
    assert machine.differences(found, "biology", jobs(COPY, LOOK)) == []
    assert not machine.take_up(found, "biology", jobs(COPY, LOOK))
    assert shown(found).keys() - {"theirs"} == found.files(jobs(COPY, LOOK)).keys()


def test_it_follows_what_is_set(found: Scheduler) -> None:
    """Another time is taken up, and what is not wanted any more is removed."""
    machine.take_up(found, "biology", jobs(COPY, LOOK))
    later = Timer(name="backup", title="Make a copy", at=daily("05:00"), verb=("backup",))
    assert machine.differences(found, "biology", jobs(later))
    machine.take_up(found, "biology", jobs(later))
    assert machine.differences(found, "biology", jobs(later)) == []
    assert "watch" not in "".join([*shown(found), *shown(found).values()])
    machine.take_up(found, "biology", [])
    assert shown(found) == {}


def test_two_deployments_have_their_own(found: Scheduler) -> None:
    """Also where one's name begins as the other's: taking one's away leaves the other's."""
    machine.take_up(found, "biology", jobs(COPY))
    machine.take_up(found, "biology-two", jobs(COPY, project="biology-two"))
    before = shown(found)
    assert machine.take_away(found, "biology")
    assert machine.differences(found, "biology-two", jobs(COPY, project="biology-two")) == []
    assert len(before) == 2 * len(shown(found))
    assert not machine.take_away(found, "biology")


def test_another_directory_of_the_same_name_is_found(found: Scheduler, tmp_path: Path) -> None:
    """As long as it is there: one that was moved or deleted is taken over."""
    other, mine = tmp_path / '50% "home" room\'s', tmp_path / "mine"
    other.mkdir()
    (other / "Makefile").touch()
    machine.take_up(found, "biology", jobs(LOOK, COPY, directory=str(other)))
    assert machine.other_directory(found, "biology", mine) == str(other)
    assert machine.other_directory(found, "biology", other) == ""
    assert machine.other_directory(found, "biology-two", mine) == ""
    (other / "Makefile").unlink()
    assert machine.other_directory(found, "biology", mine) == ""


def test_what_was_cut_off_or_changed_is_put_right(found: Scheduler) -> None:
    """A file that is missing, cut short or edited."""
    machine.take_up(found, "biology", jobs(COPY))
    for name in shown(found):
        for damage in ("", "# edited"):
            (found.folder / name).write_text(damage)
            assert machine.differences(found, "biology", jobs(COPY)) == [f"{name} is another one"]
            machine.take_up(found, "biology", jobs(COPY))
        (found.folder / name).unlink()
        assert machine.differences(found, "biology", jobs(COPY)) == [f"{name} is not there"]
        machine.take_up(found, "biology", jobs(COPY))
        assert machine.differences(found, "biology", jobs(COPY)) == []


def test_a_timer_that_was_switched_off_is_found(tmp_path: Path) -> None:
    """Its files are as they should be, and systemd does not run it; a change that systemd refuses is told, and made
    the next time."""
    systemctl = FakeSystemctl()
    found = Systemd(tmp_path, systemctl)
    found.folder.mkdir(parents=True)
    systemctl.fails = True
    with pytest.raises(HomeroomError, match="it cannot"):
        machine.take_up(found, "biology", jobs(COPY))
    systemctl.fails, systemctl.on = False, set()
    assert machine.differences(found, "biology", jobs(COPY)) == ["backup is switched off"]
    machine.take_up(found, "biology", jobs(COPY))
    assert systemctl.on == {"homeroom-biology.backup.timer"}
    machine.take_away(found, "biology")
    assert systemctl.on == set()
    assert systemctl.calls[-1] == "daemon-reload"


def test_units_say_when_what_and_how(tmp_path: Path) -> None:
    """Both times, made up for when missed, with low priority, as the deployment's owner; systemd reads no specifier in
    a path or title."""
    files = Systemd(tmp_path).files(jobs(COPY, LOOK, directory='/srv/50% "home" $room'))
    timer, service = files["homeroom-biology.backup.timer"], files["homeroom-biology.backup.service"]
    assert re.findall("^OnCalendar=(.*)$", timer, re.MULTILINE) == ["*-*-* 02:30:00", "*-*-* 14:30:00"]
    assert "Persistent=true" in timer
    assert "RandomizedDelaySec=120" in timer
    assert "Persistent=false" in files["homeroom-biology.watch.timer"]
    for line in ("User=grace", "Nice=10", "IOSchedulingClass=idle", "Type=oneshot"):
        assert f"\n{line}\n" in service
    assert 'WorkingDirectory=/srv/50%% "home" $room\n' in service
    assert '"/srv/50%% \\"home\\" $$room" "timers" "RUN=backup"\n' in service
    assert "at 100 %%" in service


def test_crons_file_is_one_that_cron_reads(tmp_path: Path) -> None:
    """Its name has no dot, each line has five fields, a user and a command whose words a shell puts together again, and
    what was missed is made up for after a boot."""
    directory = "/srv/50% home's"
    ((name, text),) = Cron(tmp_path).files(jobs(COPY, LOOK, directory=directory)).items()
    assert re.fullmatch("[A-Za-z0-9_-]+", name)
    assert text.endswith("\n")
    lines = [line for line in text.splitlines() if re.match(r"[0-9*@]", line)]
    assert [line.split(" grace ")[0] for line in lines] == ["30 2 * * *", "30 14 * * *", "@reboot", "*/5 * * * *"]
    said = subprocess.run(
        ["/bin/sh", "-c", "printf '%s\n' " + lines[0].partition("ionice -c 3 ")[2].replace("\\%", "%").split(" >")[0]],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout.splitlines() == ["/usr/bin/make", "-C", directory, "timers", "RUN=backup"]
    assert "MISSED=1" in lines[2]
    assert "RUN=watch MISSED" not in text


def test_the_machines_own_scheduler_is_taken(tmp_path: Path) -> None:
    """systemd where it runs, else cron where that is installed, else none."""
    assert machine.scheduler(tmp_path, which=lambda _: None) is None
    assert isinstance(machine.scheduler(tmp_path, which=lambda name: f"/usr/sbin/{name}"), Cron)
    (tmp_path / "run/systemd/system").mkdir(parents=True)
    assert isinstance(machine.scheduler(tmp_path, which=lambda _: None), Systemd)


def test_what_to_type_removes_one_deployments_files(found: Scheduler) -> None:
    """For those who are not root: the line that is shown does it, and does no more."""
    machine.take_up(found, "biology", jobs(COPY))
    machine.take_up(found, "biology-two", jobs(COPY, project="biology-two"))
    line = found.removal("biology").replace("sudo rm", "rm")
    (removes,) = [part for part in line.split("; ") if part.startswith("rm ")]
    assert shlex.split(removes)[:2] == ["rm", "-f"]
    subprocess.run(["/bin/sh", "-c", removes], check=True)
    assert machine.installed(found, "biology") == []
    assert machine.installed(found, "biology-two") != []


def test_a_weekday_is_one_of_crons(tmp_path: Path) -> None:
    """A weekly timer is not a daily one."""
    monday = Timer(name="letter", title="Write", at=weekly("Mon", "06:00"), verb=("letter",))
    (text,) = Cron(tmp_path).files(jobs(monday)).values()
    assert "\n0 6 * * mon grace " in text
