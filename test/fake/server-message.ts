/** The policy of a port as a control plane sends it. */

import type { MessageInitShape } from "@bufbuild/protobuf";
import type {
  AuthnSchema,
  ProxyProtocolSchema,
  ServerSchema,
} from "#lib/api/gen/proxy/inbound_pb.ts";
import { fromSocketAddr } from "../../proxy/control/convert.ts";

/** What a port is declared to be, where a test says more than whom it allows. */
export interface FakeServer {
  readonly protocol?: MessageInitShape<typeof ProxyProtocolSchema>;
  readonly labels?: Record<string, string>;
}

/** Whom every port lets in, and what it speaks. */
export interface FakePorts {
  readonly allow: "all" | "authenticated" | "none";
  readonly ports: "detect" | "http1" | "http2" | "unreadable";
  readonly server: FakeServer;
}

/** The message for any port. */
export function serverMessage({
  allow,
  ports,
  server,
}: FakePorts): MessageInitShape<typeof ServerSchema> {
  const kinds = {
    detect: { case: "detect", value: { timeout: { seconds: 10n, nanos: 0 } } },
    http1: { case: "http1", value: {} },
    http2: { case: "http2", value: {} },
    unreadable: { case: undefined },
  } as const;
  return {
    protocol: { kind: kinds[ports] },
    labels: { group: "", kind: "default", name: allow },
    authorizations: authorizationsOf(allow),
    ...server,
  };
}

function authorizationsOf(
  allow: FakePorts["allow"],
): NonNullable<MessageInitShape<typeof ServerSchema>["authorizations"]> {
  if (allow === "none") return [];
  const networks = ["0.0.0.0", "::"].flatMap((ip) => {
    const any = fromSocketAddr({ ip, port: 0 }).ip;
    return any === undefined ? [] : [{ net: { ip: any, prefixLen: 0 } }];
  });
  const authentication: MessageInitShape<typeof AuthnSchema> =
    allow === "all"
      ? { permit: { case: "unauthenticated" as const, value: {} } }
      : {
          permit: {
            case: "meshTLS" as const,
            value: {
              clients: { case: "identities" as const, value: { suffixes: [{ parts: [] }] } },
            },
          },
        };
  const metadata = { kind: { case: "default" as const, value: `all-${allow}` } };
  return [{ networks, authentication, metadata }];
}
