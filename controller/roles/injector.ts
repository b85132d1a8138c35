/** The role `injector`: its webhook and its admin port; one replica at a time renews the webhook's certificate. */

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { createEventWriter } from "#lib/k8s/events.ts";
import { LEASE_TIMING } from "#lib/k8s/lease.ts";
import { LeaseElector } from "#lib/k8s/lease-elector.ts";
import { Registry } from "#lib/metrics/registry.ts";
import { CertificateKeeper } from "../certificates/keeper.ts";
import type { InjectorArgs } from "../injector/args.ts";
import { INJECTOR, INJECTOR_LEASE, INJECTOR_TLS, INJECTOR_WEBHOOK } from "../injector/names.ts";
import { serveWebhook, type WebhookServer } from "../injector/server.ts";
import { createTelling } from "../injector/telling.ts";
import { serveAdmin } from "../runtime/admin.ts";
import type { RunningRole, Surroundings } from "../runtime/role.ts";

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
  const events = createEventWriter({ ...surroundings, component: INJECTOR });
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
  const ready = serveWebhook({ addr, files, onReviewed, ...surroundings }).then((served) => {
    if (stopped) served.stop();
    webhook = served;
    log.info("serving the webhook", { port: served.port });
  });
  const certificates = electKeeper(args.controllerNamespace, surroundings);
  certificates.start();
  return {
    ready,
    adminPort: admin.port,
    get port() {
      return webhook?.port ?? 0;
    },
    stop: async () => {
      stopped = true;
      webhook?.stop();
      events.stop();
      admin.stop();
      await certificates.stop();
    },
  };
}

/** Whoever is elected renews the certificate that all replicas serve with. */
function electKeeper(
  namespace: string,
  { client, clock, random, log }: Surroundings,
): LeaseElector {
  return new LeaseElector({
    ...{ client, clock, random, log },
    name: { name: INJECTOR_LEASE, namespace },
    identity: `${hostname()}_${randomUUID()}`,
    timing: LEASE_TIMING,
    onElected: (leadership) =>
      new CertificateKeeper(
        {
          ...{ client, clock, log },
          host: `${INJECTOR}.${namespace}.svc`,
          secret: { name: INJECTOR_TLS, namespace },
          webhook: { name: INJECTOR_WEBHOOK },
        },
        leadership,
      ).start(),
  });
}
