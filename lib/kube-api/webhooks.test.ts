import { afterAll, beforeAll, expect, test } from "bun:test";
import { CONFIG_MAPS, MUTATING_WEBHOOK_CONFIGURATIONS } from "#lib/k8s/resource.ts";
import { type PlainServer, servePlain } from "#lib/net/plain-http.ts";
import { codeOf, FakeKubeApi } from "../../test/fake/kube-api.ts";

let fake: FakeKubeApi;
let webhook: PlainServer;
let seen: string[] = [];
beforeAll(async () => {
  fake = await FakeKubeApi.start();
  const hook = fake.authority.issue("hook.mesh.svc");
  webhook = servePlain(
    { ip: "127.0.0.1", port: 0, tls: { keyPem: hook.keyPem, chainPem: hook.chainPem } },
    async (request) => {
      const { request: review } = JSON.parse(await request.text());
      seen.push(`${review.operation} ${review.name}`);
      const patch = [{ op: "add", path: "/metadata/annotations", value: { seen: "yes" } }];
      const response =
        review.name === "refused"
          ? { uid: review.uid, allowed: false, status: { message: "not this one" } }
          : {
              uid: review.uid,
              allowed: true,
              patchType: "JSONPatch",
              patch: btoa(JSON.stringify(patch)),
            };
      return { status: 200, body: JSON.stringify({ response }), contentType: "application/json" };
    },
  );
  fake.hookPort = webhook.port;
});
afterAll(() => {
  fake.stop();
  webhook.stop();
});

const map = (name: string, data: Record<string, string> = {}) => ({
  metadata: { name, namespace: "mesh" },
  data,
});

test("webhooks change and refuse; a failing one is ignored where its policy says so", async () => {
  const hook = (name: string, service: string, failurePolicy: string) =>
    ({
      metadata: { name },
      webhooks: [
        {
          name: `${name}.x`,
          admissionReviewVersions: ["v1"],
          sideEffects: "None",
          failurePolicy,
          namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "mesh" } },
          clientConfig: {
            service: { namespace: "mesh", name: service, path: "/" },
            caBundle: btoa(fake.authority.anchorsPem),
          },
          rules: [
            {
              operations: ["CREATE"],
              apiGroups: [""],
              apiVersions: ["v1"],
              resources: ["configmaps"],
            },
          ],
        },
      ],
    }) as never;
  await fake.admin.create(MUTATING_WEBHOOK_CONFIGURATIONS, hook("good", "hook", "Fail"));
  await fake.admin.create(MUTATING_WEBHOOK_CONFIGURATIONS, hook("away", "away", "Ignore"));
  seen = [];
  const made = await fake.admin.create(CONFIG_MAPS, map("hooked"));
  expect(made.metadata?.annotations).toEqual({ seen: "yes" });
  expect(await codeOf(fake.admin.create(CONFIG_MAPS, map("refused")))).toBe("forbidden");
  expect(seen).toEqual(["CREATE hooked", "CREATE refused"]);
  for (const name of ["good", "away"])
    await fake.admin.delete(MUTATING_WEBHOOK_CONFIGURATIONS, { name });
  await fake.admin.create(MUTATING_WEBHOOK_CONFIGURATIONS, hook("away", "away", "Fail"));
  expect(await codeOf(fake.admin.create(CONFIG_MAPS, map("late")))).toBe("server");
  await fake.admin.delete(MUTATING_WEBHOOK_CONFIGURATIONS, { name: "away" });
});
