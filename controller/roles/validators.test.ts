import { expect, test } from "bun:test";
import { LEASES } from "#lib/k8s/resource.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { FakeKubeApi, logger } from "../../test/fake/kube-api.ts";
import { POLICY, review } from "../../test/fake/policy-review.ts";
import { TlsFolder } from "../../test/fake/validator.ts";
import { Validators } from "./validators.ts";

const addr = { ip: "127.0.0.1", port: 0 };

test("Validators answer on two ports, each by its own certificate, and take part in one election", async () => {
  const kube = await FakeKubeApi.start();
  const [policy, profiles] = [new TlsFolder(), new TlsFolder()];
  policy.mount();
  profiles.mount();
  const validators = new Validators(
    { policy: { addr, tlsDir: policy.path }, profiles: { addr, tlsDir: profiles.path } },
    {
      ...{ client: kube.admin, clock: new FakeClock(), random: () => 0, memoryShare: () => 0 },
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
  await validators.stop();
  const lease = { name: "linkerd-destination-certificates", namespace: "mesh" };
  expect((await kube.admin.get(LEASES, lease))?.spec).toMatchObject({ leaseTransitions: 0 });
  const gone = await policy.ask(policyPort, "{}").catch(() => "gone");
  expect(gone).toBe("gone");
  for (const folder of [policy, profiles]) folder.remove();
  kube.stop();
});
