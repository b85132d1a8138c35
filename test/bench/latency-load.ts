/** Run by the bench in its client's network namespace: one open-loop load, and what came of it as JSON. */

import { Histogram } from "./load/histogram.ts";
import { runLoad } from "./load/load.ts";

const [ip = "", port = "80", rate = "1000", connections = "16", warmUp = "0", seconds = "1"] =
  process.argv.slice(2);
const histogram = new Histogram();
const { failed, unanswered } = await runLoad(
  {
    protocol: "http1",
    ip,
    port: Number(port),
    authority: ip,
    path: "/1k",
    streams: 1,
    payloadBytes: 0,
    connections: Number(connections),
    rate: Number(rate),
    warmUpMs: Number(warmUp) * 1000,
    forMs: Number(seconds) * 1000,
  },
  histogram,
);
process.stdout.write(
  JSON.stringify({
    bad: failed + unanswered,
    p50: histogram.quantile(0.5),
    p99: histogram.quantile(0.99),
    p999: histogram.quantile(0.999),
    late: histogram.above(700) / histogram.count,
  }),
);
process.exit();
