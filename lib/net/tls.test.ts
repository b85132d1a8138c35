import { afterAll, expect, test } from "bun:test";
import { systemClock as clock } from "#lib/sys/system-clock.ts";
import { FakeAuthority, type Issued } from "../../test/fake/authority.ts";
import { issueOdd } from "../../test/fake/odd-certificate.ts";
import type { ConnectError } from "./connect.ts";
import { listen } from "./listener.ts";
import { acceptTls, connectTls, TlsCredentials, type TlsError, type TlsSession } from "./tls.ts";

const authority = new FakeAuthority("root");
const rogue = new FakeAuthority("rogue");
const fault = (error: Error): void => {
  throw error;
};
const credentials = (
  { keyPem, chainPem }: Pick<Issued, "keyPem" | "chainPem">,
  anchorsPem = authority.anchorsPem,
): TlsCredentials => new TlsCredentials({ keyPem, chainPem, anchorsPem });
const none = new TlsCredentials({
  keyPem: undefined,
  chainPem: undefined,
  anchorsPem: authority.anchorsPem,
});

let server = credentials(authority.issue("server.mesh"));
let data = 0;
const accepted: (TlsSession | TlsError)[] = [];
const waiting: ((result: TlsSession | TlsError) => void)[] = [];
const settle = (result: TlsSession | TlsError): void => {
  accepted.push(result);
  waiting.shift()?.(result);
};

const listener = listen(
  { ip: "127.0.0.1", port: 0 },
  (stream) => {
    stream.handler = {
      onData: (chunk) =>
        acceptTls(
          stream,
          {
            initial: chunk.slice(),
            credentials: server,
            alpn: ["transport.l5d.io/v1"],
            onFault: fault,
            clock,
          },
          {
            onSession: (session) => {
              session.stream.handler = {
                onData: (bytes) => {
                  data += bytes.length;
                  session.stream.write(bytes);
                },
                onEnd: () => session.stream.end(),
                onDrain: () => undefined,
                onClose: () => undefined,
              };
              settle(session);
            },
            onFailed: settle,
          },
        ),
      onEnd: () => undefined,
      onDrain: () => undefined,
      onClose: () => undefined,
    };
  },
  fault,
);
afterAll(() => listener.stop());

/** Connects, sends "ping" and reports both ends. */
async function handshake(
  client: TlsCredentials,
  how: { name?: string; identity?: string; alpn?: string[] } = {},
) {
  const theirs = new Promise<TlsSession | TlsError>((resolve) => waiting.push(resolve));
  const ours = new Promise<{ session?: TlsSession; echo?: string; error?: ConnectError }>(
    (resolve) => {
      const target = {
        ip: "127.0.0.1",
        port: listener.port,
        timeoutMs: 3000,
        clock,
        onFault: fault,
      };
      connectTls(
        {
          ...target,
          credentials: client,
          serverName: how.name ?? "server.mesh",
          ...(how.identity !== undefined && { identity: how.identity }),
          alpn: how.alpn ?? [],
        },
        {
          onConnected: (session) => {
            let echo = "";
            session.stream.handler = {
              onData: (chunk) => {
                echo += Buffer.from(chunk).toString();
              },
              onEnd: () => undefined,
              onDrain: () => undefined,
              onClose: () => resolve({ session, echo }),
            };
            session.stream.write(Buffer.from("ping"));
            session.stream.end();
          },
          onFailed: (error) => resolve({ error }),
        },
      );
    },
  );
  return { ours: await ours, theirs: await theirs };
}

const codeOf = (result: TlsSession | TlsError): string | undefined =>
  "code" in result ? result.code : undefined;

test("WIRE3, WIRE4: acceptTls() and connectTls() prove both identities, with and without ALPN", async () => {
  const client = credentials(authority.issue("client.mesh"));
  for (const alpn of [[], ["transport.l5d.io/v1"]]) {
    const { ours, theirs } = await handshake(client, { alpn });
    expect([ours.echo, ours.session?.peerName, ours.session?.alpn]).toEqual([
      "ping",
      "server.mesh",
      alpn[0] as string,
    ]);
    expect(theirs).toMatchObject({ peerName: "client.mesh", alpn: alpn[0] as string });
  }
});

