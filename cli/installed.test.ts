import { expect, test } from "bun:test";
import { fakeCluster } from "../test/fake/cli.ts";
import { ANCHORS_PEM, INSTALLED_MS, installed } from "../test/fake/installed.ts";
import { readInstalled } from "./installed.ts";

const HOW = { namespace: "linkerd", wallMs: INSTALLED_MS };

test("readInstalled() gives back what was installed", async () => {
  const { overrides, certificates } = await readInstalled(fakeCluster(installed()), HOW);
  expect(overrides).toEqual({});
  expect(certificates.anchorsPem).toBe(ANCHORS_PEM);
  expect(certificates.issuer.keyPem).toContain("PRIVATE KEY");
  expect(certificates.proxyInjector.caPem).toContain("CERTIFICATE");
});

test("readInstalled() says what is missing", async () => {
  expect(readInstalled(fakeCluster([]), HOW)).rejects.toThrow(
    "Cannot find an installation in namespace linkerd: values of ConfigMap linkerd-config is missing",
  );
});
