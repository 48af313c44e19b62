// Who asks, and how: what the door sees itself. What a request claims is taken from web servers in front alone, which
// TRUSTED_PROXIES names.
import { readFileSync } from "node:fs";
import net from "node:net";

// By which servers in front tell those behind them of who asked, for what, or as whom.
const CLAIM = new RegExp(`^(${[
  "forwarded", "x-forwarded(-.*)?", "via", "x-real-.*", "x-client-.*", "x-cluster-client-ip", "true-client-ip",
  "cf-.*", "fastly-client-ip", "x-scheme", "x-url-scheme", "front-end-https", "x-original-.*", "x-rewrite-.*",
  "x-http-method(-override)?", "x-method-override", "x-script-name", "x-proxycontextpath", "(x-)?remote-.*",
  "(x-)?auth-request-.*", "x-sso-.*", "x-webauth-.*", "x-authenticated-.*", "x-ssl-.*", "ssl-client-.*",
].join("|")})$`);

/** Web servers in front, as TRUSTED_PROXIES names them: addresses and networks, with commas between them. */
export class TrustedProxies {
  constructor(text) {
    this.addresses = new net.BlockList();
    for (const each of text.split(",").map((one) => one.trim()).filter(Boolean)) {
      const [address, bits] = each.split("/");
      const family = `ipv${net.isIP(address)}`;
      if (bits === undefined) this.addresses.addAddress(address, family);
      else this.addresses.addSubnet(address, Number(bits), family);
    }
    // One on this machine is seen here as the gateway, whichever address it uses. Nobody else is: HUB_IP is 127.0.0.1.
    const gateway = this.has("127.0.0.1") && readGateway();
    if (gateway) this.addresses.addAddress(gateway);
  }

  has(address) {
    const version = net.isIP(address);
    return version !== 0 && this.addresses.check(address, `ipv${version}`);
  }
}

/**
 * Replace what a request claims about who asks by what is known of it.
 *
 * @param byEdge whether it came by the edge's socket: it says who asked it, and all else is what that one claims.
 */
export function replaceClaims(request, trusted, byEdge) {
  const { headers } = request;
  let address = request.socket.remoteAddress ?? "";
  let scheme = "http";
  if (byEdge) {
    address = headers["x-forwarded-for"] ?? "";
    scheme = "https";
  }
  if (!byEdge && trusted.has(address)) {
    address = furthestKnown(headers["x-forwarded-for"] ?? "", address, trusted);
    if (lastOf(headers["x-forwarded-proto"]) === "https") scheme = "https";
    for (const name of ["forwarded", "x-scheme"]) delete headers[name]; // the hub would take their word first
  } else {
    for (const name of Object.keys(headers)) if (CLAIM.test(name)) delete headers[name];
  }
  const host = headers.host ?? "";
  headers["x-real-ip"] = headers["x-forwarded-for"] = address;
  headers["x-forwarded-proto"] = scheme;
  headers["x-forwarded-host"] = host;
  headers["x-forwarded-port"] = /:([0-9]+)$/.exec(host)?.[1] ?? (scheme === "https" ? "443" : "80");
}

/** Remove what a web server in front shows the hub to be believed: no lab is to know it. */
export function hideSecret(request) {
  delete request.headers["x-sso-secret"];
}

/** Read from the right, the first address that is not of a trusted proxy. */
function furthestKnown(forwarded, address, trusted) {
  for (const each of forwarded.split(",").map((one) => one.trim()).reverse()) {
    if (!net.isIP(each)) break;
    address = each;
    if (!trusted.has(each)) break;
  }
  return address;
}

function lastOf(list) {
  return (list ?? "").split(",").at(-1).trim().toLowerCase();
}

/** This container's way out, which is this machine; nothing where there is none. */
function readGateway() {
  const routes = readFileSync("/proc/net/route", "ascii").split("\n").map((line) => line.split("\t"));
  const way = routes.find(([, destination, gateway]) => destination === "00000000" && gateway !== "00000000");
  return way && Buffer.from(way[2], "hex").reverse().join(".");
}
