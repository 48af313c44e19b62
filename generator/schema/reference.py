"""The generated reference: `.env.example` and `docs/settings.md`, both from the schema."""

from __future__ import annotations

from generator.core.atomic import write_atomically
from generator.core.paths import ENV_EXAMPLE, SETTINGS_PAGE
from generator.schema import env_file, settings


def settings_page() -> str:
    """The text of `docs/settings.md`."""
    parts = [
        "<!-- Generated from the topics' settings.py by `make reference`. Do not edit. -->\n"
        "# Settings\n\n"
        "All of them live in `.env`, one `NAME=value` a line, and take effect with the next `make up`. A setting that\n"
        "is not in the file has its default. A misspelt name, a wrong type or unit, or a line that Compose would read\n"
        "differently is refused, with its line number, before anything changes.\n"
    ]
    for group in settings.groups():
        parts.append(f"\n## {group.title}\n\n{group.text} More: [{group.page}.md]({group.page}.md).\n")
        parts += [_entry(spec) for spec in settings.specs() if spec.about.group is group]
    return "".join(parts)


def _entry(spec: settings.Spec) -> str:
    facts = [spec.type + (f" ({spec.about.unit})" if spec.about.unit else "")]
    if spec.about.secret:
        facts.append("secret")
    facts.append(
        "generated" if spec.default is None else f"default: `{spec.default}`" if spec.default else "default: empty"
    )
    facts.append("read by " + ", ".join(_READERS[consumer] for consumer in spec.about.consumers))
    if spec.about.example:
        facts.append(f"for example: `{spec.about.example}`")
    return f"\n### {spec.name}\n\n{'; '.join(facts)}\n\n{spec.description}\n"


_READERS = {"compose": "Compose", "hub": "the hub's configuration", "generator": "Homeroom's commands"}


def write() -> list[str]:
    """Bring both files in step with the schema; returns the names of those that changed."""
    files = {ENV_EXAMPLE: env_file.new_text({}), SETTINGS_PAGE: settings_page()}
    return [path.name for path, text in files.items() if write_atomically(path, text)]
