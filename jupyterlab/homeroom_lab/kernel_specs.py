"""The kernels that a lab offers: those of the image and of `site/kernels/` as upstream has them, and the home's."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel

from homeroom_lab.home_kernels import HomeKernel, find

NO_RESOURCES = "/opt/jupyter/share/homeroom/no-resources"
"""Where the page would look for the pictures and scripts of a home's kernel: it is not there."""


def _own(kernel: HomeKernel) -> KernelSpec:
    return KernelSpec(resource_dir=NO_RESOURCES, **kernel.spec())


class HomeKernelSpecManager(KernelSpecManager):
    """Adds the home's kernels, of which it reads what `home_kernels` takes. A name that the image has is the image's:
    nothing in a home takes the place of the usual kernel."""

    def _kernel_dirs_default(self) -> list[str]:
        home = f"{Path.home()}/"
        dirs: list[str] = super()._kernel_dirs_default()
        return [path for path in dirs if not path.startswith(home)]

    def find_kernel_specs(self) -> dict[str, str]:
        """Names, with the folders of what belongs to each."""
        shared: dict[str, str] = super().find_kernel_specs()
        return dict.fromkeys(find(Path.home()), NO_RESOURCES) | shared

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """The kernel of a name.

        :raises NoSuchKernel: neither image nor home has one.
        """
        try:
            return super().get_kernel_spec(kernel_name)
        except NoSuchKernel:
            own = find(Path.home()).get(kernel_name.lower())
            if own is None:
                raise
            return _own(own)

    def get_all_specs(self) -> dict[str, Any]:
        """All kernels, as upstream's; the home is read once for all of them."""
        found: dict[str, Any] = {}
        for name, folder in super().find_kernel_specs().items():
            with contextlib.suppress(NoSuchKernel, OSError, ValueError):
                found[name] = {"resource_dir": folder, "spec": super().get_kernel_spec(name).to_dict()}
        for name, kernel in find(Path.home()).items():
            found.setdefault(name, {"resource_dir": NO_RESOURCES, "spec": _own(kernel).to_dict()})
        return found
