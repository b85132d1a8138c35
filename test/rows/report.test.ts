import { expect, test } from "bun:test";
import { passedCases, passedTests } from "./report.ts";

test("tests that failed or were skipped are not among those that passed", () => {
  const xml = `<testsuites><testsuite>
    <testcase name="OUT1: &quot;a&quot; &amp; b" classname="x" file="a.test.ts" />
    <testcase name="OUT2: fails" file="a.test.ts">
      <failure type="AssertionError" message="no" />
    </testcase>
    <testcase name="OUT3: is left out" file="a.test.ts"><skipped /></testcase>
    <testcase name="OUT4: passes" file="a.test.ts" />
  </testsuite></testsuites>`;
  expect(passedTests(xml)).toEqual(['OUT1: "a" & b', "OUT4: passes"]);
});

test("cases of programs are read from what they print", () => {
  const text = "Starting\npassed outages: F11: killed (3.2 s)\nFAILED outages: F12: away: why\n";
  expect(passedCases(text)).toEqual(["F11: killed"]);
});
