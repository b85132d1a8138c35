import { expect, test } from "bun:test";
import { createSecureContext } from "node:tls";
import { systemClock as clock } from "#lib/sys/system-clock.ts";
import { FakeClock } from "../../test/fake/clock.ts";
import { acceptTls, connectTls, TlsCredentials, TlsError } from "./tls.ts";
import { checkTlsContract, SELF_TEST_LIMIT_MS, TlsContractError } from "./tls-self-test.ts";

const doors = { acceptTls, connectTls };
type Connect = Parameters<typeof connectTls>[0];

/** What the check says of doors, one of which is broken. */
async function findings(broken: Partial<typeof doors>): Promise<readonly string[]> {
  const error: unknown = await checkTlsContract(clock, { ...doors, ...broken }).catch(
    (caught: unknown) => caught,
  );
  if (!(error instanceof TlsContractError)) throw new Error(`not found: ${String(error)}`);
  expect(error.message).toBe(`Cannot trust TLS of this runtime: ${error.found.join("; ")}`);
  return error.found;
}

/** A client's door that changes what it is asked for. */
const connecting = (change: (options: Connect) => Partial<Connect>): Partial<typeof doors> => ({
  connectTls: (options, observer) => connectTls({ ...options, ...change(options) }, observer),
});

test("checkTlsContract() is content with this runtime, time after time", async () => {
  for (let round = 0; round < 3; round++) await checkTlsContract(clock);
});

test("checkTlsContract() notices a server of another name that is accepted", async () => {
  expect(await findings(connecting(() => ({ serverName: "self-test.bunkerd" })))).toEqual([
    "a server of another name was accepted",
  ]);
});

test("checkTlsContract() notices a client of nobody's that is accepted", async () => {
  let first: TlsCredentials | undefined;
  const always = connecting(({ credentials }) => {
    first ??= credentials;
    return { credentials: first };
  });
  expect(await findings(always)).toEqual(["a client certificate of nobody's was accepted"]);
});

test("checkTlsContract() notices client certificates that are not seen", async () => {
  const bare = connecting(({ credentials }) => ({
    credentials: new TlsCredentials({
      ...credentials.material,
      keyPem: undefined,
      chainPem: undefined,
    }),
  }));
  expect(await findings(bare)).toEqual([
    "the client's certificate is not seen",
    "a client certificate of nobody's was accepted",
  ]);
});

test("checkTlsContract() notices SNI and ALPN that are lost", async () => {
  expect(await findings(connecting(() => ({ alpn: [] })))).toEqual([
    "ALPN is not seen",
    "ALPN is not chosen",
  ]);
});

test("checkTlsContract() notices session tickets", async () => {
  const found = await findings({
    acceptTls: (stream, options, observer) => {
      const { keyPem: key, chainPem: cert, anchorsPem: ca } = options.credentials.material;
      const made = createSecureContext({ key, cert, ca, minVersion: "TLSv1.3" });
      const { context } = made as { readonly context: unknown };
      const credentials: TlsCredentials = { material: options.credentials.material, context };
      acceptTls(stream, { ...options, credentials }, observer);
    },
  });
  expect(found).toEqual(["a session ticket was given"]);
});

test("checkTlsContract() notices a handshake that fails", async () => {
  const found = await findings({
    acceptTls: (stream, _, observer) => {
      observer.onFailed(new TlsError("Cannot accept client: no", { code: "version" }));
      stream.destroy();
    },
  });
  expect(found).toEqual([
    "a good handshake ended: client refused as tls, server refused as version",
    "a server of another name was refused as tls",
    "a client certificate of nobody's was refused as version",
  ]);
});

test("checkTlsContract() waits for a handshake SELF_TEST_LIMIT_MS at most", async () => {
  const still = new FakeClock();
  const checked = checkTlsContract(
    { now: () => still.now(), wall: () => clock.wall(), after: still.after.bind(still) },
    { acceptTls: () => undefined, connectTls: () => undefined },
  ).catch(String);
  still.advance(SELF_TEST_LIMIT_MS);
  expect(await checked).toContain("client refused as late, server refused as late");
});
