"""What every lab's server is told. It is read from the image; the person's own ~/.jupyter is not read by the server."""

c = get_config()  # noqa: F821 - given by the loader

# Closing a tab leaves the kernel; idle kernels go with the lab, which the hub stops.
c.ServerApp.terminado_settings = {"shell_command": ["/bin/bash"]}
# No news from elsewhere on every start: it costs a request that a closed network lets hang.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
# Files deleted in the page go for good: a trash folder would fill the home unseen.
c.FileContentsManager.delete_to_trash = False
# Tells the page how full the home is.
c.ServerApp.jpserver_extensions = {"homeroom_lab": True}
