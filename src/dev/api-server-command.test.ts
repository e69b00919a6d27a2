import { expect, test } from "vitest";
import { parseService } from "./api-server-command.ts";

test.each([
  { value: "a/b=https://127.0.0.1:9443", services: { "a/b": "https://127.0.0.1:9443" } },
  { value: "a/b=https://[::1]:9443", services: { "a/b": "https://[::1]:9443" } },
])("$value", ({ value, services }) => {
  expect(parseService(value)).toEqual(services);
  expect(parseService(value, { "c/d": "https://c.d" })).toEqual({ ...services, "c/d": "https://c.d" });
});

test.each(["", "a=https://x", "a/b", "a/b=http://x", "a/b=https://", "a/b/c=https://x", "a/b=https://[::1"])(
  "%j is refused",
  (value) => {
    expect(() => parseService(value)).toThrow("must be <namespace>/<name>=https://<host>:<port>");
  },
);
