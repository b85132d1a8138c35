import { expect, test } from "bun:test";
import { CLUSTER_OPTIONS, fakeInformers } from "../../test/fake/web-cluster.ts";
import { Cluster } from "./cluster.ts";
import { loneEndpoint } from "./lone-endpoints.ts";

test("DST15: loneEndpoint() knows a pod by its address, and of anything else only where it is", () => {
  const from = { ...CLUSTER_OPTIONS, cluster: new Cluster(fakeInformers(), CLUSTER_OPTIONS) };
  expect(loneEndpoint({ ip: "10.1.0.1", port: 8080 }, from)).toMatchObject({
    ...{ opaque: false },
    endpoint: { port: 8080, hint: "h2", directPort: 4143, labels: { namespace: "shop" } },
  });
  expect(loneEndpoint({ ip: "10.1.0.1", port: 25 }, from)).toMatchObject({
    ...{ opaque: true, endpoint: { hint: "opaque" } },
  });
  expect(loneEndpoint({ ip: "192.0.2.9", port: 25 }, from)).toMatchObject({
    ...{ opaque: false, endpoint: { ip: "192.0.2.9", identity: undefined, hint: "none" } },
  });
});
