/** Run by the bench in each of its network namespaces: a control plane that knows the bench's services, and the certificates of all. */

import { createPrivateKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { FakeAuthority } from "../fake/authority.ts";
import { FakeControlPlane } from "../fake/control-plane.ts";
import { startCollector } from "./collector.ts";
import { NAMES } from "./names.ts";
import { restricted, rulesOf } from "./policies.ts";
import { loopbackAddrs, SERVICES } from "./services.ts";

const [dir = ".", side = "client", name = "client", serverName = "server", ...on] =
  process.argv.slice(2);
const key = createPrivateKey(readFileSync(`${dir}/authority.key`));
const authority = new FakeAuthority("root.bench", key);
const control = new FakeControlPlane(authority);
for (const [service, how] of Object.entries(SERVICES)) {
  const { addr, endpoint, opaque, meshed, rules, armed = false, endpoints = 1 } = how;
  const path = `${service}.bench.svc.cluster.local:80`;
  const policy = rules === undefined ? {} : { policy: rulesOf(rules, { armed }) };
  control.services.set(addr, { path, opaque, ...policy });
  const direct = opaque ? { directPort: 4143, opaque } : {};
  control.announce(
    path,
    loopbackAddrs(endpoint, endpoints).map((each) => ({
      addr: each,
      ...(meshed && { identity: serverName, ...direct }),
    })),
  );
}
if (on.includes("restricted") && side === "server") {
  control.server = restricted(NAMES.client);
  control.announcePorts("none");
}
if (on.includes("traced")) {
  const port = startCollector((spans) => writeFileSync(`${dir}/spans-${side}`, String(spans)));
  writeFileSync(`${dir}/collector-port-${side}`, String(port));
}
const { chainPem, keyPem } = authority.issue(name);
writeFileSync(`${dir}/${side}.pem`, chainPem);
writeFileSync(`${dir}/${side}.key`, keyPem);
writeFileSync(`${dir}/${side}.bundle.pem`, chainPem + keyPem);
writeFileSync(`${dir}/anchors-${side}.pem`, authority.anchorsPem);
writeFileSync(`${dir}/control-port-${side}`, String(control.listener.port));
