"""What a lab computes with: the image and its features, own packages, kernels for everyone, images of one's own."""

from __future__ import annotations

import json
import shutil
import time
import zipfile
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path

import pytest
import requests

from tests.faults import until_logged
from tests.hub_deployment import ROOT, HubDeployment, engine
from tests.inspecting_proxy import InspectingProxy
from tests.person import Kernel, Person

STACKS_LIKE = ROOT / "tests/images/stacks-like"
SECONDS = 20


@pytest.fixture
def site_kernels(workshop: HubDeployment) -> Iterator[Path]:
    """The deployment's `site/kernels/`, emptied again afterwards."""
    folder = workshop.directory / "site/kernels"
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    shutil.rmtree(folder)
    workshop.make("kernels")


def kernels_of(person: Person) -> dict[str, str]:
    """The kernels that a running lab offers: name and display name."""
    specs = person.lab_api("GET", "kernelspecs").json()["kernelspecs"]
    return {name: spec["spec"]["display_name"] for name, spec in specs.items()}


def run_in(person: Person, kernel: str, code: str) -> str:
    """What a piece of code prints in a kernel of that name."""
    answer = person.lab_api("POST", "kernels", json={"name": kernel})
    assert answer.status_code == 201, answer.text
    with Kernel(person, answer.json()["id"]) as running:
        return running.run(code)


PROGRAMS = """
import os, subprocess, sys
told = "import os, sys; print(os.path.realpath(sys.executable), sys.prefix)"
for name in ("python", "python3"):
    said = subprocess.run([name, "-c", told], capture_output=True, text=True).stdout.split()
    print(name, said == [os.path.realpath(sys.executable), sys.prefix])
own = [path for path in sys.path if path.endswith("-packages")]
for command in (["pip"], ["pip3"], [sys.executable, "-m", "pip"]):
    said = subprocess.run([*command, "--version"], capture_output=True, text=True).stdout
    print(command[-1], said.split(" from ")[1].rpartition("/pip ")[0] in own)
for name in ("jupyter", "ipython"):
    said = subprocess.run(["bash", "-c", f"head -1 $(command -v {name})"], capture_output=True, text=True).stdout
    print(name, os.path.realpath(said.strip().removeprefix("#!")) == os.path.realpath(sys.executable))
"""
ALL_ITS_OWN = "".join(f"{name} True\n" for name in ("python", "python3", "pip", "pip3", "pip", "jupyter", "ipython"))


def test_what_a_person_installs_is_there_at_once_and_tomorrow(workshop: HubDeployment, teacher: Person) -> None:
    """`pip install` lands in the home, with its programs on the path, and outlives the lab. The first one in a fresh
    home can be imported by the kernel that runs already, also by one that was the prestarted kernel."""
    install = (
        "import subprocess\n"
        "done = subprocess.run(['pip', 'install', '-q', 'cowsay==6.1'], capture_output=True, text=True)\n"
        "print(done.returncode, done.stderr)"
    )
    look = (
        "import cowsay, shutil, subprocess\n"
        "print(cowsay.__file__.startswith('/home/jovyan/.local/'), shutil.which('cowsay'))\n"
        "print(subprocess.run(['cowsay', '-t', 'kept'], capture_output=True, text=True).stdout.count('kept'))"
    )
    there = "True /home/jovyan/.local/bin/cowsay\n1\n"
    for page_is_open in (False, True):
        teacher.stop_lab()
        teacher.start_lab()
        workshop.lab("admin").exec_run(["rm", "-rf", "/home/jovyan/.local/lib", "/home/jovyan/.local/bin"])
        if page_is_open:
            teacher.open_page()
        with teacher.kernel() as kernel:
            installed = kernel.run(install)
            assert installed.startswith("0 "), installed
            assert kernel.run(look) == there
    teacher.stop_lab()
    teacher.start_lab()
    assert teacher.run(look) == there


def test_python_and_pip_are_the_kernels(teacher: Person) -> None:
    """What cells and terminals call `python`, `pip`, `jupyter` and `ipython` is the Python that the kernel is."""
    assert teacher.run(PROGRAMS) == ALL_ITS_OWN


