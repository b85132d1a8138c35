/** Run by the bench in its network namespace: a control plane that knows the bench's three services. */

import { readFileSync, writeFileSync } from "node:fs";
import { FakeAuthority } from "../fake/authority.ts";
import { FakeControlPlane } from "../fake/control-plane.ts";
import { PORTS } from "./peers.ts";

const [dir = "."] = process.argv.slice(2);
const authority = new FakeAuthority("root.bench");
const control = new FakeControlPlane(authority);
const services = [
  { addr: "10.99.0.1:80", name: "http1", endpoint: `127.0.0.1:${PORTS.backend}`, opaque: false },
  {
    addr: "10.99.0.2:80",
    name: "http2",
    endpoint: `127.0.0.1:${PORTS.http2Backend}`,
    opaque: false,
  },
  { addr: "10.99.0.3:80", name: "tcp", endpoint: `127.0.0.1:${PORTS.backend}`, opaque: true },
];
for (const { addr, name, endpoint, opaque } of services) {
  const path = `${name}.bench.svc.cluster.local:80`;
  control.services.set(addr, { path, opaque });
  control.announce(path, [{ addr: endpoint }]);
}
writeFileSync(`${dir}/anchors.pem`, authority.anchorsPem);
writeFileSync(`${dir}/control-port`, String(control.listener.port));
if (readFileSync(`${dir}/anchors.pem`).length === 0)
  throw new Error("Cannot write anchors: file is empty");
