import { expect, test } from "vitest";
import { AccessBook } from "./access-book.ts";

const attributes = {
  verb: "get",
  group: "",
  version: "v1",
  resource: "pods",
  subresource: "",
  namespace: "a",
  name: "p",
};

test("requests are counted and what is denied is named once; reviews and the administrator don't count", () => {
  const book = new AccessBook();
  const user = { username: "jane", groups: [] };
  book.record({ user, attributes, allowed: true, asked: "request" });
  for (const name of ["p", "p"]) {
    book.record({ user, attributes: { ...attributes, name, verb: "delete" }, allowed: false, asked: "request" });
  }
  book.record({ user, attributes, allowed: false, asked: "review" });
  book.record({ user: { username: "admin", groups: ["system:masters"] }, attributes, allowed: true, asked: "request" });
  expect(book.requests).toBe(3);
  expect(book.denied).toEqual(['User "jane" cannot delete resource "pods" in API group "" in the namespace "a"']);
});