def test_environments_of_a_home_are_kernels(workshop: HubDeployment, teacher: Person) -> None:
    """A venv, and what is registered in the home, is offered in a running lab; `python` and `pip` in its cells are its
    own. Nothing of a home takes the place of the usual kernel, or keeps the others from being offered."""
    lab = workshop.lab("admin")
    make = """
python3 -m venv --system-site-packages ~/thesis
mkdir -p ~/.local/share/jupyter/kernels/{python3,mine,pipe,loop}
cd ~/.local/share/jupyter/kernels
ln -s loop loop/kernel.json
mkfifo pipe/kernel.json
echo '{"argv": ["/bin/false"], "display_name": "Taken over", "language": "python"}' > python3/kernel.json
echo '{"argv": ["python3", "-m", "ipykernel_launcher", "-f", "{connection_file}"], "display_name": "Mine",
       "language": "python", "metadata": {"kernel_provisioner": {"provisioner_name": "nobodys"}}}' > mine/kernel.json
"""
    try:
        assert lab.exec_run(["bash", "-c", make]).exit_code == 0
        assert kernels_of(teacher) == {"python3": "Python 3", "mine": "Mine", "home-thesis": "Python (thesis)"}
        look = "import os, sys; print(sys.prefix, os.environ.get('VIRTUAL_ENV'))\n"
        assert run_in(teacher, "mine", look) == "/usr None\n"
        assert run_in(teacher, "home-thesis", look) == "/home/jovyan/thesis /home/jovyan/thesis\n"
        own = PROGRAMS.replace('("jupyter", "ipython")', "()")  # those it shares with the usual kernel
        assert run_in(teacher, "home-thesis", own) == "".join(ALL_ITS_OWN.splitlines(keepends=True)[:5])
    finally:
        lab.exec_run(["rm", "-rf", "/home/jovyan/thesis", "/home/jovyan/.local/share/jupyter/kernels"])


def test_a_kernel_that_does_not_start_says_why(workshop: HubDeployment, teacher: Person) -> None:
    """An old package in the home that keeps kernels from starting is named to all pages, with the end of what the
    kernel said; the lab goes on, and without the package the next kernel starts."""
    lab = workshop.lab("admin")
    package = "/home/jovyan/.local/lib/python3.13/site-packages/tornado"
    broken = f"mkdir -p {package} && echo 'raise ImportError(\"an old one\")' > {package}/__init__.py"
    assert lab.exec_run(["sh", "-c", broken]).exit_code == 0
    try:
        with teacher.websocket("events/subscribe") as events:
            assert teacher.lab_api("POST", "kernels", json={"name": "python3"}).status_code == 201
            while True:
                told = json.loads(events.recv(timeout=90))
                if "kernel_ended" in told["schema_id"]:
                    break
        assert "The kernel Python 3 ended before it was ready." in told["message"]
        assert "the package tornado in your home" in told["message"]
        assert told["output"].endswith("ImportError: an old one")
        assert told["reset"]
    finally:
        lab.exec_run(["rm", "-rf", package])
        teacher.stop_lab()  # what the kernel said is in its log
        teacher.start_lab()
    assert teacher.run("print(6 * 7)") == "42\n"


def test_the_meter_knows_the_labs_limits(teacher: Person) -> None:
    """What the page shows of memory and CPU is measured against this lab's limits, not the machine's."""
    measured = teacher.lab_api("GET", "metrics/v1").json()
    assert measured["limits"]["memory"]["rss"] == 2**30
    assert measured["limits"]["cpu"]["cpu"] == 1.0
    assert 0 < measured["pss"] < 2**30


SCIENCE = """
import io, warnings
import matplotlib; matplotlib.use("agg")
import pandas, scipy.optimize, seaborn, plotly.express, ipympl
warnings.simplefilter("error", UserWarning)  # a letter that no typeface has
frame = pandas.DataFrame({"x": [1, 2, 3], "y": [2, 4, 6], "word": ["a", "b", "ü"]})
axes = seaborn.scatterplot(frame, x="x", y="y")
axes.set_title("你好 日本語 한국어 äöü")
axes.figure.savefig(drawn := io.BytesIO())
print(round(scipy.optimize.brentq(lambda x: x * x - 4, 0, 5)), drawn.getvalue()[1:4])
for kind, ending in {"excel": "xlsx", "parquet": "parquet", "json": "json", "csv": "csv"}.items():
    options = {"index": False} if kind in ("excel", "csv") else {}
    getattr(frame, f"to_{kind}")(file := f"/tmp/table.{ending}", **options)
    print(kind, getattr(pandas, f"read_{kind}")(file).to_dict() == frame.to_dict())
print(pandas.read_html(io.StringIO(frame.to_html(index=False)))[0].equals(frame), "|" in frame.to_markdown())
print("color" in frame.style.highlight_max(subset=["y"]).to_html())
plotly.express.line(frame, x="x", y="y").show()
"""


