/** Run by the bench in each of its network namespaces: a control plane that knows the bench's services, and the certificates of all. */

import { createPrivateKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { FakeAuthority } from "../fake/authority.ts";
import { FakeControlPlane } from "../fake/control-plane.ts";
import { SERVICES } from "./services.ts";

const [dir = ".", side = "client", name = "client", serverName = "server"] = process.argv.slice(2);
const key = createPrivateKey(readFileSync(`${dir}/authority.key`));
const authority = new FakeAuthority("root.bench", key);
const control = new FakeControlPlane(authority);
for (const [service, { addr, endpoint, opaque, meshed }] of Object.entries(SERVICES)) {
  const path = `${service}.bench.svc.cluster.local:80`;
  control.services.set(addr, { path, opaque });
  const direct = opaque ? { directPort: 4143, opaque } : {};
  control.announce(path, [{ addr: endpoint, ...(meshed && { identity: serverName, ...direct }) }]);
}
const { chainPem, keyPem } = authority.issue(name);
writeFileSync(`${dir}/${side}.pem`, chainPem);
writeFileSync(`${dir}/${side}.key`, keyPem);
writeFileSync(`${dir}/${side}.bundle.pem`, chainPem + keyPem);
writeFileSync(`${dir}/anchors-${side}.pem`, authority.anchorsPem);
writeFileSync(`${dir}/control-port-${side}`, String(control.listener.port));
