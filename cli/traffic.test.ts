import { expect, test } from "bun:test";
import { readTraffic } from "./traffic.ts";

test("readTraffic() has what is received unless a flag says otherwise", () => {
  expect(readTraffic({}, "shop")).toEqual({ type: "received" });
});

test.each([
  [{ to: "deploy/api" }, { kind: "deployment", name: "api", namespace: "shop" }],
  [
    { to: "po", toNamespace: "a" },
    { kind: "pod", name: undefined, namespace: "a" },
  ],
  [{ to: "svc/web" }, { kind: "service", name: "web", namespace: "shop" }],
  [{ to: "services" }, { kind: "service", name: undefined, namespace: "shop" }],
])("readTraffic() reads %o", (flags, target) => {
  expect(readTraffic(flags, "shop")).toEqual({ type: "to", target });
});

test("readTraffic() reads senders, who are workloads", () => {
  expect(readTraffic({ from: "deploy/web", fromNamespace: "a" }, "shop")).toMatchObject({
    ...{ type: "from", namespace: "a", named: { name: "web", kind: { name: "deployment" } } },
  });
  expect(() => readTraffic({ from: "svc/web" }, "shop")).toThrow('Cannot use "svc/web"');
});
