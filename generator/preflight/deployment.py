"""The deployment's name: does another directory's deployment have it?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from generator.core.finding import Finding, error, ok, warning
from generator.preflight.engine_state import Container, EngineState, Volume
from generator.preflight.requirements import Requirements
from generator.preflight.subject import Subject


def other_directories(containers: Sequence[Container], project: str, directory: Path) -> list[str]:
    """The directories, other than ours, whose containers carry our project name."""
    found = dict.fromkeys(one.directory for one in containers if one.project == project and one.directory)
    return [one for one in found if Path(one).resolve() != directory.resolve()]


def living_directories(containers: Sequence[Container], project: str, directory: Path) -> list[str]:
    """Those of them that are still there: one that is gone was moved, or is nobody's."""
    return [one for one in other_directories(containers, project, directory) if _exists(Path(one))]


def judge_deployment(
    requirements: Requirements,
    others: Sequence[str],
    gone: Sequence[str],
    volumes: Sequence[Volume],
    *,
    first_run: bool,
) -> Iterator[Finding]:
    """Refuse a name that another directory uses: its containers would be replaced and its homes taken over.

    :param others: see `other_directories`; `gone` are those of them that no longer exist.
    :param first_run: this directory has never been rendered.
    """
    name = requirements.project
    remedy = f"Set another name here, such as COMPOSE_PROJECT_NAME={name}2, or work in that directory."
    living = [one for one in others if one not in gone]
    if living:
        yield error(
            "deployment",
            f"the name {name} belongs to the deployment in {', '.join(living)}",
            location=".env: COMPOSE_PROJECT_NAME",
            remedy=remedy,
        )
    elif others:
        yield warning(
            "deployment",
            f"the deployment {name} was brought up from {', '.join(others)}, which is gone: "
            "this directory takes it over",
            location=".env: COMPOSE_PROJECT_NAME",
            remedy="Nothing to do if you moved the directory; otherwise set another COMPOSE_PROJECT_NAME.",
        )
    else:
        yield ok("deployment", f"the name {name} is not used by another directory")

    own = [volume for volume in volumes if volume.project == name]
    if first_run and own and not living:
        homes = sum(volume.home for volume in own)
        what = f"{len(own)} volume{'s' if len(own) > 1 else ''} of {name}" + (f" ({homes} of them homes)" * bool(homes))
        yield warning(
            "deployment",
            f"{what} exist already, though this directory has never been up",
            location=".env: COMPOSE_PROJECT_NAME",
            remedy="To keep those files and accounts, do nothing; to start empty, set another COMPOSE_PROJECT_NAME.",
        )


def check_deployment(requirements: Requirements, engine_state: EngineState) -> list[Finding]:
    """Judge the name against what is on the engine."""
    whose = (engine_state.containers, requirements.project, requirements.directory)
    others, living = other_directories(*whose), living_directories(*whose)
    gone = [one for one in others if one not in living]
    first_run = not _exists(requirements.directory / "rendered")
    return list(judge_deployment(requirements, others, gone, engine_state.volumes, first_run=first_run))


def _exists(path: Path) -> bool:
    """Whether a path exists; one that this user may not look at counts as existing."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


ORDER = 60


def check(subject: Subject) -> list[Finding]:
    """Whether another deployment has this one's name."""
    return check_deployment(subject.requirements, subject.engine_state) if subject.engine_state else []
