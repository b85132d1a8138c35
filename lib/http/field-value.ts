/** What field values are made of (RFC 9110 §5.5). */

const TAB = 0x09;
const SPACE = 0x20;
const DELETE = 0x7f;

/** Whether a text has no control characters but tabs. */
export function isFieldValue(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if ((code < SPACE && code !== TAB) || code === DELETE) return false;
  }
  return true;
}
