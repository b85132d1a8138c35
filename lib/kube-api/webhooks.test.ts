import { afterAll, beforeAll, expect, test } from "bun:test";
import { CONFIG_MAPS, MUTATING_WEBHOOK_CONFIGURATIONS } from "#lib/k8s/resource.ts";
import { type PlainServer, servePlain } from "#lib/net/plain-http.ts";
import { codeOf, FakeKubeApi } from "../../test/fake/kube-api.ts";

/** What the webhook says to objects of these names. */
const REFUSALS: Readonly<Record<string, object>> = {
  refused: { status: { message: "not this one" } },
  unprocessable: { status: { message: "not this one", code: 422 }, warnings: ["look"] },
  reasoned: { status: { reason: "Forbidden", code: 403 } },
  mute: {},
};

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
      const refusal = REFUSALS[review.name];
      const response =
        refusal !== undefined
          ? { uid: review.uid, allowed: false, ...refusal }
          : {
              uid: review.uid,
              allowed: true,
              patchType: "JSONPatch",
              patch: btoa(JSON.stringify(patch)),
              warnings: ["seen", "seen"],
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

test("webhooks change and refuse; a failing one is ignored where its policy says so", async () => {
  await fake.admin.create(MUTATING_WEBHOOK_CONFIGURATIONS, hook("good", "hook", "Fail"));
  await fake.admin.create(MUTATING_WEBHOOK_CONFIGURATIONS, hook("away", "away", "Ignore"));
  seen = [];
  const made = await fake.admin.create(CONFIG_MAPS, map("hooked"));
  expect(made.metadata?.annotations).toEqual({ seen: "yes" });
  expect(await codeOf(fake.admin.create(CONFIG_MAPS, map("refused")))).toBe("invalid");
  expect(seen).toEqual(["CREATE hooked", "CREATE refused"]);
  for (const name of ["good", "away"])
    await fake.admin.delete(MUTATING_WEBHOOK_CONFIGURATIONS, { name });
  await fake.admin.create(MUTATING_WEBHOOK_CONFIGURATIONS, hook("away", "away", "Fail"));
  expect(await codeOf(fake.admin.create(CONFIG_MAPS, map("late")))).toBe("server");
  await fake.admin.delete(MUTATING_WEBHOOK_CONFIGURATIONS, { name: "away" });
});

test.each([
  ["refused", 400, undefined, ": not this one", null],
  ["unprocessable", 422, undefined, ": not this one", '299 - "look"'],
  ["reasoned", 403, "Forbidden", ": Forbidden", null],
  ["mute", 400, undefined, " without explanation", null],
  ["welcome", 201, undefined, undefined, '299 - "seen"'],
] as const)(
  "what a webhook says goes to the client as the API server words it: %s",
  async (name, status, reason, told, warning) => {
    await fake.admin.create(MUTATING_WEBHOOK_CONFIGURATIONS, hook("good", "hook", "Fail"));
    try {
      const answer = await fake.ask("/api/v1/namespaces/mesh/configmaps", {
        ...{ method: "POST", headers: { "content-type": "application/json" } },
        body: JSON.stringify(map(name)),
      });
      const body = (await answer.json()) as { reason?: string; message?: string };
      expect([answer.status, answer.headers.get("warning"), body.reason]).toEqual([
        status,
        warning,
        reason,
      ]);
      const denied = `admission webhook "good.x" denied the request${told}`;
      expect(body.message).toBe(told === undefined ? undefined : denied);
    } finally {
      await fake.admin.delete(MUTATING_WEBHOOK_CONFIGURATIONS, { name: "good" });
    }
  },
);
