// What the proxy itself shows to people while there is no hub: in their language, and with the name and the colours of
// the hub's pages, as the generator writes them (rendered/branding.json). A change is taken up.
import { readFileSync, watchFile } from "node:fs";
import { TEXTS, languageOf } from "./languages.mjs";

const FILE = "/srv/jupyterhub/branding.json";
const MOVED = "/srv/jupyterhub/moved.json"; // written by `make move`: {"state": "closing" or "moved", "to": address}
const WATCH_MILLISECONDS = 1000;
const HUB_IS_DOWN = readFileSync(new URL("pages/503.html", import.meta.url), "utf8");
const COLOUR = /^#[0-9a-f]{6}$/i;
const USUAL_COLOUR = "#b84a08";
const USUAL_NAME = "JupyterHub";

export class Pages {
  constructor(log, file = FILE, moved = MOVED) {
    this.log = log;
    this.brand = {};
    this.move = {};
    this.follow(file, (found) => { this.brand = found ?? this.brand; });
    this.follow(moved, (found) => { this.move = found ?? {}; });
  }

  /** Take up what a file holds, now and whenever it changes. */
  follow(file, take) {
    const read = () => take(this.read(file));
    read();
    watchFile(file, { interval: WATCH_MILLISECONDS }, read);
  }

  read(file) {
    try {
      return JSON.parse(readFileSync(file, "utf8"));
    } catch (error) {
      if (error.code !== "ENOENT") this.log.error("%s cannot be read: %s", file, error.message);
    }
  }

  /** Whether people work elsewhere from now on, or soon will. */
  get hasMoved() {
    return ["closing", "moved"].includes(this.move.state) && /^https?:\/\//.test(this.move.to ?? "");
  }

  /** The page that says that there is no hub now. */
  hubIsDown(request) {
    const language = languageOf(request);
    const texts = this.textsIn(language);
    const links = ["imprint", "privacy"].filter((name) => /^https?:/.test(this.brand[name] ?? ""));
    const isThere = this.hasMoved && this.move.state === "moved";
    const there = isThere ? `<p><a href="${escaped(this.move.to)}">${escaped(this.move.to)}</a></p>` : "";
    const values = {
      ...texts,
      lang: language,
      name: this.brand.name || USUAL_NAME,
      colour: colour(this.brand.colour),
      colour_dark: colour(this.brand.colour_dark),
    };
    const written = links.map((name) => `<a href="${escaped(this.brand[name])}">${escaped(texts[name])}</a>`).join("\n");
    const markup = { links: written, there };
    return HUB_IS_DOWN.replace(/\{\{(\w+)\}\}/g, (_, name) => markup[name] ?? escaped(values[name]));
  }

  /** What is said of the hub that is not there: that it restarts, moves, or has moved. */
  textsIn(language) {
    const texts = TEXTS[language];
    if (!this.hasMoved) return texts;
    const { state } = this.move;
    return { ...texts, title: texts[`${state}Title`], reloads: texts[state], labs: texts[`${state}Labs`] };
  }
}

function colour(value) {
  return COLOUR.test(value ?? "") ? value : USUAL_COLOUR;
}

function escaped(text) {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt()};`);
}
