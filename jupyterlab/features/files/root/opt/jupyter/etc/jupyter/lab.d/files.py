"""The contents manager that can hold other file systems beside the home."""

c = get_config()  # noqa: F821 - given by the loader

c.ServerApp.contents_manager_class = "homeroom_lab.drives.HomeAndDrives"
c.JupyterFs.root_manager_class = "homeroom_lab.contents.LabContents"
