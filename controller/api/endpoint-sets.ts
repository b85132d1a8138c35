/** Streams of endpoints: the same bytes to all who are in step, the newest set to who fell behind (DST2). */

import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type Http2ClientParamsSchema,
  type TlsIdentitySchema,
  UpdateSchema,
  type WeightedAddrSchema,
} from "#lib/api/gen/proxy/destination_pb.ts";
import type { ServerCall } from "#lib/grpc/server.ts";
import type { Catalog, EndpointQuery } from "../core/catalog.ts";
import { diffSets, type Endpoint, type EndpointSet } from "../core/endpoint.ts";
import type { Http2Params } from "../core/http2-params.ts";
import { duration, fromIp } from "./convert.ts";
import { Encoder } from "./encoder.ts";

const WEIGHT = 10_000;

/** Told of who follows which endpoints, and of each change of those; for metrics. */
export interface EndpointFollowers {
  joined(query: EndpointQuery): void;
  left(query: EndpointQuery): void;
  /** As one of the followers sees them. */
  changed(query: EndpointQuery, set: EndpointSet): void;
}

type Watch = {
  readonly node: string;
  /** The view that it has; undefined until it was first sent something. */
  view: string | undefined;
  /** What the watcher was last sent. */
  sent: EndpointSet | undefined;
};

/** Endpoints as they are since the last change for nodes for which they are the same, and how many watchers have them. */
type View = { watches: number; set: EndpointSet | undefined };

/** A port of a Service that anyone watches. */
type Target = {
  readonly query: EndpointQuery;
  readonly watches: Map<ServerCall, Watch>;
  /** Those that anyone has: clients may name nodes without end. */
  readonly views: Map<string, View>;
  /** Whole sets as they are sent to whoever comes new: many come at once when a controller has started. */
  readonly whole: Changes;
  readonly unsubscribe: () => void;
};

/** What leads from each set that was sent to the newest; undefined where nothing changed. */
type Changes = Map<EndpointSet | undefined, Uint8Array | undefined>;

/** The targets that anyone watches. */
export class EndpointSets {
  readonly #catalog: Catalog;
  readonly #encoder: Encoder;
  readonly #followers: EndpointFollowers | undefined;
  readonly #targets = new Map<string, Target>();

  constructor(
    catalog: Catalog,
    encoder: Encoder = new Encoder(),
    followers: EndpointFollowers | undefined = undefined,
  ) {
    this.#catalog = catalog;
    this.#encoder = encoder;
    this.#followers = followers;
  }

