/** What anybody sees first: everything runs, requests flow, mTLS between pods, true callers, no privilege. */

import { readdirSync, readFileSync } from "node:fs";
import { PODS } from "#lib/k8s/resource.ts";
import {
  addressOf,
  type Bed,
  expect,
  generator,
  inPod,
  must,
  onNode,
  podOf,
  run,
  scrape,
  sumOf,
  until,
} from "../bed.ts";
import type { Check } from "../check.ts";

export const BASIC: readonly Check[] = [
  {
    name: "requests flow from generator through web to emoji, voting and redis",
    run: requestsFlow,
  },
  { name: "the application sees its caller's own address", tiers: ["ebpf"], run: seesCaller },
  {
    name: "between meshed pods there is TLS only, and plain text where one side is unmeshed",
    run: onTheWire,
  },
  { name: "no pod has an init container but native sidecars, nor a capability", run: noPrivilege },
  { name: "malformed HTTP gets 400 and the connection closes", run: malformed },
  { name: "an unknown destination passes through and is counted", run: unknownDestination },
];

async function requestsFlow(bed: Bed): Promise<string> {
  const first = await generator(bed);
  const stats = await until("the generator has counted 40 more", 15_000, async () => {
    const now = await generator(bed);
    return now.sent > first.sent + 40 && now;
  });
  expect(
    stats.lost === first.lost,
    `lost ${stats.lost - first.lost}: ${JSON.stringify(stats.errors)}`,
  );
  return `${stats.ok} answered, ${stats.failed} failed as meant, ${stats.lost} lost`;
}

async function seesCaller(bed: Bed): Promise<string> {
  const echo = `http://${await addressOf(bed, "echo", "probes")}:8080/`;
  const seen: string[] = [];
  for (const app of ["client", "stranger"]) {
    const pod = await podOf(bed, app, "probes");
    const { caller, identity } = JSON.parse(
      await must(bed, inPod(bed, pod, ["curl", "-sS", "-m5", echo])),
    ) as {
      readonly caller: string;
      readonly identity: string | null;
    };
    expect(
      caller === pod.status?.podIP,
      `${app} is ${pod.status?.podIP} and was seen as ${caller}`,
    );
    expect(
      (identity === null) === (app === "stranger"),
      `${app} was seen with identity ${identity}`,
    );
    seen.push(`${app} ${caller} ${identity ?? "without identity"}`);
  }
  return seen.join(", ");
}

/** The first bytes of a record of application data (RFC 8446 §5.1). */
const RECORD = String.fromCharCode(23, 3, 3);

async function onTheWire(bed: Bed): Promise<string> {
  const file = `${bed.instance.root}/wire.pcap`;
  const capture = Bun.spawn(
    onNode(bed, ["tcpdump", "-i", "any", "-U", "-w", file, "-Z", "root", "tcp"]),
    {
      stdout: "ignore",
      stderr: "pipe",
    },
  );
  try {
    // It says so when it listens.
    const reader = capture.stderr.getReader();
    await reader.read();
    const echo = `http://${await addressOf(bed, "echo", "probes")}:8080`;
    const ask = async (app: string, marker: string): Promise<void> => {
      const pod = await podOf(bed, app, "probes");
      await must(
        bed,
        inPod(bed, pod, ["curl", "-sS", "-m5", "-H", `x-marker: ${marker}`, `${echo}/`]),
      );
    };
    await ask("client", "SECRET-IN-THE-MESH");
    await ask("stranger", "PLAIN-FROM-OUTSIDE");
    const bytes = await until("the capture has the plain marker", 5_000, async () => {
      const text = readFileSync(file).toString("latin1");
      return text.includes("PLAIN-FROM-OUTSIDE") && text;
    });
    expect(!bytes.includes("SECRET-IN-THE-MESH"), "the marker of a meshed caller was on the wire");
    const records = bytes.split(RECORD).length - 1;
    expect(records > 0, "no TLS record was on the wire");
    return `${bytes.length} bytes captured, ${records} TLS records`;
  } finally {
    capture.kill();
    await capture.exited;
  }
}

async function noPrivilege(bed: Bed): Promise<string> {
  const { items } = await bed.running.client.list(PODS);
  for (const { metadata, spec } of items) {
    const wrong =
      spec?.initContainers?.filter(({ restartPolicy }) => restartPolicy !== "Always") ?? [];
    expect(wrong.length === 0, `${metadata?.name} has init container ${wrong[0]?.name}`);
  }
  const agent = await podOf(bed, "linkerd-cni", "linkerd-cni").catch(() => undefined);
  let seen = 0;
  for (const { metadata } of items) {
    if (metadata?.namespace === "linkerd-cni" || metadata?.uid === agent?.metadata?.uid) continue;
    for (const pid of processesOf(bed, metadata?.uid ?? "")) {
      const capabilities = capabilitiesOf(pid);
      if (capabilities === undefined) continue;
      expect(
        capabilities === 0n,
        `a process of ${metadata?.name} has capabilities ${capabilities.toString(16)}`,
      );
      seen += 1;
    }
  }
  expect(seen > 0, "no process was looked at");
  return `${items.length} pods, ${seen} processes`;
}

function processesOf({ instance }: Bed, uid: string): string[] {
  const folder = `${instance.cgroup}/kubepods/pod${uid}`;
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readFileSync(`${folder}/${name}/cgroup.procs`, "utf8").split("\n"))
    .filter((pid) => pid !== "");
}

/** The effective set; undefined for the helper outside the container's root, which made its namespaces. */
function capabilitiesOf(pid: string): bigint | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    if (/^Name:\s+(unshare|sh|mount|setpriv)$/m.test(status)) return undefined;
    return BigInt(`0x${/^CapEff:\s+(\w+)$/m.exec(status)?.[1] ?? "0"}`);
  } catch {
    return undefined;
  }
}

async function malformed(bed: Bed): Promise<string> {
  const pod = await podOf(bed, "client", "probes");
  const ip = await addressOf(bed, "echo", "probes");
  const request =
    "GET / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0";
  const script = `exec 3<>/dev/tcp/${ip}/8080; printf '${request}' >&3; timeout 5 cat <&3`;
  const { out, code } = await run(bed, inPod(bed, pod, ["bash", "-c", script]));
  expect(out.startsWith("HTTP/1.1 400"), `the answer was ${JSON.stringify(out.slice(0, 60))}`);
  expect(code === 0, "the connection stayed open");
  return out.split("\r\n")[0] ?? "";
}

/** A server on the node that no Service knows. */
const STRANGE =
  'require("http").createServer((q, s) => s.end("strange")).listen(9999, "10.244.0.1", () => console.log("up"))';

async function unknownDestination(bed: Bed): Promise<string> {
  const server = Bun.spawn(onNode(bed, ["node", "-e", STRANGE]), {
    stdout: "pipe",
    stderr: "inherit",
  });
  try {
    await server.stdout.getReader().read();
    const pod = await podOf(bed, "client", "probes");
    const labels = { direction: "outbound", target_addr: "10.244.0.1:9999" };
    const before = sumOf(await scrape(bed, pod), "request_total", labels);
    const out = await must(bed, inPod(bed, pod, ["curl", "-sS", "-m5", "http://10.244.0.1:9999/"]));
    expect(out === "strange", `the answer was ${out}`);
    const after = sumOf(await scrape(bed, pod), "request_total", labels);
    expect(after === before + 1, `request_total for it went from ${before} to ${after}`);
    return `request_total ${before} → ${after}`;
  } finally {
    server.kill();
    await server.exited;
  }
}
