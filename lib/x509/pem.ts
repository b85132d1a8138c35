/** DER as text (RFC 7468). */

const BLOCK = /-----BEGIN ([^-\r\n]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----/g;
const LINE = /.{1,64}/g;

/** Bytes as PEM with a label. */
export function toPem(label: string, der: Uint8Array): string {
  const lines = der.toBase64().match(LINE) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/**
 * All blocks of a text that carry the label. Throws SyntaxError where one is not base64, garbled or cut off: without it
 * the others would be taken for all there are.
 */
export function fromPem(label: string, text: string): Uint8Array[] {
  const blocks = [...text.matchAll(BLOCK)].filter(([, found]) => found === label);
  for (const mark of ["BEGIN", "END"])
    if (text.split(`-----${mark} ${label}-----`).length - 1 !== blocks.length)
      throw new SyntaxError(`Cannot read PEM: a ${label} in it is not whole`);
  return blocks.map(([, , base64 = ""]) => Uint8Array.fromBase64(base64));
}
