import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { readTrustBundle } from "#lib/identity/trust-bundle.ts";
import { createAuthority } from "#lib/k8s/certified-key.ts";
import { LogFilter } from "#lib/log/log-filter.ts";
import { createLogger } from "#lib/log/logger.ts";
import { keyIdOf } from "#lib/x509/key-id.ts";
import { FakeAuthority } from "../../test/fake/authority.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { issueOdd } from "../../test/fake/odd-certificate.ts";
import { IssuerStore, LOOK_INTERVAL_MS } from "./issuer-store.ts";

/** Time that starts now, as certificates are made now. */
class Now extends FakeClock {
  override wall(): number {
    return START_MS + this.now();
  }
}
const START_MS = Date.now();
const DAY_MS = 86_400_000;

function setUp() {
  const files = new Map<string, string>();
  const lines: string[] = [];
  const trusted: string[] = [];
  const told: string[] = [];
  const clock = new Now();
  const log = createLogger({
    filter: new LogFilter(),
    format: "json",
    wall: () => 0,
    write: (line) => lines.push(JSON.parse(line).fields.reason),
  });
  const store = new IssuerStore({
    paths: { keyFile: "key", chainFile: "chain", anchorsFile: "anchors" },
    readText: async (path) => {
      const text = files.get(path);
      if (text === undefined) throw new Error("ENOENT");
      return text;
    },
    clock,
    log,
    tell: ({ type, reason }) => void told.push(`${type} ${reason}`),
    onTrusted: ({ generation }) => trusted.push(generation),
  });
  const give = ({ issuer, anchorsPem }: FakeAuthority): void => {
    files.set("key", issuer.keyPem).set("chain", issuer.chainPem).set("anchors", anchorsPem);
  };
  return { files, lines, trusted, told, clock, store, give };
}

const parseKeyId = ({ anchorsPem }: FakeAuthority): Uint8Array =>
  keyIdOf(new X509Certificate(anchorsPem).publicKey);

const codeOf = (act: () => unknown): unknown => {
  try {
    return act();
  } catch (error) {
    return (error as { code: string }).code;
  }
};

test("IDY1, IDY6: nothing is signed before a good issuer was read; what is missing is told of once", async () => {
  const { store, give, lines } = setUp();
  await store.look();
  await store.look();
  expect(codeOf(() => store.require())).toBe("unavailable");
  expect([store.expiresMs, lines]).toEqual([undefined, ["IssuerUpdateSkipped"]]);
  give(new FakeAuthority("one"));
  await store.look();
  await store.loaded;
  expect(store.require().commonName).toBe("one");
  expect(lines).toEqual(["IssuerUpdateSkipped", "IssuerUpdated"]);
});

test("IDY6, C28: a new issuer is taken, a bad one is not", async () => {
  const { store, give, files, lines, told } = setUp();
  give(new FakeAuthority("one"));
  await store.look();
  give(new FakeAuthority("two"));
  await store.look();
  expect(store.require().commonName).toBe("two");
  files.set("anchors", new FakeAuthority("three").anchorsPem);
  await store.look();
  await store.look();
  const three = new FakeAuthority("three");
  const { keyPem, chainPem } = issueOdd(three, {
    key: ["-algorithm", "ED25519"],
    extensions: { basicConstraints: "critical,CA:TRUE" },
  });
  files.set("key", keyPem).set("chain", chainPem).set("anchors", three.anchorsPem);
  await store.look();
  expect(store.require().commonName).toBe("two");
  const skipped = "IssuerUpdateSkipped";
  expect(lines).toEqual(["IssuerUpdated", "IssuerUpdated", skipped, skipped]);
  expect(told.slice(1)).toEqual([
    "Normal IssuerUpdated",
    `Warning ${skipped}`,
    `Warning ${skipped}`,
  ]);
});

