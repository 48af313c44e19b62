// What Homeroom adds to JupyterLab's page, written by hand as the module that a build would make of it: there is
// nothing to build. https://jupyterlab.readthedocs.io/en/stable/extension/extension_dev.html#prebuilt-extensions
(() => {
  const LOOK_EVERY_MS = 10_000;

  const kernels = {
    id: "homeroom-lab:kernels",
    description: "Shows kernels that `make kernels` builds or removes, in a page that is open already.",
    autoStart: true,
    activate: (app) => {
      // JupyterLab itself looks once a minute. A page in the background does not look.
      setInterval(() => {
        if (!document.hidden) app.serviceManager.kernelspecs.refreshSpecs().catch(() => {});
      }, LOOK_EVERY_MS);
    },
  };

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["homeroom-lab"] = {
    init: async () => {},
    get: async () => () => ({ __esModule: true, default: [kernels] }),
  };
})();
