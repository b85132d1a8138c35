import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import type { Subprocess } from "bun";
import { inNetns } from "#lib/sys/netns.ts";
import { Programs, unloadPrograms } from "../../cni/apply/programs.ts";
import { type BedPod, CAN_MAKE_BED, compileProxy, RedirectBed } from "./redirect-bed.ts";
import { CAN_REDIRECT, sh, until } from "./redirect-node.ts";

const CAN = CAN_REDIRECT && CAN_MAKE_BED;
const MESHED = ["app", "linkerd-proxy"];
/** A Service's address: nothing in the network answers for it. */
const SERVICE = "10.255.0.1:80";

let dir = "";
let program = "";
beforeAll(() => {
  if (!CAN) return;
  dir = mkdtempSync("/tmp/redirect-");
  chmodSync(dir, 0o755);
  program = compileProxy(dir);
});
afterAll(() => {
  if (CAN) rmSync(dir, { recursive: true });
});

const beds: RedirectBed[] = [];
afterEach(async () => {
  for (const bed of beds.splice(0)) await bed.stop();
});

interface Mesh {
  readonly bed: RedirectBed;
  /** Two meshed pods; `web` serves on 8080. */
  readonly client: BedPod;
  readonly web: BedPod;
  readonly plain: BedPod;
  readonly ready: readonly string[];
  readonly proxies: readonly Subprocess[];
}

/** Two meshed pods with proxies that are ready, and one without. */
async function start(kind: "auto" | "ebpf" | "nft" | "iptables"): Promise<Mesh> {
  const bed = new RedirectBed(kind);
  beds.push(bed);
  await bed.startAgent();
  const client = await bed.addPod("client", MESHED);
  const web = await bed.addPod("web", MESHED, {
    "config.linkerd.io/skip-inbound-ports": "8081-8083",
  });
  const plain = await bed.addPod("plain", ["app"]);
  client.control.services.set(SERVICE, { path: "web.emojivoto:80", opaque: false });
  client.control.announce("web.emojivoto:80", [{ addr: `${web.ip}:8080`, identity: "web" }]);
  for (const port of [8080, 8081]) await bed.serveApp(web, port);
  const ready = bed.watchReady(web);
  const proxies = [client, web].map((pod) => bed.startProxy(pod, program));
  const clientReady = bed.watchReady(client);
  await until(
    () => ready.at(-1) === "200" && clientReady.at(-1) === "200",
    () => `readiness is ${ready.join()} and ${clientReady.join()}: ${bed.logs.join("\n")}`,
  );
  return { bed, client, web, plain, ready, proxies };
}

const NEEDS = "(needs root, clang, nft, setpriv, containernetworking-plugins)";

test.skipIf(!CAN).each(["ebpf", "nft", "iptables"] as const)(
  `P1, P2, P3: by %s both directions go through the proxies, and DEL leaves nothing ${NEEDS}`,
  async (kind) => {
    const { bed, client, web, plain } = await start(kind);
    expect(bed.logs.join("\n")).toContain(`with=${kind}`);
    // The client's proxy was told what was dialled: only the Service leads to the web.
    const viaProxies = kind === "ebpf" ? client.ip : web.ip;
    expect(await bed.get(client, `http://${SERVICE}/`)).toBe(`200 called by ${viaProxies}`);
    expect(await bed.metric(client, "request_total", 'direction="outbound"')).toBe(1);
    expect(await bed.metric(web, "request_total", 'direction="inbound"')).toBe(1);
    const viaOne = kind === "ebpf" ? plain.ip : web.ip;
    expect(await bed.get(plain, `http://${web.ip}:8080/`)).toBe(`200 called by ${viaOne}`);
    expect(await bed.metric(web, "request_total", 'direction="inbound"')).toBe(2);
    const viaOne6 = kind === "ebpf" ? plain.ip6 : web.ip6;
    expect(await bed.get(plain, `http://[${web.ip6}]:8080/`)).toBe(`200 called by ${viaOne6}`);
    // Straight from the client's proxy to an address that no Service has.
    expect(await bed.get(client, `http://[${web.ip6}]:8080/`)).toStartWith("200 called by");
    expect(await bed.metric(web, "request_total", 'direction="inbound"')).toBe(4);
    // The loop guard.
    expect(await bed.get(plain, `http://${web.ip}:4140/`)).toStartWith("failed");
    expect(await bed.metric(web, "inbound_tcp_errors_total", 'error="unexpected"')).toBe(1);
    // A port that is skipped by default, and one that the pod's annotation names.
    expect(await bed.get(plain, `http://${web.ip}:8081/`)).toBe(`200 called by ${plain.ip}`);
    expect(await bed.metric(web, "request_total", 'direction="inbound"')).toBe(4);
    expect(await bed.chain("CHECK", web)).toMatchObject({ exit: 0, stdout: "" });
    await del(bed, { client, web, plain });
    const rules = inNetns(client.netns, () => sh("nft", "list", "ruleset"));
    expect(rules.toLowerCase()).not.toContain("bunkerd");
  },
  30_000,
);

