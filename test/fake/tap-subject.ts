/** A request that is tapped, for tests of taps. */

import { HeaderList } from "../../lib/http/headers.ts";
import type { TapSubject } from "../../proxy/tap/tap-match.ts";

/** `GET /` that came in from nobody that is known. */
export const fakeTapSubject = (): TapSubject => ({
  direction: "inbound",
  request: {
    ...{ method: "GET", scheme: "http", authority: "a", path: "/", version: "HTTP/2" },
    ...{ protocol: "", headers: new HeaderList() },
  },
  source: undefined,
  destination: { ip: "10.0.0.1", port: 80 },
  ...{ sourceTls: {}, destinationTls: {}, destinationLabels: {}, routeLabels: undefined },
});
