// The one door: configurable-http-proxy, and what it lacks where the two sides do not trust each other and hub and labs
// listen on Unix sockets.
import http from "node:http";
import ConfigurableProxy from "configurable-http-proxy";
import { defaultLogger } from "configurable-http-proxy/lib/log.js";
import { addressOf, boundInformation, prepareAnswer, prepareHandshake } from "./answers.mjs";
import { MOST_UNANSWERED, bindBody, bindConnections, bindEdge, bindWebsocket } from "./callers.mjs";
import { TrustedProxies, hideSecret, replaceClaims } from "./claims.mjs";
import { removeTooMany } from "./cookies.mjs";
import { Hosts } from "./hosts.mjs";
import { languageOf } from "./languages.mjs";
import { Pages } from "./pages.mjs";
import { normalise, showAllHeaders } from "./requests.mjs";

const BASE_URL = process.env.BASE_URL || "/";
const HUB_SOCKET = "/run/hub/hub.sock";
const HUB = `http+unix://${encodeURIComponent(HUB_SOCKET)}`;
const API_SOCKET = "/run/proxy/api.sock";
const EDGE_SOCKET = "/run/edge/proxy.sock";
const PORT = 8000;
const RETRY_SECONDS = 3;

/**
 * A connection to hub or lab is for one request and its answer, so nothing that is left on it is ever another user's.
 *
 * It is closed from this side, after the answer. Were the other side asked to do so, a request with a body would fail
 * on Node's last, empty write (EPIPE): one POST in five came back as 503 although it was carried out.
 * https://github.com/nodejs/node/issues/40553
 */
class OneRequestAgent extends http.Agent {
  keepSocketAlive() {
    return false;
  }
}

class Door extends ConfigurableProxy {
  constructor(options) {
    super(options);
    this.socketAgent = new OneRequestAgent({ keepAlive: true });
    this.trusted = new TrustedProxies(process.env.TRUSTED_PROXIES || "");
    this.hosts = new Hosts(this.log, BASE_URL);
    this.pages = new Pages(this.log);
    this.edgeServer = this.serveEdge();
    this.edges = new WeakSet(); // connections of the edge's
    this.refused = new WeakSet(); // connections, of which nothing more is read
    this.unanswered = new WeakMap(); // by connection, how many requests
    this.latest = new WeakMap(); // by connection, the answer that the next request waits for
    this.answered = new WeakSet(); // requests whose answer has begun
    this.labs = new WeakMap(); // by request, path and host of the lab that is asked
    this.forgotten = new WeakMap(); // by request, cookies that the browser shall forget
    // It announces an empty body for some methods, and sends the body all the same.
    this.proxy.webPasses = this.proxy.webPasses.filter((pass) => pass.name !== "deleteLength");
    this.proxy.on("proxyReq", refuseUpgrade);
    for (const event of ["proxyReq", "proxyReqWs"]) this.proxy.on(event, boundInformation);
    this.proxy.on("proxyRes", (answer, request, response) => {
      this.answered.add(request);
      prepareAnswer(answer, response, response.shouldKeepAlive, this.labs.get(request)?.prefix);
      const forgotten = this.forgotten.get(request);
      if (forgotten.length) answer.headers["set-cookie"] = [...forgotten, ...(answer.headers["set-cookie"] ?? [])];
    });
    this.proxy.on("proxyReqWs", (outgoing, request, caller) => {
      bindWebsocket(outgoing, caller);
      outgoing.on("upgrade", (answer) => {
        this.answered.add(request);
        prepareHandshake(answer);
      });
      outgoing.on("response", (answer) => {
        prepareAnswer(answer, caller, false, this.labs.get(request)?.prefix);
        // What goes wrong from now on is the answer's to tell. Upstream would end the connection and write to it then.
        outgoing.removeAllListeners("error").on("error", () => {});
      });
    });
    bindConnections(this.proxyServer, this.trusted, this.log);
    showAllHeaders(this.proxyServer);
    this.proxyServer.on("checkExpectation", (request, response) => this.handleProxyWeb(request, response));
  }