/** Ends all three pods, the web's namespace first. */
async function del(
  bed: RedirectBed,
  { client, web, plain }: { readonly [name in "client" | "web" | "plain"]: BedPod },
): Promise<void> {
  expect(bed.node.listeners()).toBe(bed.node.pins().length > 0 ? 4 : 0);
  expect((await bed.chain("DEL", client)).exit).toBe(0);
  bed.node.deleteNamespace(web.netns);
  for (const pod of [web, plain, plain]) expect((await bed.chain("DEL", pod)).exit).toBe(0);
  // The proxies still run: the next pods of their slots must not find them.
  expect(bed.node.listeners()).toBe(0);
  expect(bed.node.pins().filter((name) => name.startsWith("in_"))).toEqual([]);
  expect(readdirSync(`${bed.runDir}/attachments`)).toEqual([]);
}

test.skipIf(!CAN)(
  `H18: the kubelet's probes reach the application itself, others meet the proxy ${NEEDS}`,
  async () => {
    const { bed, web, plain } = await start("ebpf");
    expect(await bed.getAsKubelet(`http://${web.ip}:7777/`)).toBe("failed ECONNREFUSED");
    expect(await bed.get(plain, `http://${web.ip}:7777/`)).not.toBe("failed ECONNREFUSED");
    const counted = (): Promise<number> => bed.metric(web, "request_total", 'direction="inbound"');
    const before = await counted();
    expect(await bed.getAsKubelet(`http://${web.ip}:8080/`)).toStartWith("200 called by 10.88.0.1");
    expect(await counted()).toBe(before);
  },
  30_000,
);

test.skipIf(!CAN)(
  `H4, H9: redirection outlives the agent, and the next one serves DEL and repairs ${NEEDS}`,
  async () => {
    const { bed, client, web, plain } = await start("ebpf");
    bed.agent?.stop();
    expect(await bed.get(client, `http://${SERVICE}/`)).toBe(`200 called by ${client.ip}`);
    const away = await bed.addPod("late", MESHED).catch(String);
    expect(away).toContain('"code":11');
    await bed.startAgent();
    rmSync(`${bed.node.bpfRoot}/bunkerd/v1/in_${cookieOf(bed)}`);
    await until(
      () => bed.logs.some((line) => line.includes("put back the redirection")),
      () => bed.logs.join("\n"),
      { withinMs: 8000 },
    );
    expect(await bed.get(client, `http://${SERVICE}/`)).toBe(`200 called by ${client.ip}`);
    await del(bed, { client, web, plain });
  },
  30_000,
);

