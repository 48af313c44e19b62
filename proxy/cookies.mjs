// Cookies that a browser holds for this host, of which it sends all with every request. More than a server reads would
// shut it out, so what is too much is removed, here and in the browser.

const MOST_BYTES = 8192;
const LEFT_BYTES = 4096; // less, so that the next sign-in does not make it too much again
const LONG_AGO = "Expires=Thu, 01 Jan 1970 00:00:00 GMT";

/**
 * Take out of a request's cookies what is too much: the largest, since those that people are signed in by are small.
 *
 * Returns what has the browser forget them, as `Set-Cookie` says it; nothing to be forgotten is an empty list.
 */
export function removeTooMany(request) {
  const { headers, url } = request;
  if (Buffer.byteLength(headers.cookie ?? "", "latin1") <= MOST_BYTES) return [];
  const cookies = headers.cookie.split(";").map((cookie) => cookie.trim()).sort((one, other) => one.length - other.length);
  let bytes = 0;
  const kept = cookies.filter((cookie) => (bytes += cookie.length + 2) <= LEFT_BYTES);
  const gone = cookies.filter((cookie) => !kept.includes(cookie)).map((cookie) => cookie.split("=", 1)[0]);
  if (kept.length) headers.cookie = kept.join("; ");
  else delete headers.cookie;
  return gone.flatMap((name) => pathsAbove(url).map((path) => `${name}=; ${LONG_AGO}; Path=${path}`));
}

/** The paths whose cookies are sent to an address. */
function pathsAbove(url) {
  const parts = url.split("?", 1)[0].split("/").slice(1, -1);
  const folders = parts.map((_, index) => `/${parts.slice(0, index + 1).join("/")}/`);
  return ["/", ...folders];
}
