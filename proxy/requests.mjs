// What of a request goes on to hub or lab: one request, framed by us, without what concerns this connection alone.
//
// The parser here and those of hub and labs must never disagree about where a request ends: whoever hides a second one
// in a body would have it answered as another client's. So nothing of a request's framing is passed on. What the
// parser here made of it is sent with one framing of our own; what two parsers could read in two ways is refused.

const WITHOUT_BODY = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "DELETE"]); // where none is usual, and goes unsaid
const ONCE = new Set(["host", "content-length", "transfer-encoding", "upgrade", "expect"]);
const FRAMING = new Set(["host", "content-length", "transfer-encoding"]);
const ONE_CONNECTIONS = [
  "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer",
  "transfer-encoding", "upgrade", "http2-settings", "expect",
];
const TARGET = /^\/[!-~]*$/;
const LENGTH = /^[0-9]{1,15}$/;
const MOST_HEADERS = 500; // a browser sends some forty
const TOKEN = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;

/**
 * Have a server show all headers that its parser goes by. Node keeps the first thousand, and takes a length or a coding
 * behind them for the request's all the same: it would not be seen here, and the body would pass for another request.
 */
export function showAllHeaders(server) {
  server.maxHeadersCount = 0; // no number; --max-http-header-size bounds them
}

/**
 * Make of a request what goes on to hub or lab, in its own `url` and `headers`.
 *
 * Returns a sentence on why it is refused, or nothing.
 */
export function normalise(request, forWebsocket) {
  const fault = faultOf(request, forWebsocket);
  if (fault) return fault;
  const { headers, method } = request;
  const chunked = headers["transfer-encoding"] !== undefined;
  const length = Number(headers["content-length"] ?? 0);
  removeWhatIsOfOneConnection(headers);
  delete headers["content-length"];
  for (const name of Object.keys(headers)) if (name.includes("_")) delete headers[name]; // some read it as "-"
  if (forWebsocket) Object.assign(headers, { connection: "Upgrade", upgrade: "websocket" });
  else if (chunked) headers["transfer-encoding"] = "chunked";
  else if (length > 0 || !WITHOUT_BODY.has(method)) headers["content-length"] = String(length);
  request.url = pathOf(request);
}

/** Remove headers that concern one connection alone: the known ones, and those that `Connection` names. */
export function removeWhatIsOfOneConnection(headers) {
  for (const name of [...named(headers.connection), ...ONE_CONNECTIONS]) delete headers[name];
}

function faultOf(request, forWebsocket) {
  const { headers, rawHeaders, httpVersion, method, url } = request;
  if (httpVersion !== "1.1" && httpVersion !== "1.0") return "Only HTTP/1.1 is spoken here.";
  if (!TARGET.test(url) || !isReadable(url)) return "The address is none.";
  if (rawHeaders.length > 2 * MOST_HEADERS) return "There are too many headers.";

  const seen = new Set();
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at].toLowerCase();
    if (seen.has(name) && ONCE.has(name)) return `The header "${name}" is there twice.`;
    seen.add(name);
  }
  if (httpVersion === "1.1" && !headers.host) return "There is no host.";

  const connection = named(headers.connection);
  if (connection.some((name) => !TOKEN.test(name) || FRAMING.has(name))) return "The header \"connection\" is none.";
  if (headers.expect !== undefined && headers.expect.toLowerCase() !== "100-continue") return "That is not expected here.";
  const [length, coding] = [headers["content-length"], headers["transfer-encoding"]];
  if (length !== undefined && !LENGTH.test(length)) return "The length is none.";
  if (coding !== undefined && (coding.toLowerCase() !== "chunked" || length !== undefined || httpVersion === "1.0")) {
    return "The length is ambiguous.";
  }
  if (!forWebsocket) return;
  if (method !== "GET" || httpVersion !== "1.1" || headers.upgrade?.toLowerCase() !== "websocket") {
    return "Only a websocket can be upgraded to.";
  }
  if (Number(length ?? 0) > 0 || coding !== undefined) return "A websocket is asked for without a body.";
}

/** The address, as both whoever looks for its target and whoever is asked for it read it; some take no other letters. */
function pathOf(request) {
  const { pathname, search } = new URL(`http://door${request.url.replace(/^\/+/, "/")}`);
  return pathname + search.replace(/%(?![0-9a-f]{2})/gi, "%25").replace(/[\\^`{|}]/g, encodeURIComponent);
}

function isReadable(url) {
  try {
    return !decodeURIComponent(url.split("?", 1)[0]).includes("\0"); // which no name of a file holds
  } catch {
    return false;
  }
}

function named(connection) {
  return (connection ?? "").toLowerCase().split(",").map((name) => name.trim()).filter(Boolean);
}