def test_the_default_features_work(workshop: HubDeployment, teacher: Person) -> None:
    """The science packages compute, draw, read and write tables, the Git panel makes a repository where
    Git knows nobody yet, and nothing complains in the lab's log."""
    earlier = len(workshop.lab("admin").logs())
    expected = "2 b'PNG'\nexcel True\nparquet True\njson True\ncsv True\nTrue True\nTrue\n"
    assert teacher.run(SCIENCE) == expected
    lab = workshop.lab("admin")
    assert lab.exec_run(["mkdir", "-p", "/home/jovyan/repository"]).exit_code == 0
    for verb in ("init", "status"):
        answer = teacher.ask_lab("POST", f"git/repository/{verb}")
        assert answer.status_code == 200, answer.text
        assert json.loads(answer.text)["code"] == 0
    assert b"First commit" in lab.exec_run(["git", "-C", "/home/jovyan/repository", "log", "--format=%s"]).output
    log = workshop.lab("admin").logs()[earlier:].decode()
    assert [line for line in log.splitlines() if line.startswith(("[E", "[C")) or "Traceback" in line] == []


HEAVY = {
    "aiohttp",
    "alembic",
    "arrow",
    "httpx",
    "jupyterhub.handlers",
    "jupyterhub.orm",
    "lark",
    "requests",
    "sqlalchemy",
}


def test_a_lab_loads_nothing_of_the_hubs(workshop: HubDeployment, teacher: Person) -> None:
    """A lab's start leaves out what only a hub or a build needs, also after an upgrade: it is most of its time. What
    the page needs is loaded by the page's first request."""
    lab = workshop.lab("admin")
    look = (
        f"import sys; from homeroom_lab.start import import_lean; import_lean(); print(sys.modules.keys() & {HEAVY})\n"
        "import sqlalchemy.orm, jupyterhub.orm, jupyterhub.scopes\n"
        "print(jupyterhub.scopes.orm.User is jupyterhub.orm.User, jupyterhub.scopes.sa.inspect is sqlalchemy.inspect)"
    )
    done = lab.exec_run(["/opt/jupyter/bin/python", "-P", "-c", look])
    assert done.output.decode() == "set()\nTrue True\n"
    assert teacher.lab_api("GET", "status").status_code == 200
    for path in ("lsp/status", "nbdime/api/isgit"):
        assert teacher.get(f"user/admin/{path}").status_code in (200, 405), path
    loaded = (f"{extension} | extension was successfully loaded" for extension in ("jupyter_lsp", "nbdime"))
    until_logged(lab.logs, *loaded)
    log = lab.logs().decode()
    assert "homeroom_lab/lazy_extensions.py" not in log
    assert "starting as jupyterhub-singleuser does" not in log


CONFIGURED = """
from importlib import import_module
from traitlets.config import Configurable
from traitlets.config.loader import PyFileConfigLoader
def known(cls):
    return {cls.__name__: cls}.items() | {each for one in cls.__subclasses__() for each in known(one)}
extensions = ("jupyterlab.labapp", "jupyter_resource_usage.config", "jupyter_archive")
for module in ("jupyterhub.singleuser.extension", *extensions):
    import_module(module)
classes = dict(known(Configurable))
config = PyFileConfigLoader("jupyter_server_config.py", "/opt/jupyter/etc/jupyter").load_config()
print(len(config) > 0, [
    f"{name}.{trait}" for name, section in config.items() for trait in section
    if name not in classes or trait not in classes[name].class_traits(config=True)
])
"""


def test_the_server_knows_all_that_the_image_tells_it(workshop: HubDeployment, teacher: Person) -> None:
    """Every option that the image sets is one of the server's own: a renamed one would be passed over."""
    done = workshop.lab("admin").exec_run(["/opt/jupyter/bin/python", "-P", "-c", CONFIGURED])
    assert done.output.decode() == "True []\n"


