#!/usr/bin/env node
// outsider: a client that is not in the mesh. It asks web once a second, in the clear.
import http from "node:http";

const { TARGET = "http://web" } = process.env;
setInterval(() => {
  http
    .get(`${TARGET}/`, { timeout: 5_000 }, (response) => {
      let text = "";
      response.on("data", (chunk) => (text += chunk));
      response.on("end", () => console.log(response.statusCode, text));
    })
    .on("error", (error) => console.log("failed:", error.message));
}, 1_000);
process.on("SIGTERM", () => process.exit(0));
