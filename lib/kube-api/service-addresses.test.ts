import { expect, test } from "bun:test";
import { addressService, firstAddress } from "./service-addresses.ts";
import { Store } from "./store.ts";

const service = (uid: string, spec: Record<string, unknown>) => ({
  metadata: { name: uid, namespace: "n", uid },
  spec,
});

test("addressService() gives free addresses and node ports, and keeps those that were given", () => {
  const store = new Store();
  const how = { store, cidr: "10.0.0.0/30", previous: undefined, last: { host: 0 } };
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
  const how = { store: new Store(), cidr: "10.0.0.0/29", previous: undefined, last: { host: 0 } };
  const addresses = ["a", "b", "c"].map(
    (uid) => (addressService(service(uid, {}), how)["spec"] as { clusterIP: string }).clusterIP,
  );
  expect(addresses).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
});
