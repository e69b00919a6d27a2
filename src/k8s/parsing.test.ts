import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KINDS } from "../config/kinds.ts";
import { parsePage } from "./page.ts";
import { collectionPath, objectPath, queryString } from "./paths.ts";
import { parseWatchEvent } from "./watch-event.ts";

describe("watch events", () => {
  const object = { metadata: { name: "web", namespace: "shop", resourceVersion: "7" } };

  test.each([
    { line: { type: "ADDED", object }, event: { type: "set", object } },
    { line: { type: "MODIFIED", object }, event: { type: "set", object } },
    { line: { type: "DELETED", object }, event: { type: "delete", object } },
    {
      line: { type: "BOOKMARK", object: { metadata: { resourceVersion: "9" } } },
      event: { type: "bookmark", resourceVersion: "9", initialEnd: false },
    },
    {
      line: {
        type: "BOOKMARK",
        object: { metadata: { resourceVersion: "9", annotations: { "k8s.io/initial-events-end": "true" } } },
      },
      event: { type: "bookmark", resourceVersion: "9", initialEnd: true },
    },
  ])("$line.type is $event.type", ({ line, event }) => {
    expect(parseWatchEvent(JSON.stringify(line))).toEqual({ ok: true, value: event });
  });

  test.each([
    { name: "no JSON", line: '{"type":"ADDED"' },
    { name: "null", line: "null" },
    { name: "no object", line: '{"type":"ADDED"}' },
    { name: "no metadata", line: '{"type":"ADDED","object":{}}' },
    { name: "metadata null", line: '{"type":"DELETED","object":{"metadata":null}}' },
    { name: "a name that is no text", line: '{"type":"ADDED","object":{"metadata":{"name":1}}}' },
    {
      name: "a version that is no text",
      line: '{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":1}}}',
    },
    { name: "a bookmark without a version", line: '{"type":"BOOKMARK","object":{"metadata":{}}}' },
    { name: "an unknown type", line: '{"type":"RENAMED","object":{"metadata":{"name":"a"}}}' },
  ])("refused: $name", ({ line }) => {
    expect(parseWatchEvent(line)).toMatchObject({ ok: false, error: { reason: "NotAnEvent" } });
  });

  test("property: nothing that arrives makes the parser throw", () => {
    const types = fc.constantFrom("ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR", "X");
    const line = fc.oneof(
      fc.string(),
      fc.json(),
      fc.record({ type: types, object: fc.jsonValue() }).map((event) => JSON.stringify(event)),
      fc
        .record({ type: types, metadata: fc.jsonValue() })
        .map(({ type, metadata }) => JSON.stringify({ type, object: { metadata } })),
    );
    fc.assert(
      fc.property(line, (text) => {
        expect(parseWatchEvent(text)).toHaveProperty("ok");
      }),
    );
  });
});

describe("pages", () => {
  const item = { metadata: { name: "a" } };

  test.each([
    { name: "last page", list: { items: [item], metadata: { resourceVersion: "5" } }, token: undefined, count: 1 },
    { name: "page", list: { items: [], metadata: { resourceVersion: "5", continue: "c" } }, token: "c", count: 0 },
    {
      name: "items null",
      list: { items: null, metadata: { resourceVersion: "5", continue: "" } },
      token: undefined,
      count: 0,
    },
  ])("$name", ({ list, token, count }) => {
    const page = parsePage(JSON.stringify(list));
    expect(page).toMatchObject({ ok: true, value: { resourceVersion: "5" } });
    expect(page.ok && page.value.items).toHaveLength(count);
    expect(page.ok && page.value.continueToken).toBe(token);
  });

  test.each([
    "",
    "[]",
    "null",
    "{}",
    '{"items":[],"metadata":{}}',
    '{"items":[{}],"metadata":{"resourceVersion":"1"}}',
  ])("refused: %s", (text) => {
    expect(parsePage(text)).toMatchObject({ ok: false, error: { reason: "NotAList" } });
  });
});

describe("paths", () => {
  test.each([
    [collectionPath(KINDS.Service), "/api/v1/services"],
    [collectionPath(KINDS.Service, "shop"), "/api/v1/namespaces/shop/services"],
    [collectionPath(KINDS.Node, "ignored"), "/api/v1/nodes"],
    [collectionPath(KINDS.IPAddressPool, "m"), "/apis/metallb.io/v1beta1/namespaces/m/ipaddresspools"],
    [
      objectPath(KINDS.Service, { namespace: "shop", name: "web" }, "status"),
      "/api/v1/namespaces/shop/services/web/status",
    ],
    [objectPath(KINDS.Node, { namespace: "", name: "../secrets" }), "/api/v1/nodes/..%2Fsecrets"],
  ])("%s", (path, expected) => {
    expect(path).toBe(expected);
  });

  test("parameters are escaped, and left out when they are not given", () => {
    expect(queryString({ a: "1&2", b: undefined })).toBe("?a=1%262");
    expect(queryString({ b: undefined })).toBe("");
  });
});
