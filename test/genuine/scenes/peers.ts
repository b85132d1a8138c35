/** Endpoints that are meshed: whom the proxy insists on, and how it speaks to them. */

import { expect } from "bun:test";
import { issueOdd } from "../../fake/odd-certificate.ts";
import type { Bed } from "../bed.ts";
import type { Endpoint } from "../endpoint.ts";
import { add, balanced, first, http1, tcp } from "../messages.ts";
import { reaches, type Scene } from "../scene.ts";

const identityOf = (name: string): string =>
  `${name}.ns.serviceaccount.identity.linkerd.cluster.local`;
const LOCAL = identityOf("web");
const dns = (name: string): object => ({
  tlsIdentity: {
    strategy: { case: "dnsLikeIdentity", value: { name } },
    serverName: { name },
  },
});
const H2 = { protocol: { case: "h2", value: {} } };

/** A Service with one endpoint, which has an identity. */
function service(
  bed: Bed,
  { ip, endpoint, port = 8080 }: { ip: string; endpoint: string; port?: number },
  over: object,
): void {
  const path = `peer-${endpoint.replaceAll(".", "-")}.ns.svc.cluster.local:80`;
  bed.plane.sayEndpoints(path, add([{ addr: tcp(endpoint, port), weight: 1, ...over }]));
  bed.plane.sayOutbound(`${ip}:80`, http1({ backends: first({ backend: balanced(path) }) }));
}

/** Its port, with a certificate of that name. */
function meshed(bed: Bed, ip: string, how: { name: string; direct?: true }): Endpoint {
  const material = { ...bed.authority.issue(how.name), anchorsPem: bed.authority.anchorsPem };
  return bed.endpoint(ip, {
    material,
    ...(how.direct && { direct: true, port: 4143 }),
  });
}

const PLAIN_PORT: Scene = {
  name: "WIRE1, WIRE5, WIRE6, P14: an endpoint with an identity is spoken to by mTLS, without ALPN, and HTTP/1 by HTTP/2 where it is hinted",
  run: async (bed) => {
    const endpoint = "10.77.2.61";
    const app = meshed(bed, endpoint, { name: identityOf("peer") });
    service(bed, { ip: "10.77.1.61", endpoint }, { ...dns(identityOf("peer")), protocolHint: H2 });
    await reaches(bed, "10.77.1.61", endpoint);
    expect(app.heard[0]).toMatchObject({
      ...{ sni: identityOf("peer"), alpn: [], peerName: LOCAL, version: "HTTP/2" },
      headers: { "l5d-orig-proto": "HTTP/1.1" },
    });
    const plain = "10.77.2.62";
    const other = meshed(bed, plain, { name: identityOf("peer") });
    service(bed, { ip: "10.77.1.62", endpoint: plain }, dns(identityOf("peer")));
    await reaches(bed, "10.77.1.62", plain);
    expect(other.heard[0]).toMatchObject({ version: "HTTP/1.1", peerName: LOCAL });
  },
};

const DIRECT: Scene = {
  name: "WIRE7, WIRE8, WIRE1: by the direct path, with the header of the port that is meant, or the name of a gateway",
  run: async (bed) => {
    const endpoint = "10.77.2.63";
    const app = meshed(bed, endpoint, { name: identityOf("peer"), direct: true });
    const opaqueTransport = { inboundPort: 4143 };
    service(
      bed,
      { ip: "10.77.1.63", endpoint },
      { ...dns(identityOf("peer")), protocolHint: { ...H2, opaqueTransport } },
    );
    await reaches(bed, "10.77.1.63", endpoint);
    expect(app.heard[0]).toMatchObject({
      alpn: ["transport.l5d.io/v1"],
      transport: { port: 8080, name: "", sessionProtocol: "http2" },
    });
    const gateway = "10.77.2.64";
    const beyond = meshed(bed, gateway, { name: identityOf("gateway"), direct: true });
    const target = "web.ns.svc.cluster.local:8888";
    service(
      bed,
      { ip: "10.77.1.64", endpoint: gateway, port: 4143 },
      {
        ...dns(identityOf("gateway")),
        protocolHint: H2,
        authorityOverride: { authorityOverride: target },
      },
    );
    await reaches(bed, "10.77.1.64", gateway);
    expect(beyond.heard[0]).toMatchObject({
      transport: { port: 8888, name: "web.ns.svc.cluster.local", sessionProtocol: "http2" },
      authority: target,
    });
    const opaque = "10.77.2.65";
    const bytes = meshed(bed, opaque, { name: identityOf("peer"), direct: true });
    const protocol = { case: "opaque", value: {} };
    service(
      bed,
      { ip: "10.77.1.65", endpoint: opaque },
      { ...dns(identityOf("peer")), protocolHint: { protocol, opaqueTransport } },
    );
    await reaches(bed, "10.77.1.65", opaque);
    expect(bytes.heard[0]?.transport).toMatchObject({ sessionProtocol: undefined });
  },
};

const STRANGER: Scene = {
  name: "WIRE3, C2: whoever is not whom the control plane names gets no byte of a request",
  run: async (bed) => {
    const endpoint = "10.77.2.66";
    const app = meshed(bed, endpoint, { name: identityOf("stranger") });
    service(bed, { ip: "10.77.1.66", endpoint }, { ...dns(identityOf("peer")), protocolHint: H2 });
    expect((await bed.ask("10.77.1.66")).status).toBeGreaterThanOrEqual(502);
    expect([app.heard.length, app.connections > 0]).toEqual([0, true]);
    const uri = "10.77.2.67";
    const spiffe = meshed(bed, uri, { name: identityOf("peer") });
    const strategy = { case: "uriLikeIdentity", value: { uri: "spiffe://test/peer" } };
    const serverName = { name: identityOf("peer") };
    service(
      bed,
      { ip: "10.77.1.67", endpoint: uri },
      { tlsIdentity: { strategy, serverName }, protocolHint: H2 },
    );
    expect((await bed.ask("10.77.1.67")).status).toBeGreaterThanOrEqual(502);
    expect(spiffe.heard).toEqual([]);
    const friend = "10.77.2.68";
    const material = issueOdd(bed.authority, { names: "URI:spiffe://test/peer" });
    const named = bed.endpoint(friend, {
      material: { ...material, anchorsPem: bed.authority.anchorsPem },
    });
    service(
      bed,
      { ip: "10.77.1.68", endpoint: friend },
      { tlsIdentity: { strategy, serverName }, protocolHint: H2 },
    );
    await reaches(bed, "10.77.1.68", friend);
    expect(named.heard[0]?.sni).toBe(identityOf("peer"));
  },
};

/** All. */
export const PEERS: readonly Scene[] = [PLAIN_PORT, DIRECT, STRANGER];
