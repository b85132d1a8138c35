import { expect, test } from "bun:test";
import type { KubeClient } from "#lib/k8s/client.ts";
import { createTelling } from "./telling.ts";

test("IDY5, IDY6: certificates are told of on the account, the issuer on the Deployment", async () => {
  const written: unknown[] = [];
  const client = {
    get: () => Promise.resolve({ metadata: { uid: "d" } }),
  } as unknown as KubeClient;
  const refined: Promise<unknown>[] = [];
  const { ofIssuer, ofLeaf } = createTelling({
    client,
    namespace: "linkerd",
    events: {
      dropped: 0,
      stop: () => undefined,
      write: ({ kind, name, namespace }, { reason }, refine) => {
        written.push(`${reason} ${kind}/${namespace}/${name}`);
        if (refine !== undefined) refined.push(refine());
      },
    },
  });
  ofLeaf("web.shop.serviceaccount.identity.linkerd.cluster.local");
  ofLeaf("what is no identity");
  ofIssuer({ type: "Normal", reason: "IssuerUpdated", message: "new" });
  expect(written).toEqual([
    "IssuedLeafCertificate ServiceAccount/shop/web",
    "IssuerUpdated Deployment/linkerd/linkerd-identity",
  ]);
  expect(await Promise.all(refined)).toMatchObject([{ name: "linkerd-identity", uid: "d" }]);
});
