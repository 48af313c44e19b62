"""What a new user does in the first week, one after the other, with what a deployment brings by default."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.pages import Files, Home, Lab, sign_in
from tests.faults import until
from tests.hub_deployment import HubDeployment

PLOTS = """import matplotlib.pyplot as plt, plotly.express
plotly.express.line(x=[1, 2, 3], y=[2, 4, 8], title="Rabbits").show()
plt.plot([2, 4, 8]); plt.show()"""
DASH = """from dash import Dash, Input, Output, callback, dcc, html
app = Dash(__name__)
app.layout = html.Div([dcc.Slider(0, 10, 1, value=3, id="n"), html.P(id="twice")])
@callback(Output("twice", "children"), Input("n", "value"))
def show(n): return f"Twice is {2 * n}"
if __name__ == "__main__":
    app.run()
"""
FLASK = """from flask import Flask, redirect, request, url_for
app = Flask(__name__)
@app.get("/")
def ask(): return f"<form method=post action={url_for('say')}><input aria-label=Word name=word><button>Say</button>"
@app.post("/say")
def say(): return redirect(url_for("said", word=request.form["word"]))
@app.get("/said/<word>")
def said(word): return f"You said {word}"
"""
LONG = """import time
from pathlib import Path
while not Path("go").exists(): time.sleep(0.1)
answer = 6 * 7
Path("done").touch()"""


def test_a_first_week(deployment: HubDeployment, page: Page, add_account: Callable[[str], str], tmp_path: Path) -> None:
    """Plots, files and folders, Git, a package, an environment of one's own, web applications, an export and a cell
    that goes on without its page: each works in a new home, by what the page offers."""
    lab = sign_in(page, deployment, "ellen", add_account("ellen")).new_notebook()
    files = Files(lab)
    plots(lab)
    lab.save_as("week.ipynb")
    files_and_folders(lab, files)
    git(lab, files)
    export(lab, tmp_path)
    packages_and_applications(lab, files)
    environment(lab)
    a_long_cell(deployment, lab)


def plots(lab: Lab) -> None:
    """Figures of both kinds are drawn."""
    lab.run(PLOTS)
    expect(lab.notebook.locator(".js-plotly-plot .gtitle")).to_have_text("Rabbits")
    expect(lab.notebook.locator(".jp-OutputArea-output img[src^='data:image/png']")).to_be_visible()


def files_and_folders(lab: Lab, files: Files) -> None:
    """A folder is made, downloaded whole, and deleted with what is in it; hidden files are seen on demand."""
    files.show().make_folder("data")
    lab.run("open('data/rabbits.csv', 'w').write('year,count')")
    with lab.page.expect_download() as download:
        files.choose("data", "Download as an Archive")
    assert download.value.suggested_filename.startswith("data")
    files.choose("data", "Delete")
    lab.page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(files.item("data")).to_have_count(0)
    expect(files.item(".bashrc")).to_have_count(0)
    lab.choose("View", "Show Hidden Files")
    expect(files.item(".bashrc")).to_be_visible()
    lab.choose("View", "Show Hidden Files")
    expect(files.item(".bashrc")).to_have_count(0)


def git(lab: Lab, files: Files) -> None:
    """A folder becomes a repository by the panel; the first commit asks for a name, and is in the history."""
    page, panel = lab.page, lab.page.locator("#jp-git-sessions")
    lab.run("!mkdir thesis && echo '# Notes' > thesis/notes.md")
    files.show().item("thesis").dblclick()
    expect(files.item("notes.md")).to_be_visible()
    page.locator(".lm-TabBar-tab[data-id=jp-git-sessions]").click()
    panel.get_by_role("button", name="Initialize a Repository").click()
    page.get_by_role("dialog").get_by_role("button", name="Yes").click()
    panel.get_by_text("notes.md").hover()
    panel.get_by_role("button", name="Track this file").click()
    panel.get_by_placeholder(re.compile("Commit message")).fill("Notes of the week")
    panel.get_by_role("button", name="Commit", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_placeholder("Name").fill("Ellen")
    dialog.get_by_placeholder("Email").fill("ellen@example.org")
    dialog.get_by_role("button", name="Ok").click()
    expect(panel.get_by_text("Notes of the week")).to_be_visible()
    written = ["Ellen: Notes of the week", "ellen: First commit"]
    until(lambda: lab.run("!git -C thesis log --format='%an: %s'").splitlines() == written, "the commit", interval=1)
    files.show()


def export(lab: Lab, folder: Path) -> None:
    """A notebook is saved as a page with its figures."""
    lab.choose("File", "Save and Export Notebook As", "HTML")
    with lab.page.expect_download() as download:
        lab.page.get_by_role("dialog").get_by_role("button", name="Ok").click()
    download.value.save_as(folder / "week.html")
    assert "Rabbits" in (folder / "week.html").read_text(encoding="utf-8")


def packages_and_applications(lab: Lab, files: Files) -> None:
    """What `%pip install` brings is imported at once; applications that are made with it are started from the file
    browser, found in the list of applications, and used in pages of their own."""
    lab.run("%pip install --quiet dash")
    assert lab.run("import dash; print(dash.__name__)") == "dash"
    for name, text in (("rabbits.py", DASH), ("words.py", FLASK)):
        lab.run(f"open({name!r}, 'w').write({text!r})")
    files.show()
    for name, port in (("rabbits.py", 8050), ("words.py", 5000)):
        files.choose(name, "Run as Web Application")
        link = lab.page.locator("a:visible", has_text=f"Port {port}")
        with lab.page.expect_popup() as popup:
            link.click()
        application = popup.value
        if name == "rabbits.py":
            expect(application.get_by_text("Twice is 6")).to_be_visible()
            application.get_by_role("slider").press("ArrowRight")
            expect(application.get_by_text("Twice is 8")).to_be_visible()
        else:
            application.get_by_label("Word").fill("carrot")
            application.get_by_role("button", name="Say").click()
            expect(application.get_by_text("You said carrot")).to_be_visible()
        application.close()
    lab.tab("week.ipynb").click()


def environment(lab: Lab) -> None:
    """An environment of one's own is offered in the launcher, and a notebook computes in it."""
    lab.run("!python3 -m venv --system-site-packages thesis/.venv")
    lab.new_notebook("Python (thesis)")
    assert lab.run("import sys; print(sys.prefix)") == "/home/jovyan/thesis/.venv"
    lab.tab("week.ipynb").click()


def a_long_cell(deployment: HubDeployment, lab: Lab) -> None:
    """A cell goes on while its page is elsewhere; who comes back goes on with what it computed."""
    cell = lab.begin(LONG)
    expect(cell.locator(".jp-InputPrompt")).to_have_text("[*]:")
    lab.page.keyboard.press("Control+s")
    Home(lab.page, deployment).open()
    container = deployment.lab("ellen")
    watch = "touch go; while [ ! -e done ]; do sleep 0.1; done"
    assert container.exec_run(["timeout", "60", "sh", "-c", watch], workdir="/home/jovyan").exit_code == 0
    lab.page.go_back()
    lab.wait().wait_until_idle("Python 3")
    prompt = lab.notebook.locator(".jp-CodeCell .jp-InputPrompt").last
    while prompt.inner_text() != "[ ]:":  # a long notebook is drawn as one scrolls
        lab.notebook.locator(".jp-WindowedPanel-outer").evaluate("node => node.scrollTo(0, node.scrollHeight)")
        lab.page.wait_for_timeout(100)
    assert lab.run("print(answer)") == "42"
