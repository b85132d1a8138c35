import { expect, test } from "bun:test";
import { AdmissionError, admit, parseAdmissionReview, refuse } from "./admission.ts";

/** A megabyte takes a few milliseconds; what goes back over it takes seconds. */
const AT_ONCE_MS = 500;

const review = {
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  request: {
    uid: "u1",
    kind: { group: "", version: "v1", kind: "Pod" },
    operation: "CREATE",
    object: { metadata: { name: "web" } },
  },
} as const;

test("parseAdmissionReview() reads what the API server sends", () => {
  expect(parseAdmissionReview(JSON.stringify(review)).request.object?.metadata?.name).toBe("web");
});

test.each([
  ["no JSON", "{"],
  ["null", "null"],
  ["another kind", JSON.stringify({ ...review, kind: "Pod" })],
  ["another version", JSON.stringify({ ...review, apiVersion: "admission.k8s.io/v2" })],
  ["no request", JSON.stringify({ ...review, request: undefined })],
  ["no uid", JSON.stringify({ ...review, request: { kind: { kind: "Pod" } } })],
  ["an empty uid", JSON.stringify({ ...review, request: { ...review.request, uid: "" } })],
  ["a list as object", JSON.stringify({ ...review, request: { ...review.request, object: [] } })],
  ["what is too deep", `{"a":"]","b":${"[".repeat(300)}`],
  ["a list", "[]"],
  ["no kind", JSON.stringify({ ...review, request: { uid: "u" } })],
])("parseAdmissionReview() refuses %s", (_, body) => {
  expect(() => parseAdmissionReview(body)).toThrow(AdmissionError);
});

test.each([
  ["a text that does not end", '"\\'.repeat(500_000), "it is no JSON"],
  ["what is deep after much text", `["${"x".repeat(3_000_000)}",${"[".repeat(300)}`, "deeper than"],
])("the depth of %s is told at once", (_, body, problem) => {
  const startedMs = performance.now();
  expect(() => parseAdmissionReview(body)).toThrow(problem);
  expect(performance.now() - startedMs).toBeLessThan(AT_ONCE_MS);
});

test("admit() carries the patch in base64, and warnings", () => {
  const patch = [{ op: "add", path: "/a", value: 1 }] as const;
  const { response } = admit(review, { patch, warnings: ["w"] });
  expect(response).toMatchObject({ uid: "u1", allowed: true, patchType: "JSONPatch" });
  expect(JSON.parse(Buffer.from(response.patch ?? "", "base64").toString())).toEqual(patch);
  expect(response.warnings).toEqual(["w"]);
  expect(admit(review).response).toEqual({ uid: "u1", allowed: true });
});

test("brackets in texts are no depth, and an older version is answered in its own", () => {
  const long = { ...review, request: { ...review.request, name: '"[{'.repeat(1000) } };
  expect(parseAdmissionReview(JSON.stringify(long)).request.name).toHaveLength(3000);
  const older = { ...review, apiVersion: "admission.k8s.io/v1beta1" };
  expect(admit(parseAdmissionReview(JSON.stringify(older))).apiVersion).toBe(
    older.apiVersion as never,
  );
});

test("refuse() says why", () => {
  expect(refuse(review, "no").response).toEqual({
    uid: "u1",
    allowed: false,
    status: { code: 422, message: "no" },
  });
});
