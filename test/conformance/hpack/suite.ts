/** HPACK both ways: blocks of other encoders decoded by us, and header lists encoded by us, decoded by python3-hpack. */

import { existsSync } from "node:fs";
import { HpackDecoder } from "#lib/hpack/decoder.ts";
import { HpackEncoder } from "#lib/hpack/encoder.ts";
import type { Report, Suite } from "../suite.ts";
import { debianSource, VECTORS } from "../tools.ts";
import { checkFrames } from "./frames.ts";
import { decodeStories, hasPythonHpack } from "./python-peer.ts";
import { readStories, type Story } from "./stories.ts";

const LIST_LIMIT_BYTES = 1 << 24;
const BLOCKS = 16_686;
const LISTS = 3384;

/** The corpus beside the checkout. */
export const hpack: Suite = {
  name: "hpack",
  quick: true,
  needs: [],
  run: async (report) => {
    const folder = `${VECTORS}/hpack`;
    if (!existsSync(folder)) {
      report.skipped("hpack", "the vectors are not beside the checkout", BLOCKS + LISTS);
      return;
    }
    const stories = readStories(folder);
    checkDecoding(report, stories, BLOCKS);
    await checkEncoding(report, stories);
  },
};

/** What Debian has of it: eleven encoders; and the frames of the same authors. */
export const hpackCorpus: Suite = {
  name: "hpack-corpus",
  quick: false,
  needs: [],
  run: async (report) => {
    const root = await debianSource("haskell-http2");
    const stories = readStories(`${root}/test-hpack/hpack-test-case`);
    checkDecoding(report, stories, 36_990);
    await checkEncoding(report, stories);
    checkFrames(report, `${root}/test-frame/http2-frame-test-case`);
  },
};

function checkDecoding(report: Report, stories: readonly Story[], expected: number): void {
  let blocks = 0;
  for (const { name, cases } of stories) {
    const tableBytes = Math.max(4096, ...cases.map((each) => each.tableBytes ?? 0));
    const decoder = new HpackDecoder({ tableBytes, listLimitBytes: LIST_LIMIT_BYTES });
    for (const [index, { block, fields }] of cases.entries()) {
      if (block === undefined) continue;
      blocks++;
      const why = difference(decode(decoder, block), JSON.stringify(fields));
      if (why === undefined) report.passed(name);
      else report.failed(`${name} block ${index}`, why);
    }
  }
  if (blocks !== expected) report.failed("blocks", `${blocks} blocks were there, not ${expected}`);
}

function decode(decoder: HpackDecoder, block: Buffer): string {
  const fields: string[][] = [];
  try {
    decoder.decode(block, { onField: (name, value) => fields.push([name, value]) });
  } catch (error) {
    return String(error);
  }
  return JSON.stringify(fields);
}

/** Encodes as a connection would, with the tables of the story, and with some fields that nobody may index. */
async function checkEncoding(report: Report, stories: readonly Story[]): Promise<void> {
  const lists = stories.reduce((total, { cases }) => total + cases.length, 0);
  if (!(await hasPythonHpack())) {
    report.skipped("encoded lists", "python3-hpack is not installed", lists);
    return;
  }
  const encoded = stories.map((story, index) => encode(story, index));
  const answers = await decodeStories(encoded.map(({ blocks }) => blocks));
  for (const [index, { name }] of stories.entries()) {
    const answer = answers[index];
    for (const [at, expected] of (encoded[index]?.expected ?? []).entries()) {
      const read = typeof answer === "object" ? JSON.stringify(answer[at]) : String(answer);
      const why = difference(read, expected);
      if (why === undefined) report.passed(name);
      else report.failed(`${name} list ${at}, encoded by us`, why);
    }
  }
}

const SECRET = new Set(["authorization", "proxy-authorization", "set-cookie"]);
/** Of every so many fields one is never indexed, and every so many lists the table's size goes down and up again. */
const SECRET_EVERY = 7;
const RESIZE_EVERY = 5;

function encode(
  { cases }: Story,
  seed: number,
): { readonly blocks: Buffer[]; readonly expected: string[] } {
  const encoder = new HpackEncoder();
  const expected: string[] = [];
  const blocks: Buffer[] = [];
  for (const [index, { fields, tableBytes }] of cases.entries()) {
    if (index % RESIZE_EVERY === seed % RESIZE_EVERY) encoder.setTableLimit((index * 97) % 512);
    encoder.setTableLimit(tableBytes ?? 4096);
    encoder.begin();
    const read = fields.map(([name, value], at) => {
      const secret = (at + index + seed) % SECRET_EVERY === 0;
      if (secret) encoder.secret(name, value);
      else encoder.field(name, value);
      const short = name === "cookie" && value.length < 20;
      return [name, value, secret || short || SECRET.has(name) ? 1 : 0];
    });
    expected.push(JSON.stringify(read));
    blocks.push(Buffer.from(encoder.bytes.subarray(0, encoder.length)));
  }
  return { blocks, expected };
}

function difference(read: string | undefined, expected: string): string | undefined {
  return read === expected
    ? undefined
    : `${String(read).slice(0, 200)} is not ${expected.slice(0, 200)}`;
}
