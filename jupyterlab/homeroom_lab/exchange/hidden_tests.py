"""Feedback without hidden tests."""

from __future__ import annotations

from typing import Any

from nbgrader.preprocessors import ClearHiddenTests


class ClearHiddenTestsAndTraces(ClearHiddenTests):
    """Removes them, and what a failed one shows of its source: of its error the last line stays, which its author wrote
    for whoever reads it."""

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> tuple[Any, Any]:
        """Do so in one cell."""
        hidden = self.begin_test_delimeter in cell.source
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        for output in cell.get("outputs", ()) if hidden else ():
            if output.output_type == "error":
                output.traceback = [f"{output.ename}: {output.evalue}".rstrip(": ")]
        return cell, resources
