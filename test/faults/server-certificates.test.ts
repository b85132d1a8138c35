import { expect, test } from "bun:test";
import { listen } from "#lib/net/listener.ts";
import { acceptTls, connectTls, TlsCredentials } from "#lib/net/tls.ts";
import { systemClock as clock } from "#lib/sys/system-clock.ts";
import { FakeAuthority } from "../fake/authority.ts";
import { issueOdd, type OddCertificate, type OddIssued } from "../fake/odd-certificate.ts";

const ME = "server.mesh";
const authority = new FakeAuthority("root");
const { anchorsPem } = authority;

/** What a client of ours says of a server that shows this. */
function callServer(shown: OddIssued): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const credentials = new TlsCredentials({ ...shown, anchorsPem });
  const listener = listen(
    { ip: "127.0.0.1", port: 0 },
    (stream) => {
      stream.handler = {
        onEnd: () => undefined,
        onDrain: () => undefined,
        onClose: () => undefined,
        onData: (chunk) =>
          acceptTls(
            stream,
            { initial: chunk.slice(), credentials, alpn: [], onFault: () => undefined, clock },
            { onSession: () => undefined, onFailed: () => undefined },
          ),
      };
    },
    () => undefined,
  );
  const ours = new TlsCredentials({ ...authority.issue("client.mesh"), anchorsPem });
  connectTls(
    {
      ...{ ip: "127.0.0.1", port: listener.port, timeoutMs: 5000, clock, onFault: () => undefined },
      ...{ credentials: ours, serverName: ME, alpn: [] },
    },
    {
      onConnected: ({ stream }) => {
        stream.destroy();
        resolve("connected");
      },
      onFailed: ({ code }) => resolve(code),
    },
  );
  return promise.finally(() => listener.stop());
}

test.each<[string, OddCertificate, string]>([
  ["its name", { names: `DNS:${ME}` }, "connected"],
  ["its name after another", { names: `DNS:other.mesh,DNS:${ME}` }, "connected"],
  ["a wildcard", { names: "DNS:*.mesh" }, "identity"],
  ["its name in other letters", { names: "DNS:SERVER.mesh" }, "identity"],
  ["its name as common name alone", { commonName: ME }, "identity"],
  [
    "an authority's constraint",
    { names: `DNS:${ME}`, extensions: { basicConstraints: "critical,CA:TRUE" } },
    "tls",
  ],
  [
    "an extended usage without serverAuth",
    { names: `DNS:${ME}`, extensions: { extendedKeyUsage: "clientAuth" } },
    "tls",
  ],
])("C4, C31: a server with %s", async (_, how, expected) => {
  expect(await callServer(issueOdd(authority, how))).toBe(expected);
});
