/** The life of a proxy as its kubelet has it: signals, limits, what it is started with and who reads its log. */

import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { Bed } from "../genuine/bed.ts";
import { callFrom } from "../genuine/caller.ts";
import type { Answer } from "../genuine/endpoint.ts";
import { first, forwardTo, http1 } from "../genuine/messages.ts";
import { PROXY_UID } from "../genuine/place.ts";

const NEEDS = ["ip", "nft", "setpriv", "curl", "openssl", "unshare", "chroot", "tar", "prlimit"];
const HERE = process.getuid?.() === 0 && NEEDS.every((program) => Bun.which(program) !== null);
const why = HERE ? "" : ` (needs root, ${NEEDS.join(", ")})`;
const LIMIT_MS = 60_000;
const PORT = 9001;
const [SERVICE, ENDPOINT] = ["10.77.1.1", "10.77.2.1"] as const;
const PROXY = "/usr/lib/linkerd/linkerd2-proxy-identity";
const AWAIT = ["/usr/lib/linkerd/linkerd-await", "--port=4191"] as const;

let bed: Bed;
/** What the endpoint does with a request. */
let answer: () => Answer | undefined = () => ({});

beforeAll(async () => {
  if (!HERE) return;
  bed = await Bed.make();
  await bed.redirect();
  bed.app(PORT);
  bed.endpoint(ENDPOINT, { answer: () => answer() });
  const backends = first({ backend: forwardTo(ENDPOINT) });
  bed.plane.sayOutbound(`${SERVICE}:80`, http1({ backends }));
}, LIMIT_MS);
afterEach(async () => {
  answer = () => ({});
  await bed?.endProxy("SIGKILL");
});
afterAll(() => bed?.stop());

const run = (name: string, work: () => Promise<void>): void =>
  test.skipIf(!HERE)(`${name}${why}`, work, LIMIT_MS);
const outbound = async (): Promise<number> => (await bed.ask(SERVICE)).status;
/** 0 where nobody answers. */
const inbound = (): Promise<number> =>
  callFrom(bed, {}, { port: PORT }).then(
    ({ status }) => status,
    () => 0,
  );

run(
  "I1, I2, P57: told to end, once or twice, a proxy lets what is under way end, and ends with 0",
  async () => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
      await bed.startProxy();
      let asked = 0;
      answer = () => {
        asked += 1;
        bed.proxy?.kill(signal);
        bed.proxy?.kill(signal);
        return { body: "late" };
      };
      const got = await bed.ask(SERVICE);
      expect([got.status, got.body, asked]).toEqual([200, "late", 1]);
      expect(await bed.proxy?.exited).toBe(0);
    }
  },
);

run("I2: SIGPIPE does nothing", async () => {
  await bed.startProxy();
  bed.proxy?.kill("SIGPIPE");
  expect([await outbound(), await inbound()]).toEqual([200, 200]);
});

run("I4: a proxy that is killed leaves nothing open, and another one serves at once", async () => {
  await bed.startProxy();
  expect([await outbound(), await inbound()]).toEqual([200, 200]);
  await bed.endProxy("SIGKILL");
  expect([await outbound(), await inbound()]).toEqual([0, 0]);
  await bed.startProxy();
  expect([await outbound(), await inbound()]).toEqual([200, 200]);
});

run("I7: a proxy that has no more descriptors takes connections again when it has", async () => {
  await bed.startProxy();
  const pid = String(bed.proxy?.pid);
  // By its own user, who may lower what holds and raise it again up to what may.
  const ids = [`--reuid=${PROXY_UID}`, `--regid=${PROXY_UID}`, "--clear-groups"];
  const allow = (descriptors: number): void => {
    const words = ["prlimit", "--pid", pid, `--nofile=${descriptors}:`];
    expect(Bun.spawnSync(["setpriv", ...ids, ...words]).exitCode).toBe(0);
  };
  const LEAST = 40;
  allow(LEAST);
  answer = () => undefined;
  // More at a time than there are descriptors, two for each.
  const asks = Array.from({ length: 60 }, () => bed.ask(SERVICE));
  await bed.until(() => readdirSync(`/proc/${pid}/fd`).length >= LEAST, "it has enough");
  allow(4096);
  answer = () => ({});
  await bed.until(async () => (await outbound()) === 200, "it does not recover");
  expect(await inbound()).toBe(200);
  expect(bed.proxy?.exitCode).toBeNull();
  await bed.endProxy("SIGKILL");
  await Promise.all(asks);
});

run("P58, I12: what cannot be used is named, a line each, and the proxy ends with 64", async () => {
  const env = {
    LINKERD2_PROXY_INBOUND_LISTEN_ADDR: "nowhere",
    LINKERD2_PROXY_INBOUND_CONNECT_TIMEOUT: "soon",
  };
  const ended = await bed.place.run([PROXY], { uid: PROXY_UID, env });
  expect(ended.exit).toBe(64);
  const lines = ended.output.trim().split("\n");
  for (const name of Object.keys(env))
    expect(lines.filter((line) => line.includes(name)).length).toBe(1);
});

run("I13: a log that nobody reads holds nothing up", async () => {
  bed.beginProxy({ ACCESS_LOG: "json" }, { unread: true });
  await bed.place.run([...AWAIT, "--timeout=20s"], { uid: PROXY_UID });
  // A pipe has 64 KiB, which these lines fill twice.
  for (let round = 0; round < 400; round++) expect([round, await inbound()]).toEqual([round, 200]);
});

run(
  "I14: while nobody certifies it, a proxy is alive, not ready, and tells applications so",
  async () => {
    const nobody = { IDENTITY_SVC_ADDR: "linkerd-identity-headless.linkerd.svc.cluster.local.:9" };
    bed.beginProxy(nobody);
    const awaited = await bed.place.run([...AWAIT, "--timeout=1s"], { uid: PROXY_UID });
    expect(awaited.exit).toBe(69);
    const status = async (path: string): Promise<string> =>
      (
        await bed.place.asApp([
          "curl",
          "-s",
          "-o/dev/null",
          "-w%{http_code}",
          `http://127.0.0.1:4191${path}`,
        ])
      ).output;
    expect([await status("/live"), await status("/ready")]).toEqual(["200", "503"]);
    expect(bed.proxy?.exitCode).toBeNull();
  },
);

run("I17: nobody looks into a proxy from outside, whatever its environment says", async () => {
  const beside = {
    BUN_INSPECT: "ws://127.0.0.1:6499/x",
    NODE_OPTIONS: "--inspect=127.0.0.1:6498",
  };
  bed.beginProxy({}, { beside });
  expect(await bed.proxy?.exited).toBe(64);
  expect(bed.log).toContain("BUN_INSPECT must not be set");
  const { BUN_INSPECT: _, ...harmless } = beside;
  bed.beginProxy({}, { beside: harmless });
  await bed.place.run([...AWAIT, "--timeout=20s"], { uid: PROXY_UID });
  for (const port of [6498, 6499, 9229]) {
    const { exit } = await bed.place.asApp(["curl", "-s", "-m2", `http://127.0.0.1:${port}/`]);
    expect([port, exit]).toEqual([port, 7]);
  }
});
