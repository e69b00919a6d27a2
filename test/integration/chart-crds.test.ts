import { describe, expect, test } from "vitest";
import { customResourceDefinitions } from "../../src/config/crds.ts";
import type { Manifest, RenderOptions } from "../support/helm.ts";
import { renderChart } from "../support/helm.ts";

const renderedCrds = (options: RenderOptions): readonly Manifest[] =>
  renderChart(options)
    .filter(({ kind }) => kind === "CustomResourceDefinition")
    .map(({ metadata: { name }, ...rest }) => ({ ...rest, metadata: { name } }));

describe("the CRDs of the chart", () => {
  test("are those of the schemas, with conversion by the controller in the release's namespace", () => {
    const namespace = "load-balancing";
    expect(renderedCrds({ namespace })).toEqual(customResourceDefinitions({ conversion: { namespace } }));
  });

  test("need no webhook with crds.conversion: None", () => {
    const peers = renderedCrds({ values: { crds: { conversion: "None" } } }).find(
      ({ metadata }) => metadata.name === "bgppeers.metallb.io",
    );
    expect(peers?.["spec"].conversion).toEqual({ strategy: "None" });
  });

  test("are told to stay with crds.keep: true", () => {
    const crds = renderChart({ values: { crds: { keep: true } } }).filter(({ kind }) => kind.startsWith("CustomRes"));
    expect(crds).toHaveLength(10);
    for (const { metadata } of crds) expect(metadata.annotations).toEqual({ "helm.sh/resource-policy": "keep" });
  });

  test("are left out with crds.enabled: false", () => {
    expect(renderedCrds({ values: { crds: { enabled: false } } })).toEqual([]);
  });
});
