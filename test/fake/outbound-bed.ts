/** One proxy between a caller and applications without a mesh, for tests of what outbound policy does. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { OutboundPolicySchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import { systemClock } from "#lib/sys/system-clock.ts";
import type { Clock } from "#lib/time/clock.ts";
import type { FakeBackend, FakeService } from "./control-plane.ts";
import { FakeMesh, type FakePod, until } from "./mesh.ts";

/** Metadata of nothing in particular. */
export const METADATA = { kind: { case: "default" as const, value: "test" } };

/** A policy as a message. */
export type PolicyMessage = MessageInitShape<typeof OutboundPolicySchema>;

/** A policy of HTTP/1 with these rules in one route; what a rule does not say of its backends is the given one. */
export function http1Policy(...rules: readonly object[]): (backend: FakeBackend) => PolicyMessage {
  return (backend) => {
    const whole = rules.map((rule) => ({ backends: first({ backend }), ...rule }));
    return policyOf({ case: "http1", value: { routes: [{ metadata: METADATA, rules: whole }] } });
  };
}

/** A policy of a protocol, which is whatever a test wants to send. */
export function policyOf(kind: object, metadata: object = METADATA): PolicyMessage {
  return { metadata, protocol: { kind } } as PolicyMessage;
}

/** A distribution of which the first available backend is taken. */
export function first(...backends: readonly object[]) {
  return { kind: { case: "firstAvailable" as const, value: { backends } } };
}

/** The bed. */
export class OutboundBed {
  readonly mesh: FakeMesh;
  readonly #apps: Server[] = [];
  #proxy: FakePod | undefined;
  #services = 0;

  constructor(clock: Clock = systemClock, random: () => number = Math.random) {
    this.mesh = new FakeMesh(clock, random);
  }

  get proxy(): FakePod {
    if (this.#proxy === undefined) throw new Error("Cannot use the proxy: it is not started");
    return this.#proxy;
  }

  /** Starts the proxy, with these variables beside those that it needs. */
  async start(over: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#proxy = await this.mesh.start("client.test", over);
  }

  /** Starts an application; its address. */
  async app(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
    const app = createServer(answer).listen(0, "127.0.0.1");
    this.#apps.push(app);
    await until(
      () => app.listening,
      () => "the application does not listen",
    );
    return `127.0.0.1:${(app.address() as AddressInfo).port}`;
  }

  /** A Service with these endpoints; where its callers connect to. */
  service(
    policy: (backend: FakeBackend) => PolicyMessage,
    ...addrs: readonly string[]
  ): { readonly ip: string; readonly port: number; readonly path: string } {
    this.#services += 1;
    const ip = `10.99.1.${this.#services}`;
    const path = `service-${this.#services}.test.svc.cluster.local:80`;
    this.mesh.control.services.set(`${ip}:80`, { path, opaque: false, policy });
    this.mesh.control.announce(
      path,
      addrs.map((addr) => ({ addr })),
    );
    return { ip, port: 80, path };
  }

  /** Gives a Service a ServiceProfile, before it is called. */
  profile(
    service: { readonly ip: string; readonly port: number },
    profile: NonNullable<FakeService["profile"]>,
  ): void {
    const key = `${service.ip}:${service.port}`;
    const known = this.mesh.control.services.get(key);
    if (known === undefined) throw new Error(`Cannot give ${key} a profile: no such Service`);
    this.mesh.control.services.set(key, { ...known, profile });
  }

  /** Sends a request to a Service through the proxy. */
  call(
    service: { readonly ip: string; readonly port: number },
    path = "/",
    init: RequestInit = {},
  ): Promise<Response> {
    this.proxy.target = service;
    return fetch(`http://127.0.0.1:${this.proxy.proxy.outboundPort}${path}`, {
      keepalive: false,
      redirect: "manual",
      ...init,
      headers: { host: "web.test", ...init.headers },
    });
  }

  async stop(): Promise<void> {
    await this.mesh.stop();
    for (const app of this.#apps) {
      app.closeAllConnections();
      app.close();
    }
  }
}
