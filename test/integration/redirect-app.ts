/** Run in a pod: a server that says who called (`serve PORT`), a client (`get URL`), an observer (`watch URL`). */

import { servePlain } from "#lib/net/plain-http.ts";

const TIMEOUT_MS = 3000;
const WATCH_MS = 25;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function get(url: string): Promise<string> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return `${response.status} ${await response.text()}`;
  } catch (error) {
    return `failed ${(error as { readonly code?: string }).code}`;
  }
}

async function watch(url: string): Promise<never> {
  let last = "";
  for (;;) {
    const now = (await get(url)).split(" ", 1)[0] ?? "";
    if (now !== last) say(now);
    last = now;
    await Bun.sleep(WATCH_MS);
  }
}

function serve(port: number): void {
  servePlain({ ip: "::", port }, ({ remoteIp }) => ({
    status: 200,
    body: `called by ${remoteIp.replace("::ffff:", "")}`,
  }));
  say("serving");
}

const [mode, what = ""] = process.argv.slice(2);
if (mode === "serve") serve(Number(what));
else if (mode === "watch") await watch(what);
else say(await get(what));
