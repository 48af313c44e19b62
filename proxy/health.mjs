// Healthy: the API answers over its socket, and the public port takes connections.
import http from "node:http";
import net from "node:net";

const fail = (error) => { console.error(String(error)); process.exit(1); };
const api = http.get(
  {
    socketPath: "/run/proxy/api.sock",
    path: "/api/routes",
    headers: { Authorization: `token ${process.env.CONFIGPROXY_AUTH_TOKEN}` },
    timeout: 3000,
  },
  (answer) => {
    if (answer.statusCode !== 200) fail(`the proxy's API answered ${answer.statusCode}`);
    const door = net.connect(8000, "127.0.0.1", () => process.exit(0));
    door.on("error", fail);
  },
);
api.on("error", fail);
api.on("timeout", () => fail("the proxy's API does not answer"));
