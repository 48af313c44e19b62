// What the proxy itself shows to people while there is no hub: in their language, and with the name and the colours of
// the hub's pages, as the generator writes them (rendered/branding.json). A change is taken up.
import { readFileSync, watchFile } from "node:fs";
import { TEXTS, languageOf } from "./languages.mjs";

const FILE = "/srv/jupyterhub/branding.json";
const WATCH_MILLISECONDS = 1000;
const HUB_IS_DOWN = readFileSync(new URL("pages/503.html", import.meta.url), "utf8");
const COLOUR = /^#[0-9a-f]{6}$/i;
const USUAL_COLOUR = "#b84a08";
const USUAL_NAME = "JupyterHub";

export class Pages {
  constructor(log, file = FILE) {
    this.log = log;
    this.brand = {};
    this.read(file);
    watchFile(file, { interval: WATCH_MILLISECONDS }, () => this.read(file));
  }

  read(file) {
    try {
      this.brand = JSON.parse(readFileSync(file, "utf8"));
    } catch (error) {
      if (error.code !== "ENOENT") this.log.error("%s cannot be read: %s", file, error.message);
    }
  }

  /** The page that says that there is no hub now. */
  hubIsDown(request) {
    const language = languageOf(request);
    const texts = TEXTS[language];
    const links = ["imprint", "privacy"].filter((name) => /^https?:/.test(this.brand[name] ?? ""));
    const values = {
      ...texts,
      lang: language,
      name: this.brand.name || USUAL_NAME,
      colour: colour(this.brand.colour),
      colour_dark: colour(this.brand.colour_dark),
    };
    const written = links.map((name) => `<a href="${escaped(this.brand[name])}">${escaped(texts[name])}</a>`).join("\n");
    return HUB_IS_DOWN.replace(/\{\{(\w+)\}\}/g, (_, name) => (name === "links" ? written : escaped(values[name])));
  }
}

function colour(value) {
  return COLOUR.test(value ?? "") ? value : USUAL_COLOUR;
}

function escaped(text) {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt()};`);
}
