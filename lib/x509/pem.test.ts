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

test("fromPem() finds nothing where there is nothing, and refuses what is no base64", () => {
  expect(fromPem("CERTIFICATE", "")).toEqual([]);
  expect(fromPem("CERTIFICATE", toPem("CERTIFICATE REQUEST", Uint8Array.of(1)))).toEqual([]);
  expect(
    fromPem("CERTIFICATE", toPem("CERTIFICATE", Uint8Array.of(1)).replace("-----END", "")),
  ).toEqual([]);
  const broken = "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n";
  expect(() => fromPem("CERTIFICATE", broken)).toThrow(SyntaxError);
});
