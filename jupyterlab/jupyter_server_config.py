"""What every lab's server is told. It is read from the image; the person's own ~/.jupyter is not read by the server."""

from pathlib import Path

from homeroom_lab import compressed, message_limit, search_path
from homeroom_lab.file_sizes import largest_request_bytes
from homeroom_lab.memory import FIRST_TO_GO
from homeroom_lab.splash import TEMPLATES

c = get_config()  # noqa: F821 - given by the loader

# Closing a tab leaves the kernel; idle kernels go with the lab, which the hub stops.
_path = f"PATH={search_path.persons()}"  # the server's own keeps to the image
c.ServerApp.terminado_settings = {"shell_command": [*FIRST_TO_GO, "/usr/bin/env", _path, "/bin/bash"]}
# No news from elsewhere on every start: it costs a request that a closed network lets hang.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
# Extensions come with the image, which nobody changes from inside a lab: the page lists them, and offers no others.
c.LabApp.extension_manager = "readonly"
# The page that shows something before its scripts are there: homeroom_lab/splash.py.
if TEMPLATES.is_dir():
    c.LabApp.templates_dir = str(TEMPLATES)
# What is deleted in the page goes for good, folders with all that is in them: a trash would fill the home unseen.
c.FileContentsManager.delete_to_trash = False
c.FileContentsManager.always_delete_dir = True
# View > Show Hidden Files shows them; the page hides them until then.
c.ContentsManager.allow_hidden = True
# What passes through the server's memory fits into it: homeroom_lab/file_sizes.py.
c.ServerApp.contents_manager_class = "homeroom_lab.contents.LabContents"
c.ServerApp.max_body_size = largest_request_bytes()
c.ServerApp.max_buffer_size = max(largest_request_bytes(), message_limit.most_bytes())
# What kernels send while no page is connected is kept, and not without end: homeroom_lab/missed.py, runs.py.
c.ServerApp.kernel_manager_class = "homeroom_lab.kernels.LabKernels"
# When memory runs out, kernels and terminals go first, and the person is told: homeroom_lab/memory.py.
c.AsyncMappingKernelManager.kernel_manager_class = "homeroom_lab.kernels.FrugalKernelManager"
# Kernels of the home are offered beside the image's, and only read: homeroom_lab/home_kernels.py.
c.ServerApp.kernel_spec_manager_class = "homeroom_lab.kernel_specs.HomeKernelSpecManager"
c.ServerApp.kernel_websocket_connection_class = "homeroom_lab.kernels.TellingConnection"
# What draws in the page: the image's first, so that an old one in a home takes no newer one's place.
c.LabApp.labextensions_path = compressed.extension_paths()
# The meter of memory and CPU in the page: against this lab's limits, which the hub gives it in MEM_LIMIT and CPU_LIMIT.
c.ResourceUseDisplay.track_cpu_percent = True
c.ResourceUseDisplay.cpu_warning_threshold = 0  # it would compare percent with a number of CPUs, and always warn
# What Prometheus would be told costs a look at every process each second, and nobody may ask for it here.
c.ResourceUseDisplay.enable_prometheus_metrics = False
# What the image's features (jupyterlab/features/*/root) and images made from this one add.
for _path in sorted(Path("/opt/jupyter/etc/jupyter/lab.d").glob("*.py")):
    load_subconfig(str(_path))  # noqa: F821 - given by the loader
