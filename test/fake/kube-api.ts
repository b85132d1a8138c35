/** The Kubernetes API in memory on a port of its own, with clients for it. */

import { createKubeClient, type KubeClient } from "#lib/k8s/client.ts";
import { KubeError } from "#lib/k8s/kube-error.ts";
import { NAMESPACES, SERVICE_ACCOUNTS } from "#lib/k8s/resource.ts";
import { createKubeApi, type KubeApi } from "#lib/kube-api/server.ts";
import { LogFilter } from "#lib/log/log-filter.ts";
import { createLogger, type Logger } from "#lib/log/logger.ts";
import { type Listener, listen } from "#lib/net/listener.ts";
import { TlsCredentials } from "#lib/net/tls.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import type { Clock } from "#lib/time/clock.ts";
import { FakeAuthority } from "./authority.ts";

const filter = new LogFilter();
filter.set("off");

/** A log that nobody reads. */
export const logger: Logger = createLogger({
  filter,
  format: "plain",
  wall: () => 0,
  write: () => undefined,
});

const onFault = (error: Error): void => {
  throw error;
};

/** A server with the users `admin` (everything) and `guest` (nothing), and the namespace `mesh`. */
export class FakeKubeApi {
  readonly authority: FakeAuthority;
  readonly api: KubeApi;
  readonly url: string;
  readonly admin: KubeClient;
  /** The port of the Service `hook`. */
  hookPort = 0;
  /** Ports of other Services on this machine, by their names. */
  readonly services: Map<string, () => number> = new Map();
  readonly #listener: Listener;

  private constructor(api: KubeApi, authority: FakeAuthority, port: number) {
    this.authority = authority;
    this.api = api;
    this.#listener = listen(
      { ip: "127.0.0.1", port },
      (stream) => this.api.handle(stream),
      onFault,
    );
    this.url = `https://localhost:${this.#listener.port}`;
    this.admin = this.clientOf("admin");
  }

  /** Time of its watches goes by this clock; it takes a port of its own unless one is named. */
  static async start(clock: Clock = systemClock, port = 0): Promise<FakeKubeApi> {
    const authority = new FakeAuthority("root");
    const { keyPem, chainPem } = authority.issue("localhost");
    let fake: FakeKubeApi | undefined;
    const api = await createKubeApi({
      clock,
      logger,
      onFault,
      uid: () => crypto.randomUUID(),
      random: Math.random,
      serviceCidrs: ["10.96.0.0/16"],
      tls: new TlsCredentials({ keyPem, chainPem, anchorsPem: authority.anchorsPem }),
      tokens: new Map([
        ["admin", { username: "admin", groups: ["system:masters"] }],
        ["guest", { username: "guest", groups: [] }],
      ]),
      dialService: async ({ name }) => {
        const port = name === "hook" ? fake?.hookPort : fake?.services.get(name)?.();
        if (port !== undefined) return { ip: "127.0.0.1", port };
        throw new Error(`service "${name}" has no endpoints`);
      },
    });
    fake = new FakeKubeApi(api, authority, port);
    await api.client.create(NAMESPACES, { metadata: { name: "mesh" } });
    await api.client.create(SERVICE_ACCOUNTS, { metadata: { name: "default", namespace: "mesh" } });
    return fake;
  }

  clientOf(token: string): KubeClient {
    return createKubeClient({
      server: this.url,
      ca: this.authority.anchorsPem,
      token: () => token,
    });
  }

  ask(path: string, init: RequestInit & { readonly token?: string } = {}): Promise<Response> {
    return fetch(`${this.url}${path}`, {
      ...init,
      headers: { authorization: `Bearer ${init.token ?? "admin"}`, ...init.headers },
      tls: { ca: this.authority.anchorsPem },
    } as RequestInit);
  }

  /** Ends every watch and refuses so many of the next ones; all of them until faults are cleared, where it is not said. */
  cutWatches(times: number = Number.POSITIVE_INFINITY): void {
    this.api.faults.inject({ match: "watch=true", times, fault: { type: "status", status: 503 } });
    this.api.stop();
  }

  stop(): void {
    this.api.stop();
    this.#listener.stop();
  }
}

/** The code of the KubeError that a call ends with; `none` where it does not. */
export function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "none",
    (error: unknown) => (error instanceof KubeError ? error.code : String(error)),
  );
}
