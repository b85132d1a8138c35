/** Own vectors of HTTP/1, requests and responses, through real proxies three ways. */

import type { Report, Suite } from "../suite.ts";
import { HttpBed, WAYS, type Way } from "./bed.ts";
import { field, type Message, splitResponses } from "./messages.ts";
import { FORWARDED } from "./vectors/forwarded.ts";
import { FRAMING } from "./vectors/framing.ts";
import { HEADS } from "./vectors/heads.ts";
import { RESPONSES } from "./vectors/responses.ts";
import type { RequestVector, ResponseVector } from "./vectors/vector.ts";

/** Each vector and way is a case. */
export const ownHttp1: Suite = {
  name: "http1-own",
  quick: true,
  needs: [],
  run: async (report) => {
    const bed = new HttpBed();
    await bed.start();
    try {
      for (const vector of [...FRAMING, ...HEADS, ...FORWARDED])
        for (const way of WAYS)
          tell(report, `${vector.name}, ${way}`, await sendRequest(bed, way, vector));
      for (const vector of RESPONSES)
        for (const way of WAYS)
          tell(report, `${vector.name}, ${way}`, await sendResponse(bed, way, vector));
    } finally {
      await bed.stop();
    }
  },
};

function tell(report: Report, name: string, wrong: string | undefined): void {
  if (wrong === undefined) report.passed(name);
  else report.failed(name, wrong);
}

async function sendRequest(
  bed: HttpBed,
  way: Way,
  vector: RequestVector,
): Promise<string | undefined> {
  const { answer, closed, forwarded, fault } = await bed.send(way, vector.bytes);
  if (fault !== undefined) return `forwarded what cannot be read: ${fault}`;
  const got = forwarded.map(summary);
  const { forwards, status = 200, fields = {}, trailers } = vector;
  if (!same(got, forwards)) return `forwarded ${JSON.stringify(got).slice(0, 300)}`;
  const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, each]) => Number(each));
  if ((statuses.at(-1) ?? 0) !== status) return `answered ${JSON.stringify(answer.slice(0, 60))}`;
  if (!closed) return "the connection does not end";
  const last = forwarded.at(-1);
  return last && (wrongFields(last, fields) ?? wrongTrailers(last, trailers));
}

const summary = (message: Message): string =>
  `${message.start.replace(/ HTTP\/1\.[01]$/, "")}|${field(message, "host") ?? ""}|${message.body}`;

function wrongFields(
  message: Message,
  fields: Readonly<Record<string, string | null>>,
): string | undefined {
  for (const [name, expected] of Object.entries(fields)) {
    const got = message.fields.filter(([each]) => each === name).map(([, value]) => value);
    if (!same(got, expected === null ? [] : [expected])) return `${name} is ${JSON.stringify(got)}`;
  }
  return undefined;
}

function wrongTrailers(
  message: Message,
  expected: readonly string[] | undefined,
): string | undefined {
  const got = message.trailers.map(([name]) => name);
  return expected === undefined || same(got, expected) ? undefined : `trailers ${got}`;
}

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((each, i) => each === b[i]);

async function sendResponse(
  bed: HttpBed,
  way: Way,
  vector: ResponseVector,
): Promise<string | undefined> {
  const { method = "GET", bytes, after, gets, fields = {} } = vector;
  bed.origin.answer = () => ({ bytes, ...(after !== undefined && { after }) });
  const line = method === "UPGRADE" ? "Connection: upgrade\r\nUpgrade: x\r\n" : "";
  const verb = method === "UPGRADE" ? "GET" : method;
  // POST is made once only, so that what breaks off is not tried again.
  const start = gets.at(-1) === "502|" && verb === "GET" ? "POST" : verb;
  const { answer, closed } = await bed.send(
    way,
    `${start} / HTTP/1.1\r\nHost: a.test\r\n${line}\r\n`,
  );
  if (!closed) return "the connection does not end";
  const switched = answer.indexOf("\r\n\r\n", answer.indexOf("HTTP/1.1 101")) + 4;
  const tunnel = answer.startsWith("HTTP/1.1 101") ? [answer.slice(switched)] : [];
  const text = tunnel.length > 0 ? answer.slice(0, switched) : answer;
  const { messages, rest, fault } = splitResponses(text, [verb], false);
  const got = [
    ...messages.map((message) => `${message.start.slice(9, 12)}|${message.body}`),
    ...tunnel,
    ...(rest === "" && fault === undefined && messages.length > 0 ? [] : ["broken"]),
  ];
  if (!same(got, gets))
    return `got ${JSON.stringify(got)} of ${JSON.stringify(answer.slice(0, 200))}`;
  const last = messages.at(-1);
  return last && wrongFields(last, fields);
}
