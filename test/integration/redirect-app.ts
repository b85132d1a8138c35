/** Run in a pod: a server that says who called (`serve PORT`), clients (`get URL`, `loop URL`), an observer (`watch URL`). */

import { servePlain } from "#lib/net/plain-http.ts";

const TIMEOUT_MS = 3000;
const WATCH_MS = 25;
const LOOPS = 300;
const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function get(url: string): Promise<string> {
  try {
    const response = await fetch(url, {
      keepalive: false,
      headers: { connection: "close" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
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

/** Every distinct answer of many connections, and how many there were. */
async function loop(url: string): Promise<string> {
  const answers = new Set<string>();
  for (let i = 0; i < LOOPS; i++) answers.add(await get(url));
  return `${LOOPS} times ${[...answers].join(" and ")}`;
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
else if (mode === "loop") say(await loop(what));
else say(await get(what));