test("IDY6: anchors are given out with the issuer that they vouch for, in whatever order the files come", async () => {
  const [a, b] = [new FakeAuthority("same"), new FakeAuthority("same")];
  const both = a.anchorsPem + b.anchorsPem;
  const steps = {
    ca: (): unknown => files.set("anchors", both),
    key: (): unknown => files.set("key", b.issuer.keyPem),
    chain: (): unknown => files.set("chain", b.issuer.chainPem),
  };
  const { store, give, files, trusted } = setUp();
  const generationOf = (pem: string): string => readTrustBundle(pem).generation;
  const [old, during, last] = [a.anchorsPem, both, b.anchorsPem].map(generationOf);
  for (const order of ["ca key chain", "key chain ca", "chain ca key"]) {
    give(a);
    await store.look();
    trusted.length = 0;
    for (const step of order.split(" ") as (keyof typeof steps)[]) {
      steps[step]();
      await store.look();
    }
    expect([order, trusted.at(-1)]).toEqual([order, during as string]);
    expect(store.require().keyId).toEqual(parseKeyId(b));
    expect(trusted).not.toContain(old as string);
  }
  files.set("anchors", b.anchorsPem);
  await store.look();
  expect(trusted.at(-1)).toBe(last as string);
  files.set("anchors", a.anchorsPem);
  await store.look();
  expect(trusted.at(-1)).toBe(last as string);
  const cutOff = a.anchorsPem.slice(0, a.anchorsPem.length / 2);
  for (const damaged of ["garbage", b.anchorsPem + cutOff, `${cutOff}\n${b.anchorsPem}`]) {
    files.set("anchors", damaged);
    trusted.length = 0;
    await store.look();
    expect(trusted).toEqual([]);
  }
});

test("IDY6: start() looks again after a while, until stopped", async () => {
  const { store, give, clock } = setUp();
  await store.start();
  give(new FakeAuthority("one"));
  clock.advance(LOOK_INTERVAL_MS);
  await store.loaded;
  expect(store.require().commonName).toBe("one");
  store.stop();
  expect(clock.nextMs).toBeUndefined();
});

test("IDY1: an issuer that has expired since signs nothing", async () => {
  const { store, give, clock, lines, told } = setUp();
  give(new FakeAuthority("one"));
  await store.look();
  clock.advance(7_200_000);
  expect(codeOf(() => store.require())).toBe("unknown");
  expect(lines.at(-1)).toBe("IssuerValidationFailed");
  expect(told.at(-1)).toBe("Warning IssuerValidationFailed");
});

test("IDY1: an issuer signs nothing once its anchor has expired, and none below such an anchor replaces it", async () => {
  const { store, clock, files, told } = setUp();
  const place = (anchor: ReturnType<typeof createAuthority>, name: string): void => {
    const how = { nowMs: START_MS, lifetimeMs: 9 * DAY_MS, signer: anchor };
    const { keyPem, crtPem } = createAuthority(name, how);
    files.set("key", keyPem).set("chain", crtPem).set("anchors", anchor.crtPem);
  };
  place(createAuthority("root", { nowMs: START_MS, lifetimeMs: DAY_MS }), "good");
  await store.look();
  const stale = { nowMs: START_MS - 9 * DAY_MS, lifetimeMs: 8 * DAY_MS };
  place(createAuthority("root", stale), "stale");
  await store.look();
  expect([store.require().commonName, told.at(-1)]).toEqual([
    "good",
    "Warning IssuerUpdateSkipped",
  ]);
  clock.advance(DAY_MS);
  expect(codeOf(() => store.require())).toBe("unknown");
  expect(told.at(-1)).toBe("Warning IssuerValidationFailed");
});

test("IDY6: an issuer that is not good now is told of once, and taken once it is", async () => {
  const { store, give, lines, clock } = setUp();
  give(new FakeAuthority("early"));
  // A clock that is behind, and is put right.
  clock.wall = () => START_MS - 10 * 86_400_000;
  await store.look();
  await store.look();
  expect([store.expiresMs, lines]).toEqual([undefined, ["IssuerUpdateSkipped"]]);
  give(new FakeAuthority("early"));
  await store.look();
  expect(lines).toHaveLength(2);
  clock.wall = () => Date.now();
  await store.look();
  expect([store.require().commonName, lines.at(-1)]).toEqual(["early", "IssuerUpdated"]);
});
