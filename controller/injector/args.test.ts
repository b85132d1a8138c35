import { expect, test } from "bun:test";
import { parseInjector } from "./args.ts";

test("parseInjector() has the ports and folders that the manifests give", () => {
  const variables = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };
  expect(parseInjector(["--linkerd-namespace=mesh", "-log-level", "debug"], variables)).toEqual({
    type: "args",
    args: {
      addr: { ip: "::", port: 8443 },
      adminAddr: { ip: "::", port: 9995 },
      controllerNamespace: "mesh",
      files: {
        values: "/var/run/linkerd/config/values",
        anchors: "/var/run/linkerd/identity/trust-roots/ca-bundle.crt",
        crt: "/var/run/linkerd/tls/tls.crt",
        key: "/var/run/linkerd/tls/tls.key",
      },
      logLevel: "debug",
      logFormat: "plain",
      api: { host: "10.0.0.1", port: "443" },
    },
  });
});

test.each([
  ["-nope=1", "-nope=1 is not known"],
  ["word", "word is not known"],
  ["-constructor=1", "-constructor=1 is not known"],
  ["-addr", "-addr has no value"],
  ["-addr=8443", '-addr cannot be "8443"'],
  ["-metrics-addr=:99999", '-metrics-addr cannot be ":99999"'],
  ["-log-format=xml", '-log-format cannot be "xml"'],
  ["-log-level=loud", '-log-level cannot be "loud"'],
])("parseInjector() refuses %s", (word, message) => {
  expect(parseInjector([word], {})).toEqual({ type: "error", message });
});

test("-help is told", () => {
  expect(parseInjector(["-help"], {})).toEqual({ type: "help" });
});
