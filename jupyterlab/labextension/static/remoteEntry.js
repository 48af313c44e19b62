// A JupyterLab extension without a build: it is what webpack's module federation would make of twenty lines. Of
// JupyterLab it needs the notifications alone, from the modules that the page shares.
(() => {
  const CHECK_MILLISECONDS = 300000;
  let shared = {};

  async function sharedModule(name) {
    const versions = shared[name] || {};
    const newest = Object.keys(versions).pop();
    return newest ? (await versions[newest].get())() : null;
  }

  function baseUrl() {
    const data = document.getElementById("jupyter-config-data");
    return data ? JSON.parse(data.textContent).baseUrl : "/";
  }

  // The server wants it of every request that is no page, as JupyterLab's own requests have it.
  function xsrfToken() {
    const found = document.cookie.match(/\b_xsrf=([^;]*)/);
    return found ? found[1] : "";
  }

  async function watch() {
    const apputils = await sharedModule("@jupyterlab/apputils");
    if (!apputils) return;
    let id = null;
    let text = "";
    const check = async () => {
      const headers = { "X-XSRFToken": xsrfToken() };
      const answer = await fetch(baseUrl() + "homeroom/disk", { credentials: "same-origin", headers });
      if (!answer.ok) return;
      const said = (await answer.json()).message;
      if ((said ? said.text : "") === text) return;
      text = said ? said.text : "";
      if (id) apputils.Notification.dismiss(id);
      id = said ? apputils.Notification.emit(said.text, said.kind, { autoClose: false }) : null;
    };
    const quietly = () => check().catch((error) => console.debug("homeroom-disk", error));
    setInterval(quietly, CHECK_MILLISECONDS);
    await quietly();
  }

  const plugin = {
    id: "homeroom-disk:plugin",
    description: "Tells a lab's owner when their home is nearly full, full, or not kept.",
    autoStart: true,
    activate: (app) => { app.restored.then(watch); },
  };

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["homeroom-disk"] = {
    init: async (scope) => { shared = scope; },
    get: async () => () => ({ __esModule: true, default: plugin }),
  };
})();
