import { afterAll, beforeAll, expect, test } from "bun:test";
import { FakeMesh, type FakePod } from "../fake/mesh.ts";

const NAME = "server.test.serviceaccount.identity.linkerd.cluster.local";
const HERE = Bun.which("openssl") !== null;
const why = HERE ? "" : " (needs openssl)";

const mesh = new FakeMesh();
let pod: FakePod;

beforeAll(async () => {
  pod = await mesh.start(NAME);
  pod.target = { ip: "127.0.0.1", port: 8080 };
});
afterAll(() => mesh.stop());

/** What OpenSSL says of a handshake with the inbound port, without a certificate of its own. */
async function handshake(...options: readonly string[]): Promise<string> {
  const to = ["-connect", `127.0.0.1:${pod.proxy.inboundPort}`, "-servername", NAME];
  const client = Bun.spawn(["openssl", "s_client", ...to, ...options], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([
    new Response(client.stdout).text(),
    new Response(client.stderr).text(),
  ]);
  await client.exited;
  return out + err;
}

test.skipIf(!HERE)(
  `P44: TLS 1.3 with each of its three suites, a leaf of P-256, and no ticket${why}`,
  async () => {
    const suites = ["AES_128_GCM_SHA256", "AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256"];
    for (const suite of suites) {
      const said = await handshake("-tls1_3", "-ciphersuites", `TLS_${suite}`);
      expect(said).toContain(`New, TLSv1.3, Cipher is TLS_${suite}`);
      expect(said).toContain("Server public key is 256 bit");
      expect(said).toMatch(/Peer signature type: (ECDSA|ecdsa_secp256r1_sha256)/);
      expect(said).not.toContain("New Session Ticket");
      // A certificate is asked for, and may be missing.
      expect(said).toMatch(/Requested Signature Algorithms|Client Certificate Types/);
    }
  },
  30_000,
);

test.skipIf(!HERE)(
  `P44: keys are exchanged by X25519, P-256 and P-384${why}`,
  async () => {
    for (const [group, key] of [
      ["X25519", /X25519/],
      ["P-256", /P-256|prime256v1/],
      ["P-384", /P-384|secp384r1/],
    ] as const) {
      const said = await handshake("-tls1_3", "-groups", group);
      expect(said).toMatch(
        new RegExp(`(Server Temp Key|Negotiated TLS1.3 group).*(${key.source})`),
      );
    }
  },
  30_000,
);

test.skipIf(!HERE)(
  `P44: nothing older than TLS 1.3${why}`,
  async () => {
    for (const version of ["-tls1_2", "-tls1_1"])
      expect(await handshake(version)).toContain("Cipher is (NONE)");
  },
  30_000,
);
