import { expect, test } from "bun:test";
import type { KubeClient } from "#lib/k8s/client.ts";
import { KubeError } from "#lib/k8s/kube-error.ts";
import { HTTP_ROUTES, SERVERS } from "#lib/k8s/resource.ts";
import { fakeCluster } from "../test/fake/cli.ts";
import { listServed } from "./served-kinds.ts";

/** A cluster whose lists fail so. */
const failing = (code: "not-found" | "forbidden", status: number): KubeClient => ({
  ...fakeCluster([]),
  list: () => Promise.reject(new KubeError(code, { status, message: "no" })),
});

test("listServed() finds nothing of a kind of the Gateway API that is not served, and says of others that they are not", async () => {
  const absent = failing("not-found", 404);
  expect(await listServed(absent, HTTP_ROUTES, {})).toEqual([]);
  expect(listServed(absent, SERVERS, {})).rejects.toThrow("no");
  expect(listServed(failing("forbidden", 403), HTTP_ROUTES, {})).rejects.toThrow("no");
});
