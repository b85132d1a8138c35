import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { spawn } from "bun";
import { listen } from "#lib/net/listener.ts";
import { acceptTls, TlsCredentials } from "#lib/net/tls.ts";
import { systemClock as clock } from "#lib/sys/system-clock.ts";
import { FakeAuthority } from "../fake/authority.ts";
import { issueOdd, type OddCertificate, type OddIssued } from "../fake/odd-certificate.ts";

const ME = "server.mesh";
const CLIENT = "client.mesh";
/** OpenSSL looks for large primes by chance. */
const MAKING_LIMIT_MS = 60_000;
const CPU_LIMIT_MS = 100;
const authority = new FakeAuthority("root");
const anchorsPem = authority.anchorsPem;
const dir = mkdtempSync(`${tmpdir()}/certificates-`);
const onFault = (error: Error): void => void faults.push(error.message);
const faults: string[] = [];
afterAll(() => rmSync(dir, { recursive: true }));

/** How the door saw a client: its name, `nobody` without a certificate, or why it was refused; and bytes of it. */
interface Met {
  readonly as: string;
  readonly bytes: number;
  readonly cpuMs: number;
  /** What openssl said. */
  readonly output: string;
}

/** A door as a proxy's inbound has it, and a client that has any certificate and is not held to anything: openssl. */
async function meet(shown: OddIssued | undefined, ...flags: readonly string[]): Promise<Met> {
  const { promise, resolve } = Promise.withResolvers<Pick<Met, "as" | "bytes">>();
  const credentials = new TlsCredentials({ ...authority.issue(ME), anchorsPem });
  let bytes = 0;
  const quiet = { onEnd: () => undefined, onDrain: () => undefined };
  const listener = listen(
    { ip: "127.0.0.1", port: 0 },
    (stream) => {
      let begun = Buffer.alloc(0);
      stream.handler = {
        ...quiet,
        onData: (chunk) => {
          begun = Buffer.concat([begun, chunk]);
          // A handshake of one record, however it comes.
          if (begun.length < 5 || begun.length < 5 + begun.readUInt16BE(3)) return;
          acceptTls(
            stream,
            { initial: begun, credentials, alpn: [], onFault, clock },
            {
              onSession: ({ stream: secure, peerName = "nobody" }) => {
                secure.handler = {
                  ...quiet,
                  onData: (data) => {
                    bytes += data.length;
                    secure.end();
                  },
                  onClose: () => resolve({ as: peerName, bytes }),
                };
              },
              onFailed: ({ code, message }) =>
                resolve({ as: `refused: ${code}: ${message}`, bytes }),
            },
          );
        },
        onClose: () => undefined,
      };
    },
    onFault,
  );
  const before = process.cpuUsage();
  const given = shown === undefined ? [] : clientFlags(shown);
  const where = ["-connect", `127.0.0.1:${listener.port}`, "-servername", ME];
  const client = spawn(["openssl", "s_client", ...where, ...given, ...flags], {
    stdin: new Blob(["ping\n"]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [output, met] = await Promise.all([client.stdout.text(), promise]);
  const { user, system } = process.cpuUsage(before);
  await client.exited;
  listener.stop();
  return { ...met, cpuMs: (user + system) / 1000, output };
}

let files = 0;
function clientFlags({ keyPem, chainPem }: OddIssued): string[] {
  const [leaf = "", ...above] = chainPem.split(/(?<=-----END CERTIFICATE-----\n)/);
  const path = `${dir}/${files++}`;
  writeFileSync(`${path}.key`, keyPem);
  writeFileSync(`${path}.pem`, leaf);
  writeFileSync(`${path}.chain`, above.join(""));
  const chain = above.length > 0 ? ["-cert_chain", `${path}.chain`] : [];
  return ["-cert", `${path}.pem`, "-key", `${path}.key`, ...chain];
}

const NAMED = `DNS:${CLIENT}`;
const odd = (over: OddCertificate): OddIssued => issueOdd(authority, { names: NAMED, ...over });
const INTERMEDIATE = {
  basicConstraints: "critical,CA:TRUE",
  keyUsage: "critical,keyCertSign",
  subjectKeyIdentifier: "hash",
};
/** An authority below another. */
const below = (name: string, over: OddCertificate = {}): OddIssued =>
  issueOdd(authority, {
    commonName: name,
    ...over,
    extensions: { ...INTERMEDIATE, ...over.extensions },
  });

test("a client as it should be is known by its name, and one without a certificate is nobody", async () => {
  expect(await meet(odd({}))).toMatchObject({ as: CLIENT, bytes: 5 });
  expect(await meet(undefined)).toMatchObject({ as: "nobody", bytes: 5 });
  const between = below("between");
  const leaf = odd({ signer: between });
  expect((await meet(leaf)).as).toBe(CLIENT);
});

test.each<[string, () => OddIssued]>([
  ["C3: no alternative name", () => issueOdd(authority, { commonName: CLIENT })],
  ["C3: an IP address alone", () => odd({ names: "IP:10.0.0.1" })],
  ["C3: two URIs", () => odd({ names: "URI:spiffe://a.test/b,URI:spiffe://a.test/c" })],
  ["C3: a URI with an upper-case domain", () => odd({ names: "URI:spiffe://A.test/b" })],
  ["C3: a URI with a slash at its end", () => odd({ names: "URI:spiffe://a.test/b/" })],
  ["C3: a URI with percent", () => odd({ names: "URI:spiffe://a.test/%62" })],
  ["C3: a URI with two dots", () => odd({ names: "URI:spiffe://a.test/b/../c" })],
  ["C3: a URI too long", () => odd({ names: `URI:spiffe://a.test/${"b".repeat(2048)}` })],
  [
    "C3: a DNS name with NUL",
    () =>
      issueOdd(authority, {
        extensions: { "2.5.29.17": "DER:30:0b:82:09:61:2e:62:00:63:2e:64:65:66" },
      }),
  ],
  [
    "C3: a name that holds another",
    () => odd({ names: `@s\n[s]\nURI.1="spiffe://a.test/b, DNS:${CLIENT}"` }),
  ],
  ["C31: a wildcard", () => odd({ names: "DNS:*.mesh" })],
  [
    "C4: an authority's basic constraint",
    () => odd({ extensions: { basicConstraints: "critical,CA:TRUE" } }),
  ],
  [
    "C4: the key usage of an authority",
    () => odd({ extensions: { keyUsage: "critical,keyCertSign" } }),
  ],
  ["C4: no digital signature", () => odd({ extensions: { keyUsage: "critical,keyEncipherment" } })],
  [
    "C4: an extended usage without clientAuth",
    () => odd({ extensions: { extendedKeyUsage: "serverAuth" } }),
  ],
  ["C5: the signing certificate itself", () => below(CLIENT, { names: NAMED })],
  [
    "C6: an intermediate for another domain",
    () =>
      odd({
        signer: below("narrow", {
          extensions: { nameConstraints: "critical,permitted;DNS:other.test" },
        }),
      }),
  ],
  [
    "C7: the same name from another authority",
    () => issueOdd(new FakeAuthority("root"), { names: NAMED }),
  ],
  ["C6: an intermediate that is no authority", () => odd({ signer: odd({}) })],
  [
    "C4: an unknown critical extension",
    () => odd({ extensions: { "1.2.3.4.5": "critical,DER:05:00" } }),
  ],
])("%s is refused before any byte", async (_, make) => {
  const met = await meet(make());
  expect(met.as).toStartWith("refused: ");
  expect(met.bytes).toBe(0);
});

test.each<[string, () => OddIssued]>([
  [
    "a chain of 150 KB",
    () => {
      const extensions = { nsComment: "a".repeat(50_000) };
      let signer = below("one", { extensions });
      for (const name of ["two", "three"]) signer = below(name, { signer, extensions });
      return odd({ signer });
    },
  ],
  [
    "10,000 names",
    () => odd({ names: Array.from({ length: 10_000 }, (_, at) => `DNS:n${at}.mesh`).join() }),
  ],
  [
    "a certificate of a megabyte",
    () =>
      odd({ extensions: { nsComment: "a".repeat(50_000).concat(",").repeat(20).slice(0, -1) } }),
  ],
  [
    "RSA of 8,400 bits",
    () =>
      odd({
        key: [
          "-algorithm",
          "RSA",
          "-pkeyopt",
          "rsa_keygen_bits:8400",
          "-pkeyopt",
          "rsa_keygen_primes:5",
        ],
      }),
  ],
])(
  "C8: %s is refused within 100 ms of CPU",
  async (_, make) => {
    const met = await meet(make());
    expect(met.as).toStartWith("refused: ");
    expect(met.cpuMs).toBeLessThan(CPU_LIMIT_MS);
  },
  MAKING_LIMIT_MS,
);

test("C8: a chain of twelve, each vouched for by the next, takes less than 100 ms of CPU", async () => {
  let signer = below("one");
  for (let depth = 0; depth < 10; depth++) signer = below(`depth${depth}`, { signer });
  expect((await meet(odd({ signer }))).cpuMs).toBeLessThan(CPU_LIMIT_MS);
});

test("C32: serial numbers of any kind do no harm", async () => {
  for (const serial of ["-5", "0", `0x${"7f".repeat(30)}`])
    expect((await meet(odd({ serial }))).as).toBe(CLIENT);
  const twice = { serial: "77" };
  expect((await meet(odd(twice))).as).toBe(CLIENT);
  expect((await meet(odd({ ...twice, names: "DNS:other.mesh" }))).as).toBe("other.mesh");
});

test.each(["-tls1", "-tls1_1", "-tls1_2"])("C12: %s is refused", async (version) => {
  const met = await meet(odd({}), version, "-cipher", "ALL:@SECLEVEL=0");
  expect(met.as).toStartWith("refused: ");
});

test("C9, C10, C12: no ticket is given, so nobody resumes with an expired certificate or sends early data", async () => {
  const session = `${dir}/session`;
  const met = await meet(odd({}), "-sess_out", session);
  expect(met.as).toBe(CLIENT);
  expect(met.output).not.toContain("Post-Handshake New Session Ticket arrived");
  expect(met.output).toContain("Early data was not sent");
  expect(await Bun.file(session).exists()).toBe(false);
});
