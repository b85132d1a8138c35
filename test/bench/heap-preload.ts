/** What `bun -r` runs before a proxy whose heap is watched. */

import { reportHeap } from "./heap-report.ts";

reportHeap(Bun.env["LINKERD2_PROXY_IDENTITY_DIR"] ?? "");
