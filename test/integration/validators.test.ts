/** Objects that users apply to a real API, which asks the real role: what is let in, what is not, and what is said of it. */

import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { NAMESPACES } from "#lib/k8s/resource.ts";
import type { KubeObject } from "#lib/k8s/types/meta.ts";
import { POLICY_VALIDATOR, PROFILE_VALIDATOR } from "#lib/k8s/webhooks.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { type DestinationRole, startDestination } from "../../controller/roles/destination.ts";
import { createCertificates } from "../../deploy/certificates.ts";
import { renderControlPlane } from "../../deploy/control-plane.ts";
import { renderGatewayApi } from "../../deploy/crds/gateway-api/render.ts";
import { createValues } from "../../deploy/values.ts";
import { applyAll } from "../../dev/apply.ts";
import { runCommand } from "../fake/cli.ts";
import { FakeControllers } from "../fake/controllers.ts";
import { GATEWAY, POLICY } from "../fake/policy-review.ts";
import { type ValidatedRow as Row, routeOf, VALIDATED } from "../fake/validated.ts";
import { TlsFolder } from "../fake/validator.ts";

const certificates = createCertificates({
  namespace: "linkerd",
  trustDomain: "cluster.local",
  nowMs: Date.now(),
});
const webhooks = renderControlPlane(
  createValues("1", { webhookFailurePolicy: "Fail" }),
  certificates,
).filter(({ kind }) => kind === "ValidatingWebhookConfiguration");

let plane: FakeControllers;
let role: DestinationRole;
const [policy, profiles] = [new TlsFolder(), new TlsFolder()];

beforeAll(async () => {
  plane = await FakeControllers.start();
  const { kube, around, destinationArgs } = plane;
  await applyAll(kube.admin, renderGatewayApi("experimental"));
  policy.mount(certificates.policyValidator);
  profiles.mount(certificates.profileValidator);
  const addr = { ip: "127.0.0.1", port: 0 };
  role = startDestination(
    {
      ...destinationArgs,
      admission: {
        policy: { addr, tlsDir: policy.path },
        profiles: { addr, tlsDir: profiles.path },
      },
    },
    { ...around, clock: systemClock },
  );
  await role.ready;
  kube.services.set(POLICY_VALIDATOR.name, () => role.validators?.policyPort ?? 0);
  kube.services.set(PROFILE_VALIDATOR.name, () => role.validators?.profilePort ?? 0);
  await applyAll(kube.admin, webhooks);
});
afterAll(async () => {
  await role.stop();
  await plane.stop();
  for (const folder of [policy, profiles]) folder.remove();
});

/** What the API says: the status, the Status' message, the warnings. */
type Said = { readonly status: number; readonly message: string; readonly warning: string | null };

const NAME = "web.mesh.svc.cluster.local";
const pathOf = ([, [group, version, plural]]: Row, namespace = "mesh"): string =>
  `/apis/${group}/${version}/namespaces/${namespace}/${plural}`;

async function send(method: string, path: string, body?: object): Promise<Said> {
  const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
  const answer = await plane.kube.ask(path, {
    method,
    ...(body && { body: JSON.stringify(body) }),
    headers: { "content-type": type },
  });
  const { message = "" } = (await answer.json()) as { message?: string };
  return { status: answer.status, message, warning: answer.headers.get("warning") };
}

const object = ([kind, [group, version]]: Row, spec: object, name = NAME): KubeObject =>
  ({ apiVersion: `${group}/${version}`, kind, metadata: { name }, spec }) as KubeObject;
const create = (row: Row, spec: object, namespace = "mesh"): Promise<Said> =>
  send("POST", pathOf(row, namespace), object(row, spec));
const remove = (row: Row, namespace = "mesh"): Promise<Said> =>
  send("DELETE", `${pathOf(row, namespace)}/${NAME}`);

const validatorOf = ([kind]: Row): string =>
  kind === "ServiceProfile" ? PROFILE_VALIDATOR.name : POLICY_VALIDATOR.name;

beforeEach(async () => {
  for (const row of VALIDATED) await remove(row);
});

