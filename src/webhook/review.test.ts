import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { seconds } from "../lib/duration.ts";
import { err, ok } from "../lib/result.ts";
import { decodeAdmissionReview, encodeAdmissionReview } from "./admission-review.ts";
import { answerConversionReview, decodeConversionReview } from "./conversion-review.ts";

const OBJECT = { apiVersion: "metallb.io/v1beta1", kind: "IPAddressPool", metadata: { name: "a", namespace: "n" } };
const ADMISSION = { apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview" };
const CONVERSION = { apiVersion: "apiextensions.k8s.io/v1", kind: "ConversionReview" };

describe("AdmissionReview", () => {
  const request = { uid: "u", operation: "CREATE", namespace: "n", name: "a", object: OBJECT, oldObject: null };
  const review = (more: object) => ({ ...ADMISSION, request: { ...request, ...more } });

  test.each<[string, object, object]>([
    ["CREATE", {}, { operation: "CREATE", namespace: "n", name: "a", object: OBJECT }],
    ["UPDATE", { operation: "UPDATE", oldObject: OBJECT }, { operation: "UPDATE", object: OBJECT, oldObject: OBJECT }],
    ["DELETE", { operation: "DELETE", object: null, oldObject: OBJECT }, { operation: "DELETE", oldObject: OBJECT }],
    ["a name that is still to be made", { name: undefined, object: { metadata: {} } }, { name: "" }],
    ["no namespace", { namespace: undefined }, { namespace: "" }],
  ])("%s", (_, more, want) => {
    const decoded = decodeAdmissionReview(review(more), seconds(7));
    expect(decoded).toMatchObject({ ok: true, value: { uid: "u", request: { ...want, timeout: 7000 } } });
  });

  test.each<[unknown, string]>([
    [null, "must be of kind AdmissionReview, admission.k8s.io/v1"],
    [[], "must be of kind AdmissionReview"],
    [{ ...review({}), apiVersion: "admission.k8s.io/v1beta1" }, "must be of kind AdmissionReview"],
    [{ ...ADMISSION }, "no request.uid"],
    [review({ uid: "" }), "no request.uid"],
    [review({ uid: "u".repeat(1000) }), "no request.uid"],
    [review({ operation: "CONNECT" }), "request.operation"],
    [review({ object: null }), "request.object is missing"],
    [review({ object: { metadata: { name: 1 } } }), "request.object is missing"],
    [review({ operation: "UPDATE" }), "request.oldObject is missing"],
    [review({ operation: "DELETE" }), "request.oldObject is missing"],
  ])("%j is refused", (body, message) => {
    expect(decodeAdmissionReview(body, seconds(10))).toEqual({ ok: false, error: expect.stringContaining(message) });
  });

  test("whatever comes, nothing throws", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (request, object) => {
        const objects = { uid: "u", desiredAPIVersion: "x", objects: [object] };
        expect(typeof decodeAdmissionReview({ ...ADMISSION, request }, seconds(1)).ok).toBe("boolean");
        expect(typeof decodeAdmissionReview(review({ object, oldObject: object }), seconds(1)).ok).toBe("boolean");
        expect(typeof decodeConversionReview({ ...CONVERSION, request: objects }).ok).toBe("boolean");
      }),
    );
  });

  test("an answer carries what is said, cut to what API servers pass on", () => {
    const long = "x".repeat(100_000);
    expect(encodeAdmissionReview("u", { allowed: true, code: 200, message: "", warnings: [] })).toEqual({
      ...ADMISSION,
      response: { uid: "u", allowed: true },
    });
    const warnings = Array<string>(100).fill(long);
    const { response } = encodeAdmissionReview("u", { allowed: false, code: 403, message: long, warnings }) as {
      response: { status: { code: number; message: string }; warnings: string[] };
    };
    expect(response.status).toMatchObject({ code: 403, message: expect.stringMatching(/^x+ …$/) });
    expect(response.status.message).toHaveLength(16 * 1024);
    expect(response.warnings).toHaveLength(16);
    expect(response.warnings[0]).toHaveLength(256);
  });
});

describe("ConversionReview", () => {
  const review = (objects: unknown, more: object = {}) => ({
    ...CONVERSION,
    request: { uid: "u", desiredAPIVersion: "metallb.io/v1", objects, ...more },
  });

  function answer(body: unknown) {
    const decoded = decodeConversionReview(body);
    if (!decoded.ok) return decoded.error;
    return answerConversionReview(decoded.value, (object, apiVersion) =>
      object.metadata.name === "bad" ? err("bad is bad") : ok({ ...object, apiVersion }),
    );
  }

  test("converts all objects in their order, or none", () => {
    const named = (name: string) => ({ ...OBJECT, metadata: { name } });
    expect(answer(review([named("a"), named("b")]))).toEqual({
      ...CONVERSION,
      response: {
        uid: "u",
        result: { status: "Success" },
        convertedObjects: ["a", "b"].map((name) => ({ ...named(name), apiVersion: "metallb.io/v1" })),
      },
    });
    expect(answer(review([named("a"), named("bad")]))).toEqual({
      ...CONVERSION,
      response: { uid: "u", result: { status: "Failed", message: "bad is bad" } },
    });
    expect(answer(review([]))).toMatchObject({ response: { convertedObjects: [] } });
  });

  test.each<[unknown, string]>([
    [7, "must be of kind ConversionReview, apiextensions.k8s.io/v1"],
    [{ ...review([]), apiVersion: "apiextensions.k8s.io/v1beta1" }, "must be of kind ConversionReview"],
    [review([], { uid: 1 }), "no request.uid"],
    [review([], { desiredAPIVersion: null }), "request.desiredAPIVersion is missing"],
    [review({}), "request.objects is missing, or not a list"],
    [review([OBJECT, null]), "something that is not an object"],
  ])("%j is refused", (body, message) => {
    expect(answer(body)).toContain(message);
  });
});
