import * as fc from "fast-check";
import { expect, test } from "vitest";
import { verdictOf } from "../admission/review.ts";
import { checkAnswer, conversionReview, convertedObjects } from "../conversion/review.ts";
import type { Json } from "../objects.ts";
import { WebhookFailure } from "./failure.ts";

/** Anything as JSON, but often with the right envelope, so that the inner parts are reached. */
function answers(kind: string, apiVersion: string, response: fc.Arbitrary<unknown>): fc.Arbitrary<Json> {
  const envelope = fc.record({ kind: fc.constant(kind), apiVersion: fc.constant(apiVersion), response });
  return fc.oneof(envelope, fc.dictionary(fc.string(), fc.jsonValue()));
}

function failsOnlyAsWebhook(read: () => void): void {
  try {
    read();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(WebhookFailure);
  }
}

test("whatever an admission webhook answers is a verdict or its failure", () => {
  const response = fc.record(
    {
      uid: fc.oneof(fc.constant("1"), fc.jsonValue()),
      allowed: fc.oneof(fc.boolean(), fc.jsonValue()),
      status: fc.jsonValue(),
      warnings: fc.jsonValue(),
      patch: fc.jsonValue(),
    },
    { requiredKeys: ["uid"] },
  );
  const review = { apiVersion: "admission.k8s.io/v1", request: { uid: "1" } };
  fc.assert(
    fc.property(answers("AdmissionReview", "admission.k8s.io/v1", response), (answer) => {
      failsOnlyAsWebhook(() => {
        const { denial } = verdictOf("a.b.c", review, answer);
        expect(denial === undefined).toBe((answer["response"] as Json)["allowed"] === true);
        if (denial !== undefined) expect(denial.status.code).toBeGreaterThanOrEqual(400);
      });
    }),
  );
});

test("whatever a conversion webhook answers is the same objects in the other version or its failure", () => {
  const objects = [{ apiVersion: "x.io/v1", kind: "Thing", metadata: { name: "a", namespace: "b", uid: "c" } }];
  const review = conversionReview("1", ["v1"], "x.io/v2", objects);
  const object = fc.record(
    {
      apiVersion: fc.oneof(fc.constant("x.io/v2"), fc.string()),
      kind: fc.oneof(fc.constant("Thing"), fc.jsonValue()),
      metadata: fc.oneof(fc.constant({ name: "a", namespace: "b", uid: "c", labels: { d: "e" } }), fc.jsonValue()),
      spec: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  const response = fc.record({
    uid: fc.constant("1"),
    result: fc.oneof(fc.constant({ status: "Success" }), fc.jsonValue()),
    convertedObjects: fc.oneof(fc.array(object, { maxLength: 2 }), fc.jsonValue()),
  });
  fc.assert(
    fc.property(answers("ConversionReview", "apiextensions.k8s.io/v1", response), (answer) => {
      failsOnlyAsWebhook(() => {
        checkAnswer(answer, review);
        const [converted] = convertedObjects(answer, review, objects);
        expect(converted).toMatchObject({ apiVersion: "x.io/v2", kind: "Thing", metadata: objects[0]!.metadata });
      });
    }),
  );
});
