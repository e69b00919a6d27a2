import { expect, test } from "vitest";
import { aggregationAsked } from "./discovery.ts";
import { negotiate } from "./negotiate.ts";

const TABLE =
  "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";

test.each([
  { accept: undefined, result: { format: "json", metaVersion: "v1" } },
  { accept: "application/vnd.kubernetes.protobuf,application/json", result: { format: "json", metaVersion: "v1" } },
  { accept: "application/yaml", result: { format: "yaml", metaVersion: "v1" } },
  { accept: "application/yaml;q=0.5,application/json", result: { format: "json", metaVersion: "v1" } },
  { accept: TABLE, result: { format: "json", as: "Table", metaVersion: "v1" } },
  { accept: "application/json;as=Table;v=v9;g=meta.k8s.io,*/*", result: { format: "json", metaVersion: "v1" } },
])("$accept", ({ accept, result }) => {
  expect(negotiate(accept)).toEqual(result);
});

test.each(["text/html", "application/vnd.kubernetes.protobuf", "application/json;q=0", "constructor"])(
  "nothing is offered to %s",
  (accept) => {
    expect(() => negotiate(accept)).toThrow("406: Not Acceptable");
  },
);

test("a watch is never YAML", () => {
  expect(() => negotiate("application/yaml", true)).toThrow("406");
});

/** What kubectl 1.20, 1.27 and 1.30 send. */
test.each([
  { accept: "application/json, */*", version: undefined },
  {
    accept: "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json",
    version: "v2beta1",
  },
  {
    accept:
      "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json",
    version: "v2",
  },
])("discovery for $accept is $version", ({ accept, version }) => {
  expect(aggregationAsked(accept)).toBe(version);
});