  /** Sends the whole set, then what changes, until the call is cancelled. */
  watch(call: ServerCall, query: EndpointQuery): void {
    const id = `${query.namespace}/${query.name}:${query.port}/${query.instance ?? ""}`;
    const target = this.#targets.get(id) ?? this.#start(id, query);
    const watch: Watch = { node: query.node, view: undefined, sent: undefined };
    target.watches.set(call, watch);
    this.#followers?.joined(target.query);
    call.onWritable = () => this.#send(target, [call]);
    call.onCancel = () => {
      if (target.watches.delete(call)) {
        leave(target, watch);
        this.#followers?.left(target.query);
      }
      if (target.watches.size > 0 || this.#targets.get(id) !== target) return;
      target.unsubscribe();
      this.#targets.delete(id);
    };
    this.#send(target, [call]);
  }

  #start(id: string, query: EndpointQuery): Target {
    const target: Target = {
      query,
      watches: new Map(),
      views: new Map(),
      whole: new Map(),
      unsubscribe: this.#catalog.subscribe(`endpoints/${query.namespace}/${query.name}`, () => {
        for (const view of target.views.values()) view.set = undefined;
        target.whole.clear();
        this.#followers?.changed(target.query, this.#newest(target));
        this.#send(target, target.watches.keys());
      }),
    };
    this.#targets.set(id, target);
    return target;
  }

  /** Encodes once for each view and each set that its watchers were last sent; who is behind is caught up when it reads again. */
  #send(target: Target, calls: Iterable<ServerCall>): void {
    const encoded = new Map<EndpointSet, Changes>();
    for (const call of [...calls]) {
      const watch = target.watches.get(call);
      if (watch === undefined || call.blocked) continue;
      const now = this.#setFor(target, watch);
      const changes: Changes = encoded.get(now) ?? new Map();
      encoded.set(now, changes);
      if (!changes.has(watch.sent))
        changes.set(watch.sent, this.#changeOf(target, watch.sent, now));
      const framed = changes.get(watch.sent);
      watch.sent = now;
      if (framed !== undefined) call.send(framed);
    }
  }

  /** As the first of the target's watchers would see them. */
  #newest(target: Target): EndpointSet {
    const [first] = target.watches.values();
    return first === undefined
      ? this.#catalog.endpoints(target.query)
      : this.#setFor(target, first);
  }

  #setFor(target: Target, watch: Watch): EndpointSet {
    const asked = { ...target.query, node: watch.node };
    const id = this.#catalog.view(asked);
    const view = target.views.get(id) ?? { watches: 0, set: undefined };
    // A node's view may have become another one.
    if (id !== watch.view) {
      leave(target, watch);
      watch.view = id;
      view.watches++;
      target.views.set(id, view);
    }
    view.set ??= this.#catalog.endpoints(asked);
    return view.set;
  }

  #changeOf(
    { whole }: Target,
    last: EndpointSet | undefined,
    now: EndpointSet,
  ): Uint8Array | undefined {
    if (last !== undefined) return encodeChange(this.#encoder, last, now);
    if (!whole.has(now)) whole.set(now, encodeChange(this.#encoder, undefined, now));
    return whole.get(now);
  }
}

/** A view is forgotten with the last who has it. */
function leave({ views, whole }: Target, { view: id }: Watch): void {
  const view = id === undefined ? undefined : views.get(id);
  if (id === undefined || view === undefined || --view.watches > 0) return;
  views.delete(id);
  whole.delete(view.set);
}

/** One or two framed messages in one piece; undefined where nothing changed. */
function encodeChange(
  encoder: Encoder,
  last: EndpointSet | undefined,
  now: EndpointSet,
): Uint8Array | undefined {
  const encode = (update: NonNullable<MessageInitShape<typeof UpdateSchema>["update"]>) =>
    encoder.frame(UpdateSchema, { update });
  if (now.endpoints.size === 0) {
    const told = last !== undefined && last.endpoints.size === 0 && last.exists === now.exists;
    return told ? undefined : encode({ case: "noEndpoints", value: { exists: now.exists } });
  }
  const { add, remove } = diffSets(last, now);
  const messages: Uint8Array[] = [];
  if (add.length > 0)
    messages.push(
      encode({
        case: "add",
        value: { addrs: add.map((each) => fromEndpoint(each)), metricLabels: { ...now.labels } },
      }),
    );
  if (remove.length > 0)
    messages.push(encode({ case: "remove", value: { addrs: remove.map(tcpAddress) } }));
  return messages.length === 0 ? undefined : Buffer.concat(messages);
}

const tcpAddress = ({ ip, port }: Endpoint): { ip: ReturnType<typeof fromIp>; port: number } => ({
  ip: fromIp(ip),
  port,
});

/** One endpoint as a message. */
export function fromEndpoint(
  endpoint: Endpoint,
  weight: number = WEIGHT,
): MessageInitShape<typeof WeightedAddrSchema> {
  const { identity, serverName = "", hint, directPort, labels, http2 } = endpoint;
  return {
    addr: tcpAddress(endpoint),
    weight,
    metricLabels: { ...labels },
    ...(identity !== undefined && { tlsIdentity: fromIdentity(identity, serverName) }),
    ...(http2 && { http2: fromHttp2(http2) }),
    ...((hint !== "none" || directPort !== undefined) && {
      protocolHint: {
        ...(hint !== "none" && { protocol: { case: hint, value: {} } }),
        ...(directPort !== undefined && { opaqueTransport: { inboundPort: directPort } }),
      },
    }),
  };
}

/** A name is a URI or a DNS name. */
const fromIdentity = (
  identity: string,
  serverName: string,
): MessageInitShape<typeof TlsIdentitySchema> => ({
  strategy: identity.startsWith("spiffe://")
    ? { case: "uriLikeIdentity", value: { uri: identity } }
    : { case: "dnsLikeIdentity", value: { name: identity } },
  serverName: { name: serverName },
});

const fromHttp2 = ({
  flowControl,
  keepAlive,
  internals,
}: Http2Params): MessageInitShape<typeof Http2ClientParamsSchema> => ({
  ...(flowControl && {
    flowControl: {
      initialConnectionWindowSize: flowControl.connectionWindow,
      initialStreamWindowSize: flowControl.streamWindow,
      adaptiveFlowControl: flowControl.adaptive,
    },
  }),
  ...(keepAlive && {
    keepAlive: {
      interval: duration(keepAlive.intervalMs),
      timeout: duration(keepAlive.timeoutMs),
      whileIdle: keepAlive.whileIdle,
    },
  }),
  ...(internals && { internals: { ...internals } }),
});
