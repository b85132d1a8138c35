import { expect, test } from "bun:test";
import { describe } from "./status.ts";

test("describe() lists pods in order with their state, then the ports", () => {
  const pods = [
    {
      metadata: { namespace: "shop", name: "web" },
      status: { podIP: "10.244.0.3", conditions: [{ type: "Ready", status: "True" }] },
    },
    { metadata: { namespace: "linkerd", name: "identity" }, status: { phase: "Running" } },
    { metadata: { namespace: "shop", name: "new" } },
  ];
  const exposed = [{ service: "shop/web", port: 80, local: 8080 }];
  expect(describe(pods, exposed)).toBe(
    `${[
      "NAMESPACE   POD        STATE     ADDRESS",
      "linkerd     identity   Running",
      "shop        new        Pending",
      "shop        web        ready     10.244.0.3",
      "",
      "shop/web:80 is http://127.0.0.1:8080",
    ].join("\n")}\n`,
  );
});

test("describe() shows the headings alone where nothing runs", () => {
  expect(describe([], [])).toBe("NAMESPACE   POD   STATE   ADDRESS\n");
});
