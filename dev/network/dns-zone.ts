/** What the names of a cluster mean: Services, their ports and the pods behind them (the Kubernetes DNS specification). */

import { familyOf } from "#lib/addr/ip.ts";
import type { Service } from "#lib/k8s/types/core.ts";
import type { EndpointSlice } from "#lib/k8s/types/discovery.ts";
import { DNS_CODE, DNS_TYPE, type DnsQuestion, type DnsRecord } from "./dns-message.ts";
import { addressesOf } from "./services.ts";

/** What the zone looks things up in. */
export type ZoneSource = {
  readonly domain: string;
  service(name: { readonly name: string; readonly namespace: string }): Service | undefined;
  slices(name: { readonly name: string; readonly namespace: string }): readonly EndpointSlice[];
};

/** An answer of ours, or `elsewhere`: the name is not in the cluster's domain. */
export type ZoneAnswer =
  | { readonly code: number; readonly records: readonly DnsRecord[] }
  | "elsewhere";

const NO_SUCH_NAME = { code: DNS_CODE.noSuchName, records: [] };

/** Answers `[endpoint.]svc.ns.svc.DOMAIN` and `_port._proto.svc.ns.svc.DOMAIN`. */
export function resolve(source: ZoneSource, question: DnsQuestion): ZoneAnswer {
  const suffix = `.svc.${source.domain}`;
  const { name } = question;
  if (!name.endsWith(`.${source.domain}`)) return "elsewhere";
  if (!name.endsWith(suffix)) return NO_SUCH_NAME;
  const labels = name.slice(0, -suffix.length).split(".");
  const [service, namespace] = labels.slice(-2);
  if (service === undefined || namespace === undefined) return NO_SUCH_NAME;
  const found = source.service({ name: service, namespace });
  if (found === undefined) return NO_SUCH_NAME;
  const target = { service: found, slices: source.slices({ name: service, namespace }) };
  const rest = labels.slice(0, -2);
  if (rest.length === 0) return addresses(question, target);
  if (rest.length === 1) return endpoint(question, target, rest[0] ?? "");
  return rest.length === 2 ? port(question, target, rest) : NO_SUCH_NAME;
}

type Target = { readonly service: Service; readonly slices: readonly EndpointSlice[] };

function addresses(question: DnsQuestion, { service, slices }: Target): ZoneAnswer {
  const own = addressesOf(service.spec);
  return addressAnswer(question, own.length === 0 ? endpointIps(service, slices) : own);
}

/** The addresses of the family that is asked for; a name that has only others exists, with an empty answer. */
function addressAnswer({ name, type }: DnsQuestion, ips: readonly string[]): ZoneAnswer {
  if (ips.length === 0) return NO_SUCH_NAME;
  const records = ips
    .map((ip) => ({ type: familyOf(ip) === "IPv6" ? "AAAA" : "A", name, ip }) as const)
    .filter((record) => DNS_TYPE[record.type] === type);
  return { code: DNS_CODE.ok, records };
}

function endpointIps(service: Service, slices: readonly EndpointSlice[]): string[] {
  const all = service.spec?.publishNotReadyAddresses === true;
  return slices.flatMap(({ endpoints }) =>
    (endpoints ?? [])
      .filter(({ conditions }) => all || conditions?.ready !== false)
      .flatMap(({ addresses: own }) => own.slice(0, 1)),
  );
}

/** `hostname.svc…` of a headless Service, or an address with dashes. */
function endpoint(question: DnsQuestion, { slices }: Target, label: string): ZoneAnswer {
  const ips = slices
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ hostname, addresses: [ip = ""] }) => label === (hostname ?? dashed(ip)))
    .flatMap(({ addresses: own }) => own.slice(0, 1));
  return addressAnswer(question, ips);
}

function port(
  question: DnsQuestion,
  target: Target,
  [portLabel = "", protocol = ""]: string[],
): ZoneAnswer {
  const { service, slices } = target;
  const found = service.spec?.ports?.find(
    ({ name, protocol: own = "TCP" }) =>
      `_${name}` === portLabel && `_${own.toLowerCase()}` === protocol,
  );
  if (found === undefined) return NO_SUCH_NAME;
  if (question.type !== DNS_TYPE.SRV) return { code: DNS_CODE.ok, records: [] };
  const host = question.name.split(".").slice(2).join(".");
  const headless = service.spec?.clusterIP === "None";
  const records = headless
    ? headlessRecords(question.name, { slices, host, portName: found.name ?? "" })
    : [{ type: "SRV", name: question.name, port: found.port, target: host } as const];
  return { code: DNS_CODE.ok, records };
}

function headlessRecords(
  name: string,
  of: {
    readonly slices: readonly EndpointSlice[];
    readonly host: string;
    readonly portName: string;
  },
): DnsRecord[] {
  return of.slices.flatMap(({ endpoints, ports }) => {
    const number = ports?.find((each) => (each.name ?? "") === of.portName)?.port;
    if (number === undefined) return [];
    return (endpoints ?? [])
      .filter(({ conditions }) => conditions?.ready !== false)
      .map(({ hostname, addresses: [ip = ""] }) => ({
        type: "SRV" as const,
        name,
        port: number,
        target: `${hostname ?? dashed(ip)}.${of.host}`,
      }));
  });
}

/** An address as a label: it does not end with a dash, as CoreDNS has it. */
const dashed = (ip: string): string => ip.replaceAll(/[.:]/g, "-").replace(/-$/, "-0");
