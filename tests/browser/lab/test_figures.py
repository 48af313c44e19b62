"""What the default set of packages draws in the page."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.browser.pages import Lab, sign_in
from tests.hub_deployment import HubDeployment

FRAME = "import pandas\nframe = pandas.DataFrame({'x': [1, 2, 3], 'y': [2, 4, 6]})\n"


def output_of(lab: Lab, code: str) -> Locator:
    """Run code in the last cell; what it shows."""
    cells = lab.notebook.locator(".jp-CodeCell")
    cell = cells.nth(cells.count() - 1)
    lab.run(code)
    return cell.locator(".jp-OutputArea-output").last


def test_figures_tables_and_widgets_are_drawn(
    deployment: HubDeployment, page: Page, add_account: Callable[[str], str]
) -> None:
    """plotly, matplotlib (still and interactive), styled tables and widgets show in the page what they should."""
    lab = sign_in(page, deployment, "florence", add_account("florence")).new_notebook()
    plot = output_of(
        lab, f"{FRAME}import plotly.express\nplotly.express.line(frame, x='x', y='y', title='Grown').show()"
    )
    expect(plot.locator(".js-plotly-plot .gtitle")).to_have_text("Grown")
    still = output_of(lab, "import matplotlib.pyplot as plt\nplt.plot([1, 2], [3, 4]); plt.title('数学'); plt.show()")
    expect(still.locator("img[src^='data:image/png']")).to_be_visible()
    styled = output_of(lab, "frame.style.format('{:.1f}').highlight_max(color='rgb(255, 200, 0)')")
    expect(styled.locator("td", has_text="6.0")).to_have_css("background-color", "rgb(255, 200, 0)")
    slider = output_of(lab, "import ipywidgets\nipywidgets.IntSlider(value=7, description='Beats')")
    expect(slider.locator(".widget-readout")).to_have_text("7")
    moving = output_of(lab, "%matplotlib widget\nplt.close('all'); plt.figure(); plt.plot([1, 2]); plt.show()")
    expect(moving.locator(".jupyter-matplotlib-canvas-container canvas").first).to_be_visible()
