import { expect, test } from "bun:test";
import { type AlternativeName, peerIdentity, SPIFFE_ID_LIMIT_BYTES } from "./peer-identity.ts";

const dns = (name: string): AlternativeName => ({ form: "DNS", name });
const uri = (name: string): AlternativeName => ({ form: "URI", name });
const ID = "web.ns.serviceaccount.identity.linkerd.cluster.local";
const SPIFFE = "spiffe://root.example/vm_1/a-b.c";
const longest = (bytes: number): string => `${SPIFFE}/`.padEnd(bytes, "a");

test.each<[string, AlternativeName[], string]>([
  ["a DNS name", [dns(ID)], ID],
  ["a SPIFFE ID", [uri(SPIFFE)], SPIFFE],
  ["a DNS name before a SPIFFE ID", [dns(ID), uri(SPIFFE)], ID],
  ["the first of two DNS names", [dns(ID), dns("other")], ID],
  ["a SPIFFE ID before a DNS name", [uri(SPIFFE), dns(ID)], SPIFFE],
  ["the longest SPIFFE ID", [uri(longest(SPIFFE_ID_LIMIT_BYTES))], longest(SPIFFE_ID_LIMIT_BYTES)],
])("C3: somebody is named by %s", (_, names, identity) => {
  expect(peerIdentity(names)).toBe(identity);
});

test.each<[string, AlternativeName[]]>([
  ["no name", []],
  ["two URIs", [uri(SPIFFE), uri(`${SPIFFE}/other`)]],
  ["another scheme", [uri("https://root.example/vm")]],
  ["NUL, as the runtime writes it", [uri('"spiffe://root.example/vm\\u0000x"')]],
  ["NUL itself", [uri("spiffe://root.example/vm\0x")]],
  ["percent", [uri("spiffe://root.example/%76m")]],
  ["an upper-case domain", [uri("spiffe://Root.example/vm")]],
  ["an upper-case scheme", [uri("SPIFFE://root.example/vm")]],
  ["a slash at the end", [uri("spiffe://root.example/vm/")]],
  ["an empty segment", [uri("spiffe://root.example//vm")]],
  ["no path", [uri("spiffe://root.example")]],
  ["a dot", [uri("spiffe://root.example/./vm")]],
  ["two dots", [uri("spiffe://root.example/a/../vm")]],
  ["two dots at the end", [uri("spiffe://root.example/a/..")]],
  ["a query", [uri("spiffe://root.example/vm?a")]],
  ["a port", [uri("spiffe://root.example:80/vm")]],
  ["too many bytes", [uri(longest(SPIFFE_ID_LIMIT_BYTES + 1))]],
  ["a wildcard", [dns("*.linkerd.cluster.local")]],
  ["upper case in a DNS name", [dns("Web.ns")]],
  ["what needs quotes", [dns('"a\\u002c DNS:b"')]],
  ["letters beyond ASCII", [dns("wéb.ns")]],
  ["a dot at the end", [dns(`${ID}.`)]],
  ["an empty label", [dns("a..b")]],
  ["a DNS name too long", [dns(Array.from({ length: 128 }, () => "a").join("."))]],
])("C3, C31: nobody is named by %s", (_, names) => {
  expect(peerIdentity(names)).toBeUndefined();
});
