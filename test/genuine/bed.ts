/** Our image in a pod, under the scripted control plane, with endpoints on the node and an application in the pod. */

import { chownSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Subprocess } from "bun";
import { FakeAuthority } from "../fake/authority.ts";
import { until } from "../fake/mesh.ts";
import { Endpoint, type EndpointOptions } from "./endpoint.ts";
import { ms } from "./messages.ts";
import { INIT_UID, NODE_IP, Place, POD_IP, PROXY_UID } from "./place.ts";
import { ScriptedPlane, SERVICES, type ServerInit } from "./plane.ts";

const P = "LINKERD2_PROXY_";
const PLANE_IP = "10.77.0.2";
/** The name of the pod's proxy. */
export const LOCAL_NAME = "web.ns.serviceaccount.identity.linkerd.cluster.local";
const TOLD = {
  localName: LOCAL_NAME,
  token: "the projected token",
  workload: '{"ns":"ns", "pod":"web-1"}\n',
  context: '{"ns":"ns", "nodeName":"node", "pod":"web-1"}\n',
};
const HOSTS = {
  "linkerd-identity-headless.linkerd.svc.cluster.local": PLANE_IP,
  "linkerd-dst-headless.linkerd.svc.cluster.local": PLANE_IP,
  "linkerd-policy.linkerd.svc.cluster.local": PLANE_IP,
};
const FOLDER = "/usr/lib/linkerd";
/** Ports of the application, which the injector names. */
export const APP_PORTS = [9001, 9002, 9003, 9004, 9005, 9006] as const;

/** What Linkerd's injector gives a proxy (proxy.md section 4), and nothing of ours. */
function injected(anchorsPem: string): Record<string, string> {
  const where = (service: "identity" | "dst" | "policy", port: number): string =>
    `linkerd-${service}${service === "policy" ? "" : "-headless"}.linkerd.svc.cluster.local.:${port}`;
  const variables = {
    IDENTITY_SVC_ADDR: where("identity", SERVICES.identity.port),
    IDENTITY_SVC_NAME: SERVICES.identity.identity,
    DESTINATION_SVC_ADDR: where("dst", SERVICES.destination.port),
    DESTINATION_SVC_NAME: SERVICES.destination.identity,
    POLICY_SVC_ADDR: where("policy", SERVICES.policy.port),
    POLICY_SVC_NAME: SERVICES.policy.identity,
    POLICY_WORKLOAD: TOLD.workload,
    POLICY_CLUSTER_NETWORKS: "10.0.0.0/8,fd00::/8",
    DESTINATION_CONTEXT: TOLD.context,
    DESTINATION_PROFILE_NETWORKS: "10.0.0.0/8,fd00::/8",
    DESTINATION_PROFILE_SUFFIXES: "svc.cluster.local.",
    INBOUND_DEFAULT_POLICY: "all-unauthenticated",
    INBOUND_LISTEN_ADDR: "0.0.0.0:4143",
    OUTBOUND_LISTEN_ADDR: "127.0.0.1:4140",
    OUTBOUND_LISTEN_ADDRS: "127.0.0.1:4140,[::1]:4140",
    CONTROL_LISTEN_ADDR: "0.0.0.0:4190",
    ADMIN_LISTEN_ADDR: "0.0.0.0:4191",
    INBOUND_IPS: POD_IP,
    INBOUND_PORTS: APP_PORTS.join(","),
    INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION: "25,587,3306,4444,5432,6379,9300,11211",
    CONTROL_STREAM_INITIAL_TIMEOUT: "3s",
    CONTROL_STREAM_IDLE_TIMEOUT: "5m",
    CONTROL_STREAM_LIFETIME: "1h",
    INBOUND_CONNECT_TIMEOUT: "100ms",
    OUTBOUND_CONNECT_TIMEOUT: "1000ms",
    OUTBOUND_DISCOVERY_IDLE_TIMEOUT: "5s",
    INBOUND_DISCOVERY_IDLE_TIMEOUT: "90s",
    INBOUND_ACCEPT_KEEPALIVE: "10000ms",
    OUTBOUND_CONNECT_KEEPALIVE: "10000ms",
    INBOUND_ACCEPT_USER_TIMEOUT: "30s",
    OUTBOUND_CONNECT_USER_TIMEOUT: "30s",
    INBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL: "10s",
    INBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT: "3s",
    OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_INTERVAL: "10s",
    OUTBOUND_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT: "3s",
    OUTBOUND_METRICS_HOSTNAME_LABELS: "false",
    IDENTITY_DIR: "/var/run/linkerd/identity/end-entity",
    IDENTITY_TRUST_ANCHORS: anchorsPem,
    IDENTITY_TOKEN_FILE: "/var/run/secrets/tokens/linkerd-identity-token",
    IDENTITY_LOCAL_NAME: LOCAL_NAME,
    SHUTDOWN_ENDPOINT_ENABLED: "false",
    CORES: "1",
    LOG: "warn,linkerd=info,hickory=error,[{headers}]=off,[{request}]=off",
    LOG_FORMAT: "plain",
  };
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [P + name, value]));
}

