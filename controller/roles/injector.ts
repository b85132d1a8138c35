/** The role `injector`: its webhook and its admin port. */

import { Registry } from "#lib/metrics/registry.ts";
import type { InjectorArgs } from "../injector/args.ts";
import { serveWebhook, type WebhookServer } from "../injector/server.ts";
import { serveAdmin } from "../runtime/admin.ts";
import type { RunningRole, Surroundings } from "../runtime/role.ts";

/** An injector that runs. */
export interface RunningInjector extends RunningRole {
  /** Of the webhook; 0 until the role is ready. */
  readonly port: number;
}

/** Starts it: the admin port at once, the webhook when files and namespaces are known. */
export function startInjector(
  args: Pick<InjectorArgs, "addr" | "adminAddr" | "files">,
  surroundings: Surroundings,
): RunningInjector {
  const { clock, log } = surroundings;
  let webhook: WebhookServer | undefined;
  let stopped = false;
  const admin = serveAdmin(args.adminAddr, {
    registry: new Registry(),
    now: () => clock.now(),
    isReady: () => webhook !== undefined && !stopped,
    measure: () => undefined,
  });
  const ready = serveWebhook({ addr: args.addr, files: args.files, ...surroundings }).then(
    (served) => {
      if (stopped) served.stop();
      webhook = served;
      log.info("serving the webhook", { port: served.port });
    },
  );
  return {
    ready,
    adminPort: admin.port,
    get port() {
      return webhook?.port ?? 0;
    },
    stop: async () => {
      stopped = true;
      webhook?.stop();
      admin.stop();
    },
  };
}
