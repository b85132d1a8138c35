import { expect, test } from "bun:test";
import { fakeCluster } from "../../test/fake/cli.ts";
import { ANCHORS_PEM, changed, installed, without } from "../../test/fake/installed.ts";
import type { Target } from "./check.ts";
import { readAnchors, readCertificate, readValues } from "./config.ts";

const target = (objects = installed()): Target => ({
  client: fakeCluster(objects),
  linkerdNamespace: "linkerd",
  cniNamespace: "linkerd-cni",
  namespace: undefined,
  version: "1",
  wall: () => 0,
});

test("values, anchors and certificates are read as they were installed", async () => {
  expect((await readValues(target())).linkerdVersion).toBe("1.2.3");
  expect(await readAnchors(target())).toBe(ANCHORS_PEM);
  expect((await readCertificate(target(), "linkerd-identity-issuer")).keyPem).toContain(
    "PRIVATE KEY",
  );
});

test("what is missing or broken is named", async () => {
  const broken = changed("ConfigMap/linkerd-config", (map: { data: Record<string, string> }) => {
    map.data["values"] = "a: 1";
  });
  expect(await readValues(target(broken)).catch(String)).toContain("is no JSON");
  expect(
    await readAnchors(target(without("ConfigMap/linkerd-identity-trust-roots"))).catch(String),
  ).toContain('"ca-bundle.crt"');
  expect(await readCertificate(target(), "none").catch(String)).toContain(
    'secrets "none" not found',
  );
  const empty = changed(
    "Secret/linkerd-identity-issuer",
    (secret: { data: Record<string, string> }) => {
      secret.data = {};
    },
  );
  expect(await readCertificate(target(empty), "linkerd-identity-issuer").catch(String)).toContain(
    "key crt.pem or tls.crt",
  );
});
