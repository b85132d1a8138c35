#!/usr/bin/env node
// emoji: gRPC, unary and server streaming.
import grpc from "@grpc/grpc-js";
import { emojiService, serve } from "./services.js";

const all = Object.entries({
  sushi: "🍣", pizza: "🍕", taco: "🌮", doughnut: "🍩", rocket: "🚀", tada: "🎉", snail: "🐌", cactus: "🌵",
}).map(([shortcode, unicode]) => ({ shortcode, unicode }));

serve(emojiService, {
  listAll: (_, answer) => answer(null, { emoji: all }),
  find: ({ request }, answer) => {
    const found = all.find(({ shortcode }) => shortcode === request.shortcode);
    if (found === undefined) answer({ code: grpc.status.NOT_FOUND, details: `no emoji ${request.shortcode}` });
    else answer(null, found);
  },
  watch: (call) => {
    let sent = 0;
    const timer = setInterval(() => call.write(all[sent++ % all.length]), 200);
    call.on("cancelled", () => clearInterval(timer));
  },
});
