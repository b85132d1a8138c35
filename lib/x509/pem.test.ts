import { expect, test } from "bun:test";
import fc from "fast-check";
import { fromPem, toPem } from "./pem.ts";

test("toPem() and fromPem() are inverse, whatever stands around", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (der) => {
      const text = toPem("CERTIFICATE", der);
      expect(text.split("\n").every((line) => line.length <= 64)).toBe(true);
      for (const around of [text, `# root\r\n${text.replaceAll("\n", "\r\n")}\n`])
        expect(fromPem("CERTIFICATE", around + toPem("X509 CRL", der) + text)).toEqual([der, der]);
    }),
  );
});

test("fromPem() refuses a text with a block that is cut off or garbled: the others would be taken for all", () => {
  const [a, b] = [1, 2].map((byte) => toPem("CERTIFICATE", new Uint8Array(100).fill(byte)));
  const lines = a?.split("\n") ?? [];
  const [head, tail] = [lines.slice(0, 2).join("\n"), lines.slice(1).join("\n")];
  const garbled = a?.replace("\n", "\n*");
  for (const text of [
    `${head}\n${b}`,
    `${b}${head}`,
    `${tail}${b}`,
    `${b}${tail}`,
    `${garbled}${b}`,
  ])
    expect(() => fromPem("CERTIFICATE", text)).toThrow(SyntaxError);
});

test("fromPem() finds nothing where there is nothing, and refuses what is no base64", () => {
  expect(fromPem("CERTIFICATE", "")).toEqual([]);
  expect(fromPem("CERTIFICATE", toPem("CERTIFICATE REQUEST", Uint8Array.of(1)))).toEqual([]);
  const endless = toPem("CERTIFICATE", Uint8Array.of(1)).replace("-----END", "");
  expect(() => fromPem("CERTIFICATE", endless)).toThrow(SyntaxError);
  const broken = "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n";
  expect(() => fromPem("CERTIFICATE", broken)).toThrow(SyntaxError);
});
