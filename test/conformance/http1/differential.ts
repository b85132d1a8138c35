/** The same bytes to us, nginx, HAProxy and Apache: what we forward they all read alike, and nobody sees another number of requests. */

import type { Report, Suite } from "../suite.ts";
import { exchange, HttpBed } from "./bed.ts";
import { desyncInputs } from "./desync.ts";
import { llhttpInputs } from "./llhttp.ts";
import { type Message, splitRequests } from "./messages.ts";
import { converse, PEERS, type Peer, startPeers } from "./peers.ts";
import { FORWARDED } from "./vectors/forwarded.ts";
import { FRAMING } from "./vectors/framing.ts";
import { HEADS } from "./vectors/heads.ts";

interface Input {
  readonly name: string;
  readonly bytes: string;
}

/** What a proxy made of bytes: the requests that it forwarded, and whether it refused the rest. */
interface Reading {
  readonly requests: readonly string[];
  readonly refused: boolean;
}

/** What a peer refuses though we forward it: paths and hosts that it does not like, and what it answers itself. */
const REFUSES: Readonly<Record<string, readonly RegExp[]>> = {
  nginx: [/^\S+ \S*(\/\.\.\/|%2e%2e|%00|%zz)/, /^TRACE /, /^OPTIONS \* /],
  Apache: [/^\S+ \S*(\/\.\.\/|%2e%2e|%00|%zz)/, /^OPTIONS \* /, /\r\nhost: [^\r]*[%=]/],
  // It knows how a WebSocket has to be asked for.
  HAProxy: [/\r\nupgrade: websocket\r\n(?![\s\S]*sec-websocket-key:)/i],
};

/** Instances of each peer, that share the inputs. */
const LANES = 4;

/** Both comparisons of each input and peer are cases. */
export const differential: Suite = {
  name: "http1-differential",
  quick: true,
  needs: [],
  run: async (report) => {
    const inputs: readonly Input[] = [
      ...FRAMING,
      ...HEADS,
      ...FORWARDED,
      ...desyncInputs(),
      ...llhttpInputs(),
      // A reverse proxy does not know what to do with CONNECT: they have no reading of it to share.
    ].filter(({ bytes }) => !bytes.includes("CONNECT "));
    const peers = await startPeers(LANES);
    const kinds = peers.length / LANES;
    if (kinds < PEERS)
      report.skipped("peers", "Debian's nginx, haproxy or apache2 is not there", inputs.length);
    const bed = new HttpBed();
    await bed.start();
    try {
      const cases: Case[] = [];
      for (const input of inputs) cases.push(await forward(bed, input));
      await Promise.all(
        peers.map((peer, i) => {
          const lane = Math.floor(i / kinds);
          return compare(
            peer,
            cases.filter((_, n) => n % LANES === lane),
            report,
          );
        }),
      );
    } finally {
      await bed.stop();
      await Promise.all(peers.map((peer) => peer.stop()));
    }
  },
};

/** An input, what we made of it, and what arrived at the origin over each connection. */
interface Case extends Input {
  readonly ours: Reading;
  readonly arrived: readonly string[];
}

async function forward(bed: HttpBed, { name, bytes }: Input): Promise<Case> {
  bed.origin.take();
  const { answer } = await exchange(bed.port("inbound"), bytes);
  const arrived = bed.origin.take().map(({ text }) => text);
  return { name, bytes, ours: readingOf(answer, arrived), arrived };
}

async function compare(peer: Peer, cases: readonly Case[], report: Report): Promise<void> {
  for (const { name, bytes, ours, arrived } of cases) {
    const label = `${name}, ${peer.name}`;
    const wrong = differs(ours, await ask(peer, bytes));
    if (wrong === undefined) report.passed(label);
    else report.failed(`input ${label}`, wrong);
    for (const text of arrived) {
      const again = asTheyAre(text, await ask(peer, text), REFUSES[peer.name] ?? []);
      if (again === undefined) report.passed(label);
      else report.failed(`forwarded ${label}`, again);
    }
  }
}

async function ask(peer: Peer, bytes: string): Promise<Reading> {
  peer.origin.take();
  const answer = await converse(peer.port, bytes);
  return readingOf(
    answer,
    peer.origin.take().map(({ text }) => text),
  );
}

function readingOf(answer: string, arrived: readonly string[]): Reading {
  const requests = arrived.flatMap((text) => splitRequests(text).messages.map(summary));
  const statuses = [...answer.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, status]) =>
    Number(status),
  );
  return {
    requests,
    refused: statuses.length <= requests.length ? false : (statuses.at(-1) ?? 0) >= 400,
  };
}

/** Proxies write a target and a host in their own ways; method, path and body are the request's. */
function summary({ start, body }: Message): string {
  const [method = "", target = ""] = start.split(" ");
  const path = target.replace(/^https?:\/\/[^/?]*/, "").replace(/^(?!\/)/, "/");
  const encoded = path.replace(/[\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16)}`);
  return `${method} ${encoded.toLowerCase()} ${body}`;
}

/** Where both accept they see the same requests; who sees fewer has refused the rest, or forwards none. */
function differs(ours: Reading, theirs: Reading): string | undefined {
  const both = Math.min(ours.requests.length, theirs.requests.length);
  for (let i = 0; i < both; i++)
    if (ours.requests[i] !== theirs.requests[i])
      return `we read ${shown(ours.requests[i])}, they ${shown(theirs.requests[i])}`;
  if (both === 0 || ours.requests.length === theirs.requests.length) return undefined;
  const fewer = ours.requests.length < theirs.requests.length ? ours : theirs;
  if (fewer.refused) return undefined;
  return `we read ${ours.requests.length} requests, they ${theirs.requests.length}`;
}

/** What we forwarded is read as what it is. */
function asTheyAre(text: string, theirs: Reading, refuses: readonly RegExp[]): string | undefined {
  const expected = splitRequests(text).messages.map(summary);
  const other = expected.find((each, i) => each !== theirs.requests[i]);
  if (other === undefined && expected.length === theirs.requests.length) return undefined;
  if (theirs.requests.length === 0 && refuses.some((each) => each.test(text))) return undefined;
  return `${expected.map(shown).join(" and ")} is read as ${theirs.requests.map(shown).join(" and ")}`;
}

const shown = (request: string | undefined): string =>
  JSON.stringify(request?.slice(0, 80) ?? "none");
