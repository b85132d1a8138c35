/** The body of a response, up to a limit. */

/** Its bytes as UTF-8; undefined where there are more than `limitBytes`. */
export async function limitedBody(
  { body }: Pick<Response, "body">,
  limitBytes: number,
): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    if (length > limitBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
