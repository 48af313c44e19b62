// Under which host what is found, as the generator writes it (rendered/proxy.json): by the name that people type, and
// labs by a name of their own where there is one, or each user's by another below it. A change is taken up while
// connections are open.
import { readFileSync, watchFile } from "node:fs";

const FILE = "/srv/jupyterhub/proxy.json";
const WATCH_MILLISECONDS = 1000;
const NOTHING = { hub: "", labs: "", apart: false, https: false };

export class Hosts {
  constructor(log, baseUrl, file = FILE) {
    this.log = log;
    this.baseUrl = baseUrl;
    this.read(file);
    watchFile(file, { interval: WATCH_MILLISECONDS }, () => this.read(file));
  }

  read(file) {
    try {
      this.known = { ...NOTHING, ...JSON.parse(readFileSync(file, "utf8")) };
    } catch (error) {
      if (this.known === undefined) this.known = NOTHING;
      if (error.code !== "ENOENT") this.log.error("%s cannot be read: %s", file, error.message);
    }
  }

  /**
   * Where what is asked for is found, if not here: an answer's status, with its `Location` or, where nobody would follow
   * one, its text. Undefined: here.
   *
   * @param lab the running lab that is asked, with the host that the hub has for it; undefined where the hub is.
   * @param byEdge whether the edge asks, which alone speaks HTTPS.
   */
  elsewhere(request, lab, byEdge) {
    const { hub, labs, apart, https } = this.known;
    const labsName = labs && new URL(labs).hostname;
    const own = apart ? lab?.host : labsName;
    if (lab && labs && !own) return { status: 503, text: "The hub is restarting." }; // it is about to say whose host it is
    const address = lab && labs ? labs.replace(labsName, own) : hub;
    if (https && !byEdge) return { status: 308, location: address + request.url };
    if (!labs) return undefined;
    const asked = hostOf(request);
    const isHere = lab ? asked === own : apart ? !asked.endsWith(`.${labsName}`) : asked !== labsName;
    if (isHere) return undefined;
    if (isPage(request)) return { status: 302, location: address + request.url };
    // A page of a lab that ended asks its server: it is told what JupyterHub tells it, and not sent to another host.
    const ofEndedLab = !lab && request.url.startsWith(`${this.baseUrl}user/`);
    return ofEndedLab ? { status: 424, text: "The lab is not running." } : { status: 403, text: "Not at this address." };
  }
}

function hostOf(request) {
  return (request.headers.host ?? "").toLowerCase().replace(/:[0-9]*$/, "");
}

/** Whether a person looks at the answer, rather than a program. */
function isPage({ method, headers }) {
  if (!["GET", "HEAD"].includes(method) || headers.upgrade) return false;
  const mode = headers["sec-fetch-mode"];
  return mode === undefined ? (headers.accept ?? "").includes("text/html") : mode === "navigate";
}