  /** The server that the edge asks, over a socket that nobody else reaches: as the public one in all else. */
  serveEdge() {
    const server = http.createServer((request, response) => this.handleProxyWeb(request, response));
    server.on("upgrade", (request, caller, head) => this.handleProxyWs(request, caller, head));
    server.on("checkExpectation", (request, response) => this.handleProxyWeb(request, response));
    server.on("connection", (socket) => this.edges.add(socket));
    this.mayHold = bindEdge(server, this.log);
    showAllHeaders(server);
    return server;
  }

  proxyOptsForTarget(target) {
    const options = super.proxyOptsForTarget(target);
    if (options.target.socketPath) options.agent = this.socketAgent;
    if (this.failed) {
      options.target.headers = { "accept-language": languageOf(this.failed) };
      options.target.agent = options.agent; // of the target alone it is taken then
    }
    return options;
  }

  async targetForReq(request) {
    const found = await super.targetForReq(request);
    if (found && decodeURIComponent(new URL(found.target).host) !== HUB_SOCKET) {
      const { host } = (await this._routes.get(found.prefix)) ?? {};
      this.labs.set(request, { prefix: found.prefix, host });
    }
    return found;
  }

  // A lab knows its path in one spelling, in which `@` is itself and `+` is `%2B`. Whoever writes it otherwise, as other
  // programs do, is sent there, with what they have to say: it is the same lab, since the table of routes is asked.
  async handleProxy(kind, request, receiver, ...more) {
    const found = await this.targetForReq(request);
    const elsewhere = this.hosts.elsewhere(request, this.labs.get(request), this.edges.has(request.socket));
    if (elsewhere) return kind === "web" ? answerBriefly(receiver, elsewhere) : refuseWebsocket(receiver, elsewhere);
    const address = found && this.labs.has(request) ? respell(request.url, found.prefix) : request.url;
    if (address !== request.url && kind === "web" && ["GET", "HEAD"].includes(request.method)) {
      receiver.writeHead(302, { Location: address });
      return receiver.end();
    }
    request.url = address;
    if (this.labs.has(request)) hideSecret(request);
    return super.handleProxy(kind, request, receiver, ...more);
  }

  handleProxyWeb(request, response) {
    const { socket } = request;
    if (this.refused.has(socket)) return; // what follows a refused request was sent by whoever reads it otherwise
    if (this.unanswered.get(socket) >= MOST_UNANSWERED) {
      this.refused.add(socket);
      socket.destroy();
      return;
    }
    const fault = normalise(request, false);
    if (!fault) {
      this.count(socket, 1);
      response.on("close", () => this.count(socket, -1));
      return this.inTurn(socket, response, () => {
        if (!this.prepare(request)) return socket.destroy();
        bindBody(request, response);
        return super.handleProxyWeb(request, response);
      });
    }
    this.refuse(request, fault);
    response.writeHead(400, { "Content-Type": "text/plain", Connection: "close" });
    response.end(`${fault}\n`);
  }

  handleProxyWs(request, caller, head) {
    // Nor does anything follow a request on its way but once that is answered: both would write to one connection.
    if (this.refused.has(caller) || this.unanswered.get(caller)) return caller.destroy();
    const fault = normalise(request, true);
    if (!fault) {
      if (!this.prepare(request)) return caller.destroy();
      return super.handleProxyWs(request, caller, head);
    }
    this.refuse(request, fault);
    refuseWebsocket(caller, { status: 400, text: fault });
  }

  /** Make of a request what hub and labs read; false where whoever asks holds too many connections. */
  prepare(request) {
    const byEdge = this.edges.has(request.socket);
    replaceClaims(request, this.trusted, byEdge);
    this.forgotten.set(request, removeTooMany(request));
    return !byEdge || this.mayHold(request);
  }

  // Of a connection's requests one at a time goes on to hub or lab, so that each takes no more than one connection there
  // (callers.mjs). Parsers hand over a whole packet's requests at once, which may be thousands.
  inTurn(socket, response, start) {
    const before = this.latest.get(socket);
    this.latest.set(socket, response);
    response.on("close", () => { if (this.latest.get(socket) === response) this.latest.delete(socket); });
    if (!before) return start();
    before.on("close", () => { if (!socket.destroyed) start(); });
  }

