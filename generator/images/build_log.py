"""What a build says: the step that it is at, and why it failed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from generator.core.process import tail

SHOWN_LINES = 10


@dataclass(frozen=True)
class BuildStep:
    """Where a build is: step `number` of `total` of a stage, and its instruction."""

    number: int
    total: int
    text: str
    stage: str = ""


def parse_step(line: str) -> BuildStep | None:
    """Read BuildKit's `#7 [stage 2/5] RUN ...` or Podman's `STEP 2/5: RUN ...`; None for any other line."""
    match = re.match(r"#\d+ \[(?:(\S+) )?(\d+)/(\d+)\] (.*)", line) or re.match(
        r"(?:(\[\d+/\d+\]) )?STEP (\d+)/(\d+): (.*)", line
    )
    if match is None:
        return None
    return BuildStep(int(match.group(2)), int(match.group(3)), match.group(4).strip(), match.group(1) or "")


def failure_lines(lines: Sequence[str]) -> list[str]:
    """What to show of a failed build: the failing step and the end of what it said.

    BuildKit repeats both between two rulers at the end; of Podman the last step's lines are taken.
    """
    rulers = [index for index, line in enumerate(lines) if line.strip() == "------"]
    if len(rulers) >= 2:
        inside = [re.sub(r"^\d+\.\d+ ", "", line) for line in lines[rulers[-2] + 1 : rulers[-1]]]
        head = [line.strip().removeprefix("> ") for line in inside[:1]]
        last = [line.removeprefix("ERROR: ") for line in lines[rulers[-1] :] if line.startswith("ERROR: ")]
        return [*head, *tail("\n".join(inside[1:]), SHOWN_LINES), *[line[:300] for line in last[-1:]]]
    starts = [index for index, line in enumerate(lines) if parse_step(line)]
    return tail("\n".join(lines[starts[-1] if starts else 0 :]), SHOWN_LINES)
