"""The page's exports are made as those of `jupyter nbconvert` are."""

load_subconfig("/opt/jupyter/etc/jupyter/jupyter_nbconvert_config.py")  # noqa: F821 - given by the loader
