// Which language somebody is answered in: the one they chose on the hub's pages, else the first of their browser's that
// there is, else English. As the hub does it (jupyterhub/homeroom/texts/language.py).
import { readFileSync, readdirSync } from "node:fs";

const DEFAULT = "en";
const COOKIE = /(?:^|;)\s*homeroom-language=([a-z-]+)\s*(?:;|$)/;
const FOLDER = new URL("texts/", import.meta.url);

/** What is said, by language. */
export const TEXTS = Object.fromEntries(
  readdirSync(FOLDER).map((file) => [file.replace(/\.json$/, ""), JSON.parse(readFileSync(new URL(file, FOLDER), "utf8"))]),
);

/** The language that a request asks for. */
export function languageOf({ headers }) {
  const chosen = COOKIE.exec(headers.cookie ?? "")?.[1];
  const wanted = [chosen, ...byPreference(headers["accept-language"] ?? "")];
  return wanted.find((language) => language && Object.hasOwn(TEXTS, language)) ?? DEFAULT;
}

/** The languages of `Accept-Language`, without their countries, the most wanted first. */
function byPreference(accepts) {
  const weighed = accepts.split(",").map((part) => {
    const [tag, weight] = part.trim().split(";q=");
    return [Number(weight || 1), tag.split("-")[0].toLowerCase()];
  });
  return weighed.filter(([weight]) => weight > 0).sort(([one], [other]) => other - one).map(([, tag]) => tag);
}
