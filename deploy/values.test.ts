import { expect, test } from "bun:test";
import { parseValues } from "../controller/injector/values.ts";
import { createValues, HA, type Overrides, overridesIn } from "./values.ts";

test("createValues() takes overrides at any depth, and leaves the rest", () => {
  const values = createValues("1.2.3", {
    controllerImage: "local/bunkerd",
    proxy: { logLevel: "debug", image: { version: "dev" } },
    identity: { issuer: { issuanceLifetime: "60s" } },
    policyController: { probeNetworks: ["10.0.0.0/8"] },
  });
  expect(values).toMatchObject({
    linkerdVersion: "1.2.3",
    controllerImage: "local/bunkerd",
    controllerImageVersion: "1.2.3",
    controllerReplicas: 1,
    policyController: { probeNetworks: ["10.0.0.0/8"] },
    identity: { issuer: { issuanceLifetime: "60s", clockSkewAllowance: "20s" } },
    proxy: { logLevel: "debug", uid: 2102, image: { version: "dev" } },
  });
});

test.each([
  [{ controllerReplica: 1 }, "controllerReplica is not known"],
  [{ proxy: { image: { tag: "x" } } }, "proxy.image.tag is not known"],
  [{ controllerReplicas: "2" }, "controllerReplicas must be a number"],
  [{ proxy: "x" }, "proxy must be an object"],
  [{ policyController: { probeNetworks: "10.0.0.0/8" } }, "must be a list"],
  [{ controllerReplicas: 0 }, "controllerReplicas must be 1 or more"],
  [{ proxy: { defaultInboundPolicy: "allow" } }, 'cannot be "allow"'],
  [{ cni: { redirect: "ipvs" } }, "cni.redirect must be one of auto, ebpf, nft, iptables"],
  [{ identity: { issuer: { issuanceLifetime: "1 day" } } }, "issuanceLifetime is no duration"],
  [{ proxy: { resources: { cpu: { request: "much" } } } }, "proxy.resources.cpu.request is no"],
  [{ tolerations: {} }, "tolerations must be a list of objects"],
  [{ imagePullSecrets: [{}] }, "imagePullSecrets must be a list of objects with name"],
  [{ podLabels: { a: 1 } }, "podLabels must be strings by name"],
  [{ proxyInit: { iptablesMode: "nft" } }, "proxyInit.iptablesMode means nothing here, leave it"],
  [{ enablePprof: true }, "enablePprof means nothing here, leave it out: the runtime has no"],
  [{ proxy: { uid: null } }, "proxy.uid must be a number"],
  [{ proxy: { tracing: { enabled: true } } }, "proxy.tracing.collector needs an endpoint"],
  [
    { proxy: { tracing: { enabled: true, collector: { endpoint: "collector:4317" } } } },
    "and its meshIdentity unless",
  ],
  [{ proxy: { tracing: { collector: { endpoint: "collector" } } } }, "endpoint is no host:port"],
  [{ controller: { tracing: { enabled: true } } }, "controller.tracing means nothing here"],
  [{ namespace: "Linkerd" }, 'namespace cannot be "Linkerd"'],
])("createValues() refuses %j", (overrides, message) => {
  expect(() => createValues("1", overrides as unknown as Overrides)).toThrow(message);
});

test("the injector reads the values' defaults", () => {
  const text = JSON.stringify(createValues("1.2.3"));
  expect(parseValues(text)).toMatchObject({ linkerdVersion: "1.2.3" });
});

test("overridesIn() gives back what was set, so that another version can be made of it", () => {
  const overrides = { namespace: "mesh", policyController: { probeNetworks: ["10.0.0.0/8"] } };
  const marks = {
    nodeSelector: { "kubernetes.io/os": null, disk: "ssd" },
    tolerations: [{ operator: "Exists" }],
  } as unknown as Overrides;
  for (const each of [{}, overrides, HA, marks])
    expect(overridesIn(createValues("1.2.3", each))).toEqual(each);
});

test("createValues() adds to labels, and takes away what is null: as Helm does it", () => {
  const made = (nodeSelector: object): object =>
    createValues("1", { nodeSelector } as Overrides).nodeSelector;
  expect(made({ disk: "ssd" })).toEqual({ "kubernetes.io/os": "linux", disk: "ssd" });
  expect(made({ "kubernetes.io/os": null })).toEqual({});
});
