/** Files whose test does not stand beside them, and which test covers them. The list may only shrink. */

/** A path from the root, or a folder that ends in a slash, with the test and the reason. */
export const TESTED_ELSEWHERE: readonly {
  readonly files: string;
  readonly by: string;
  readonly why: string;
}[] = [
  {
    files: "lib/http2/",
    by: "lib/http2/connection.test.ts",
    why: "the parts of the state machine are seen through the frames that it takes and writes",
  },
  {
    files: "lib/http-io/",
    by: "lib/http-io/drivers.test.ts",
    why: "client and server drive each other, over any chunking",
  },
  {
    files: "proxy/inbound/",
    by: "test/integration/mesh.test.ts",
    why: "a station needs its neighbours: two proxies and a control plane run in the test's process",
  },
  { files: "proxy/outbound/", by: "test/integration/mesh.test.ts", why: "as inbound" },
  {
    files: "proxy/control/",
    by: "test/integration/mesh.test.ts",
    why: "the other end of each call is the fake control plane",
  },
  {
    files: "proxy/config/",
    by: "proxy/config/variables.test.ts",
    why: "a table of all variables",
  },
  { files: "proxy/http/forwarded.ts", by: "test/integration/mesh.test.ts", why: "as inbound" },
  { files: "proxy/transport/", by: "test/integration/mesh.test.ts", why: "as inbound" },
  {
    files: "proxy/control-plane.ts",
    by: "test/integration/mesh.test.ts",
    why: "it composes the others",
  },
];
