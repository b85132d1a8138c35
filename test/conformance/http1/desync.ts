/** The vectors of aws/http-desync-guardian through real proxies: nothing goes on that two parsers could read differently. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { load } from "js-yaml";
import type { Report, Suite } from "../suite.ts";
import { VECTORS } from "../tools.ts";
import { HttpBed, type Outcome, WAYS } from "./bed.ts";
import { field } from "./messages.ts";

interface Vector {
  readonly name: string;
  readonly uri: string;
  readonly method: string;
  readonly version: string;
  readonly headers: readonly { readonly name: string; readonly value: unknown }[] | null;
  readonly expected: {
    readonly tier: "Compliant" | "Acceptable" | "Ambiguous" | "Severe";
    readonly reason: string;
  };
}

const FOLDER = `${VECTORS}/http-desync`;
/** Vectors where the folder is absent. */
const COUNT = 159;

/** Transfer codings beside plain chunked (RFC 9112 §6.1: 501), and a URI with `#`, `\` and blanks (§3.2: 400). */
const isException = ({ uri, headers }: Vector): boolean =>
  /[#\\ ]/.test(uri) ||
  (headers ?? []).some(
    ({ name, value }) =>
      name.toLowerCase() === "transfer-encoding" &&
      String(value).trim().toLowerCase() !== "chunked",
  );

/** The longest that a vector's length can have that has to be forwarded. */
const LONGEST_BODY_BYTES = 4_000_000;

/** Compliant vectors that are refused all the same. */
const EXCEPTIONS = 8;

/** Through both proxies, into inbound, and out of outbound. */
export const httpDesync: Suite = {
  name: "http-desync",
  quick: true,
  needs: [],
  run: async (report) => {
    if (!existsSync(FOLDER)) {
      report.skipped("vectors of http-desync-guardian", `${FOLDER} is not there`, COUNT);
      return;
    }
    const vectors = readVectors();
    const compliant = vectors.filter(({ expected }) => expected.tier === "Compliant");
    const exceptions = compliant.filter(isException).length;
    if (vectors.length !== COUNT || exceptions !== EXCEPTIONS)
      report.failed(
        "vectors",
        `${vectors.length} with ${exceptions} exceptions, not ${COUNT}, ${EXCEPTIONS}`,
      );
    const bed = new HttpBed();
    await bed.start();
    try {
      for (const vector of vectors) await runVector(bed, vector, report);
    } finally {
      await bed.stop();
    }
  },
};

/** The bytes of every vector; none where the folder is absent. */
export function desyncInputs(): { readonly name: string; readonly bytes: string }[] {
  if (!existsSync(FOLDER)) return [];
  return readVectors().map((vector) => ({ name: vector.name, bytes: bytesOf(vector) }));
}

const readVectors = (): Vector[] =>
  readdirSync(FOLDER)
    .filter((file) => file.endsWith(".yaml"))
    .flatMap(
      (file) => (load(readFileSync(`${FOLDER}/${file}`, "utf8")) as readonly Vector[] | null) ?? [],
    );

/** One vector counts once, however many ways it goes. */
async function runVector(bed: HttpBed, vector: Vector, report: Report): Promise<void> {
  for (const way of WAYS) {
    const wrong = judge(vector, await bed.send(way, bytesOf(vector)));
    if (wrong === undefined) continue;
    report.failed(`${vector.expected.tier} ${vector.name}, ${way}`, wrong);
    return;
  }
  report.passed(vector.name);
}

/** What is wrong; undefined where nothing is. */
function judge(vector: Vector, outcome: Outcome): string | undefined {
  const { forwarded, leftover, fault, closed, answer } = outcome;
  if (fault !== undefined) return `forwarded what cannot be read: ${fault}`;
  const nothing = forwarded.length + leftover.length === 0;
  const refused = /^HTTP\/1\.1 (400|501|505) /.test(answer) && closed && nothing;
  if (mustRefuse(vector) || refused) {
    if (refused && (vector.expected.tier !== "Compliant" || isException(vector))) return undefined;
    return `${JSON.stringify(answer.slice(0, 40))}, ${forwarded.length} forwarded, closed ${closed}`;
  }
  return vector.expected.tier === "Compliant"
    ? asItWas(vector, outcome)
    : hasOneMeaning(vector, outcome);
}

/** A body where none is expected has one end, but not every server looks for it: all else that is ambiguous is refused. */
function mustRefuse(vector: Vector): boolean {
  const { tier, reason } = vector.expected;
  if (tier === "Ambiguous")
    return !/^Undefined(ContentLength|TransferEncoding)Semantics$/.test(reason);
  return tier === "Severe" || (tier === "Compliant" && isException(vector));
}

/** A request that was fine arrives with its method, target, fields and body. */
function asItWas(vector: Vector, { forwarded: [got] }: Outcome): string | undefined {
  if (got === undefined) return "nothing arrived";
  const target = /[^\0-\x7f]/.test(vector.uri) ? encodeURI(vector.uri) : vector.uri || "/";
  if (got.start !== `${vector.method} ${target} HTTP/1.1`) return `arrived as ${got.start}`;
  if (got.body !== bodyOf(vector)) return `its body arrived as ${JSON.stringify(got.body)}`;
  return undefined;
}

/** A request that servers read differently goes on in another form: without what was odd, or as the last of its connection. */
function hasOneMeaning(vector: Vector, outcome: Outcome): string | undefined {
  const [got] = outcome.forwarded;
  if (got === undefined || outcome.forwarded.length > 1 || outcome.leftover !== "")
    return "neither refused nor forwarded whole";
  const body = bodyOf(vector);
  if (got.body !== body) return `its body arrived as ${JSON.stringify(got.body)}`;
  if (body === "")
    return field(got, "content-length") === undefined ? undefined : "forwarded unchanged";
  return field(got, "connection") === "close" ? undefined : "its connection goes on";
}

/** A vector's bytes: with a Host, and with a body that fits. */
function bytesOf(vector: Vector): string {
  const target = vector.uri === "" ? "/" : vector.uri;
  const lines = (vector.headers ?? []).map(
    ({ name, value }) => `${text(name)}: ${text(String(value))}`,
  );
  const start = [vector.method, text(target), vector.version]
    .filter((part) => part !== "")
    .join(" ");
  return `${start}\r\nHost: desync.test\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n${encodedBodyOf(vector)}`;
}

/** As bytes: characters up to ÿ are one, others are UTF-8. */
const text = (value: string): string =>
  /^[\0-\xff]*$/.test(value) ? value : Buffer.from(value, "utf8").toString("latin1");

const chunked = ({ headers }: Vector): boolean =>
  (headers ?? []).some(({ name, value }) => /encod/i.test(name) && /chunked/i.test(String(value)));

function bodyOf(vector: Vector): string {
  if (chunked(vector)) return "hello";
  const length = (vector.headers ?? []).find(({ name }) => /content.?length/i.test(name))?.value;
  const bytes = /^\s*\d+\s*$/.test(String(length)) ? Number(length) : 0;
  return "x".repeat(Math.min(bytes, LONGEST_BODY_BYTES));
}

const encodedBodyOf = (vector: Vector): string =>
  chunked(vector) ? "5\r\nhello\r\n0\r\n\r\n" : bodyOf(vector);
