import { describe, expect, test } from "vitest";
import { errorFromAnswer, errorFromStatus, errorWithoutAnswer } from "./kube-error.ts";

const status = (fields: object) => JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", ...fields });

describe("answers become errors", () => {
  test.each([
    { code: 400, reason: "BadRequest", retryable: false },
    { code: 401, reason: "Unauthorized", retryable: true },
    { code: 403, reason: "Forbidden", retryable: false },
    { code: 404, reason: "NotFound", retryable: false },
    { code: 409, reason: "Conflict", retryable: true },
    { code: 409, reason: "AlreadyExists", retryable: false },
    { code: 410, reason: "Expired", retryable: false },
    { code: 422, reason: "Invalid", retryable: false },
    { code: 429, reason: "TooManyRequests", retryable: true },
    { code: 500, reason: "InternalError", retryable: true },
    { code: 503, reason: "ServiceUnavailable", retryable: true },
    { code: 504, reason: "Timeout", retryable: true },
  ])("$code $reason", ({ code, reason, retryable }) => {
    const error = errorFromAnswer(code, status({ code, reason, message: "said" }));
    expect(error).toEqual({ code, reason, message: "said", retryable });
  });

  test.each([
    {
      name: "a proxy's page",
      code: 502,
      body: "<html>bad gateway</html>",
      reason: "InternalError",
      says: /bad gateway/,
    },
    { name: "nothing", code: 404, body: "", reason: "NotFound", says: /^HTTP 404$/ },
    { name: "JSON that is no Status", code: 403, body: '{"reason":"Gotcha"}', reason: "Forbidden", says: /^HTTP 403/ },
    { name: "null", code: 500, body: "null", reason: "InternalError", says: /^HTTP 500/ },
  ])("a body that is $name", ({ code, body, reason, says }) => {
    const error = errorFromAnswer(code, body);
    expect(error.reason).toBe(reason);
    expect(error.message).toMatch(says);
  });

  test.each([
    { name: "header", header: "7", details: {}, wait: 7000 },
    { name: "Status details", header: undefined, details: { retryAfterSeconds: 3 }, wait: 3000 },
    { name: "more than a minute", header: "86400", details: {}, wait: 60_000 },
    { name: "a date", header: "Fri, 31 Dec 1999 23:59:59 GMT", details: {}, wait: undefined },
    { name: "negative", header: "-1", details: {}, wait: undefined },
  ])("Retry-After: $name", ({ header, details, wait }) => {
    expect(errorFromAnswer(429, status({ details }), header).retryAfter).toBe(wait);
  });

  test("messages are capped", () => {
    expect(errorFromAnswer(500, "x".repeat(100_000)).message.length).toBeLessThanOrEqual(1024);
  });
});

test("an errno is code 0, retryable, and keeps its name", () => {
  const thrown = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:6443"), { code: "ECONNREFUSED" });
  expect(errorWithoutAnswer(thrown)).toEqual({
    code: 0,
    reason: "ECONNREFUSED",
    message: "connect ECONNREFUSED 127.0.0.1:6443",
    retryable: true,
  });
});

test.each([[undefined], [null], ["text"], [[]], [{ code: "410" }]])("a watch's error object may be %j", (object) => {
  expect(errorFromStatus(object)).toMatchObject({ code: 500, reason: "InternalError" });
});
