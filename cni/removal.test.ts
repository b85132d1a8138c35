import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Informer } from "#lib/k8s/informer.ts";
import { KubeError } from "#lib/k8s/kube-error.ts";
import { DAEMON_SETS, NAMESPACES } from "#lib/k8s/resource.ts";
import type { Namespace } from "#lib/k8s/types/core.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import { FakeKubeApi, logger } from "../test/fake/kube-api.ts";
import { until } from "../test/integration/redirect-node.ts";
import { Removal } from "./removal.ts";

let api: FakeKubeApi;
let removal: Removal | undefined;
beforeEach(async () => {
  api = await FakeKubeApi.start();
  await api.admin.create(DAEMON_SETS, {
    metadata: { name: "linkerd-cni", namespace: "mesh" },
    spec: { selector: {}, template: {} },
  });
});
afterEach(() => {
  removal?.stop();
  api.stop();
});

function watch(
  over: {
    readonly namespace?: string;
    readonly going?: boolean;
    readonly user?: string;
    readonly namespaces?: Pick<Informer<Namespace>, "get" | "synced">;
  } = {},
): Removal {
  const { namespace = "mesh", going = false, user = "admin" } = over;
  const stored: Namespace = {
    metadata: { name: "mesh", ...(going && { deletionTimestamp: "2026-01-01T00:00:00Z" }) },
  };
  removal = new Removal({
    client: api.clientOf(user),
    clock: systemClock,
    random: () => 0,
    logger,
    namespace,
    namespaces: over.namespaces ?? {
      get: ({ name }) => (name === "mesh" ? stored : undefined),
      synced: Promise.resolve(),
    },
  });
  return removal;
}

const becomesFinal = (of: Removal): Promise<void> =>
  until(
    () => of.isFinal,
    () => "it is not final",
  );

test("an agent is removed once its DaemonSet is", async () => {
  const watched = watch();
  expect(watched.isFinal).toBe(false);
  await api.admin.delete(DAEMON_SETS, { name: "linkerd-cni", namespace: "mesh" });
  await becomesFinal(watched);
});

test("an agent is removed with its namespace", async () => {
  await becomesFinal(watch({ going: true }));
});

test("an agent that ends before the namespaces are listed is not removed", async () => {
  const { promise: synced, resolve: list } = Promise.withResolvers<void>();
  const watched = watch({ namespaces: { get: () => undefined, synced } });
  // Its DaemonSet is known long before this.
  await Bun.sleep(300);
  expect(watched.isFinal).toBe(false);
  list();
  await becomesFinal(watched);
});

test("an agent that may not look, or is no pod, is not removed", async () => {
  await api.admin.delete(NAMESPACES, { name: "mesh" });
  const forbidden = watch({ user: "guest", going: true });
  const refused = await api
    .clientOf("guest")
    .list(DAEMON_SETS, { namespace: "mesh" })
    .catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(KubeError);
  expect(forbidden.isFinal).toBe(false);
  forbidden.stop();
  expect(watch({ namespace: "" }).isFinal).toBe(false);
});
