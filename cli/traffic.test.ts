import { expect, test } from "bun:test";
import { readTraffic } from "./traffic.ts";

test("readTraffic() has what is received unless a flag says otherwise", () => {
  expect(readTraffic({}, "shop")).toEqual({ type: "received" });
});

test.each([
  [{ to: "deploy/api" }, { kind: "deployment", names: ["api"], namespace: "shop" }],
  [
    { to: "po", toNamespace: "a" },
    { kind: "pod", names: undefined, namespace: "a" },
  ],
  [{ to: "svc/web" }, { kind: "service", names: ["web"], namespace: "shop" }],
  [{ to: "services" }, { kind: "service", names: undefined, namespace: "shop" }],
  [{ to: "ns/a" }, { kind: "namespace", names: ["a"], namespace: undefined }],
  [
    { to: "au/example.com:80", toNamespace: "a" },
    { kind: "authority", names: ["example.com:80"], namespace: "a" },
  ],
])("readTraffic() reads %o", (flags, target) => {
  expect(readTraffic(flags, "shop")).toEqual({ type: "to", target });
});

test("readTraffic() reads senders, who are workloads or namespaces", () => {
  expect(readTraffic({ from: "deploy/web", fromNamespace: "a" }, "shop")).toMatchObject({
    ...{ type: "from", namespace: "a", named: { name: "web", kind: { name: "deployment" } } },
  });
  expect(() => readTraffic({ from: "svc/web" }, "shop")).toThrow('Cannot use "svc/web"');
  expect(readTraffic({ from: "ns/a" }, "shop")).toMatchObject({ named: { name: "a" } });
  expect(() => readTraffic({ to: "cj/tick" }, "shop")).toThrow("callers know the Job");
});
