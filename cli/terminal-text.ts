/** Texts of others made fit for a terminal: what it would act on is written out. */

/** Control characters (C0 but tab and newline, DEL, C1), and those that turn or hide text. */
const UNFIT =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** The same text where there is nothing of the kind; newlines and tabs stay. */
export function escapeText(text: string): string {
  return text.replace(UNFIT, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
