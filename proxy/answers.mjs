// What of an answer of hub or lab comes back: nothing that concerns the connection to them alone, and of a lab's answer
// nothing that reaches beyond the lab's own path. All labs and the hub are one host to a browser, and what it keeps for
// a host would be another user's too: an image in a notebook is enough to have a header of its server's taken up.
import { removeWhatIsOfOneConnection } from "./requests.mjs";

const HANDSHAKE = ["sec-websocket-accept", "sec-websocket-protocol", "sec-websocket-extensions"];

/** What browsers keep for a whole host, and what web servers in front take for an order of their own. */
const BEYOND_A_PATH = new Set([
  "service-worker-allowed", // a worker for paths above its own
  "set-cookie2", "clear-site-data", "set-login",
  "strict-transport-security", "public-key-pins", "public-key-pins-report-only", "expect-ct", "expect-staple",
  "alt-svc", "alternate-protocol",
  "report-to", "nel",
  "accept-ch", "accept-ch-lifetime", "critical-ch", "use-as-dictionary",
  "origin-agent-cluster", "origin-isolation", "origin-policy",
  "www-authenticate", "authentication-info", "proxy-authentication-info", // the browser's own dialogue, for the host
  "sec-session-registration", "sec-session-challenge", "secure-session-registration", "secure-session-challenge",
  "x-accel-redirect", "x-accel-expires", "x-accel-limit-rate", "x-accel-charset", // nginx
  "x-sendfile", "x-lighttpd-send-file", "x-lighttpd-send-tempfile", "x-reproxy-url", "x-reproxy-file",
]);

/**
 * Bytes of cookies that one answer of a lab may set; those of a single-user server take 800. A browser sends all that
 * it holds with each request, and what is more than a server reads (headers of 32 KB here) shuts it out until they
 * expire. Since six requests are on their way at a time, that is not reached before `cookies.mjs` removes some.
 */
const MOST_COOKIE_BYTES = 2048;

/** Informational answers (1xx) before an answer; who gives more, one after the other for ever, is not answering. */
const MOST_INFORMATIONAL = 32;

/** Have a request fail whose answer is put off without end: each word of it would take time of all users. */
export function boundInformation(outgoing) {
  let count = 0;
  outgoing.on("information", () => {
    count += 1;
    if (count > MOST_INFORMATIONAL) outgoing.destroy(new Error("informational answers without end"));
  });
}

/**
 * Make of an answer what comes back.
 *
 * @param receiver who is written to. An answer that breaks off breaks off for them too: a browser would wait for ever
 *   otherwise, such as the page that listens to a lab's start when the hub is killed.
 * @param prefix the path of the lab whose answer it is; undefined where it is the hub's.
 */
export function prepareAnswer(answer, receiver, staysOpen, prefix) {
  const { headers } = answer;
  removeWhatIsOfOneConnection(headers);
  makeStatusWritable(answer);
  headers.connection = staysOpen ? "keep-alive" : "close";
  if (prefix !== undefined) keepWithin(headers, addressOf(prefix));
  answer.on("close", () => { if (!answer.complete) receiver.destroy(); });
}

/** Make of the answer that opens a websocket what comes back: what RFC 6455 has for it, and nothing else. */
export function prepareHandshake(answer) {
  const kept = HANDSHAKE.filter((name) => name in answer.headers).map((name) => [name, answer.headers[name]]);
  answer.headers = { upgrade: "websocket", connection: "Upgrade", ...Object.fromEntries(kept) };
}

/** A path of the table of routes as it stands in addresses: in the one spelling that hub and labs use. */
export function addressOf(path) {
  const quote = (part) => encodeURIComponent(part).replace(/[!*'()]/g, (one) => `%${one.charCodeAt().toString(16)}`);
  return path.split("/").map((part) => quote(part).replaceAll("%40", "@")).join("/");
}

/** Node reads statuses and reasons that it does not write: it would throw, and leave the client without an answer. */
function makeStatusWritable(answer) {
  if (answer.statusCode < 200) answer.statusCode = 502;
  answer.statusMessage = answer.statusMessage.replace(/[^\t\x20-\x7e\x80-\xff]/g, "?");
}

function keepWithin(headers, path) {
  for (const name of Object.keys(headers)) if (BEYOND_A_PATH.has(name)) delete headers[name];
  const cookies = headers["set-cookie"];
  if (!cookies) return;
  let bytes = 0;
  headers["set-cookie"] = cookies.map((cookie) => cookieWithin(cookie, path)).filter((cookie) => {
    const fits = bytes + cookie.length <= MOST_COOKIE_BYTES;
    if (fits) bytes += cookie.length;
    return fits;
  });
}

/** A cookie for this host alone, and for this path or one below: without a path it would be that of the address. */
function cookieWithin(cookie, path) {
  const [pair, ...attributes] = cookie.split(";").map((part) => part.trim());
  const isOf = (name) => (attribute) => attribute.split("=", 1)[0].trim().toLowerCase() === name;
  const wanted = attributes.findLast(isOf("path"))?.replace(/^[^=]*=?\s*/, "");
  const kept = attributes.filter((attribute) => !isOf("path")(attribute) && !isOf("domain")(attribute));
  return [pair, ...kept, `Path=${wanted?.startsWith(`${path}/`) ? wanted : `${path}/`}`].join("; ");
}
