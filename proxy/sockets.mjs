// Loaded before configurable-http-proxy: what it lacks where hub and labs listen on Unix sockets.
import { readFileSync } from "node:fs";
import ConfigurableProxy from "configurable-http-proxy";

const RETRY_SECONDS = 3;
const HUB = `${process.env.BASE_URL || "/"}hub/`;
const HUB_IS_DOWN = readFileSync(new URL("errors/503.html", import.meta.url));
const proxy = ConfigurableProxy.prototype;
const { proxyOptsForTarget, handleProxyError, _handleProxyErrorDefault } = proxy;

// Connections to sockets are kept open, as those to ports are. Otherwise the other side closes after its answer, and a
// request with a body then fails on Node's last, empty write (EPIPE): one POST in five came back as 503 although it was
// carried out. https://github.com/nodejs/node/issues/40553
proxy.proxyOptsForTarget = function (target) {
  const options = proxyOptsForTarget.call(this, target);
  if (options.target.socketPath) options.agent = this.httpAgent;
  if (!this.passesBreaksOn) {
    this.passesBreaksOn = true;
    this.proxy.on("proxyRes", passBreakOn);
    this.proxy.on("proxyReqWs", endWithCaller);
  }
  return options;
};

// An answer that breaks off breaks off for the browser too. It would wait for ever otherwise, such as the page that
// listens to a lab's start when the hub is killed.
function passBreakOn(answer, _request, response) {
  answer.on("close", () => { if (!answer.complete) response.destroy(); });
}

// Whoever asks for a websocket and hangs up before there is one ends the request to hub or lab too. Nobody else reads
// from them until then: hub or lab might never answer (a body that was announced does not come, a lab may be anything),
// and two connections would be kept for each such request, until the proxy can open no more.
function endWithCaller(outgoing, _request, caller) {
  const end = () => { outgoing.destroy(); caller.destroy(); };
  caller.on("data", end).on("end", end); // there is nothing to say before the answer, RFC 6455, 4.1
  outgoing.on("upgrade", () => caller.off("data", end).off("end", end));
}

// A request for a websocket that fails here, such as one whose address is none, is answered and over. Upstream answers,
// and would keep the connection until the caller's end of it is read, which nobody does.
proxy.handleProxyError = function (code, kind, request, caller, error) {
  handleProxyError.call(this, code, kind, request, caller, error);
  if (kind === "ws") caller?.destroySoon();
};

// Called when not even the hub's error page can be had: the hub itself is down. People get a page that reloads;
// a form that was being sent is not sent again, its sender goes to the hub's front page.
proxy._handleProxyErrorDefault = function (code, kind, request, response) {
  const forPeople = (request.headers.accept || "").includes("text/html");
  if (code !== 503 || !forPeople || response.headersSent || response.writableEnded) {
    return _handleProxyErrorDefault.call(this, code, kind, request, response);
  }
  response.writeHead(code, {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Retry-After": RETRY_SECONDS,
    Refresh: request.method === "GET" ? RETRY_SECONDS : `${RETRY_SECONDS}; url=${HUB}`,
  });
  response.end(HUB_IS_DOWN);
};