/** Everybody, as Linkerd's default policy says it. */
export const EVERYBODY: ServerInit["authorizations"] = [
  {
    networks: ["0.0.0.0/0", "::/0"].map((net) => ({
      net: {
        ip: { ip: net.startsWith("0") ? { case: "ipv4", value: 0 } : { case: "ipv6", value: {} } },
        prefixLen: 0,
      },
    })),
    authentication: { permit: { case: "unauthenticated", value: {} } },
    metadata: { kind: { case: "default", value: "all-unauthenticated" } },
  },
];
const DEFAULT_PORT: ServerInit = {
  protocol: { kind: { case: "detect", value: { timeout: ms(10_000) } } },
  authorizations: EVERYBODY,
  labels: { group: "", kind: "default", name: "all-unauthenticated" },
};

/** An answer as the application's client saw it. */
export interface Got {
  readonly status: number;
  /** Fields of the head and of the trailers. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Which endpoint answered; empty where the proxy did. */
  readonly from: string;
  /** What curl said where there was no answer. */
  readonly error: string;
}

/** What is asked, beside where. */
export interface Ask {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Without upgrade; `grpc` adds the fields of a gRPC client, and sends no message. */
  readonly protocol?: "http1" | "http2" | "grpc" | "tls";
  /** Of a TLS request: its SNI. */
  readonly name?: string;
}

/** The bed. */
export class Bed {
  readonly place: Place;
  readonly authority: FakeAuthority;
  readonly plane: ScriptedPlane;
  readonly #endpoints: Endpoint[] = [];
  #asked = 0;
  proxy: Subprocess | undefined;

  private constructor(place: Place) {
    this.place = place;
    this.authority = new FakeAuthority("root.linkerd.cluster.local");
    place.addAddress(PLANE_IP);
    this.plane = new ScriptedPlane(
      this.authority,
      { netns: place.node, ip: PLANE_IP },
      { told: TOLD, otherwise: DEFAULT_PORT },
    );
    const identity = `${place.root}/var/run/linkerd/identity/end-entity`;
    mkdirSync(identity, { recursive: true });
    chownSync(identity, PROXY_UID, PROXY_UID);
    mkdirSync(`${place.root}/var/run/secrets/tokens`, { recursive: true });
    writeFileSync(`${place.root}/var/run/secrets/tokens/linkerd-identity-token`, TOLD.token);
  }

  /** Makes everything but the processes of the pod. */
  static async make(): Promise<Bed> {
    return new Bed(await Place.make(HOSTS));
  }

  /** Redirects the pod's traffic, as Linkerd's init container does. */
  redirect(): ReturnType<Place["run"]> {
    const ports = ["--incoming-proxy-port", "4143", "--outgoing-proxy-port", "4140"];
    const skip = ["--inbound-ports-to-ignore", "4190,4191,4567,4568"];
    const skipOut = ["--outbound-ports-to-ignore", "4567,4568"];
    const flags = ["--ipv6=true", ...ports, "--proxy-uid", String(PROXY_UID), ...skip, ...skipOut];
    return this.place.run([`${FOLDER}/linkerd2-proxy-init`, ...flags], { uid: INIT_UID });
  }

  /** Checks the redirection, as the container after it does where a node agent has made it. */
  validate(): ReturnType<Place["run"]> {
    const flags = ["--connect-addr", "1.1.1.1:20001", "--listen-addr", "0.0.0.0:4140"];
    const words = [`${FOLDER}/linkerd2-network-validator`, ...flags, "--timeout", "10s"];
    return this.place.run(words, { uid: INIT_UID });
  }

  /**
   * Starts the proxy as the injector has it, with variables over them, waits until `linkerd-await` finds it ready, and
   * gives what that said. Names are given without the prefix.
   */
  async startProxy(over: Readonly<Record<string, string>> = {}): ReturnType<Place["run"]> {
    this.beginProxy(over);
    const wait = [`${FOLDER}/linkerd-await`, "--timeout=2m", "--port=4191"];
    return await this.place.run(wait, { uid: PROXY_UID });
  }

