import { expect, test } from "bun:test";
import { renderTable } from "./table.ts";

test("renderTable() aligns names left and figures right", () => {
  const columns = [{ title: "NAME", left: true }, { title: "RPS" }, { title: "OK", left: true }];
  expect(
    renderTable(columns, [
      ["web", "10.0rps", "√"],
      ["frontend", "-", "×"],
    ]),
  ).toBe("NAME           RPS   OK\nweb        10.0rps   √\nfrontend         -   ×\n");
});
