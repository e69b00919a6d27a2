import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { permissionsPage } from "../../scripts/generate-permissions.ts";
import { renderChart } from "../support/helm.ts";
import { permissionsOf } from "../support/permissions.ts";

const PAGE = join(import.meta.dirname, "../../docs/permissions.md");

function allowed(values: object = {}): readonly string[] {
  return permissionsOf(renderChart({ values })).map(({ text }) => text);
}

test("docs/permissions.md is what scripts/generate-permissions.ts writes", () => {
  expect(readFileSync(PAGE, "utf8")).toBe(permissionsPage());
});

describe("what is not used is not allowed", () => {
  test.each([
    {
      values: { controller: { webhookMode: "disabled" } },
      never: /webhook|customresourcedefinitions|metallb:controller: .* nodes/,
    },
    {
      values: { controller: { webhookMode: "onlywebhook" } },
      never: /controller: .*(services|leases|pods|status|memberlist)/,
    },
    { values: { controller: { leaderElection: { enabled: false } } }, never: /leases/ },
    { values: { controller: { enabled: false } }, never: /controller:/ },
    { values: { speaker: { enabled: false } }, never: /(speaker|pod-lister):|memberlist|create secrets|deployments/ },
    {
      values: { speaker: { memberlist: { enabled: false } } },
      never: /memberlist|create secrets|deployments|list pods/,
    },
    { values: { rbac: { bgpPasswordSecrets: [] } }, never: /pod-lister: .* secrets/ },
    { values: { rbac: { bgpPasswordSecrets: ["a", "b"] } }, never: /pod-lister: .* secrets$/ },
    { values: { rbac: { layer2Conditions: false } }, never: /speaker: .* services\/status/ },
    { values: { rbac: { create: false } }, never: /./ },
  ])("$values", ({ values, never }) => {
    expect(allowed().filter((text) => never.test(text))).not.toEqual([]);
    expect(allowed(values).filter((text) => never.test(text))).toEqual([]);
  });

  test("and nobody may inspect unless told so", () => {
    expect(allowed().filter((text) => text.includes("inspect"))).toEqual([]);
    const created = renderChart({ values: { rbac: { inspect: { create: true } } } });
    const bound = created.filter(({ kind, metadata }) => kind.endsWith("Binding") && metadata.name.includes("inspect"));
    expect(bound).toEqual([]);
  });
});

test("nothing is a wildcard, and Secrets are created or followed, never listed with all else by the controller", () => {
  const texts = allowed();
  expect(texts.filter((text) => text.includes("*"))).toEqual([]);
  expect(texts.filter((text) => /controller: (list|watch|get|patch) secrets$/.test(text))).toEqual([]);
});
