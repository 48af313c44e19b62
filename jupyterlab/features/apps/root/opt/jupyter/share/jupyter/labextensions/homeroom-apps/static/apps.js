// Web applications that run in the lab: a list of what listens, in the launcher, and "Run as web application" for files.
// Written by hand as the module that a build would make of it, as labextension/static/lab.js is.
(() => {
  const LOOK_EVERY_MS = 3_000;
  const LIST = "homeroom-apps:list";
  const RUN = "homeroom-apps:run";
  const EMPTY = "No web application runs in this lab. Start one in a terminal or a notebook, for instance "
    + "“homeroom-app app.py”, or right-click its file in the file browser and choose “Run as Web Application”.";
  const ICON = '<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path class="jp-icon3" fill="#616161" '
    + 'd="M4 4h16a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2zm0 5v9h16V9zm4 2 6 2.5L8 16z"/></svg>';
  let shared = {};

  async function sharedModule(name) {
    const [version] = Object.values(shared[name] || {});
    return version ? (await version.get())() : null;
  }

  function quote(path) {
    return `'${path.replaceAll("'", "'\\''")}'`;
  }

  function element(tag, text = "", attributes = {}) {
    const made = Object.assign(document.createElement(tag), attributes);
    made.textContent = text;
    return made;
  }

  // One line for each application, or a word on how to start one.
  function draw(node, found) {
    const list = element("ul");
    list.style.cssText = "list-style: none; padding: 0";
    for (const { port, program, url } of found) {
      const line = element("li");
      line.style.margin = "8px 0";
      line.append(element("a", `Port ${port}`, { href: url, target: "_blank", rel: "noopener" }), ` ${program}`);
      list.append(line);
    }
    node.replaceChildren(element("h2", "Web applications"), found.length ? list : element("p", EMPTY));
  }

  function applicationsWidget({ Widget }, icon, look) {
    const widget = new Widget();
    widget.id = LIST;
    widget.title.label = "Web applications";
    widget.title.icon = icon;
    widget.title.closable = true;
    widget.node.style.cssText = "padding: 24px; overflow: auto; background: var(--jp-layout-color1);"
      + "color: var(--jp-content-font-color1); font-family: var(--jp-ui-font-family); line-height: 1.5";
    widget.addClass("jp-RenderedHTMLCommon");
    let drawn = "";
    const refresh = async () => {
      if (widget.isDisposed || document.hidden || !widget.isVisible) return;
      const found = await look();
      const now = JSON.stringify(found);
      if (now === drawn) return; // a line that is being clicked stays
      drawn = now;
      draw(widget.node, found);
    };
    const quietly = () => refresh().catch((error) => console.debug(LIST, error));
    const timer = setInterval(quietly, LOOK_EVERY_MS);
    widget.disposed.connect(() => clearInterval(timer));
    setTimeout(quietly);
    return widget;
  }

  const plugin = {
    id: "homeroom-apps:plugin",
    description: "Lists the web applications that run in the lab, and starts one of a file.",
    autoStart: true,
    activate: async (app) => {
      const lab = ["ui-components", "services", "launcher", "filebrowser"].map((name) => `@jupyterlab/${name}`);
      const modules = await Promise.all(["@lumino/widgets", ...lab].map(sharedModule));
      const [widgets, components, services, launcherModule, filebrowser] = modules;
      if (!widgets || !components || !services) return;
      const icon = new components.LabIcon({ name: LIST, svgstr: ICON });
      const { serverSettings } = app.serviceManager;
      const look = async () => {
        const address = `${serverSettings.baseUrl}homeroom/apps`;
        const answer = await services.ServerConnection.makeRequest(address, {}, serverSettings);
        return answer.ok ? answer.json() : [];
      };
      let widget = null;
      app.commands.addCommand(LIST, {
        label: "Web applications",
        caption: "What runs in this lab and can be seen in the browser",
        icon,
        execute: () => {
          if (!widget || widget.isDisposed) widget = applicationsWidget(widgets, icon, look);
          if (!widget.isAttached) app.shell.add(widget, "main");
          app.shell.activateById(widget.id);
        },
      });
      app.commands.addCommand(RUN, {
        label: "Run as Web Application",
        execute: async () => {
          const browser = await app.resolveOptionalService(filebrowser.IDefaultFileBrowser);
          const [file] = [...browser.selectedItems()];
          const command = `homeroom-app ${quote(file.path.split("/").pop())}`;
          const folder = file.path.split("/").slice(0, -1).join("/");
          const { content: terminal } = await app.commands.execute("terminal:create-new", { cwd: folder });
          await terminal.ready;
          terminal.session.send({ type: "stdin", content: [`${command}\r`] });
          await app.commands.execute(LIST);
        },
      });
      app.contextMenu.addItem({ command: RUN, selector: ".jp-DirListing-item[data-file-type=python]", rank: 4 });
      const launcher = launcherModule && (await app.resolveOptionalService(launcherModule.ILauncher));
      if (launcher) launcher.add({ command: LIST, category: "Other", rank: 5 });
      const palette = await sharedModule("@jupyterlab/apputils");
      const commands = palette && (await app.resolveOptionalService(palette.ICommandPalette));
      if (commands) commands.addItem({ command: LIST, category: "Other" });
    },
  };

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  window._JUPYTERLAB["homeroom-apps"] = {
    init: async (scope) => { shared = scope; },
    get: async () => () => ({ __esModule: true, default: plugin }),
  };
})();
