import { expect, test } from "vitest";
import { systemError } from "./system-error.ts";

test.each([
  { errno: 1, name: "EPERM", code: "no-permission", retryable: false },
  { errno: 13, name: "EACCES", code: "no-permission", retryable: false },
  { errno: 6, name: "ENXIO", code: "no-link", retryable: true },
  { errno: 19, name: "ENODEV", code: "no-link", retryable: true },
  { errno: 12, name: "ENOMEM", code: "ENOMEM", retryable: true },
  { errno: 100, name: "ENETDOWN", code: "ENETDOWN", retryable: true },
  { errno: 105, name: "ENOBUFS", code: "ENOBUFS", retryable: true },
  { errno: 22, name: "EINVAL", code: "EINVAL", retryable: false },
  { errno: 97, name: "EAFNOSUPPORT", code: "not-supported", retryable: false },
])("$name is $code", ({ errno, name, code, retryable }) => {
  const error = systemError("open a packet socket on eth0", -errno);
  expect(error).toMatchObject({ code, retryable });
  expect(error.message).toContain(`can't open a packet socket on eth0: `);
  expect(error.message).toContain(`(${name})`);
});

test("a missing capability is named", () => {
  expect(systemError("open a packet socket", -1).message).toContain("CAP_NET_RAW");
});

test("an errno that Node does not know is a number", () => {
  expect(systemError("open a packet socket", -4000)).toMatchObject({ code: "errno 4000", retryable: false });
});
