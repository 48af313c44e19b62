"""What Homeroom adds to JupyterLab's page: the meter, kernels that appear while it is open, and less to wait for."""

from __future__ import annotations

import re
from collections.abc import Callable

from homeroom_lab import first_page
from playwright.sync_api import Page, expect

from tests.browser.page_log import PageLog
from tests.browser.pages import Lab, sign_in
from tests.hub_deployment import HubDeployment

FORBIDDEN = "navigator.locks.request = () => Promise.reject(new DOMException('not here', 'SecurityError'))"


def test_the_page_shows_the_labs_limits_and_new_kernels(deployment: HubDeployment, page: Page) -> None:
    """The meter counts against the lab's own memory and CPU; a kernel that `make kernels` builds is offered in the
    open page within seconds, and one whose file went is not offered any more; no news is asked for."""
    sign_in(page, deployment, "admin", deployment.password)
    meter = page.locator("#jp-top-bar")
    expect(meter).to_contain_text("/ 1024 MB")
    expect(meter).to_contain_text("CPU:")
    expect(page.get_by_text("official Jupyter news")).to_have_count(0)

    page.get_by_role("menuitem", name="File").click()
    page.get_by_text("New Launcher", exact=True).click()
    card = page.locator(".jp-LauncherCard[data-category='Notebook'][title^='Late kernel']")
    expect(card).to_have_count(0)
    kernels = deployment.directory / "site/kernels"
    kernels.mkdir(parents=True, exist_ok=True)
    late = kernels / "late.txt"
    late.write_text("# display name: Late kernel\n")
    try:
        deployment.make("kernels")
        expect(card.last).to_be_visible()  # of the launcher just opened
    finally:
        late.unlink()
        deployment.make("kernels")
    expect(card).to_have_count(0)


def test_nobody_waits_for_a_workspace_to_be_saved(
    deployment: HubDeployment, page: Page, add_account: Callable[[str], str]
) -> None:
    """Files and launcher are there although the workspace is never saved, which JupyterLab itself waits for; the first
    notebook's kernel is the one that got ready meanwhile. An address of a file opens that file and no launcher."""
    page.route("**/lab/api/workspaces/*", lambda route: route.fallback() if route.request.method == "GET" else None)
    lab = sign_in(page, deployment, "iris", add_account("iris"))
    expect(page.locator(".jp-Launcher:visible")).to_have_count(1)
    expect(page.locator("#filebrowser")).not_to_have_class("jp-mod-restoring")
    lab.new_notebook()
    assert "kernel_in_waiting" in lab.run("print(open('/proc/self/cmdline').read())")
    assert lab.run("import os; print(os.environ['JPY_SESSION_NAME'])").endswith("/Untitled.ipynb")

    page.unroute_all()
    page.goto(f"{deployment.url}user/iris/lab/tree/Untitled.ipynb")
    lab.wait_until_idle()
    expect(page.locator(".jp-Launcher")).to_have_count(0)


ALONE = re.compile(r"/(main|remoteEntry|homeroom-first-page)\.|/homeroom-(lab|apps)/")
MOST_SCRIPTS_LEFT = 5
"""Some come or not as the page is quicker or slower. Without the one file there are over seventy."""
PATIENT = """
const later = window.setTimeout;
window.setTimeout = (call, wait, ...given) => later(call, wait >= 200 && wait < 500 ? 20000 : wait, ...given);
"""
"""JupyterLab waits 200 to 500 ms, by chance, for another page to say that it has a workspace: too short where all CPUs
are busy."""
LATE_LOCKS = """
const request = navigator.locks.request.bind(navigator.locks);
navigator.locks.request = (name, options, hold) => request(name, { ...options, signal: undefined }, async (lock) => {
    await new Promise((done) => setTimeout(done, 1500));
    options.signal?.throwIfAborted();
    return hold(lock);
});
"""


