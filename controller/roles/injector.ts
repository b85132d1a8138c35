/** The role `injector`: its webhook and its admin port; one replica at a time renews the webhook's certificate. */

import { createEventWriter } from "#lib/k8s/events.ts";
import { INJECTOR } from "#lib/k8s/webhooks.ts";
import { Registry } from "#lib/metrics/registry.ts";
import type { InjectorArgs } from "../injector/args.ts";
import { serveWebhook, type WebhookServer } from "../injector/server.ts";
import { createTelling } from "../injector/telling.ts";
import { serveAdmin } from "../runtime/admin.ts";
import type { RunningRole, Surroundings } from "../runtime/role.ts";
import { electKeeper } from "./renewal.ts";

/** An injector that runs. */
export interface RunningInjector extends RunningRole {
  /** Of the webhook; 0 until the role is ready. */
  readonly port: number;
}

/** Starts it: the admin port at once, the webhook when files and namespaces are known. */
export function startInjector(
  args: Pick<InjectorArgs, "addr" | "adminAddr" | "files" | "controllerNamespace">,
  surroundings: Surroundings,
): RunningInjector {
  const { clock, log, client } = surroundings;
  const registry = new Registry();
  const events = createEventWriter({ ...surroundings, component: INJECTOR.name });
  const onReviewed = createTelling({ registry, events, client });
  let webhook: WebhookServer | undefined;
  let stopped = false;
  const admin = serveAdmin(args.adminAddr, {
    registry,
    now: () => clock.now(),
    isReady: () => webhook !== undefined && !stopped,
    measure: () => undefined,
  });
  const { addr, files } = args;
  const ready = serveWebhook({ addr, files, onReviewed, ...surroundings }).then(async (served) => {
    if (stopped) await served.stop();
    webhook = served;
    log.info("serving the webhook", { port: served.port });
  });
  const certificates = electKeeper(
    { deployment: INJECTOR.name, namespace: args.controllerNamespace, webhooks: [INJECTOR] },
    surroundings,
  );
  certificates.start();
  return {
    ready,
    adminPort: admin.port,
    get port() {
      return webhook?.port ?? 0;
    },
    stop: async () => {
      stopped = true;
      // A pod whose review is lost may come up without a proxy.
      await Promise.all([webhook?.stop(), certificates.stop()]);
      events.stop();
      admin.stop();
    },
  };
}
