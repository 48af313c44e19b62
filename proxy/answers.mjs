// What of an answer of hub or lab comes back: without what concerns the connection to them alone.
import { removeWhatIsOfOneConnection } from "./requests.mjs";

const HANDSHAKE = ["sec-websocket-accept", "sec-websocket-protocol", "sec-websocket-extensions"];

/**
 * Make of an answer what comes back. `receiver` is who is written to.
 *
 * An answer that breaks off breaks off for the browser too. It would wait for ever otherwise, such as the page that
 * listens to a lab's start when the hub is killed.
 */
export function prepareAnswer(answer, receiver, staysOpen) {
  removeWhatIsOfOneConnection(answer.headers);
  answer.headers.connection = staysOpen ? "keep-alive" : "close";
  answer.on("close", () => { if (!answer.complete) receiver.destroy(); });
}

/** Make of the answer that opens a websocket what comes back: what RFC 6455 has for it, and nothing else. */
export function prepareHandshake(answer) {
  const kept = HANDSHAKE.filter((name) => name in answer.headers).map((name) => [name, answer.headers[name]]);
  answer.headers = { upgrade: "websocket", connection: "Upgrade", ...Object.fromEntries(kept) };
}
