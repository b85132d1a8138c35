import { expect, test } from "bun:test";
import { addressService, firstAddress } from "./service-addresses.ts";
import { Store } from "./store.ts";

const service = (uid: string, spec: Record<string, unknown>) => ({
  metadata: { name: uid, namespace: "n", uid },
  spec,
});

test("addressService() gives free addresses and node ports, and keeps those that were given", () => {
  const store = new Store();
  const how = { store, cidrs: ["10.0.0.0/30"], previous: undefined, last: new Map() };
  const first = addressService(service("a", { type: "NodePort", ports: [{ port: 1 }] }), how);
  expect(first["spec"]).toMatchObject({ clusterIP: "10.0.0.1", ports: [{ nodePort: 30_000 }] });
  store.put({ table: "services", namespace: "n", name: "a" }, first);
  const second = addressService(service("b", {}), how);
  expect(second["spec"]).toMatchObject({ clusterIP: "10.0.0.2" });
  expect(addressService(service("a", {}), { ...how, previous: first })["spec"]).toMatchObject({
    clusterIP: "10.0.0.1",
  });
  expect(addressService(service("c", { clusterIP: "None" }), how)["spec"]).toMatchObject({
    clusterIP: "None",
  });
  expect(addressService(service("d", { type: "ExternalName" }), how)["spec"]).toEqual({
    type: "ExternalName",
  });
  expect(() => addressService(service("e", { clusterIP: "10.0.0.1" }), how)).toThrow(
    "already allocated",
  );
  store.put({ table: "services", namespace: "n", name: "b" }, second);
  expect(() => addressService(service("f", {}), how)).toThrow("used up");
  expect(firstAddress("10.96.0.0/16")).toBe("10.96.0.1");
});

test("Services that are created at once, none of them stored yet, get addresses of their own", () => {
  const how = {
    ...{ store: new Store(), cidrs: ["10.0.0.0/29"] },
    ...{ previous: undefined, last: new Map<string, number>() },
  };
  const addresses = ["a", "b", "c"].map(
    (uid) => (addressService(service(uid, {}), how)["spec"] as { clusterIP: string }).clusterIP,
  );
  expect(addresses).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
});

test("a Service of both families gets an address of each, none of them another's", () => {
  const store = new Store();
  const cidrs = ["10.0.0.0/29", "fd00:10:96::/112"];
  const how = { store, cidrs, previous: undefined, last: new Map<string, number>() };
  const both = { ipFamilyPolicy: "PreferDualStack" };
  const first = addressService(service("a", both), how);
  expect(first["spec"]).toEqual({
    ...{ clusterIP: "10.0.0.1", clusterIPs: ["10.0.0.1", "fd00:10:96::1"] },
    ...{ ipFamilies: ["IPv4", "IPv6"], ipFamilyPolicy: "PreferDualStack" },
  });
  store.put({ table: "services", namespace: "n", name: "a" }, first);
  expect(addressService(service("b", { ipFamilies: ["IPv6"] }), how)["spec"]).toMatchObject({
    ...{ clusterIP: "fd00:10:96::2", clusterIPs: ["fd00:10:96::2"] },
  });
  expect(() => addressService(service("c", { clusterIP: "fd00:10:96::1" }), how)).toThrow(
    "already allocated",
  );
  expect(addressService(service("d", { ...both, clusterIP: "None" }), how)["spec"]).toMatchObject({
    ...{ clusterIP: "None", clusterIPs: ["None"], ipFamilies: ["IPv4", "IPv6"] },
  });
  expect(firstAddress("fd00:10:96::/112")).toBe("fd00:10:96::1");
});