test.skipIf(!CAN)(
  `H9: pods that lost all of their redirection go on by rules, as their proxies listen already ${NEEDS}`,
  async () => {
    const { bed, client, web, plain } = await start("auto");
    expect(await bed.get(plain, `http://${web.ip}:8080/`)).toBe(`200 called by ${plain.ip}`);
    unloadPrograms(bed.node.bpfRoot);
    const repaired = (): number => bed.logs.filter((line) => line.includes("by=nft")).length;
    await until(
      () => repaired() === 2,
      () => bed.logs.join("\n"),
      { withinMs: 8000 },
    );
    expect(await bed.get(plain, `http://${web.ip}:8080/`)).toBe(`200 called by ${web.ip}`);
    expect(await bed.get(client, `http://${SERVICE}/`)).toBe(`200 called by ${web.ip}`);
    expect(await bed.metric(web, "request_total", 'direction="inbound"')).toBe(3);
    expect(bed.node.pins().filter((name) => name.startsWith("in_"))).toEqual([]);
  },
  30_000,
);

test.skipIf(!CAN)(
  `H9: replacing the programs under traffic lets no connection past the proxies ${NEEDS}`,
  async () => {
    const { bed, client } = await start("ebpf");
    const { bpfRoot, cgroupRoot } = bed.node;
    const kubelet = `${cgroupRoot}/kubelet`;
    const programs = new Programs({ bpfRoot, pods: `${cgroupRoot}/kubepods`, kubelet });
    const url = `http://${SERVICE}/`;
    let ended = false;
    const answers = bed.get(client, url, { mode: "loop" }).finally(() => {
      ended = true;
    });
    let loads = 0;
    while (!ended) {
      programs.load();
      loads++;
      await Bun.sleep(5);
    }
    expect(await answers).toBe(`300 times 200 called by ${client.ip}`);
    expect(loads).toBeGreaterThan(5);
    expect(await bed.metric(client, "request_total", 'direction="outbound"')).toBe(300);
  },
  30_000,
);

test.skipIf(!CAN).each(["ebpf", "nft"] as const)(
  `H17: by %s, without their proxies pods are closed, in both directions ${NEEDS}`,
  async (kind) => {
    const { bed, client, web, plain, proxies } = await start(kind);
    for (const proxy of proxies) proxy.kill("SIGKILL");
    await Promise.all(proxies.map(({ exited }) => exited));
    expect(await bed.get(plain, `http://${web.ip}:8080/`)).toBe("failed ECONNREFUSED");
    expect(await bed.get(plain, `http://[${web.ip6}]:8080/`)).toBe("failed ECONNREFUSED");
    // A skipped port answers whoever is not captured on the way out.
    expect(await bed.get(plain, `http://${web.ip}:8081/`)).toBe(`200 called by ${plain.ip}`);
    expect(await bed.get(client, `http://${web.ip}:8081/`)).toBe("failed ECONNREFUSED");
    expect(await bed.get(web, "http://127.0.0.1:8080/")).toBe("200 called by 127.0.0.1");
  },
  30_000,
);

/** The cookie of the first pod that has an inbound program. */
function cookieOf(bed: RedirectBed): string {
  return (
    bed.node
      .pins()
      .find((name) => name.startsWith("in_"))
      ?.slice(3) ?? "none"
  );
}

test.skipIf(!CAN)(
  `readiness ends within the proof's minute when hooks or rules are taken away ${NEEDS}`,
  async () => {
    const [ebpf, nft] = await Promise.all([start("ebpf"), start("nft")]);
    // Nobody is to repair.
    for (const { bed } of [ebpf, nft]) bed.agent?.stop();
    unloadPrograms(ebpf.bed.node.bpfRoot);
    inNetns(nft.web.netns, () => sh("nft", "flush", "ruleset"));
    await until(
      () => ebpf.ready.at(-1) === "503" && nft.ready.at(-1) === "503",
      () => `readiness was ${ebpf.ready.join()} and ${nft.ready.join()}`,
      { withinMs: 65_000 },
    );
  },
  90_000,
);
