import { expect, test } from "bun:test";
import { TRUST_ROOTS_MOUNT, trustRoots } from "./trust-roots.ts";
import { createValues } from "./values.ts";

test("trustRoots() is what TRUST_ROOTS_MOUNT mounts", () => {
  const map = trustRoots(createValues("1", { namespace: "mesh" }), "PEM");
  expect(map).toMatchObject({
    metadata: { name: "linkerd-identity-trust-roots", namespace: "mesh" },
    data: { "ca-bundle.crt": "PEM" },
  });
  expect(TRUST_ROOTS_MOUNT.volume.configMap?.name).toBe(map.metadata?.name);
});
