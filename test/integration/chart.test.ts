import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CHART, manifestOf, renderChart, runHelm } from "../support/helm.ts";
import { referenceValuesFile } from "../support/reference-values.ts";
import { webhookConfiguration } from "../support/webhook-configuration.ts";

describe("the chart", () => {
  test.each(["default", "everything", "metallb-old"])("passes helm lint --strict with %s-values.yaml", async (name) => {
    const values = join(CHART, `ci/${name}-values.yaml`);
    expect(await runHelm(["lint", "--strict", CHART, "--values", values])).toMatchObject({ status: 0 });
  });

  test("installs the same with a copy of the values of MetalLB's chart as without", () => {
    expect(renderChart({ values: referenceValuesFile() })).toEqual(renderChart());
  });

  test("installs our program where the values name MetalLB's, whatever its tag", () => {
    const image = (name: string) => ({ image: { repository: `quay.io/metallb/${name}`, tag: "v0.16.1" } });
    const values = { controller: image("controller"), speaker: image("speaker") };
    expect(renderChart({ values })).toEqual(renderChart());
  });

  test("installs the six webhooks that the controller serves", () => {
    const rendered = manifestOf(renderChart(), "ValidatingWebhookConfiguration", "metallb-webhook-configuration");
    const { metadata, ...expected } = webhookConfiguration("metallb-system") as {
      metadata: object;
      webhooks: { name: string }[];
    };
    const byName = (a: { name: string }, b: { name: string }): number => a.name.localeCompare(b.name);
    expect(rendered.metadata).toMatchObject(metadata);
    expect({ ...rendered, webhooks: rendered["webhooks"].toSorted(byName) }).toMatchObject({
      ...expected,
      webhooks: expected.webhooks.toSorted(byName),
    });
  });
});
