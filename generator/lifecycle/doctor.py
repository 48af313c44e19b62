"""`make doctor`: one verdict, and what to do first."""

from __future__ import annotations

from pathlib import Path

from rich.markup import escape

from generator.core.console import counted, note, step
from generator.core.finding import Finding
from generator.lifecycle import support_bundle
from generator.lifecycle.diagnosis import Diagnosis, diagnose

SHOWN = 3


def examine(*, bundle: Path | None = None, everything: bool = False) -> bool:
    """Say what is wrong and what to do first; works also on a deployment that does not run, and without a network.

    :param bundle: where to write what somebody needs who helps from afar.
    :param everything: show all findings instead of the first three.
    :returns: whether nothing is wrong.
    :raises HomeroomError: the bundle cannot be written.
    """
    if bundle is not None:
        support_bundle.require_free(bundle)
    with step("Looking at everything") as shown:
        found = diagnose()
        shown.say(", ".join(found.looks))
    lines = verdict(found, everything=everything)
    for line in lines:
        note(line)
    if bundle is not None:
        support_bundle.write(bundle, lines)
        note(f"\n{escape(str(bundle))} holds what somebody needs who helps you, without secrets. Names of people may")
        note("stand in the logs: look it through before you send it.")
    return all(each.level != "error" for each in found.findings)


def verdict(found: Diagnosis, *, everything: bool = False) -> list[str]:
    """The verdict, and under it what to do, the most urgent first, in rich's markup."""
    wrong = found.wrong
    errors = sum(each.level == "error" for each in wrong)
    moved = [f"\n[yellow]{escape(found.moved.cause)}.[/yellow] {escape(found.moved.remedy)}"] if found.moved else []
    if moved and not wrong:
        return moved
    if not wrong:
        return ["\n[green]All is well.[/green] There is nothing to do."]
    if errors:
        odd = f", and {counted(len(wrong) - errors, 'thing')} to see to" if len(wrong) > errors else ""
        lines = [*moved, f"\n[red]{counted(errors, 'thing')} {'is' if errors == 1 else 'are'} wrong{odd}.[/red]"]
    else:
        lines = [*moved, f"\n[yellow]It works.[/yellow] {counted(len(wrong), 'thing')} to see to:"]
    shown = wrong if everything else wrong[:SHOWN]
    for number, each in enumerate(shown, start=1):
        lines += _lines_of(number, each)
    if rest := len(wrong) - len(shown):
        lines.append(f"And {rest} more: `make doctor ALL=1`.")
    return lines


def _lines_of(number: int, finding: Finding) -> list[str]:
    colour = "red" if finding.level == "error" else "yellow"
    what = f"{finding.location}: {finding.cause}" if finding.location else finding.cause
    first, *further = what.splitlines()
    indented = [f"   {escape(line.strip())}" for text in (further, finding.remedy.splitlines()) for line in text]
    return [f"{number}. [{colour}]{escape(finding.name)}[/{colour}]  {escape(first)}", *indented]
