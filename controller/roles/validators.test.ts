import { expect, test } from "bun:test";
import { LEASES, SERVERS } from "#lib/k8s/resource.ts";
import { renderCrds } from "../../deploy/crds/render.ts";
import { applyAll } from "../../dev/apply.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { holdReads } from "../../test/fake/held-client.ts";
import { FakeKubeApi, logger } from "../../test/fake/kube-api.ts";
import { POLICY, review } from "../../test/fake/policy-review.ts";
import { TlsFolder } from "../../test/fake/validator.ts";
import { Validators } from "./validators.ts";

const addr = { ip: "127.0.0.1", port: 0 };

test("Validators answer on two ports, each by its own certificate, take part in one election, and stop once they have answered", async () => {
  const kube = await FakeKubeApi.start();
  await applyAll(kube.admin, renderCrds("linkerd"));
  const [policy, profiles] = [new TlsFolder(), new TlsFolder()];
  policy.mount();
  profiles.mount();
  const held = holdReads(kube.admin, { verb: "list", resource: SERVERS });
  const validators = new Validators(
    { policy: { addr, tlsDir: policy.path }, profiles: { addr, tlsDir: profiles.path } },
    {
      ...{ client: held.client, clock: new FakeClock(), random: () => 0, memoryShare: () => 0 },
      log: logger,
      onFault: (error) => {
        throw error;
      },
    },
    { deployment: "linkerd-destination", namespace: "mesh" },
  );
  await validators.tried;
  const { policyPort, profilePort } = validators;
  const none = review([POLICY, "NetworkAuthentication"], { networks: [] });
  expect((await policy.review(policyPort, none)).allowed).toBe(false);
  const profile = review(["linkerd.io", "ServiceProfile"], { routes: [] }, { name: "web" });
  expect((await profiles.review(profilePort, profile)).allowed).toBe(false);
  const spec = { podSelector: {}, port: 80 };
  const answer = policy.review(policyPort, review([POLICY, "Server"], spec));
  await held.asked;
  let over = false;
  const stopped = validators.stop().then(() => {
    over = true;
  });
  // By then all else has stopped.
  for (let count = 0; count < 3; count++) await kube.admin.list(LEASES);
  expect(over).toBe(false);
  held.release();
  expect((await answer).allowed).toBe(true);
  await stopped;
  const lease = { name: "linkerd-destination-certificates", namespace: "mesh" };
  expect((await kube.admin.get(LEASES, lease))?.spec).toMatchObject({ leaseTransitions: 0 });
  const gone = await policy.ask(policyPort, "{}").catch(() => "gone");
  expect(gone).toBe("gone");
  for (const folder of [policy, profiles]) folder.remove();
  kube.stop();
});
