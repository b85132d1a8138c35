import { expect, test } from "bun:test";
import { parseValues } from "../controller/injector/values.ts";
import { createValues, HA, type Overrides, overridesIn, validateValues } from "./values.ts";

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
  [{ proxy: "x" }, "proxy must be a object"],
  [{ policyController: { probeNetworks: "10.0.0.0/8" } }, "must be a list"],
  [{ controllerReplicas: 0 }, "controllerReplicas must be 1 or more"],
  [{ proxy: { defaultInboundPolicy: "allow" } }, 'cannot be "allow"'],
  [{ cni: { redirect: "ipvs" } }, "cni.redirect must be one of auto, ebpf, nft, iptables"],
  [{ identity: { issuer: { issuanceLifetime: "1 day" } } }, "issuanceLifetime is no duration"],
  [{ controllerUID: 2102 }, "controllerUID must not be proxy.uid"],
  [{ namespace: "Linkerd" }, 'namespace cannot be "Linkerd"'],
])("createValues() refuses %j", (overrides, message) => {
  expect(() => createValues("1", overrides as unknown as Overrides)).toThrow(message);
});

test("validateValues() finds nothing wrong with the defaults, and the injector reads them", () => {
  const values = createValues("1.2.3");
  expect(validateValues(values)).toEqual([]);
  expect(parseValues(JSON.stringify(values))).toMatchObject({ linkerdVersion: "1.2.3" });
});

test("overridesIn() gives back what was set, so that another version can be made of it", () => {
  const overrides = { namespace: "mesh", policyController: { probeNetworks: ["10.0.0.0/8"] } };
  for (const each of [{}, overrides, HA])
    expect(overridesIn(createValues("1.2.3", each))).toEqual(each);
});