  count(socket, more) {
    this.unanswered.set(socket, (this.unanswered.get(socket) ?? 0) + more);
  }

  refuse(request, fault) {
    this.refused.add(request.socket);
    this.log.warn("400 %s: %s", request.method, fault);
  }

  // A request for a websocket that fails here, such as one whose address is none, is answered and over. Upstream
  // answers, and would keep the connection until the caller's end of it is read, which nothing does. Nor does anything
  // follow an answer that has begun, an open websocket's least of all: it ends, or breaks off (answers.mjs).
  handleProxyError(code, kind, request, caller, error) {
    this.failed = request; // the hub's page about it is asked for at once, in the language of whoever sent it
    try {
      if (!this.answered.has(request)) super.handleProxyError(code, kind, request, caller, error);
    } finally {
      this.failed = undefined;
    }
    if (kind === "ws") caller?.destroySoon();
  }

  // Called when not even the hub's error page can be had: the hub itself is down. People get a page that reloads; a
  // form that was being sent is not sent again, its sender goes to the hub's front page.
  _handleProxyErrorDefault(code, kind, request, response) {
    const forPeople = (request.headers.accept || "").includes("text/html");
    if (code !== 503 || !forPeople || response.headersSent || response.writableEnded) {
      return super._handleProxyErrorDefault(code, kind, request, response);
    }
    response.writeHead(code, {
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": "no-store",
      Vary: "Accept-Language, Cookie",
      "Retry-After": RETRY_SECONDS,
      Refresh: request.method === "GET" ? RETRY_SECONDS : `${RETRY_SECONDS}; url=${BASE_URL}hub/`,
    });
    response.end(this.pages.hubIsDown(request));
  }
}

/** An answer that nobody else is asked for. */
function answerBriefly(response, { status, location, text = "" }) {
  const headers = location === undefined ? { "Content-Type": "text/plain" } : { Location: location };
  response.writeHead(status, { ...headers, "Cache-Control": "no-store" });
  response.end(text && `${text}\n`);
}

function refuseWebsocket(caller, { status, text = "" }) {
  const first = `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}`;
  const lines = [first, "Content-Type: text/plain", "Connection: close", "", `${text}\n`];
  caller.on("error", () => caller.destroy());
  caller.end(lines.join("\r\n"), () => caller.destroySoon());
}

/** An address under a path of the table of routes, with that path in the one spelling; others are left as they are. */
function respell(url, prefix) {
  const path = url.split("?", 1)[0];
  const furthest = Math.min(path.length, 3 * prefix.length + 8); // each letter as %xx
  for (let end = 1; end <= furthest; end += 1) {
    const rest = url.slice(end);
    if (!/^([/?]|%2f|$)/i.test(rest)) continue;
    const spelled = path.slice(0, end);
    let read;
    try { read = decodeURIComponent(spelled); } catch { continue; }
    if (read.replace(/^\/+/, "/") === prefix) return addressOf(prefix) + rest.replace(/^%2f/i, "/");
  }
  return url;
}

// A lab that opens a websocket without a request for it is not answering.
function refuseUpgrade(outgoing) {
  outgoing.on("upgrade", (_answer, socket) => {
    socket.destroy();
    outgoing.emit("error", new Error("a websocket was opened that nobody asked for"));
  });
}

const log = defaultLogger({ level: (process.env.LOG_LEVEL || "info").toLowerCase() });
const door = new Door({
  log,
  authToken: process.env.CONFIGPROXY_AUTH_TOKEN,
  defaultTarget: HUB,
  errorTarget: `${HUB}${BASE_URL}hub/error`,
  includePrefix: true,
  xfwd: false, // claims.mjs
});
door.proxyServer.listen(PORT, "0.0.0.0");
door.apiServer.listen(API_SOCKET);
door.edgeServer.listen(EDGE_SOCKET);
log.info("Listening on port %d", PORT);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(0));
process.on("uncaughtException", (error) => log.error("Uncaught: %s", error.stack || error.message));