test.each(VALIDATED.map((row) => [`${row[0]} of ${row[1][0]}`, row] as const))(
  "objects of one kind are created and changed where they are good, and refused where they are not: %s",
  async (_, row) => {
    const [, , good, bad, said] = row;
    const denied = `admission webhook "${validatorOf(row)}.linkerd.io" denied the request: `;
    const expectRefused = ({ status, message }: Said): void => {
      expect([status, message.slice(0, denied.length)]).toEqual([422, denied]);
      expect(message).toContain(said);
    };
    expectRefused(await create(row, bad));
    expect(await create(row, good)).toMatchObject({ status: 201, warning: null });
    const change = (spec: object): Promise<Said> =>
      send("PATCH", `${pathOf(row)}/${NAME}`, { spec: { ...cleared(good), ...spec } });
    expectRefused(await change(bad));
    expect(await change(good)).toMatchObject({ status: 200 });
    expect(await remove(row)).toMatchObject({ status: 200 });
  },
);

/** What a merge patch takes away of a spec. */
const cleared = (spec: object): object =>
  Object.fromEntries(Object.keys(spec).map((name) => [name, null]));

const rowOf = (kind: string, group = POLICY): Row => {
  const row = VALIDATED.find(([each, [of]]) => each === kind && of === group);
  if (row === undefined) throw new Error(`no row of ${kind}`);
  return row;
};

test("ADM1: of two Servers for one port that are made at once, one after the other, the second is refused", async () => {
  const row = rowOf("Server");
  expect((await create(row, row[2])).status).toBe(201);
  const second = await send("POST", pathOf(row), object(row, row[2], "second"));
  expect(second.message).toContain(`Server ${NAME} is for the same port`);
});

test("ADM11: a filter that is not known here is warned of in a route of the Gateway API, and the route is stored", async () => {
  const row = rowOf("HTTPRoute", GATEWAY);
  const mirror = { backendRef: { name: "web", port: 80 } };
  const filters = [{ type: "RequestMirror", requestMirror: mirror }];
  expect(await create(row, routeOf({ filters }))).toEqual({
    status: 201,
    message: "",
    warning: '299 - "spec.rules[0].filters: RequestMirror is not known here: the rule is dropped"',
  });
});

test("a field that the definition does not have is no matter of the webhook: it is not stored", async () => {
  const row = rowOf("NetworkAuthentication");
  expect((await create(row, { ...row[2], widen: true })).status).toBe(201);
  const stored = await plane.kube.ask(`${pathOf(row)}/${NAME}`);
  expect(((await stored.json()) as { spec: object }).spec).toEqual(row[2]);
});

test("a namespace that wants no webhook is not asked about", async () => {
  const row = rowOf("MeshTLSAuthentication");
  const labels = { "config.linkerd.io/admission-webhooks": "disabled" };
  await plane.kube.admin.create(NAMESPACES, { metadata: { name: "free", labels } });
  expect((await create(row, row[3], "free")).status).toBe(201);
});

test("what the control plane says of an object is its status, of which nobody is asked", async () => {
  const row = rowOf("EgressNetwork");
  await create(row, row[2]);
  const asked = await send("PATCH", `${pathOf(row)}/${NAME}/status`, {
    status: { conditions: [] },
  });
  expect(asked.status).toBe(200);
});

test("with `Fail`, nothing is stored unseen while nobody answers; what is there can be deleted", async () => {
  const row = rowOf("NetworkAuthentication");
  expect((await create(row, row[2])).status).toBe(201);
  const { services } = plane.kube;
  const serving = services.get(POLICY_VALIDATOR.name);
  services.delete(POLICY_VALIDATOR.name);
  try {
    const failed = await send("POST", pathOf(row), object(row, row[2], "second"));
    expect(failed.status).toBe(500);
    expect(failed.message).toContain(
      'failed calling webhook "linkerd-policy-validator.linkerd.io"',
    );
    expect((await remove(row)).status).toBe(200);
  } finally {
    if (serving !== undefined) services.set(POLICY_VALIDATOR.name, serving);
  }
});

test.each([
  ["--template", ""],
  [
    "--open-api",
    "paths: {'/a.b/{x}/c+d(e)': {get: {responses: {'500': {}, default: {}}}, delete: {}}}",
  ],
  ["--proto", "package a.b; service C { rpc D(E) returns (F); }"],
])("what `bunkerd profile %s` prints is let in", async (flag, stdin) => {
  const file = flag === "--template" ? [] : ["-"];
  const words = ["profile", flag, ...file, "web", "-n", "mesh", "--ignore-cluster", "-o", "json"];
  const { status, out } = await runCommand(words, { stdin });
  expect(status).toBe(0);
  const row = rowOf("ServiceProfile", "linkerd.io");
  expect(await send("POST", pathOf(row), JSON.parse(out))).toMatchObject({
    status: 201,
    message: "",
  });
});