  /** Starts it and does not wait; `beside` are variables under their whole names. */
  beginProxy(
    over: Readonly<Record<string, string>> = {},
    how: { readonly beside?: Readonly<Record<string, string>>; readonly unread?: boolean } = {},
  ): void {
    const { beside = {}, unread = false } = how;
    const others = Object.entries(over).map(([name, value]) => [P + name, value]);
    const env = {
      ...injected(this.authority.anchorsPem),
      ...Object.fromEntries(others),
      ...beside,
    };
    const call = { uid: PROXY_UID, env, unread };
    this.proxy = this.place.start([`${FOLDER}/linkerd2-proxy-identity`], call);
  }

  /** Ends the proxy and gives how it ended. */
  async endProxy(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<number | undefined> {
    this.proxy?.kill(signal);
    return await this.proxy?.exited;
  }

  /** What the proxy has logged. */
  get log(): string {
    return this.place.said(`${FOLDER}/linkerd2-proxy-identity`);
  }

  /** An endpoint on the node; its name is its address unless said. */
  endpoint(ip: string, over: Partial<EndpointOptions> = {}): Endpoint {
    if (ip !== NODE_IP) this.place.addAddress(ip);
    return this.#serve({ netns: this.place.node, ip, port: 8080, name: ip, ...over });
  }

  /** The application in the pod. */
  app(port: number, over: Partial<EndpointOptions> = {}): Endpoint {
    return this.#serve({ netns: this.place.pod, ip: POD_IP, port, name: `app-${port}`, ...over });
  }

  /** Asks from the pod, as its application. */
  async ask(ip: string, how: Ask = {}): Promise<Got> {
    const { path = "/", method, headers = {}, body, protocol = "http1", name = ip } = how;
    const grpc = protocol === "grpc";
    const port = protocol === "tls" ? 443 : 80;
    const host = name.includes(":") ? `[${name}]` : name;
    const target = ip.includes(":") ? `[${ip}]` : ip;
    const fields = {
      ...(grpc && { "content-type": "application/grpc", te: "trailers" }),
      ...headers,
    };
    const heads = `${this.place.scratch}/${this.#asked++}`;
    const words = [
      ...["curl", "-sS", "-k", "-D", heads, "--max-time", "10", "--noproxy", "*"],
      ...(protocol === "http2" || grpc ? ["--http2-prior-knowledge"] : ["--http1.1"]),
      ...["-X", method ?? (grpc ? "POST" : "GET")],
      ...["--connect-to", `${host}:${port}:${target}:${port}`],
      ...Object.entries(fields).flatMap(([field, value]) => ["-H", `${field}: ${value}`]),
      ...(body === undefined ? [] : ["--data-binary", "@-"]),
      `${protocol === "tls" ? "https" : "http"}://${host}:${port}${path}`,
    ];
    const { output, errors } = await this.place.asApp(words, new TextEncoder().encode(body ?? ""));
    const told = existsSync(heads) ? readFileSync(heads, "utf8") : "";
    return readAnswer(told, output, errors);
  }

  /** A figure of the proxy's metrics: the sum of the series that have these labels. */
  async metric(family: string, ...labels: readonly string[]): Promise<number> {
    const { output } = await this.place.asApp(["curl", "-sS", "http://127.0.0.1:4191/metrics"]);
    return output
      .split("\n")
      .filter((line) => line.startsWith(`${family}{`) || line.startsWith(`${family} `))
      .filter((line) => labels.every((label) => line.includes(label)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
  }

  /** Waits until something is so. */
  until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
    return until(holds, () => `${what}; the proxy's log: ${this.log}`);
  }

  stop(): void {
    for (const endpoint of this.#endpoints) endpoint.stop();
    this.plane.stop();
    this.place.stop();
  }

  #serve(options: EndpointOptions): Endpoint {
    const endpoint = new Endpoint(options);
    this.#endpoints.push(endpoint);
    return endpoint;
  }
}

/** Reads what curl wrote: heads and trailers, the body, and its own words. */
function readAnswer(heads: string, body: string, errors: string): Got {
  const lines = heads.split(/\r?\n/);
  const status = /^HTTP\/[\d.]+ (\d+)/m.exec(heads)?.[1];
  const fields = lines.flatMap((line) => {
    const [, name, value] = /^([a-zA-Z0-9-]+): (.*)$/.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [[name.toLowerCase(), value] as const];
  });
  const headers: Record<string, string> = {};
  for (const [name, value] of fields)
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  return {
    status: Number(status ?? 0),
    headers,
    body,
    from: headers["x-endpoint"] ?? "",
    error: errors.trim(),
  };
}
