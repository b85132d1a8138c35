/** Who is let in: certificates that do not hold are refused, and a server with another identity is not spoken to. */

import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  X509Certificate,
} from "node:crypto";
import { CONFIG_MAPS, ENDPOINT_SLICES, SECRETS, SERVICES } from "#lib/k8s/resource.ts";
import { toPem } from "#lib/x509/pem.ts";
import { signCertificate } from "#lib/x509/sign.ts";
import { FakeAuthority, type Issued } from "../../fake/authority.ts";
import {
  addressOf,
  type Bed,
  expect,
  inPod,
  must,
  podOf,
  ROOT,
  run,
  scrape,
  sumOf,
} from "../bed.ts";
import type { Check } from "../check.ts";

export const CERTIFICATES: readonly Check[] = [
  {
    name: "certificates of another CA, expired and self-signed ones are refused",
    run: badCertificates,
  },
  {
    name: "a client without a certificate is served where the policy allows, refused where it does not",
    run: noCertificate,
  },
  { name: "a server with another identity than its endpoint's is not spoken to", run: wrongServer },
];

type Answer = { readonly status?: number; readonly refused?: string; readonly body?: string };

const DOMAIN = "serviceaccount.identity.linkerd.cluster.local";
const FAILURES = "bunkerd_tls_handshake_failures_total";

async function ask(bed: Bed, app: string, certificate?: Issued): Promise<Answer> {
  const roots = await bed.running.client.get(CONFIG_MAPS, {
    namespace: "linkerd",
    name: "linkerd-identity-trust-roots",
  });
  const server = await podOf(bed, app, "probes");
  const input = JSON.stringify({
    ...{ ip: server.status?.podIP, port: 8080, serverName: `${app}.probes.${DOMAIN}` },
    ca: roots?.data?.["ca-bundle.crt"],
    ...(certificate !== undefined && { cert: certificate.chainPem, key: certificate.keyPem }),
  });
  const stranger = await podOf(bed, "stranger", "probes");
  return JSON.parse(
    await must(bed, inPod(bed, stranger, ["node", `${ROOT}/test/demo/apps/tls-client.js`]), {
      input,
    }),
  ) as Answer;
}

/** A leaf by the mesh's own issuer; a lifetime below zero has ended. */
async function meshCertificate(bed: Bed, name: string, lifetimeMs: number): Promise<Issued> {
  const secret = await bed.running.client.get(SECRETS, {
    namespace: "linkerd",
    name: "linkerd-identity-issuer",
  });
  const read = (key: string): string => Buffer.from(secret?.data?.[key] ?? "", "base64").toString();
  const issuerPem = read("crt.pem");
  const issuerKey = createPrivateKey(read("key.pem"));
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const now = Date.now();
  const der = signCertificate(
    {
      ...{
        commonName: name,
        dnsNames: [name],
        publicKey: createPublicKey(pair.privateKey),
        authority: false,
      },
      issuerCommonName: /CN=(.*)/.exec(new X509Certificate(issuerPem).subject)?.[1] ?? "",
      serial: Uint8Array.of(7),
      notBefore: new Date(now - 7_200_000),
      notAfter: new Date(now + lifetimeMs),
    },
    (bytes) => sign("sha256", bytes, issuerKey),
  );
  const keyPem = pair.privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  return { keyPem, chainPem: toPem("CERTIFICATE", der) + issuerPem, der };
}

const failuresOf = async (bed: Bed, app: string): Promise<number> =>
  sumOf(await scrape(bed, await podOf(bed, app, "probes")), FAILURES);

async function badCertificates(bed: Bed): Promise<string> {
  const name = `client.probes.${DOMAIN}`;
  const good = await ask(bed, "echo", await meshCertificate(bed, name, 3_600_000));
  expect(good.status === 200, `a good certificate was refused: ${JSON.stringify(good)}`);
  expect(good.body?.includes(name) === true, `its identity was not shown: ${good.body}`);
  const bad = {
    "another CA": new FakeAuthority("other").issue(name),
    expired: await meshCertificate(bed, name, -60_000),
    "self-signed": FakeAuthority.selfSigned(name),
  };
  const seen: string[] = [];
  for (const [what, certificate] of Object.entries(bad)) {
    const before = await failuresOf(bed, "echo");
    const { refused, status } = await ask(bed, "echo", certificate);
    expect(refused !== undefined, `${what} was answered with ${status}`);
    const after = await failuresOf(bed, "echo");
    expect(after === before + 1, `${FAILURES} went from ${before} to ${after} for ${what}`);
    seen.push(`${what}: ${refused}`);
  }
  return `${seen.join(", ")}; each in ${FAILURES}`;
}

async function noCertificate(bed: Bed): Promise<string> {
  const allowed = await ask(bed, "echo");
  expect(allowed.status === 200, `echo answered ${JSON.stringify(allowed)}`);
  expect(allowed.body?.includes('"identity":null') === true, `echo saw ${allowed.body}`);
  const denials = async (): Promise<number> =>
    sumOf(await scrape(bed, await podOf(bed, "strict", "probes")), "inbound_http_authz_deny_total");
  const before = await denials();
  const denied = await ask(bed, "strict");
  expect(denied.status === 403, `strict answered ${JSON.stringify(denied)}`);
  const after = await denials();
  expect(after === before + 1, `inbound_http_authz_deny_total went from ${before} to ${after}`);
  const certificate = await meshCertificate(bed, `client.probes.${DOMAIN}`, 3_600_000);
  const known = await ask(bed, "strict", certificate);
  expect(known.status === 200, `strict refused a good certificate: ${JSON.stringify(known)}`);
  return `echo 200, strict ${denied.status} and inbound_http_authz_deny_total ${before} → ${after}`;
}

/** A Service whose endpoint carries the address of `echo` and the name of `strict`'s pod. */
async function wrongServer(bed: Bed): Promise<string> {
  const [echo, strict] = await Promise.all(
    ["echo", "strict"].map((app) => podOf(bed, app, "probes")),
  );
  const { client } = bed.running;
  const name = { name: "impostor", namespace: "probes" };
  await client.create(SERVICES, {
    metadata: name,
    spec: { ports: [{ name: "http", port: 8080 }] },
  });
  await client.create(ENDPOINT_SLICES, {
    metadata: { ...name, labels: { "kubernetes.io/service-name": "impostor" } },
    addressType: "IPv4",
    ports: [{ name: "http", port: 8080, protocol: "TCP" }],
    endpoints: [
      {
        addresses: [echo?.status?.podIP ?? ""],
        conditions: { ready: true },
        targetRef: { kind: "Pod", name: strict?.metadata?.name ?? "", namespace: "probes" },
      },
    ],
  });
  const caller = await podOf(bed, "client", "probes");
  const failures = async (): Promise<number> => sumOf(await scrape(bed, caller), FAILURES);
  const before = await failures();
  const url = `http://${await addressOf(bed, "impostor", "probes")}:8080/`;
  const { out } = await run(
    bed,
    inPod(bed, caller, ["curl", "-sS", "-m8", "-o", "/dev/null", "-w", "%{http_code}", url]),
  );
  await client.delete(SERVICES, name);
  await client.delete(ENDPOINT_SLICES, name);
  expect(out.startsWith("50"), `the answer was ${out}`);
  const after = await failures();
  expect(after > before, `${FAILURES} of the caller stayed at ${before}`);
  return `${out}, ${FAILURES} ${before} → ${after}`;
}
