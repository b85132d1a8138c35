import { expect, test } from "bun:test";
import { symbolsFor } from "./symbols.ts";
import { createTerminal } from "./terminal.ts";

function on(isTTY: boolean) {
  let [out, err] = ["", ""];
  const terminal = createTerminal({
    out: { isTTY, write: (text) => (out += text) },
    err: { isTTY, write: (text) => (err += text) },
    stdin: () => Promise.resolve(""),
    colours: isTTY,
  });
  return { terminal, out: () => out, err: () => err };
}

test("L2 what a terminal would act on is written out, our own colours aside", () => {
  const { terminal, out, err } = on(true);
  const { ok } = symbolsFor({ colours: true });
  terminal.write(`${ok} pod "\u001b[2J\u001b]0;x\u0007" is \u001b[8mhidden\n`);
  expect(out()).toBe(`${ok} pod "\\u001b[2J\\u001b]0;x\\u0007" is \\u001b[8mhidden\n`);
  terminal.warn("Cannot reach it: \u001bc\n");
  expect(err()).toBe("Cannot reach it: \\u001bc\n");
});

test("L2 a pipe gets every byte", () => {
  const { terminal, out } = on(false);
  terminal.write("a: 1\r\nb: \u001b[2J\n");
  expect(out()).toBe("a: 1\r\nb: \u001b[2J\n");
});

test("progress is shown on a terminal and gone before anything else is written", () => {
  const { terminal, out, err } = on(true);
  terminal.progress("waiting\u001b[2J\nfor it");
  terminal.progress("waiting still");
  terminal.write("done\n");
  terminal.progress("");
  expect(err()).toBe("\r\u001b[Kwaiting\\u001b[2J\r\u001b[Kwaiting still\r\u001b[K");
  expect(out()).toBe("done\n");
});

test("there is no progress in a pipe", () => {
  const { terminal, err } = on(false);
  terminal.progress("waiting");
  terminal.progress("");
  expect(err()).toBe("");
});
