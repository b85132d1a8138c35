import { expect, test } from "bun:test";
import { destinationOf, type ServiceView } from "./outbound-policy.ts";

const service: ServiceView = {
  name: "web",
  namespace: "shop",
  clusterIps: ["10.96.0.1"],
  external: false,
  ports: new Map([
    [80, undefined],
    [81, "http"],
    [82, "kubernetes.io/h2c"],
    [83, "mqtt"],
    [5432, "http"],
  ]),
  opaque: [{ from: 5432, to: 5432 }],
};

test.each([
  [80, "detect"],
  [81, "http1"],
  [82, "http2"],
  [83, "opaque"],
  [5432, "opaque"],
])("OUT2: port %p is spoken as %p", (port, protocol) => {
  expect(destinationOf(service, port)).toMatchObject({ type: "service", port, protocol } as object);
});

test("OUT12: a port that the Service does not have", () => {
  expect(destinationOf(service, 9)).toMatchObject({ type: "undefined-port", port: 9 });
});
