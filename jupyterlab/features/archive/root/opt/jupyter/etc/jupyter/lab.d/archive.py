"""Folders as one file: little of it is in memory at once, however slowly it is taken."""

c = get_config()  # noqa: F821 - given by the loader

c.JupyterArchive.stream_max_buffer_size = 8 * 2**20  # bytes
c.JupyterArchive.handler_max_buffer_length = 512  # pieces of a few KB
c.JupyterArchive.archive_download_flush_delay = 25  # milliseconds
