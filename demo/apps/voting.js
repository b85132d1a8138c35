#!/usr/bin/env node
// voting: gRPC, unary and bidirectional. Votes for the doughnut fail: the small share of errors that dashboards need.
import grpc from "@grpc/grpc-js";
import { serve, votingService } from "./services.js";

const votes = new Map();

serve(votingService, {
  vote: ({ request }, answer) => {
    if (request.shortcode === "doughnut") {
      answer({ code: grpc.status.UNKNOWN, details: "no more doughnuts" });
      return;
    }
    const count = (votes.get(request.shortcode) ?? 0) + 1;
    votes.set(request.shortcode, count);
    answer(null, { count });
  },
  results: (_, answer) => answer(null, { results: [...votes].map(([shortcode, count]) => ({ shortcode, count })) }),
  chat: (call) => {
    call.on("data", (message) => call.write({ echo: message }));
    call.on("end", () => call.end());
  },
});
