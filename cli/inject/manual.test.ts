import { expect, test } from "bun:test";
import { fakeCluster } from "../../test/fake/cli.ts";
import { ANCHORS_PEM, installed } from "../../test/fake/installed.ts";
import { assumeMesh, createManual, readMesh } from "./manual.ts";
import type { PodTemplate } from "./workload.ts";

const template = (): PodTemplate => ({ spec: { containers: [{ name: "app" }] } });
const owner = { kind: "Deployment", metadata: { name: "web", namespace: "shop" } };

test("the proxy is added with what the cluster's mesh is configured with", async () => {
  const web = template();
  createManual(await readMesh(fakeCluster(installed()), "linkerd"))(web, owner);
  const proxy = web.spec.initContainers?.[0];
  expect(proxy?.name).toBe("linkerd-proxy");
  expect(proxy?.image).toEndWith(":1.2.3");
  const anchors = proxy?.env?.find(({ name }) => name.endsWith("TRUST_ANCHORS"));
  expect(anchors?.value).toBe(ANCHORS_PEM);
  expect(web.metadata?.labels).toMatchObject({
    "linkerd.io/workload-ns": "shop",
    "linkerd.io/proxy-deployment": "web",
  });
  expect(web.metadata?.annotations?.["linkerd.io/created-by"]).toBe("linkerd/cli 1.2.3");
});

test("no mesh, no anchors, and a container with the proxy's user are told", async () => {
  expect(await readMesh(fakeCluster([]), "linkerd").then(String, String)).toContain(
    "there is no ConfigMap linkerd-config in namespace linkerd",
  );
  const assumed = await assumeMesh({
    version: "1",
    linkerdNamespace: "linkerd",
    anchorsFile: undefined,
  });
  expect(() => createManual(assumed)(template(), owner)).toThrow("--identity-trust-anchors-file");
  const same = template();
  same.spec.securityContext = { runAsUser: 2102 };
  const known = createManual({ values: assumed.values, anchors: { pem: "x" } });
  expect(() => known(same, owner)).toThrow("runs as user 2102");
  const missing = assumeMesh({ version: "1", linkerdNamespace: "l", anchorsFile: "/none.pem" });
  expect(await missing.then(String, String)).toContain("Cannot read /none.pem");
});

test("the control plane's own templates take the anchors from their namespace", async () => {
  const assumed = await assumeMesh({
    version: "1",
    linkerdNamespace: "linkerd",
    anchorsFile: undefined,
  });
  const part = template();
  part.metadata = { labels: { "linkerd.io/control-plane-component": "identity" } };
  createManual(assumed)(part, { kind: "Deployment", metadata: { name: "linkerd-identity" } });
  expect(JSON.stringify(part)).toContain("linkerd-identity-trust-roots");
});
