/** Streams of endpoints: the same bytes to all who are in step, the newest set to who fell behind (DST2). */

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { UpdateSchema, type WeightedAddrSchema } from "#lib/api/gen/proxy/destination_pb.ts";
import { frameMessage } from "#lib/grpc/framing.ts";
import type { ServerCall } from "#lib/grpc/server.ts";
import type { Catalog, EndpointQuery } from "../core/catalog.ts";
import { diffSets, type Endpoint, type EndpointSet } from "../core/endpoint.ts";
import { fromIp } from "./convert.ts";

const WEIGHT = 10_000;

type View = {
  set: EndpointSet;
  /** The whole set as it is sent to whoever comes new: many come at once when a controller has started. */
  whole: { readonly framed: Uint8Array | undefined } | undefined;
  /** What each watcher was last sent. */
  readonly sent: Map<ServerCall, EndpointSet | undefined>;
  readonly unsubscribe: () => void;
};

/** The views that anyone watches. */
export class EndpointSets {
  readonly #catalog: Catalog;
  readonly #views = new Map<string, View>();

  constructor(catalog: Catalog) {
    this.#catalog = catalog;
  }

  /** Sends the whole set, then what changes, until the call is cancelled. */
  watch(call: ServerCall, query: EndpointQuery): void {
    const id = `${query.namespace}/${query.name}:${query.port}/${query.instance ?? ""}@${query.node}`;
    const view = this.#views.get(id) ?? this.#start(id, query);
    view.sent.set(call, undefined);
    call.onWritable = () => this.#send(view, [call]);
    call.onCancel = () => {
      view.sent.delete(call);
      if (view.sent.size > 0) return;
      view.unsubscribe();
      this.#views.delete(id);
    };
    this.#send(view, [call]);
  }

  #start(id: string, query: EndpointQuery): View {
    const view: View = {
      set: this.#catalog.endpoints(query),
      whole: undefined,
      sent: new Map(),
      unsubscribe: this.#catalog.subscribe(`service/${query.namespace}/${query.name}`, () => {
        view.set = this.#catalog.endpoints(query);
        view.whole = undefined;
        this.#send(view, view.sent.keys());
      }),
    };
    this.#views.set(id, view);
    return view;
  }

  /** Encodes once for each set that watchers were last sent; who is behind is caught up when it reads again. */
  #send(view: View, calls: Iterable<ServerCall>): void {
    const encoded = new Map<EndpointSet | undefined, Uint8Array | undefined>();
    for (const call of [...calls]) {
      if (call.blocked) continue;
      const last = view.sent.get(call);
      if (!encoded.has(last))
        encoded.set(last, last === undefined ? wholeOf(view) : encodeChange(last, view.set));
      view.sent.set(call, view.set);
      const framed = encoded.get(last);
      if (framed !== undefined) call.send(framed);
    }
  }
}

function wholeOf(view: View): Uint8Array | undefined {
  view.whole ??= { framed: encodeChange(undefined, view.set) };
  return view.whole.framed;
}

/** One or two framed messages in one piece; undefined where nothing changed. */
function encodeChange(last: EndpointSet | undefined, now: EndpointSet): Uint8Array | undefined {
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
        value: { addrs: add.map(fromEndpoint), metricLabels: { ...now.labels } },
      }),
    );
  if (remove.length > 0)
    messages.push(encode({ case: "remove", value: { addrs: remove.map(tcpAddress) } }));
  return messages.length === 0 ? undefined : Buffer.concat(messages);
}

function encode(update: NonNullable<MessageInitShape<typeof UpdateSchema>["update"]>): Uint8Array {
  return frameMessage(toBinary(UpdateSchema, create(UpdateSchema, { update })));
}

const tcpAddress = ({ ip, port }: Endpoint): { ip: ReturnType<typeof fromIp>; port: number } => ({
  ip: fromIp(ip),
  port,
});

/** One endpoint as a message. */
export function fromEndpoint(endpoint: Endpoint): MessageInitShape<typeof WeightedAddrSchema> {
  const { identity, hint, directPort, labels } = endpoint;
  const strategy = { case: "dnsLikeIdentity" as const, value: { name: identity ?? "" } };
  return {
    addr: tcpAddress(endpoint),
    weight: WEIGHT,
    metricLabels: { ...labels },
    ...(identity !== undefined && { tlsIdentity: { strategy, serverName: { name: identity } } }),
    ...((hint !== "none" || directPort !== undefined) && {
      protocolHint: {
        ...(hint !== "none" && { protocol: { case: hint, value: {} } }),
        ...(directPort !== undefined && { opaqueTransport: { inboundPort: directPort } }),
      },
    }),
  };
}
