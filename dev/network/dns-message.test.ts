import { expect, test } from "bun:test";
import { buildAnswer, DNS_CODE, DNS_TYPE, type DnsRecord, parseQuery } from "./dns-message.ts";

/** A query for the A records of `web.a`, with recursion desired. */
const QUERY = Buffer.from("1234010000010000000000000357454201610000010001", "hex");

test("parseQuery() reads one question, in lower case", () => {
  expect(parseQuery(QUERY)).toEqual({
    id: 0x1234,
    name: "web.a",
    type: DNS_TYPE.A,
    end: QUERY.length,
    recursionDesired: true,
  });
});

test("parseQuery() refuses every truncation, answers and pointers", () => {
  for (let end = 0; end < QUERY.length; end += 1)
    expect(parseQuery(QUERY.subarray(0, end))).toBeUndefined();
  const answer = Buffer.from(QUERY);
  answer[2] = 0x81;
  expect(parseQuery(answer)).toBeUndefined();
  const pointer = Buffer.from(QUERY);
  pointer[12] = 0xc0;
  expect(parseQuery(pointer)).toBeUndefined();
});

const answerOf = (records: readonly DnsRecord[], code: number): string => {
  const parsed = parseQuery(QUERY);
  if (parsed === undefined) throw new Error("no query");
  const query = { message: QUERY, parsed };
  return Buffer.from(buildAnswer(query, { code, records })).toString("hex");
};

test("buildAnswer() repeats the question and writes A, AAAA and SRV records", () => {
  expect(answerOf([{ type: "A", name: "web.a", ip: "10.1.2.3" }], DNS_CODE.ok)).toBe(
    "12348580000100010000000003574542016100000100010377656201610000010001000000050004" + "0a010203",
  );
  const six = answerOf([{ type: "AAAA", name: "a", ip: "fd00::7" }], DNS_CODE.ok);
  expect(six).toEndWith("016100001c0001000000050010" + "fd000000000000000000000000000007");
  const srv = answerOf([{ type: "SRV", name: "a", port: 80, target: "b" }], DNS_CODE.ok);
  expect(srv).toEndWith("01610000210001000000050009" + "000000640050016200");
  expect(answerOf([], DNS_CODE.noSuchName)).toStartWith("12348583");
});

test("buildAnswer() leaves out what does not fit and says so", () => {
  const many = Array.from(
    { length: 200 },
    () => ({ type: "A", name: "web.a", ip: "1.2.3.4" }) as const,
  );
  const answer = answerOf(many, DNS_CODE.ok);
  expect(answer.length / 2).toBeLessThanOrEqual(1232);
  expect(answer).toStartWith("12348780");
});
