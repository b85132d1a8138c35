#!/usr/bin/env node
// idle: a pod from whose place the checks' clients ask.
setInterval(() => {}, 1 << 30);
process.on("SIGTERM", () => process.exit(0));
