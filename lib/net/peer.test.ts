import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { FakeAuthority } from "../../test/fake/authority.ts";
import { issueOdd, type OddCertificate } from "../../test/fake/odd-certificate.ts";
import { peerOf } from "./peer.ts";
import type { BunSocket } from "./tcp-stream.ts";

const authority = new FakeAuthority("root");
const showing = (certificate: X509Certificate | undefined): BunSocket =>
  ({ getPeerX509Certificate: () => certificate }) as unknown as BunSocket;
const peer = (odd: OddCertificate) =>
  peerOf(showing(new X509Certificate(issueOdd(authority, odd).chainPem)));

test("peerOf() has the names of a certificate, each as a whole, and nobody where none was shown", () => {
  expect(peerOf(showing(undefined))).toBeUndefined();
  expect(peer({ names: "DNS:a.mesh,IP:10.0.0.1,URI:spiffe://a.test/b" })).toEqual({
    names: [
      { form: "DNS", name: "a.mesh" },
      { form: "URI", name: "spiffe://a.test/b" },
    ],
    odd: undefined,
  });
  const names = peer({ names: '@s\n[s]\nURI.1="spiffe://a.test/b, DNS:c.mesh"' })?.names;
  expect(names?.map(({ form }) => form)).toEqual(["URI"]);
  expect(names?.[0]?.name).not.toBe("spiffe://a.test/b");
  expect(peer({})?.names).toEqual([]);
});

test("C4: peerOf() tells an authority's certificate", () => {
  const extensions = { basicConstraints: "critical,CA:TRUE" };
  expect(peer({ names: "DNS:a.mesh", extensions })?.odd).toBe("is an authority's");
});
