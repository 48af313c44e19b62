"""A minimal topic, as docs/develop-topics.md describes one: every kind of file that a topic can bring, and the one line
each in the two places that topics share."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "generator/topics/{name}/__init__.py": "",
    "generator/topics/{name}/settings.py": '''"""{Name}: an example of a topic."""

from __future__ import annotations

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import Whole

{NAME} = Group(title="{Name}", text="An example of a topic.", page="{name}")


class {Name}Settings(Part):
    """An example of a topic."""

    {NAME}_MOST: Whole = setting(
        3,
        About(group={NAME}, consumers=("hub",), unit="{name}", example="5"),
        "{Name} that a person may have.",
        ge=1,
        le=9,
    )
''',
    "generator/topics/{name}/site.py": '''"""The form of site/{name}.yaml."""

from __future__ import annotations

from generator.site.models import Form, Name, Strict


class {Name}File(Strict):
    """`site/{name}.yaml`."""

    {name}: list[Name] = []


FORMS = (Form(name="{name}.yaml", model={Name}File, what="The {name} there are.", page="{name}"),)
''',
    "generator/topics/{name}/starter/{name}.yaml": "# {name}: [first]\n",
    "generator/topics/{name}/render.py": '''"""{Name}, for the hub."""

from __future__ import annotations

from generator.rendering.context import Context, Rendered
from generator.site import reader
from generator.topics.{name}.site import {Name}File


def render(context: Context) -> Rendered:
    """The trait of the page, and the list it shows."""
    given = reader.load(context.site / "{name}.yaml", {Name}File)
    return Rendered(hub={{"most": context.settings.{NAME}_MOST, "{name}": given.{name} if given else []}})
''',
    "generator/topics/{name}/hub.py.j2": """# --- {Name} (site/{name}.yaml) ---
c.{Name}.most = {{{{ most | py }}}}
c.{Name}.known = {{{{ {name} | py }}}}
c.JupyterHub.extra_handlers += [(r"/homeroom/{name}", "homeroom.{name}.page.{Name}Handler")]
""",
    "generator/topics/{name}/verbs.py": '''"""`make {name}`."""

from __future__ import annotations

import typer

from generator.core import console

verbs = typer.Typer()


@verbs.command()
def {name}() -> None:
    """Show the {name} there are."""
    console.note("None yet.")
''',
    "generator/topics/{name}/verbs.mk": """.PHONY: {name}
{name}:   ## Show the {name} there are
	$(HOMEROOM) {name}
""",
    "jupyterhub/homeroom/{name}/__init__.py": "",
    "jupyterhub/homeroom/{name}/page.py": '''"""The page of {name}."""

from __future__ import annotations

from jupyterhub.handlers import BaseHandler
from traitlets import Integer, List, Unicode
from traitlets.config import SingletonConfigurable


class {Name}(SingletonConfigurable):
    """What the operator says of {name}."""

    most = Integer(3, config=True, help="{Name} that a person may have.")
    known = List(Unicode(), config=True, help="Their names.")


class {Name}Handler(BaseHandler):
    """Shows them."""

    async def get(self) -> None:
        """The page."""
        given = {Name}.instance(config=self.settings["config"])
        self.finish(await self.render_template("{name}.html", {name}=given.known))
''',
    "jupyterhub/templates/{name}.html": """{{% extends "page.html" %}}
{{% block main %}}{{{{ {name} | join(", ") }}}}{{% endblock %}}
""",
    "docs/{name}.md": "# {Name}\n\n`make {name}` shows those of site/{name}.yaml.\n",
    "changes/{name}-first.md": "- {Name}: `make {name}`.\n",
    "tests/unit/{name}/__init__.py": "",
    "tests/unit/{name}/test_{name}.py": '''"""{Name}."""

from __future__ import annotations

from pathlib import Path

from tests.hub_config import loaded


def test_the_list_reaches_the_page(tmp_path: Path) -> None:
    """What site/{name}.yaml says is what the page shows."""
    (tmp_path / "{name}.yaml").write_text("{name}: [first]\\n")
    assert loaded(tmp_path / "out", tmp_path)["{Name}"]["known"] == ["first"]
''',
}


def add(tree: Path, name: str) -> None:
    """Write a topic into a tree, and its line each where settings are put together."""
    words = {"name": name, "Name": name.capitalize(), "NAME": name.upper()}
    for path, text in FILES.items():
        file = tree / path.format(**words)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.format(**words))
    schema = tree / "generator/schema/settings.py"
    lines = schema.read_text().splitlines(keepends=True)
    _insert(
        lines, f"from generator.topics.{name}.settings import {name.capitalize()}Settings\n", "from generator.topics."
    )
    _insert(lines, f"    {name.capitalize()}Settings,\n", "    ", after="class Settings(\n")
    schema.write_text("".join(lines))


def _insert(lines: list[str], new: str, head: str, after: str = "") -> None:
    """Put a line among its like, in the order of the alphabet."""
    start = lines.index(after) + 1 if after else next(i for i, line in enumerate(lines) if line.startswith(head))
    at = start
    while lines[at].startswith(head) and lines[at] < new and "DeploymentSettings" not in lines[at]:
        at += 1
    lines.insert(at, new)
