import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { MAPS } from "./collection.ts";
import { LAYOUT, networkKey, podConfig, podKey, portKeys, readCookie, readSlot } from "./layout.ts";

const HEADER = readFileSync(new URL("./maps.h", import.meta.url), "utf8");
const SIZES: Readonly<Record<string, number>> = {
  __u8: 1,
  __u16: 2,
  __be16: 2,
  __u32: 4,
  __u64: 8,
};

/** Offsets of a struct's fields as a C compiler lays them out. */
function fieldsOf(name: string): { size: number; offsets: Record<string, number> } {
  const [, body = "", packed] =
    new RegExp(`struct ${name} \\{([^}]*)\\}( __attribute__\\(\\(packed\\)\\))?;`).exec(HEADER) ??
    [];
  const offsets: Record<string, number> = {};
  let at = 0;
  let largest = 1;
  for (const [, type = "", names = ""] of body.matchAll(/(__\w+) ([^;]+);/g))
    for (const each of names.split(",")) {
      const [, field = "", count = "1"] = /(\w+)(?:\[(\d+)\])?/.exec(each) ?? [];
      const size = SIZES[type] ?? Number.NaN;
      const step = packed === undefined ? size : 1;
      largest = Math.max(largest, step);
      at = Math.ceil(at / step) * step;
      offsets[field] = at;
      at += size * Number(count);
    }
  return { size: Math.ceil(at / largest) * largest, offsets };
}

test.each(Object.entries(LAYOUT))("the layout of %s is that of maps.h", (name, layout) => {
  const { size, offsets } = fieldsOf(name);
  const { size: ours, ...fields } = layout;
  expect(size).toBe(ours);
  expect(offsets).toMatchObject(fields);
});

test("keys and values have the sizes of their maps, which are those of maps.h", () => {
  expect(MAPS["pods"]).toMatchObject({ keyBytes: 8, valueBytes: LAYOUT.pod_cfg.size });
  expect(MAPS["skip_ports"]?.keyBytes).toBe(LAYOUT.port_key.size);
  expect(MAPS["skip_cidr"]?.keyBytes).toBe(LAYOUT.cidr_key.size);
  expect(MAPS["probes"]?.keyBytes).toBe(fieldsOf("tuple").size);
  expect(MAPS["inflight"]?.valueBytes).toBe(fieldsOf("orig").size);
});

test("podConfig() writes what the programs read", () => {
  const pod = { uid: 2102, outboundPort: 4140, inboundPort: 4143, slot: 7, ip4: "10.1.2.3" };
  const bytes = podConfig({ ...pod, ip6: "fd00::5" });
  expect(Buffer.from(bytes).toString("hex")).toBe(
    "360800002c102f1000000000070000000000000000000000" +
      "0a010203fd00000000000000000000000000000500000000",
  );
  expect(readSlot(bytes)).toBe(7);
  expect(readCookie(podKey(9n))).toBe(9n);
});

test("portKeys() covers a range with the fewest prefixes", () => {
  const keys = (from: number, to: number): string[] =>
    portKeys(1n, { direction: "inbound", from, to }).map((each) =>
      Buffer.from(each).toString("hex"),
    );
  expect(keys(80, 80)).toEqual(["60000000010000000000000001000050"]);
  expect(keys(80, 91)).toEqual([
    "5d000000010000000000000001000050",
    "5e000000010000000000000001000058",
  ]);
  expect(keys(1, 65_535)).toHaveLength(16);
  expect(keys(1, 65_534)).toHaveLength(30);
});

test("networkKey() holds both families", () => {
  const hex = (ip: string, prefix: number): string =>
    Buffer.from(networkKey(2, { direction: "outbound", ip, prefix })).toString("hex");
  expect(hex("10.0.0.0", 8)).toBe(`480000000200000000040000${"0a000000".padEnd(32, "0")}`);
  expect(hex("fd00::", 16)).toBe(`500000000200000000060000${"fd00".padEnd(32, "0")}`);
});
