import { afterAll, beforeAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { DRAIN_LIMIT_MS } from "#lib/http-io/connections.ts";
import { REREAD_MS } from "#lib/k8s/mounted-files.ts";
import { SERVERS } from "#lib/k8s/resource.ts";
import { POLICY_VALIDATOR } from "#lib/k8s/webhooks.ts";
import { renderCrds } from "../../deploy/crds/render.ts";
import { applyAll } from "../../dev/apply.ts";
import { AwaitedClock } from "../../test/fake/awaited-clock.ts";
import { FakeKubeApi } from "../../test/fake/kube-api.ts";
import { POLICY, review } from "../../test/fake/policy-review.ts";
import { RecordedLog } from "../../test/fake/recorded-log.ts";
import { TlsFolder } from "../../test/fake/validator.ts";
import { Validator } from "./serve.ts";

const SERVER = [POLICY, "Server"] as const;
const spec = { podSelector: {}, port: 80 };
const IN_MESH = { namespace: "mesh" };

let kube: FakeKubeApi;
beforeAll(async () => {
  kube = await FakeKubeApi.start();
  await applyAll(kube.admin, renderCrds("linkerd"));
});
afterAll(() => kube.stop());

/** A validator whose folder is empty, and what it logs. */
class Bed {
  readonly folder = new TlsFolder();
  readonly clock = new AwaitedClock(REREAD_MS);
  readonly log = new RecordedLog();
  readonly validator = new Validator({
    ...{ addr: { ip: "127.0.0.1", port: 0 }, tlsDir: this.folder.path, webhook: POLICY_VALIDATOR },
    ...{ client: kube.admin, clock: this.clock, log: this.log.logger },
    onFault: (error) => {
      throw error;
    },
  });

  static async start(): Promise<Bed> {
    const bed = new Bed();
    await bed.validator.tried;
    return bed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const stopped = this.validator.stop();
    // Clients that were refused in the middle of a body may keep their connections.
    this.clock.advance(DRAIN_LIMIT_MS);
    await stopped;
    this.folder.remove();
  }
}

test("a Validator without a certificate says so, serves once there is one, and goes on with the next", async () => {
  await using bed = await Bed.start();
  const { folder, validator, clock, log } = bed;
  expect(validator.port).toBe(0);
  expect(log.lines.join("\n")).toContain("ENOENT");
  writeFileSync(`${folder.path}/tls.crt`, "none");
  writeFileSync(`${folder.path}/tls.key`, "none");
  await clock.look();
  expect(validator.port).toBe(0);
  folder.mount();
  await clock.look();
  const about = review(SERVER, { port: 80 }, IN_MESH);
  expect((await folder.review(validator.port, about)).status?.message).toContain("exactly one of");
  expect(log.lines.at(-1)).toContain(
    "Refused an object kind=Server namespace=mesh name=undefined".slice(0, 44),
  );
  // Half a change is none: what was good is served on.
  writeFileSync(`${folder.path}/tls.key`, "none");
  await clock.look();
  expect((await folder.review(validator.port, about)).allowed).toBe(false);
  folder.mount();
  await clock.look();
  expect((await folder.review(validator.port, review(SERVER, spec, IN_MESH))).allowed).toBe(true);
});

test("ADM1: a Server that was made a moment before is one of the others", async () => {
  await using bed = await Bed.start();
  bed.folder.mount();
  await bed.clock.look();
  const again = review(SERVER, spec, { ...IN_MESH, name: "second" });
  const ask = () => bed.folder.review(bed.validator.port, again);
  expect((await ask()).allowed).toBe(true);
  const metadata = { name: "first", ...IN_MESH };
  await kube.admin.create(SERVERS, { metadata, spec } as never);
  expect((await ask()).status).toEqual({
    code: 422,
    message: "spec: Server first is for the same port of the same pods: a port has one Server",
  });
  await kube.admin.delete(SERVERS, metadata);
  expect((await ask()).allowed).toBe(true);
});

test("G2: what is no review, is too long or too deep is answered as such, and the next one is answered", async () => {
  await using bed = await Bed.start();
  const { folder, validator, clock } = bed;
  folder.mount();
  await clock.look();
  const { port } = validator;
  const deep = JSON.stringify(review(SERVER, {})).replace(
    '"spec":{}',
    `"spec":${"[".repeat(300)}${"]".repeat(300)}`,
  );
  expect((await folder.ask(port, "{")).status).toBe(400);
  expect((await folder.ask(port, deep)).status).toBe(400);
  expect((await folder.ask(port, " ".repeat(5 * 1024 * 1024))).status).toBe(413);
  expect((await folder.review(port, review(SERVER, spec, IN_MESH))).allowed).toBe(true);
});

test("while the API server cannot be asked for other Servers, a review of one fails, and of another kind does not", async () => {
  await using bed = await Bed.start();
  const { folder, validator, clock, log } = bed;
  folder.mount();
  await clock.look();
  kube.api.faults.inject({ match: "servers", times: 1, fault: { type: "status", status: 503 } });
  const body = (kind: string, of: object) => JSON.stringify(review([POLICY, kind], of, IN_MESH));
  expect((await folder.ask(validator.port, body("Server", spec))).status).toBe(500);
  expect(log.lines.at(-1)).toContain("Cannot answer review");
  const networks = { networks: [{ cidr: "10.0.0.0/8" }] };
  expect((await folder.ask(validator.port, body("NetworkAuthentication", networks))).status).toBe(
    200,
  );
  kube.api.faults.clear();
});

test("a Validator that is stopped while it looks for its certificate serves nothing", async () => {
  const bed = new Bed();
  bed.folder.mount();
  await bed.validator.stop();
  await bed.validator.tried;
  expect([bed.validator.port, bed.clock.nextMs]).toEqual([0, undefined]);
  bed.folder.remove();
});
