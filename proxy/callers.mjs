// Who holds connections here: how many, and for how long without saying anything. Each takes two files, one to the
// caller and one to hub or lab, and there is a number of them.
import { readFileSync } from "node:fs";

const SPARE_FILES = 64;

/**
 * The part of all connections that one address may hold. Where the system lets the proxy open 65536 files, as Docker
 * and Podman usually do, that is 8000: 27 for each of a class of 300 behind one address. A browser has six for pages, and
 * a websocket for each notebook and terminal that is open.
 */
export const PART_OF_ONE_ADDRESS = 1 / 4;

/** Requests of one connection that wait for their answers. Browsers send the next after the answer. */
export const MOST_UNANSWERED = 100;

/** Seconds in which a request's headers must be here, from the first byte or the connection on. */
const HEADERS_SECONDS = Number(process.env.HEADERS_SECONDS || 30);

/** Seconds that may pass between two pieces of a body; there is no end to a large one. */
const BODY_SECONDS = Number(process.env.BODY_SECONDS || 120);

/** Seconds in which a request for a websocket must be answered, and what is left to say be read at its end. */
const WEBSOCKET_SECONDS = Number(process.env.WEBSOCKET_SECONDS || 60);

/** Seconds without a byte in either direction while an answer is awaited or read. A lab may compute for long. */
const ANSWER_SECONDS = 3600;

/** How many connections there may be; how many files this process may open decides. */
export function mostConnections(limits = readFileSync("/proc/self/limits", "ascii")) {
  const files = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Infinity);
  return Math.floor((Math.min(files, 65536) - SPARE_FILES) / 2);
}

/** How many connections each address holds. */
class Held {
  constructor(log) {
    this.log = log;
    this.mostOfOne = Math.max(1, Math.floor(mostConnections() * PART_OF_ONE_ADDRESS));
    this.counts = new Map();
  }

  /** Count a connection until it closes; false where the address has too many already. */
  add(address, socket) {
    const count = (this.counts.get(address) ?? 0) + 1;
    if (count > this.mostOfOne) return false;
    if (count === this.mostOfOne) {
      this.log.warn("%s holds %d connections: no more are taken from there", address, count);
    }
    this.counts.set(address, count);
    socket.on("close", () => {
      if (this.counts.get(address) > 1) this.counts.set(address, this.counts.get(address) - 1);
      else this.counts.delete(address);
    });
    return true;
  }
}

/** Have a server bound its connections, except for how many web servers in front may hold. */
export function bindConnections(server, trusted, log) {
  const held = new Held(log);
  log.info("At most %d connections, %d of one address", mostConnections(), held.mostOfOne);
  bindTimes(server);
  server.on("connection", (socket) => {
    if (!trusted.has(socket.remoteAddress) && !held.add(socket.remoteAddress, socket)) socket.destroy();
  });
}

/**
 * Have the edge's server bound its connections. Each is for one request, so the edge says whose it is with that.
 *
 * @returns what to ask of each request, by its address: false where that one has too many already.
 */
export function bindEdge(server, log) {
  const held = new Held(log);
  bindTimes(server);
  return (request) => held.add(request.headers["x-real-ip"], request.socket);
}

function bindTimes(server) {
  server.maxConnections = mostConnections();
  server.headersTimeout = HEADERS_SECONDS * 1000;
  server.connectionsCheckingInterval = server.headersTimeout / 4;
  server.requestTimeout = 0; // a large body over a slow line may take longer than any number: bindBody
  server.timeout = ANSWER_SECONDS * 1000;
}

/** Have a request end whose body stays away. */
export function bindBody(request, response) {
  const { socket } = request;
  socket.setTimeout(BODY_SECONDS * 1000);
  request.on("end", () => { if (!response.writableEnded) socket.setTimeout(ANSWER_SECONDS * 1000); });
}

/**
 * Have a request for a websocket end with the first of both sides that leaves, or where its answer stays away. An open
 * websocket may be silent for as long as it likes: who is there is asked by the lab.
 *
 * Nobody else reads from the caller until there is an answer: hub or lab might never give one (a lab may be anything).
 * Nor does anybody once hub or lab have hung up.
 */
export function bindWebsocket(outgoing, caller) {
  const end = () => { outgoing.destroy(); caller.destroy(); };
  const endSoon = () => {
    caller.setTimeout(WEBSOCKET_SECONDS * 1000, () => caller.destroy());
    caller.destroySoon();
  };
  caller.setTimeout(WEBSOCKET_SECONDS * 1000, end);
  caller.on("data", end).on("end", end); // there is nothing to say before the answer, RFC 6455, 4.1
  outgoing.on("upgrade", (_answer, socket) => {
    caller.off("data", end).off("end", end).off("timeout", end);
    caller.setTimeout(0);
    socket.on("close", endSoon);
  });
}