test("WIRE2: acceptTls() serves a client without a certificate as one without an identity", async () => {
  const { ours, theirs } = await handshake(none);
  expect([ours.echo, (theirs as TlsSession).peerName]).toEqual(["ping", undefined]);
});

test.each([
  ["of another CA", rogue.issue("client.mesh")],
  ["that has expired", authority.issue("client.mesh", -1000)],
  ["that does not hold yet", authority.issueEarly("client.mesh")],
  ["that signed itself", FakeAuthority.selfSigned("client.mesh")],
])(
  "WIRE4, C1: acceptTls() refuses a client certificate %s before any of its bytes",
  async (_, issued) => {
    const before = data;
    const { theirs } = await handshake(credentials(issued));
    expect([codeOf(theirs), data - before]).toEqual(["peer-certificate", 0]);
  },
);

test("WIRE3, C2: connectTls() refuses a server with another identity, and one of another CA", async () => {
  const client = credentials(authority.issue("client.mesh"));
  expect((await handshake(client, { name: "other.mesh" })).ours.error?.code).toBe("identity");
  const stranger = credentials(rogue.issue("client.mesh"), rogue.anchorsPem);
  expect((await handshake(stranger)).ours.error?.code).toBe("tls");
});

test("WIRE3, C2: connectTls() insists on an identity that is not the name it sends, and on its chain", async () => {
  const before = server;
  const client = credentials(authority.issue("client.mesh"));
  const uri = "spiffe://mesh.test/server";
  const ask = { name: "server.mesh", identity: uri };
  const both = issueOdd(authority, { names: `DNS:server.mesh,URI:${uri}` });
  const alone = issueOdd(authority, { names: `URI:${uri}` });
  for (const issued of [both, alone]) {
    server = credentials(issued);
    expect((await handshake(client, ask)).ours.echo).toBe("ping");
  }
  const codes: (string | undefined)[] = [];
  for (const issued of [
    authority.issue("server.mesh"),
    issueOdd(authority, { names: "URI:spiffe://mesh.test/other" }),
    issueOdd(rogue, { names: `URI:${uri}` }),
    issueOdd(rogue, { names: `DNS:server.mesh,URI:${uri}` }),
  ]) {
    server = credentials(issued);
    codes.push((await handshake(client, ask)).ours.error?.code);
  }
  expect(codes).toEqual(["identity", "identity", "tls", "tls"]);
  server = before;
});

test("no ALPN in common ends the handshake on both sides", async () => {
  const { ours, theirs } = await handshake(credentials(authority.issue("client.mesh")), {
    alpn: ["h2"],
  });
  expect([ours.error?.code, codeOf(theirs)]).toEqual(["tls", "handshake"]);
});

test("a new certificate is used from the next connection on", async () => {
  server = credentials(authority.issue("renewed.mesh"));
  const { ours } = await handshake(none, { name: "renewed.mesh" });
  expect(ours.echo).toBe("ping");
  server = credentials(authority.issue("server.mesh"));
});

test("acceptTls() and connectTls() tell anchors of one name apart", async () => {
  const [old, next] = [new FakeAuthority("same"), new FakeAuthority("same")];
  const before = server;
  for (const anchors of [old.anchorsPem + next.anchorsPem, next.anchorsPem + old.anchorsPem])
    for (const [theirs, ours] of [
      [old, next],
      [next, old],
    ] as const) {
      server = credentials(theirs.issue("server.mesh"), anchors);
      const met = await handshake(credentials(ours.issue("client.mesh"), anchors));
      expect([met.ours.echo, met.theirs]).toMatchObject(["ping", { peerName: "client.mesh" }]);
    }
  server = credentials(next.issue("server.mesh"), next.anchorsPem);
  const late = credentials(old.issue("client.mesh"), old.anchorsPem + next.anchorsPem);
  expect(codeOf((await handshake(late)).theirs)).toBe("peer-certificate");
  server = before;
});

test("connectTls() reports a refused connection", async () => {
  const error = await new Promise<ConnectError>((resolve) => {
    const target = { ip: "127.0.0.1", port: 1, timeoutMs: 3000, clock, onFault: fault };
    connectTls(
      { ...target, credentials: none, serverName: "a", alpn: [] },
      { onConnected: () => undefined, onFailed: resolve },
    );
  });
  expect(error.code).toBe("refused");
});
