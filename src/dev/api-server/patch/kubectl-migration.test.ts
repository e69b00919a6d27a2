import { describe, expect, test } from "vitest";
import type { Json } from "../objects.ts";
import { trackUpdate } from "./managed-fields.ts";
import { applyPatch } from "./patch.ts";

const NOW = "2026-11-21T10:12:10Z";
const LATER = "2026-11-21T10:13:00Z";
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

const configuration = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "nginx", namespace: "default" },
  spec: { type: "LoadBalancer", selector: { app: "nginx" }, ports: [{ name: "http", port: 80, targetPort: 80 }] },
};

function patch(current: object, type: string, body: unknown, fieldManager: string, force = false): Json {
  return applyPatch({
    contentType: `application/${type}`,
    body: JSON.stringify(body),
    current,
    apiVersion: "v1",
    kind: "Service",
    isCustomResource: false,
    fieldManager,
    force,
    now: LATER,
  }) as Json;
}

function managers(object: object): [unknown, unknown][] {
  const entries = ((object as Json)["metadata"] as Json)["managedFields"] as Json[];
  return entries.map((entry) => [entry["manager"], entry["operation"]]);
}

function lastApplied(object: Json): string {
  return ((object["metadata"] as Json)["annotations"] as Record<string, string>)[LAST_APPLIED]!;
}

/** What `kubectl apply --server-side` sends for an object that `kubectl apply` had made (data: kubectl 1.36.4). */
describe("kubectl's way from client-side to server-side apply", () => {
  const annotations = { [LAST_APPLIED]: JSON.stringify(configuration) };
  const created = trackUpdate({
    before: undefined,
    after: { ...configuration, metadata: { ...configuration.metadata, annotations, resourceVersion: "7" } },
    manager: "kubectl-client-side-apply",
    apiVersion: "v1",
    now: NOW,
  });
  const applied = patch(created, "apply-patch+yaml", configuration, "kubectl");
  const renewed = { [LAST_APPLIED]: lastApplied(applied) };
  const owner = { ...configuration, metadata: { ...configuration.metadata, annotations: renewed }, spec: undefined };
  const withOwner = patch(applied, "apply-patch+yaml", owner, "kubectl-last-applied");

  test("the first request shares the fields with the client-side manager", () => {
    expect(managers(applied)).toEqual([
      ["kubectl", "Apply"],
      ["kubectl-client-side-apply", "Update"],
    ]);
  });

  test("the second request gives the annotation an owner", () => {
    expect(managers(withOwner)).toEqual([
      ["kubectl", "Apply"],
      ["kubectl-last-applied", "Apply"],
      ["kubectl-client-side-apply", "Update"],
    ]);
  });

  test("the third request drops the client-side manager, the fourth works on", () => {
    const entries = ((withOwner["metadata"] as Json)["managedFields"] as Json[]).filter(
      (e) => e["operation"] === "Apply",
    );
    const operations = [
      { op: "replace", path: "/metadata/managedFields", value: entries },
      { op: "replace", path: "/metadata/resourceVersion", value: "7" },
    ];
    const replaced = patch(withOwner, "json-patch+json", operations, "kubectl");
    const migrated = trackUpdate({
      before: withOwner,
      after: replaced,
      manager: "kubectl",
      apiVersion: "v1",
      now: LATER,
    });
    expect(managers(migrated)).toEqual([
      ["kubectl", "Apply"],
      ["kubectl-last-applied", "Apply"],
    ]);
    const smaller = { ...configuration, spec: { ...configuration.spec, selector: undefined } };
    const next = patch(migrated, "apply-patch+yaml", smaller, "kubectl");
    expect(next["spec"]).toEqual({ type: "LoadBalancer", ports: configuration.spec.ports });
    expect(JSON.parse(lastApplied(next))).toEqual(JSON.parse(JSON.stringify(smaller)));
  });
});
