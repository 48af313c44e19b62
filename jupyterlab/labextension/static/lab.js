// What Homeroom adds to JupyterLab's page, written by hand as the module that a build would make of it: there is
// nothing to build. https://jupyterlab.readthedocs.io/en/stable/extension/extension_dev.html#prebuilt-extensions
(() => {
  const LOOK_EVERY_MS = 10_000;
  const LOOK_AT_DISK_EVERY_MS = 300_000;
  const LOOK_AT_ANNOUNCEMENTS_EVERY_MS = 15_000;
  const MOST_SHOWN_AT_ONCE = 120; // JupyterLab cuts a notification at 140 characters
  const LEFT_WITHIN_MS = 500;
  const ASK_ABOUT_EXAM_EVERY_MS = 10_000;
  const LOOK_AT_GUESTS_EVERY_MS = 5_000;
  const LOOK_AT_CHECK_EVERY_MS = 1_000;
  const SAVE_BEFORE_END_SECONDS = [20, 8, 3];
  const SAVE_BEFORE_EXAM_SECONDS = 120;
  const MESSAGE_TOO_BIG = 1009; // https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
  const config = JSON.parse(document.getElementById("jupyter-config-data").textContent);
  const { baseUrl } = config;
  const mostMessageBytes = Number(config.homeroomMostMessageBytes) || Infinity;
  const KERNEL_ENDED = "https://events.homeroom.invalid/kernel_ended/v1";
  let shared = {};

  // A module that JupyterLab shares with its extensions: the only one of this name, or none.
  async function sharedModule(name) {
    const [version] = Object.values(shared[name] || {});
    return version ? (await version.get())() : null;
  }

  // Two pages must not both save one workspace: the second one takes another. JupyterLab asks other pages through the
  // browser's storage and waits up to half a second for an answer. A lock of the browser's, which the page holds until
  // it is left, tells at once; a page that is just being left, as in a reload, is waited for. Where there are no locks,
  // as without TLS, or the page may not have one, JupyterLab asks as ever. A lock that nobody has is had however long a
  // busy browser takes to give it: whoever takes another workspace loads the whole page once more.
  function lockWorkspaces({ WindowResolver }) {
    if (!navigator.locks || !WindowResolver) return;
    const ask = WindowResolver.prototype.resolve;
    WindowResolver.prototype.resolve = async function (name) {
      try {
        await lock(`homeroom-lab:${baseUrl}:${name}`);
      } catch (error) {
        if (["TimeoutError", "AbortError"].includes(error.name)) throw error; // another page has it
        return ask.call(this, name);
      }
      Object.defineProperty(this, "name", { value: name });
    };
  }

  // Holds a lock until the page is left; what another page has is waited for, but not for long.
  function lock(name) {
    return new Promise((held, failed) => {
      const hold = () => { held(); return new Promise(() => {}); };
      const wait = () => navigator.locks.request(name, { signal: AbortSignal.timeout(LEFT_WITHIN_MS) }, hold);
      navigator.locks.request(name, { ifAvailable: true }, (free) => (free ? hold() : wait())).catch(failed);
    });
  }

  const prestartedKernel = {
    id: "homeroom-lab:prestarted-kernel",
    description: "Has a kernel get ready while the page does: homeroom_lab/prestarted_kernel.py.",
    autoStart: true,
    activate: async (app) => {
      const services = await sharedModule("@jupyterlab/services");
      const { serverSettings } = app.serviceManager;
      const address = `${serverSettings.baseUrl}homeroom/prestarted-kernel`;
      const asked = services && services.ServerConnection.makeRequest(address, { method: "POST" }, serverSettings);
      if (asked) asked.catch((error) => console.debug("homeroom-lab:prestarted-kernel", error));
    },
  };

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

  // The server cuts a connection on which a message is too large, and cells that run would be lost sight of. What is too
  // large is not sent: a cell is answered here, as the kernel would, with the reason.
  const largeMessages = {
    id: "homeroom-lab:large-messages",
    description: "Tells when a cell, or a file for a widget, is too large to be sent: homeroom_lab/message_limit.py.",
    autoStart: true,
    activate: async (app) => {
      const apputils = await sharedModule("@jupyterlab/apputils");
      const { serverSettings } = app.serviceManager;
      const { serializer } = serverSettings;
      const sentence = `Not sent: larger than the ${Math.floor(mostMessageBytes / 2 ** 20)} MB that a kernel takes at `
        + "once in this lab. Upload it as a file, and read that.";
      const tell = () => apputils && apputils.Notification.error(sentence, { autoClose: false });
      const size = (data) => (typeof data === "string" ? new Blob([data]).size : data.byteLength || 0);
      serverSettings.WebSocket = class extends serverSettings.WebSocket {
        constructor(...given) {
          super(...given);
          this.addEventListener("close", ({ code }) => { if (code === MESSAGE_TOO_BIG) tell(); });
        }

        send(data) {
          if (size(data) <= mostMessageBytes) return super.send(data);
          const { header } = serializer.deserialize(data, this.protocol);
          if (header.msg_type !== "execute_request") return tell();
          const answer = (channel, type, content) => {
            const own = { ...header, msg_type: type, msg_id: `${header.msg_id}-${type}` };
            const message = { channel, header: own, parent_header: header, metadata: {}, content };
            this.onmessage({ data: serializer.serialize(message, this.protocol) });
          };
          // Later, as any answer comes: the page counts a cell as running once `send` has returned.
          setTimeout(() => {
            answer("iopub", "stream", { name: "stderr", text: sentence });
            answer("shell", "execute_reply", { status: "error", execution_count: null, ename: "", evalue: "", traceback: [] });
            answer("iopub", "status", { execution_state: "idle" });
          });
        }
      };
    },
  };

  const kernelTrouble = {
    id: "homeroom-lab:kernel-trouble",
    description: "Tells why a kernel does not start: homeroom_lab/kernel_trouble.py.",
    autoStart: true,
    activate: async (app) => {
      const modules = ["@jupyterlab/apputils", "@jupyterlab/coreutils", "@lumino/widgets"].map(sharedModule);
      const [apputils, coreutils, widgets] = await Promise.all(modules);
      const { events } = app.serviceManager;
      if (!apputils || !coreutils || !widgets || !events) return;
      const { Dialog, showDialog } = apputils;
      const page = (name) => coreutils.PageConfig.getOption(name);
      const resetPage = `${page("hubPrefix")}homeroom/labs/${encodeURIComponent(page("hubUser"))}/reset`;
      const show = async ({ message, output, reset }) => {
        const node = document.createElement("div");
        const said = node.appendChild(document.createElement("p"));
        said.textContent = message;
        if (output) {
          const end = node.appendChild(document.createElement("pre"));
          end.textContent = output;
          end.style.cssText = "max-height: 40vh; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere;";
        }
        const leave = Dialog.okButton({ label: "Reset the environment" });
        const buttons = [Dialog.cancelButton({ label: "Close" }), ...(reset && page("hubUser") ? [leave] : [])];
        const title = "The kernel does not start";
        const { button } = await showDialog({ title, body: new widgets.Widget({ node }), buttons });
        if (button.accept) location.assign(resetPage); // which asks first
      };
      events.stream.connect((_, said) => {
        if (said.schema_id === KERNEL_ENDED) show(said).catch((error) => console.debug("homeroom-lab:kernel-trouble", error));
      });
    },
  };

  // What a reload would lose: JupyterLab gives a new page nothing of cells that run, or ended, while no page was there.
  // Their output is asked for and handed to the cells as if this page had run them.
  const runs = {
    id: "homeroom-lab:runs",
    description: "Shows what cells wrote while the page was reloaded or closed: homeroom_lab/runs.py.",
    autoStart: true,
    activate: async (app) => {
      const [notebooks, services] = await Promise.all(["notebook", "services"].map((n) => sharedModule(`@jupyterlab/${n}`)));
      const tracker = notebooks && services && (await app.resolveOptionalService(notebooks.INotebookTracker));
      if (!tracker) return;
      const { serverSettings } = app.serviceManager;
      const ask = async (kernel) => {
        const address = `${serverSettings.baseUrl}homeroom/runs/${kernel.id}`;
        const body = JSON.stringify({ session: kernel.clientId });
        const answer = await services.ServerConnection.makeRequest(address, { method: "POST", body }, serverSettings);
        return answer.ok ? answer.json() : [];
      };
      const catchUp = async ({ content, context, sessionContext, revealed }) => {
        await Promise.all([context.ready, sessionContext.ready, revealed]);
        const kernel = sessionContext.session && sessionContext.session.kernel;
        if (!kernel) return;
        const live = []; // what comes while the server is asked
        const keep = (_, message) => live.push(message);
        kernel.iopubMessage.connect(keep);
        const found = await ask(kernel).catch(() => []);
        kernel.iopubMessage.disconnect(keep);
        if (content.isDisposed) return;
        const cells = content.widgets.filter(({ model }) => model.type === "code");
        for (const run of found) {
          const alike = cells.filter(({ model }) => run.code && model.sharedModel.getSource() === run.code);
          const cell = cells.find(({ model }) => model.id === run.cell_id) || (alike.length === 1 && alike[0]);
          if (cell) showRun(kernel, cell, run, live); // an old notebook's cells have other ids in each page
        }
      };
      tracker.widgetAdded.connect((_, panel) => {
        catchUp(panel).catch((error) => console.debug("homeroom-lab:runs", error));
      });
    },
  };

  // Shows a run below its cell: what was kept, then what still comes.
  function showRun(kernel, cell, run, live) {
    const seen = new Set();
    const nothing = () => {};
    let end;
    const done = new Promise((resolve) => { end = resolve; });
    const stop = () => {
      kernel.iopubMessage.disconnect(take);
      kernel.statusChanged.disconnect(look);
      end();
    };
    const finish = () => {
      stop();
      cell.model.executionCount = run.count;
      cell.model.executionState = "idle";
    };
    const take = (_, message) => {
      const { header, parent_header: parent, content } = message;
      if (parent.msg_id !== run.message_id || seen.has(header.msg_id)) return;
      seen.add(header.msg_id);
      if (header.msg_type === "execute_input") run.count = content.execution_count;
      future.onIOPub(message);
      if (header.msg_type === "status" && content.execution_state === "idle") finish();
    };
    const look = (_, status) => {
      if (["restarting", "autorestarting", "terminating", "dead"].includes(status)) finish();
    };
    const request = { header: { msg_id: run.message_id, msg_type: "execute_request" } };
    const future = { msg: request, done, isDisposed: false, registerMessageHook: nothing, removeMessageHook: nothing,
      dispose: stop }; // the cell is run again, or gone
    cell.model.trusted = true; // as when it was run
    cell.model.executionState = "running";
    cell.outputArea.future = future;
    if (run.cut) {
      const text = "(The beginning of this output is not kept: it was written while no page was open.)\n";
      cell.model.outputs.add({ output_type: "stream", name: "stderr", text });
    }
    kernel.iopubMessage.connect(take);
    kernel.statusChanged.connect(look);
    [...run.messages, ...live].forEach((message) => take(kernel, message));
    if (run.done) finish();
  }

  const splash = {
    id: "homeroom-lab:splash",
    description: "Takes away what the page showed until it was there: homeroom_lab/splash.py.",
    autoStart: true,
    activate: (app) => {
      const shown = document.getElementById("homeroom-loading");
      if (shown) app.started.then(() => shown.remove());
    },
  };

  // A meter that knows nothing yet has no width, and would be drawn full.
  function emptyMeters() {
    const style = document.createElement("style");
    style.textContent = '.jp-IndicatorFiller:not([style*="width"]) { width: 0; }';
    document.head.append(style);
  }

  const disk = {
    id: "homeroom-lab:disk",
    description: "Tells a lab's owner when their home is nearly full, full, or not kept.",
    autoStart: true,
    activate: async (app) => {
      const [apputils, services] = await Promise.all(["apputils", "services"].map((n) => sharedModule(`@jupyterlab/${n}`)));
      if (!apputils || !services) return;
      const { serverSettings } = app.serviceManager;
      let shown = { text: "" };
      let id = null;
      const look = async () => {
        const address = `${serverSettings.baseUrl}homeroom/disk`;
        const answer = await services.ServerConnection.makeRequest(address, {}, serverSettings);
        if (!answer.ok) return;
        const said = (await answer.json()).message || { text: "" };
        if (said.text === shown.text) return;
        shown = said;
        if (id) apputils.Notification.dismiss(id);
        id = said.text ? apputils.Notification.emit(said.text, said.kind, { autoClose: false }) : null;
      };
      const quietly = () => look().catch((error) => console.debug("homeroom-lab:disk", error));
      app.restored.then(quietly);
      setInterval(quietly, LOOK_AT_DISK_EVERY_MS);
    },
  };

  // What the hub announces. What was closed once does not come back with the next page.
  const announcements = {
    id: "homeroom-lab:announcements",
    description: "Shows what the hub announces: homeroom_lab/announcements.py.",
    autoStart: true,
    activate: async (app) => {
      const [apputils, services] = await Promise.all(["apputils", "services"].map((n) => sharedModule(`@jupyterlab/${n}`)));
      if (!apputils || !services) return;
      const { Dialog, Notification, showDialog } = apputils;
      const { serverSettings } = app.serviceManager;
      const key = `homeroom-lab:announcements:${baseUrl}`;
      const closed = () => { try { return JSON.parse(localStorage.getItem(key)) || []; } catch { return []; } };
      const shown = new Map();
      const title = ({ author }) => (author ? `From ${author}` : "Announcement");
      const read = (one) => showDialog({ title: title(one), body: one.text, buttons: [Dialog.okButton({ label: "Close" })] });
      const show = (one) => {
        const whole = `${title(one)}: ${one.text}`;
        const long = whole.length > MOST_SHOWN_AT_ONCE;
        const actions = long ? [{ label: "Read", callback: (event) => { event.preventDefault(); read(one); } }] : [];
        const text = long ? `${whole.slice(0, MOST_SHOWN_AT_ONCE)}…` : whole;
        shown.set(one.id, Notification.emit(text, "info", { autoClose: false, actions }));
      };
      Notification.manager.changed.connect((_, { type, notification }) => {
        const [found] = [...shown].find(([, id]) => id === notification.id) || [];
        if (type !== "removed" || found === undefined) return;
        shown.delete(found);
        localStorage.setItem(key, JSON.stringify([...closed(), found].slice(-200)));
      });
      // At an exam's beginning this lab is stopped: until then what is open is saved again and again, also in a page that
      // is not looked at, whose timers the browser slows down.
      let warned = "";
      const prepare = ({ title: what, begins_in_seconds: left }) => {
        if (config.homeroomExam) return;
        const text = `${what} begins in ${Math.ceil(left / 60)} min. This lab is stopped then; what is open is saved.`;
        if (warned !== what) Notification.emit(text.slice(0, MOST_SHOWN_AT_ONCE), "warning", { autoClose: false });
        warned = what;
        if (left < SAVE_BEFORE_EXAM_SECONDS) return app.commands.execute("docmanager:save-all");
      };
      const look = async () => {
        const address = `${serverSettings.baseUrl}homeroom/announcements`;
        const answer = await services.ServerConnection.makeRequest(address, {}, serverSettings);
        if (!answer.ok) return;
        const { announcements: now, exam: soon } = await answer.json();
        if (soon) await prepare(soon);
        if (document.hidden) return;
        const known = new Set(now.map(({ id }) => id));
        for (const [id, notification] of [...shown]) {
          if (known.has(id)) continue;
          shown.delete(id);
          Notification.dismiss(notification);
        }
        const read = closed();
        now.filter(({ id }) => !shown.has(id) && !read.includes(id)).reverse().forEach(show);
      };
      const quietly = () => look().catch((error) => console.debug("homeroom-lab:announcements", error));
      app.restored.then(quietly);
      setInterval(quietly, LOOK_AT_ANNOUNCEMENTS_EVERY_MS);
    },
  };

  // The time that is left is counted in the page, and set by what the desk says: the browser's clock may be wrong, and
  // more time may be given. Just before the end everything is saved once more.
  const exam = {
    id: "homeroom-lab:exam",
    description: "Shows how long the exam in this lab goes on, and saves just before its end: homeroom_lab/exam_handler.py.",
    autoStart: true,
    activate: async (app) => {
      if (!config.homeroomExam) return;
      const services = await sharedModule("@jupyterlab/services");
      if (!services) return;
      const { serverSettings } = app.serviceManager;
      const strip = document.createElement("div");
      strip.id = "homeroom-exam";
      strip.setAttribute("role", "timer");
      // In the middle, beside notifications; with an edge that is seen on a dark page, too.
      strip.style.cssText = "position: fixed; bottom: 28px; left: 50%; transform: translateX(-50%); z-index: 10000; "
        + "padding: 4px 12px; border-radius: 4px; background: #333; color: #fff; font: 14px sans-serif; "
        + "white-space: nowrap; box-shadow: 0 0 0 1px #fff9; pointer-events: none;";
      document.body.append(strip);
      let title = "";
      let ends = null; // by performance.now(), which no clock that is set moves
      const left = () => Math.max(0, (ends - performance.now()) / 1000);
      const ask = async () => {
        const answer = await services.ServerConnection.makeRequest(`${serverSettings.baseUrl}homeroom/exam`, {}, serverSettings);
        if (!answer.ok) return;
        const said = await answer.json();
        title = said.title;
        ends = performance.now() + 1000 * said.left_seconds;
      };
      let last = Infinity;
      const show = () => {
        if (ends === null) return;
        const now = left();
        const minutes = Math.floor(now / 60);
        strip.textContent = `${title}: ${minutes >= 2 ? `${minutes} min` : `${Math.floor(now)} s`} left`;
        strip.style.background = now < 300 ? "#a40000" : "#333";
        if (SAVE_BEFORE_END_SECONDS.some((at) => now <= at && at < last)) {
          app.commands.execute("docmanager:save-all").catch((error) => console.debug("homeroom-lab:exam", error));
        }
        last = now;
      };
      const quietly = () => ask().then(show).catch((error) => console.debug("homeroom-lab:exam", error));
      app.restored.then(quietly);
      setInterval(quietly, ASK_ABOUT_EXAM_EVERY_MS);
      setInterval(show, 1000);
    },
  };

  // As long as somebody else may be in this lab, its page says so, to both of them.
  const shownTo = {
    id: "homeroom-lab:shown-to",
    description: "Tells that a tutor may be in this lab, and leads to where that ends: homeroom_lab/shown_handler.py.",
    autoStart: true,
    activate: async (app) => {
      if (!config.homeroomShown) return;
      const services = await sharedModule("@jupyterlab/services");
      if (!services) return;
      const { serverSettings } = app.serviceManager;
      const strip = document.createElement("div");
      strip.id = "homeroom-shown";
      strip.setAttribute("role", "status");
      strip.style.cssText = "position: fixed; bottom: 28px; right: 12px; z-index: 10000; padding: 4px 12px; "
        + "border-radius: 4px; background: #7a4b00; color: #fff; font: 14px sans-serif;";
      const text = strip.appendChild(document.createElement("span"));
      const way = strip.appendChild(document.createElement("a"));
      way.href = `${config.hubPrefix || "/hub/"}home`;
      way.target = "_blank";
      way.rel = "noopener";
      way.textContent = "End it";
      way.style.cssText = "color: #fff; margin-left: 8px; text-decoration: underline;";
      const look = async () => {
        const answer = await services.ServerConnection.makeRequest(`${serverSettings.baseUrl}homeroom/shown`, {}, serverSettings);
        if (!answer.ok) return;
        const { tutor, left_seconds: left } = await answer.json();
        const minutes = Math.ceil(left / 60);
        const said = tutor ? `${tutor} may be in this lab for ${minutes} more ${minutes === 1 ? "minute" : "minutes"}.` : "";
        if (said !== text.textContent) text.textContent = said;
        if (said && !strip.isConnected) document.body.append(strip);
        if (!said) strip.remove();
      };
      const quietly = () => look().catch((error) => console.debug("homeroom-lab:shown-to", error));
      app.restored.then(quietly);
      setInterval(quietly, LOOK_AT_GUESTS_EVERY_MS);
    },
  };

  // A notebook of an assignment that can be checked has a button. The check goes on without the page, so it is asked what
  // came of it until there is something, also by a page that was loaded meanwhile.
  const checks = {
    id: "homeroom-lab:checks",
    description: "Has a student's work run as it will be when it is graded: homeroom_lab/check_handler.py.",
    autoStart: true,
    activate: async (app) => {
      if (!config.homeroomChecks) return;
      const names = ["@jupyterlab/apputils", "@jupyterlab/notebook", "@jupyterlab/services", "@jupyterlab/ui-components",
        "@lumino/widgets"];
      const [apputils, notebooks, services, components, widgets] = await Promise.all(names.map(sharedModule));
      const tracker = notebooks && (await app.resolveOptionalService(notebooks.INotebookTracker));
      if (!tracker || !apputils || !services || !components || !widgets) return;
      const { Dialog, showDialog } = apputils;
      const { serverSettings } = app.serviceManager;
      const ask = async (path, method = "GET") => {
        const address = `${serverSettings.baseUrl}homeroom/check?path=${encodeURIComponent(path)}`;
        const answer = await services.ServerConnection.makeRequest(address, { method }, serverSettings);
        const said = await answer.json().catch(() => ({}));
        return answer.ok || answer.status === 404 ? said : { error: said.message || answer.statusText, ...said };
      };
      const show = ({ found = [], error, left }) => {
        const node = document.createElement("div");
        const line = (text, tag = "p") => { node.appendChild(document.createElement(tag)).textContent = text; };
        if (error) line(error);
        else if (!found.length) line("All cells ran without an error, with the tests that you see.");
        else {
          line("Not everything ran, with the tests that you see:");
          found.forEach((each) => line(each, "pre"));
          node.querySelectorAll("pre").forEach((each) => { each.style.cssText = "white-space: pre-wrap; overflow-wrap: anywhere;"; });
        }
        line(`This handed nothing in. ${left === 1 ? "You can check this once more today." : `You can check this ${left || 0} more times today.`}`);
        const buttons = [Dialog.okButton({ label: "Close" })];
        return showDialog({ title: "Check my work", body: new widgets.Widget({ node }), buttons });
      };
      const add = async (panel) => {
        const { context } = panel;
        await context.ready;
        const path = () => app.serviceManager.contents.localPath(context.path);
        const first = await ask(path());
        if (first.left === undefined || panel.isDisposed) return;
        let busy = false;
        const outcome = async () => {
          for (;;) {
            await new Promise((soon) => setTimeout(soon, LOOK_AT_CHECK_EVERY_MS));
            const said = await ask(path()).catch(() => ({ running: true })); // it goes on, whether it can be asked or not
            if (!said.running) return show(said);
          }
        };
        const check = async (begin) => {
          if (busy) return;
          busy = true;
          button.enabled = false;
          try {
            if (begin && context.model.dirty) await context.save();
            const said = begin ? await ask(path(), "POST") : {};
            await (said.error ? show(said) : outcome());
          } finally {
            busy = false;
            button.enabled = true;
          }
        };
        const quietly = (begin) => check(begin).catch((error) => console.debug("homeroom-lab:checks", error));
        const button = new components.ToolbarButton({
          label: "Check my work",
          tooltip: "Run this as it will be when it is graded, with the tests that you see. Nothing is handed in.",
          onClick: () => { quietly(true); },
        });
        panel.toolbar.insertItem(10, "homeroom-check", button);
        if (first.running) quietly(false);
        else if (first.found || first.error) show(first); // of a check that ended while the page was loaded
      };
      const quietly = (panel) => add(panel).catch((error) => console.debug("homeroom-lab:checks", error));
      tracker.forEach(quietly);
      tracker.widgetAdded.connect((_, panel) => { quietly(panel); });
    },
  };

  // JupyterLab shows files and launcher when the address is dealt with, which it says a second late: it first waits
  // until the workspace that it has just read is saved again. What is done here is what it does then, and nothing is
  // left for it to do.
  const firstSight = {
    id: "homeroom-lab:first-sight",
    description: "Shows files and launcher as soon as the page can.",
    autoStart: true,
    activate: (app) => {
      if (location.pathname !== `${baseUrl}lab` || location.search) return; // a file, a folder or something else is asked for
      const show = async () => {
        const filebrowser = await sharedModule("@jupyterlab/filebrowser");
        const browser = filebrowser && (await app.resolveOptionalService(filebrowser.IDefaultFileBrowser));
        if (!browser) return;
        await browser.model.restore(browser.id);
        await browser.model.refresh();
        browser.removeClass("jp-mod-restoring");
        if (app.shell.isEmpty("main")) await app.commands.execute("launcher:create");
      };
      app.restored.then(show).catch((error) => console.debug("homeroom-lab:first-sight", error));
    },
  };

  // Plotly's extension is half of the page's scripts, and most pages draw no such figure. JupyterLab is given a light one
  // of the same kind, which fetches the real one for the first figure that is shown.
  const PLOTLY = "jupyterlab-plotly";
  const PLOTLY_TYPE = "application/vnd.plotly.v1+json";

  function whenDrawn(plotly) {
    const load = async () => {
      const module = (await plotly.get("./mimeExtension"))();
      return [module.default].flat()[0].rendererFactory;
    };
    const extension = async () => {
      const { Widget, PanelLayout } = await sharedModule("@lumino/widgets");
      class Figure extends Widget {
        constructor(options) {
          super();
          this.layout = new PanelLayout();
          this.real = load().then((factory) => {
            const renderer = factory.createRenderer(options);
            this.layout.addWidget(renderer);
            return renderer;
          });
        }

        async renderModel(model) {
          return (await this.real).renderModel(model);
        }
      }
      return [{
        id: "@jupyterlab/plotly-extension:factory",
        rendererFactory: { safe: true, mimeTypes: [PLOTLY_TYPE], createRenderer: (options) => new Figure(options) },
        rank: 2,
        dataType: "json",
        fileTypes: [{ name: "plotly", mimeTypes: [PLOTLY_TYPE], extensions: [".plotly", ".plotly.json"] }],
        documentWidgetFactoryOptions: { name: "Plotly", primaryFileType: "plotly", fileTypes: ["plotly", "json"],
          defaultFor: ["plotly"] },
      }];
    };
    return {
      init: (scope) => plotly.init(scope),
      get: async (name) => {
        if (name !== "./mimeExtension") return plotly.get(name);
        const light = await extension();
        return () => ({ __esModule: true, default: light });
      },
    };
  }

  // Extensions' scripts come in any order, but none is asked for what it holds before all are there.
  function standInForPlotly(extensions) {
    let plotly = extensions[PLOTLY] && whenDrawn(extensions[PLOTLY]);
    Object.defineProperty(extensions, PLOTLY, {
      configurable: true,
      enumerable: true,
      get: () => plotly,
      set: (real) => { plotly = whenDrawn(real); },
    });
  }

  window._JUPYTERLAB = window._JUPYTERLAB || {};
  standInForPlotly(window._JUPYTERLAB);
  emptyMeters();
  window._JUPYTERLAB["homeroom-lab"] = {
    init: async (scope) => { shared = scope; },
    get: async () => {
      const apputils = await sharedModule("@jupyterlab/apputils");
      if (apputils) lockWorkspaces(apputils);
      return () => ({
        __esModule: true,
        default: [
          prestartedKernel, kernels, largeMessages, kernelTrouble, runs, splash, disk, announcements, exam, shownTo,
          checks, firstSight,
        ],
      });
    },
  };
})();
