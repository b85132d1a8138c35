import { expect, test } from "bun:test";
import { type AddressInfo, createServer } from "node:net";
import { main } from "./main.ts";

const run = async (...words: string[]): Promise<readonly [number, string]> => {
  let text = "";
  const status = await main(words, (more) => {
    text += more;
  });
  return [status, text];
};

test("main() helps, refuses, and writes one line of JSON", async () => {
  expect(await run("--help")).toEqual([0, expect.stringContaining("--url")]);
  expect(await run("--rate", "1")).toEqual([2, expect.stringContaining("--url is missing")]);
  const echo = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
  await new Promise((resolve) => echo.once("listening", resolve));
  const url = `tcp://127.0.0.1:${(echo.address() as AddressInfo).port}`;
  const [status, text] = await run("--url", url, "--rate", "100", "--for", "0.2");
  const [, each] = await run("--url", url, "--rate", "100", "--for", "0.1", "--connect", "each");
  echo.close();
  expect([status, JSON.parse(text), JSON.parse(each)]).toEqual([
    0,
    expect.objectContaining({ due: 20, answered: 20, connections: 1 }),
    expect.objectContaining({ due: 10, answered: 10, connections: 10 }),
  ]);
});
