/** What a genuine control plane demands of a proxy's calls; each check gives what is wrong, or undefined. */

import { fromBinary } from "@bufbuild/protobuf";
import { GetDestinationSchema } from "#lib/api/gen/proxy/destination_pb.ts";
import { CertifyRequestSchema } from "#lib/api/gen/proxy/identity_pb.ts";
import { PortSpecSchema } from "#lib/api/gen/proxy/inbound_pb.ts";
import { TrafficSpecSchema } from "#lib/api/gen/proxy/outbound_pb.ts";
import { parseRequest } from "#lib/x509/parse-request.ts";

/** What a proxy was told of itself by its environment. */
export interface Told {
  readonly localName: string;
  readonly token: string;
  /** Of policy calls, verbatim. */
  readonly workload: string;
  /** Of discovery calls, verbatim. */
  readonly context: string;
}

const GET_PATH = /^[a-z0-9-]+\.[a-z0-9-]+\.svc\.cluster\.local:\d{1,5}$/;
const PROFILE_PATH = /^(\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]+\]|[a-z0-9.-]+):\d{1,5}$/;

/** Certify: the name, the token as it is in its file, and a request for a P-256 key and for that name alone. */
export function certifyProblem(bytes: Uint8Array, told: Told): string | undefined {
  const { identity, token, certificateSigningRequest } = fromBinary(CertifyRequestSchema, bytes);
  if (identity !== told.localName) return `identity is ${identity}`;
  if (Buffer.from(token).toString() !== told.token) return "token is not what the file holds";
  const request = parseRequest(certificateSigningRequest);
  if (request === undefined) return "certificate_signing_request is no PKCS#10 in DER";
  const { commonName, dnsNames, otherNames, publicKey } = request;
  if (commonName !== identity) return `common name is ${commonName}`;
  if (dnsNames.join() !== identity || otherNames > 0) return `names are ${dnsNames.join()}`;
  const { namedCurve } = publicKey.asymmetricKeyDetails ?? {};
  return namedCurve === "prime256v1" ? undefined : `key is ${namedCurve}`;
}

/** Get: the path that a policy or profile has named, and the token. */
export function getProblem(bytes: Uint8Array, told: Told): string | undefined {
  const { path, contextToken } = fromBinary(GetDestinationSchema, bytes);
  if (!GET_PATH.test(path)) return `path of Get is ${path}`;
  return contextToken === told.context ? undefined : `context_token is ${contextToken}`;
}

/** GetProfile: an address or name with its port, and the token. */
export function profileProblem(bytes: Uint8Array, told: Told): string | undefined {
  const { path, contextToken } = fromBinary(GetDestinationSchema, bytes);
  if (!PROFILE_PATH.test(path)) return `path of GetProfile is ${path}`;
  return contextToken === told.context ? undefined : `context_token is ${contextToken}`;
}

/** OutboundPolicies.Watch: the workload, and an address with its port or an authority. */
export function outboundProblem(bytes: Uint8Array, told: Told): string | undefined {
  const { sourceWorkload, target } = fromBinary(TrafficSpecSchema, bytes);
  if (sourceWorkload !== told.workload) return `source_workload is ${sourceWorkload}`;
  if (target.case === "authority") return target.value === "" ? "authority is empty" : undefined;
  if (target.case !== "addr") return "target is missing";
  return target.value.ip?.ip.case === undefined || target.value.port === 0
    ? "addr has no ip or no port"
    : undefined;
}

/** InboundServerPolicies.WatchPort: the workload, and a port. */
export function portProblem(bytes: Uint8Array, told: Told): string | undefined {
  const { workload, port } = fromBinary(PortSpecSchema, bytes);
  if (workload !== told.workload) return `workload is ${workload}`;
  return port >= 1 && port <= 0xffff ? undefined : `port is ${port}`;
}
