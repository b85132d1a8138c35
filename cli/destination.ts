/** The Destination API, as the command line asks it: who serves an authority now. */

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { fromBytes } from "#lib/addr/ip.ts";
import {
  GetDestinationSchema,
  type Update,
  UpdateSchema,
  type WeightedAddr,
} from "#lib/api/gen/proxy/destination_pb.ts";
import type { TcpAddress } from "#lib/api/gen/proxy/net_pb.ts";
import { callStreaming } from "#lib/grpc/client.ts";
import { GrpcCode } from "#lib/grpc/status.ts";
import type { ClientConnection } from "#lib/http-io/exchange.ts";

/** One endpoint; `labels` are those of its set and its own. */
export type Endpoint = {
  readonly ip: string;
  readonly port: number;
  readonly weight: number;
  readonly http2: boolean;
  readonly labels: Readonly<Record<string, string>>;
};

/** What is asked; `token` is the caller's context, as a proxy sends it; `settled` says when to stop. */
export type Question = {
  readonly authority: string;
  readonly token: string;
  readonly settled: (first: Promise<void>) => Promise<void>;
};

const PATH = "/io.linkerd.proxy.destination.Destination/Get";
const IPV6_HALF_BYTES = 8;

/** Follows an authority for a while and returns its endpoints. Throws where the API answers with an error. */
export async function watchEndpoints(
  connection: ClientConnection,
  question: Question,
): Promise<readonly Endpoint[]> {
  const found = new Map<string, Endpoint>();
  const first = Promise.withResolvers<void>();
  const request = create(GetDestinationSchema, {
    scheme: "k8s",
    path: question.authority,
    contextToken: question.token,
  });
  const call = callStreaming(
    connection,
    { authority: "linkerd-dst", path: PATH },
    toBinary(GetDestinationSchema, request),
    {
      onMessage: (message) => {
        apply(fromBinary(UpdateSchema, message), found);
        first.resolve();
      },
      onEnd: (status) => {
        if (status.code === GrpcCode.OK || status.code === GrpcCode.CANCELLED) first.resolve();
        else
          first.reject(
            new Error(`Cannot get the endpoints of ${question.authority}: ${status.message}`),
          );
      },
    },
  );
  try {
    await question.settled(first.promise);
  } finally {
    call.cancel();
  }
  return [...found.values()];
}

function apply({ update }: Update, found: Map<string, Endpoint>): void {
  switch (update.case) {
    case "add":
      for (const each of update.value.addrs) {
        const endpoint = read(each, update.value.metricLabels);
        found.set(`${endpoint.ip} ${endpoint.port}`, endpoint);
      }
      return;
    case "remove":
      for (const address of update.value.addrs) found.delete(`${ipOf(address)} ${address.port}`);
      return;
    case "noEndpoints":
      found.clear();
      return;
    case undefined:
      return;
  }
}

function read(each: WeightedAddr, setLabels: Readonly<Record<string, string>>): Endpoint {
  return {
    ip: ipOf(each.addr),
    port: each.addr?.port ?? 0,
    weight: each.weight,
    http2: each.protocolHint?.protocol.case === "h2",
    labels: { ...setLabels, ...each.metricLabels },
  };
}

function ipOf(address: TcpAddress | undefined): string {
  const ip = address?.ip?.ip;
  const view = new DataView(new ArrayBuffer(ip?.case === "ipv6" ? 16 : 4));
  if (ip?.case === "ipv6") {
    view.setBigUint64(0, ip.value.first);
    view.setBigUint64(IPV6_HALF_BYTES, ip.value.last);
  } else if (ip?.case === "ipv4") view.setUint32(0, ip.value);
  return fromBytes(new Uint8Array(view.buffer));
}
