"""Running a notebook with any other kernel than the image's Python, by nbclient: `python -m ... '<order>'`, in the
server's Python. What each cell brought is written as a line of JSON to the file that the order names."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

MOST_OF_CELL_BYTES = 4 << 20
MOST_OUTPUTS = 1000


class Client(NotebookClient):
    """Keeps no more of a cell than it may write."""

    left_out = False
    _bytes = 0

    def output(self, outs: list[Any], msg: dict[str, Any], display_id: str | None, cell_index: int) -> Any:
        """Take an output, unless it is too much."""
        self._bytes = self._bytes + len(json.dumps(msg["content"])) if outs else 0
        if (self._bytes > MOST_OF_CELL_BYTES or len(outs) >= MOST_OUTPUTS) and msg["msg_type"] != "error":
            self.left_out = True
            return None
        return super().output(outs, msg, display_id, cell_index)


def main(order: dict[str, Any]) -> int:
    """Run the notebook that an order names."""
    out = os.fdopen(order["to"], "w", encoding="utf-8")

    def tell(**line: Any) -> None:
        out.write(json.dumps(line) + "\n")
        out.flush()

    def executed(cell: Any, cell_index: int, execute_reply: dict[str, Any]) -> None:
        content = execute_reply["content"]
        names = [each.ename for each in cell.outputs if each.output_type == "error"]
        if content["status"] == "error" and content["ename"] not in names:
            told = content["traceback"] or ["ERROR: An error occurred while showtraceback was disabled"]
            error = {"ename": content["ename"], "evalue": content["evalue"], "traceback": told}
            cell.outputs.append(nbformat.v4.new_output("error", **error))
        tell(cell=cell_index, outputs=cell.outputs, execution_count=cell.execution_count)

    notebook = nbformat.read(order["name"], as_version=4)
    limit = order.get("timeout_seconds")
    client = Client(
        notebook,
        timeout=limit if limit and limit > 0 else None,
        interrupt_on_timeout=order.get("interrupt", True),
        iopub_timeout=order.get("idle_seconds", 4),
        raise_on_iopub_timeout=True,
        error_on_timeout=order.get("error_on_timeout"),
        allow_errors=True,
        kernel_name=notebook.metadata.get("kernelspec", {}).get("name", "python3"),
        kernel_manager_class=AsyncKernelManager,
        on_cell_executed=executed,
    )
    try:
        client.execute()
        tell(trouble={"why": "output"} if client.left_out else None, ended=True)
    except NoSuchKernel:
        tell(trouble={"why": "kernel"})
    except DeadKernelError:
        tell(trouble={"why": "died"})
    except (CellExecutionError, CellTimeoutError):
        tell(trouble={"why": "unresponsive"})
    return 0


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
