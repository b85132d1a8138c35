import { expect, test } from "bun:test";
import { decodeProtobuf } from "./protobuf.ts";

const field = (number: number, value: string): string =>
  String.fromCharCode(number * 8 + 2, value.length) + value;
const body = (kind: string, raw: string): Uint8Array =>
  Buffer.from(`k8s\0${field(1, field(1, "v1") + field(2, kind))}${field(2, raw)}`, "latin1");

test("decodeProtobuf() reads what kubectl creates", () => {
  const raw = field(1, field(1, "a")) + field(2, field(1, "k") + field(2, "v"));
  expect(decodeProtobuf(body("ConfigMap", raw))).toEqual({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "a" },
    data: { k: "v" },
  });
  expect(decodeProtobuf(body("Secret", raw))).toMatchObject({ data: { k: "dg==" } });
  const spec = `${field(1, "x")}${field(1, "y")}\x20\x0a`;
  expect(decodeProtobuf(body("TokenRequest", field(2, spec)))).toMatchObject({
    spec: { audiences: ["x", "y"], expirationSeconds: 10 },
  });
});

test("decodeProtobuf() refuses what it does not know", () => {
  expect(() => decodeProtobuf(body("Pod", ""))).toThrow("unknown format");
  expect(() => decodeProtobuf(Buffer.from("{}"))).toThrow("unknown format");
  expect(() => decodeProtobuf(Buffer.from("k8s\0\x0a"))).toThrow("cut off");
});
