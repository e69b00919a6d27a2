import { describe, expect, test } from "vitest";
import { segmentsOf } from "../http/route.ts";
import { requestAttributes } from "./request-attributes.ts";

function attributesOf(request: string) {
  const [method = "", target = ""] = request.split(" ");
  const { pathname: path, searchParams: query } = new URL(target, "https://server");
  return requestAttributes({ method, path, segments: segmentsOf(path), query });
}

const POOLS = { group: "metallb.io", version: "v1beta1", resource: "ipaddresspools", subresource: "" };
const SERVICES = { group: "", version: "v1", resource: "services", subresource: "" };
const NAMESPACES = { group: "", version: "v1", resource: "namespaces", subresource: "" };

describe("what a request asks for", () => {
  test.each([
    { request: "GET /api/v1/services", want: { ...SERVICES, verb: "list", namespace: "", name: "" } },
    { request: "GET /api/v1/services?watch=1", want: { ...SERVICES, verb: "watch", namespace: "", name: "" } },
    { request: "GET /api/v1/watch/services", want: { ...SERVICES, verb: "watch", namespace: "", name: "" } },
    { request: "GET /api/v1/namespaces/a/services", want: { ...SERVICES, verb: "list", namespace: "a", name: "" } },
    { request: "GET /api/v1/namespaces/a/services/s", want: { ...SERVICES, verb: "get", namespace: "a", name: "s" } },
    { request: "HEAD /api/v1/namespaces/a/services/s", want: { ...SERVICES, verb: "get", namespace: "a", name: "s" } },
    {
      request: "PATCH /api/v1/namespaces/a/services/s/status",
      want: { ...SERVICES, verb: "patch", subresource: "status", namespace: "a", name: "s" },
    },
    {
      request: "PUT /api/v1/namespaces/a/services/s",
      want: { ...SERVICES, verb: "update", namespace: "a", name: "s" },
    },
    {
      request: "DELETE /api/v1/namespaces/a/services/s",
      want: { ...SERVICES, verb: "delete", namespace: "a", name: "s" },
    },
    {
      request: "POST /apis/metallb.io/v1beta1/namespaces/a/ipaddresspools",
      want: { ...POOLS, verb: "create", namespace: "a", name: "" },
    },
    {
      request: "GET /apis/metallb.io/v1beta1/namespaces/a/ipaddresspools?fieldSelector=metadata.name%3Dx&watch=true",
      want: { ...POOLS, verb: "watch", namespace: "a", name: "x" },
    },
    {
      request: "GET /apis/metallb.io/v1beta1/ipaddresspools?fieldSelector=metadata.namespace==a,metadata.name==x",
      want: { ...POOLS, verb: "list", namespace: "", name: "x" },
    },
    {
      request: "GET /apis/metallb.io/v1beta1/ipaddresspools?fieldSelector=metadata.name!=x",
      want: { ...POOLS, verb: "list", namespace: "", name: "" },
    },
    {
      request: "DELETE /apis/metallb.io/v1beta1/namespaces/a/ipaddresspools?fieldSelector=metadata.name=x",
      want: { ...POOLS, verb: "deletecollection", namespace: "a", name: "" },
    },
    {
      request: "POST /api/v1/namespaces/a/serviceaccounts/speaker/token",
      want: {
        group: "",
        version: "v1",
        resource: "serviceaccounts",
        verb: "create",
        subresource: "token",
        namespace: "a",
        name: "speaker",
      },
    },
    {
      request: "GET /api/v1/namespaces/a/pods/https:p:9120/proxy/state?watch=true",
      want: {
        group: "",
        version: "v1",
        resource: "pods",
        verb: "get",
        subresource: "proxy",
        namespace: "a",
        name: "https:p:9120",
      },
    },
    // A Namespace is in itself: who may read all of a namespace may read what it is.
    { request: "GET /api/v1/namespaces/a", want: { ...NAMESPACES, verb: "get", namespace: "a", name: "a" } },
    {
      request: "PUT /api/v1/namespaces/a/finalize",
      want: { ...NAMESPACES, verb: "update", subresource: "finalize", namespace: "a", name: "a" },
    },
    { request: "GET /api/v1/namespaces", want: { ...NAMESPACES, verb: "list", namespace: "", name: "" } },
    // Nobody serves it, but who may ask is decided first.
    {
      request: "GET /apis/example.com/v1/things/x",
      want: {
        group: "example.com",
        version: "v1",
        resource: "things",
        verb: "get",
        subresource: "",
        namespace: "",
        name: "x",
      },
    },
    { request: "GET /api/v1", want: { verb: "get", path: "/api/v1" } },
    { request: "GET /apis/metallb.io/v1beta1", want: { verb: "get", path: "/apis/metallb.io/v1beta1" } },
    { request: "POST /metrics", want: { verb: "post", path: "/metrics" } },
    { request: "GET /state/x", want: { verb: "get", path: "/state/x" } },
  ])("$request", ({ request, want }) => {
    expect(attributesOf(request)).toEqual(want);
  });
});