def test_the_formats_for_export_are_those_of_nbconvert(workshop: HubDeployment, teacher: Person) -> None:
    """The page is told at once what notebooks can be exported to: what nbconvert would say, and says again once
    packages were installed; but nothing that the image has no program for, and whatever it offers can be made."""
    look = (
        "import json; from homeroom_lab.export_formats import ask, kept, possible\n"
        "print(json.dumps(possible(ask()))); print(kept() == ask())"
    )
    lab = workshop.lab("admin")
    said, is_kept = lab.exec_run(["/opt/jupyter/bin/python", "-P", "-c", look]).output.decode().splitlines()
    assert is_kept == "True"
    assert teacher.lab_api("GET", "nbconvert").json() == json.loads(said)
    assert lab.exec_run(["touch", "/opt/jupyter/lib/python3.13/site-packages"], user="0").exit_code == 0
    assert teacher.lab_api("GET", "nbconvert").json() == json.loads(said)
    assert requests.get(f"{workshop.url}user/admin/api/nbconvert", timeout=30).status_code == 403
    assert json.loads(said).keys() >= {"html", "markdown", "script", "slides"}
    assert json.loads(said).keys().isdisjoint({"pdf", "latex", "webpdf"})
    cell: dict[str, object] = {
        "cell_type": "code",
        "source": "1",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    teacher.lab_api("PUT", "contents/exported.ipynb", json={"type": "notebook", "content": notebook})
    for name in json.loads(said).keys() - {"custom"}:
        assert teacher.get(f"user/admin/nbconvert/{name}/exported.ipynb").status_code == 200, name


def test_a_lab_that_cannot_start_lean_starts_all_the_same(workshop: HubDeployment, teacher: Person) -> None:
    """Where upstream needs more than is expected, the server starts as upstream's, and says so."""
    unexpected = "import sys, aiohttp; sys.argv[1:] = ['--ServerApp.sock=/tmp/plain.sock']; "
    start = f'cd /tmp && timeout 60 /opt/jupyter/bin/python -P -c "{unexpected} import homeroom_lab.__main__" 2>&1 & '
    wait = "for i in $(seq 300); do test -S /tmp/plain.sock && break; sleep 0.2; done; kill -INT $!; "
    answer = "curl -s --unix-socket /tmp/plain.sock http://lab$JUPYTERHUB_SERVICE_PREFIX'api'; "
    done = workshop.lab("admin").exec_run(["sh", "-c", start + wait.replace("kill", answer + "kill") + "wait"])
    said = done.output.decode()
    assert "starting as jupyterhub-singleuser does, which is slower: ImportError('aiohttp cannot be left out" in said
    assert '{"version":' in said


def test_kernels_for_everyone(workshop: HubDeployment, teacher: Person, site_kernels: Path) -> None:
    """A kernel appears in a running lab within seconds, read-only; a failing one is told with file, line and pip's
    reason and leaves the others; a kernel goes with its file."""
    (site_kernels / "tidy.txt").write_text("# display name: Tidy text\ncowsay==6.1\n")
    workshop.make("kernels")
    built = time.monotonic()
    while kernels_of(teacher).get("tidy") != "Tidy text":
        assert time.monotonic() < built + SECONDS
        time.sleep(0.2)
    code = "import cowsay, os, sys; print(sys.prefix.startswith('/srv/kernels/'), os.access('/srv/kernels', os.W_OK))"
    assert run_in(teacher, "tidy", code) == "True False\n"
    assert run_in(teacher, "tidy", PROGRAMS) == ALL_ITS_OWN
    widget = "import ipywidgets; print(ipywidgets.IntSlider()._view_module_version.split('.')[0])"
    assert run_in(teacher, "tidy", widget) == teacher.run(widget)  # what the page draws

    (site_kernels / "env.yml").write_text("dependencies: [cowsay]\n")
    told = workshop.verb("kernels")
    assert told.returncode == 0
    assert "site/kernels/env.yml: this file is not read" in told.stdout

    (site_kernels / "broken.txt").write_text("# nothing has this\nno-such-package-of-homeroom>=1\n")
    failed = workshop.verb("kernels")
    assert failed.returncode == 2
    assert "site/kernels/broken.txt line 2" in failed.stdout
    assert "No matching distribution found for no-such-package-of-homeroom>=1" in failed.stdout
    assert kernels_of(teacher).keys() == {"tidy", "python3"}

    (site_kernels / "broken.txt").unlink()
    (site_kernels / "tidy.txt").unlink()
    workshop.make("kernels")
    assert kernels_of(teacher).keys() == {"python3"}


def test_an_image_of_docker_stacks_conventions(workshop: HubDeployment, teacher: Person) -> None:
    """Such an image runs as it is, from `site/images/`: its user, its hooks and its command; its health check is off,
    and it listens where labs listen. The home goes on."""
    env = workshop.directory / ".env"
    before = env.read_text()
    folder = workshop.directory / "site/images/stacks"
    shutil.copytree(STACKS_LIKE, folder)
    teacher.run("open('mine.txt', 'w').write('mine')")
    try:
        env.write_text(before + "DOCKER_NOTEBOOK_IMAGE=stacks\n")
        workshop.make("up")
        teacher.stop_lab()
        teacher.start_lab()
        container = workshop.lab("admin")
        assert container.attrs["Config"]["Image"] == f"{workshop.project}-stacks:local"
        assert container.attrs["Config"]["Healthcheck"]["Test"] == ["NONE"]
        assert "Health" not in container.attrs["State"]
        look = (
            "import getpass, os, sys\n"
            "print(getpass.getuser(), os.getuid(), os.getgid(), sys.prefix, os.environ['COURSE_DATA'])\n"
            "print(open('mine.txt').read())"
        )
        assert teacher.run(look) == "jovyan 1000 100 /opt/conda /srv/course\nmine\n"
        until_logged(container.logs, "Sourcing shell script: /usr/local/bin/before-notebook.d/10-course.sh")
    finally:
        env.write_text(before)
        shutil.rmtree(folder)
        workshop.make("up")
        teacher.stop_lab()
        engine().images.remove(f"{workshop.project}-stacks:local", force=True)


PACKAGE = {
    "lesson_tool/__init__.py": "answer = 42\n",
    "lesson_tool-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: lesson-tool\nVersion: 1.0\n",
    "lesson_tool-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "lesson_tool-1.0.dist-info/RECORD": "",
}


def test_labs_have_the_networks_certificates_proxy_and_index(
    workshop: HubDeployment, teacher: Person, tmp_path: Path
) -> None:
    """Behind a proxy that inspects TLS, programs of a lab reach the world by the proxy's word and trust its
    certificates; `pip` asks the index that is named. Without the settings nothing of it is there."""
    env = workshop.directory / ".env"
    before = env.read_text()
    known = dict(line.split("=", 1) for line in before.splitlines() if "=" in line and not line.startswith("#"))
    gateway = str(next(IPv4Network(known["LAB_SUBNET"]).hosts()))
    with zipfile.ZipFile(tmp_path / "lesson_tool-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in PACKAGE.items():
            wheel.writestr(name, text)
    with InspectingProxy(tmp_path, gateway, "packages.example.edu") as proxy:
        address = f"http://{gateway}:{proxy.port}"
        opened = ",".join(filter(None, [known.get("LAB_OPEN_NETWORKS", ""), f"{gateway}:{proxy.port}"]))
        changed = {
            "LAB_CERTIFICATES": str(proxy.authority),
            "LAB_PROXY": address,
            "LAB_PIP_INDEX": "https://packages.example.edu/simple",
            "LAB_OPEN_NETWORKS": opened,
        }
        kept = [line for line in before.splitlines() if line.split("=")[0] not in changed]
        try:
            env.write_text("\n".join([*kept, *(f"{name}={value}" for name, value in changed.items()), ""]))
            workshop.make("up")
            teacher.stop_lab()
            teacher.start_lab()
            fetch = (
                "import subprocess, urllib.request\n"
                "address = 'https://packages.example.edu/simple/lesson-tool/'\n"
                "print('lesson_tool' in urllib.request.urlopen(address).read().decode())\n"
                "def run(*words): return subprocess.run(words, capture_output=True, text=True)\n"
                "print('lesson_tool' in run('curl', '-s', address).stdout)\n"
                "done = run('pip', 'install', '--no-cache-dir', '--target=/tmp/tool', 'lesson-tool')\n"
                "print(done.returncode, done.stderr)\n"
            )
            assert teacher.run(fetch).startswith("True\nTrue\n0 ")
            assert {"packages.example.edu:443"} == set(proxy.asked)
        finally:
            env.write_text(before)
            workshop.make("up")
            teacher.stop_lab()
            teacher.start_lab()
    look = "import os; print([name for name in os.environ if 'PROXY' in name.upper()], os.path.exists('/etc/pip.conf'))"
    assert "example" not in teacher.run(look)


def test_an_image_that_nobody_has_is_refused(workshop: HubDeployment) -> None:
    """`make check` and `up` name the setting, and what runs goes on."""
    env = workshop.directory / ".env"
    before = env.read_text()
    hub = workshop.container("hub").id
    try:
        env.write_text(before + "DOCKER_NOTEBOOK_IMAGE=localhost:9/nobody/has-this:1\n")
        for verb in ("check", "up"):
            done = workshop.verb(verb)
            assert done.returncode == 2, done.stdout
            assert ".env: DOCKER_NOTEBOOK_IMAGE: the image localhost:9/nobody/has-this:1 is missing" in done.stdout
    finally:
        env.write_text(before)
    assert workshop.container("hub").id == hub
    assert workshop.container("hub").status == "running"