def test_the_first_page_is_loaded_once_and_its_scripts_as_one(
    deployment: HubDeployment, page: Page, add_account: Callable[[str], str]
) -> None:
    """From sign-in to the first output hardly a script is fetched by itself, but for those with which JupyterLab and
    each extension begin; all that the list names is in the image, and nothing of it is asked for. A workspace that
    nobody has is the page's own, however late the browser says so: it would load all again for another."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.add_init_script(LATE_LOCKS)
    lab = sign_in(page, deployment, "ottilie", add_account("ottilie")).new_notebook()
    assert lab.run("print(6 * 7)") == "42"
    assert len([url for url in asked if "/static/lab/main." in url]) == 1
    assert "/workspaces/" not in page.url

    paths = {url.partition("?")[0].partition("/user/ottilie/")[2] for url in asked}
    scripts = {path for path in paths if path.endswith(".js")}
    assert any("/homeroom-first-page." in path for path in scripts)
    alone = {path.rsplit(".", 2)[0] for path in scripts if not ALONE.search(path)}
    assert len(alone) <= MOST_SCRIPTS_LEFT, f"jupyterlab/homeroom_lab/first_page.txt: add {sorted(alone)}"

    listed = first_page.NAMES.read_text(encoding="utf-8").split()
    assert not alone.intersection(listed)
    look = f"from homeroom_lab import compressed, first_page as f; print(len(f.found({listed}, compressed.places())))"
    done = deployment.lab("ottilie").exec_run(["/opt/jupyter/bin/python", "-P", "-c", look])
    assert int(done.output) == len(listed), "jupyterlab/homeroom_lab/first_page.txt: some are not in the image"


def test_two_pages_do_not_share_a_workspace(
    deployment: HubDeployment, page: Page, add_account: Callable[[str], str]
) -> None:
    """A second page of the same lab takes a workspace of its own, whether the browser has locks or not, or does not let
    this page have one; a page that is loaded again keeps its own."""
    lab = sign_in(page, deployment, "wanda", add_account("wanda"))
    assert page.evaluate("async () => (await navigator.locks.query()).held.map((lock) => lock.name)") == [
        f"homeroom-lab:{deployment.base_url}user/wanda/:default"
    ]
    page.reload()
    lab.wait()
    assert "/workspaces/" not in page.url

    for without in ("", "delete Navigator.prototype.locks", FORBIDDEN):
        first, second = page.context.new_page(), page.context.new_page()
        page.close() if not page.is_closed() else None
        second.add_init_script(PATIENT if without else "")
        for one in (first, second):
            one.add_init_script(without)
            one.goto(f"{deployment.url}user/wanda/lab")
            Lab(one, deployment, "wanda").wait()
        assert first.url.endswith("/user/wanda/lab")
        second.wait_for_url("**/user/wanda/lab/workspaces/auto-*")
        first.close()
        second.close()


def test_a_cell_that_is_too_large_is_answered(
    deployment: HubDeployment, page: Page, page_log: PageLog, add_account: Callable[[str], str]
) -> None:
    """A cell of more than upstream's 10 MB runs; one that is too large for this lab is answered with the reason, and
    neither cuts the connection."""
    lab = sign_in(page, deployment, "lotte", add_account("lotte")).new_notebook()
    code = lab.notebook.locator(".jp-CodeCell .cm-content")
    for megabytes, answer in ((12, "12000000"), (40, "larger than the 34 MB that a kernel takes at once")):
        code.last.click()
        code.last.evaluate(
            """(content, size) => {
                const { view } = content.cmView || content.cmTile;
                view.dispatch({ changes: { from: 0, insert: `print(len("${"a".repeat(size * 1e6)}"))` } });
            }""",
            megabytes,
        )
        page.keyboard.press("Shift+Enter")
        expect(lab.notebook.locator(".jp-OutputArea-output").last).to_contain_text(answer)
        lab.wait_until_idle()
    assert lab.run("print(6 * 7)") == "42"
    assert not [address for address in page_log.closed if "/api/kernels/" in address]


FIGURE = (
    "from IPython.display import display\n"
    "display({'application/vnd.plotly.v1+json': {'data': [{'y': [1, 3, 2]}], 'layout': {}}}, raw=True)"
)


def test_plotly_comes_with_the_first_figure(
    deployment: HubDeployment, page: Page, add_account: Callable[[str], str]
) -> None:
    """The page says a word until it is there, also in the dark; plotly's scripts come with the first figure, which is
    drawn, and not before."""
    sign_in(page, deployment, "ruth", add_account("ruth"))
    # The page's program never comes, so what the word is shown beside does not end: not even the page is complete.
    page.route("**/static/lab/main.*.js*", lambda route: None)
    page.reload(wait_until="commit")
    splash = page.locator("#homeroom-loading")
    expect(splash).to_have_text("Opening your lab…")
    light = splash.evaluate("node => getComputedStyle(node).color")
    page.emulate_media(color_scheme="dark")
    assert splash.evaluate("node => getComputedStyle(node).color") != light

    page.unroute_all()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    lab = Lab(page, deployment, "ruth").wait()
    expect(splash).to_have_count(0)
    lab.new_notebook()
    assert not [url for url in asked if "/jupyterlab-plotly/static/" in url and "remoteEntry" not in url]
    lab.run(FIGURE)
    expect(lab.notebook.locator(".jp-OutputArea-output .plot-container svg").first).to_be_visible()
    assert [url for url in asked if "/jupyterlab-plotly/static/" in url and "remoteEntry" not in url]


WRITES = (
    "import os, time\n"
    "for number in range(3):\n"
    "    print('wrote', number, flush=True)\n"
    "    while not os.path.exists(f'go{number}'): time.sleep(0.1)"
)


def test_a_reload_loses_no_output(deployment: HubDeployment, page: Page, add_account: Callable[[str], str]) -> None:
    """A cell that runs on through a reload shows what it wrote before, meanwhile and afterwards, and its number once it
    ends; so do cells that waited behind it and ended while no page was there, errors too. What is shown is saved like
    any output, and a cell that is run again shows the new run alone."""
    lab = sign_in(page, deployment, "otto", add_account("otto")).new_notebook()
    lab.save_as("long.ipynb")
    for code in (WRITES, "print('after')\n1 / 0"):
        lab.begin(code)
    count, after = (lab.notebook.locator(".jp-CodeCell").filter(has_text=text) for text in ("range(3)", "after"))
    output = count.locator(".jp-OutputArea-output")
    expect(output).to_have_text("wrote 0\n")
    lab.save("long.ipynb")
    address = f"{deployment.url}user/otto/lab/tree/long.ipynb"

    def go(number: int) -> None:
        assert deployment.lab("otto").exec_run(["touch", f"/home/jovyan/go{number}"]).exit_code == 0

    page.goto(address)  # a reload, for which JupyterLab may not yet have remembered what was open
    lab.wait()
    expect(output).to_have_text("wrote 0\n")
    go(0)
    expect(output).to_have_text("wrote 0\nwrote 1\n")
    expect(count.locator(".jp-InputPrompt")).to_have_text("[*]:")
    page.goto("about:blank")
    go(1)
    go(2)
    page.goto(address)
    lab.wait_until_idle()
    expect(output).to_have_text("wrote 0\nwrote 1\nwrote 2\n")
    expect(count.locator(".jp-InputPrompt")).to_have_text("[1]:")
    expect(after.locator(".jp-InputPrompt")).to_have_text("[2]:")
    expect(after.locator(".jp-OutputArea-output").first).to_have_text("after\n")
    expect(after.locator(".jp-OutputArea-output").last).to_contain_text("ZeroDivisionError")

    after.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text("print('again after')")
    page.keyboard.press("Control+Enter")
    expect(after.locator(".jp-OutputArea-output")).to_have_text("again after\n")
    expect(after.locator(".jp-InputPrompt")).to_have_text("[3]:")
    lab.save("long.ipynb")
    page.goto(address)
    lab.wait_until_idle()
    expect(output).to_have_text("wrote 0\nwrote 1\nwrote 2\n")
    expect(after.locator(".jp-OutputArea-output")).to_have_text("again after\n")
