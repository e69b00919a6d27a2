import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { familyOf, parseAddress } from "../../src/ip/address.ts";
import type { ApiServerLab } from "../support/api-server-lab.ts";
import { startApiServerLab } from "../support/api-server-lab.ts";
import { allDocuments, blocksOf, exampleFiles, type Manifest, parseManifests, ROOT } from "../support/documents.ts";

const SOURCES = [
  ...allDocuments().flatMap((document) =>
    blocksOf(document)
      .filter(({ info }) => info === "yaml")
      .map(({ line, text }) => ({ where: `${document.path}:${line}`, text })),
  ),
  ...exampleFiles().map((path) => ({ where: path, text: readFileSync(join(ROOT, path), "utf8") })),
]
  .map(({ where, text }) => ({ where, text, objects: parseManifests(text) }))
  .filter(({ objects }) => objects.length > 0);

describe("manifests in documents and examples", () => {
  let lab: ApiServerLab;
  const paths = new Map<string, { readonly path: string; readonly namespaced: boolean }>();

  beforeAll(async () => {
    lab = await startApiServerLab();
    for (const version of new Set(SOURCES.flatMap(({ objects }) => objects.map(({ apiVersion }) => apiVersion)))) {
      const root = version.includes("/") ? `/apis/${version}` : `/api/${version}`;
      const { json } = await lab.api.get(root);
      for (const { name, kind, namespaced } of json.resources as { name: string; kind: string; namespaced: boolean }[])
        if (!name.includes("/")) paths.set(`${version} ${kind}`, { path: `${root}/NAMESPACE${name}`, namespaced });
    }
    await lab.api.post("/api/v1/namespaces", { metadata: { name: "red" } });
  });
  afterAll(() => lab.close());

  /** What the API server says of an object, which it doesn't store. */
  async function tried(object: Manifest): Promise<{ readonly code: number; readonly message: string }> {
    const { path, namespaced } = paths.get(`${object.apiVersion} ${object.kind}`)!;
    const { name, namespace = "default" } = object.metadata;
    const url = path.replace("NAMESPACE", namespaced ? `namespaces/${namespace}/` : "");
    // A namespace of the manifest may be there already: it is for what follows it in the same file.
    const body =
      object.kind === "Namespace" ? { ...object, metadata: { ...object.metadata, name: `new-${name}` } } : object;
    const { code, json } = await lab.api.post(`${url}?dryRun=All&fieldValidation=Strict`, body);
    return { code, message: String(json.message ?? "") };
  }

  test.each(SOURCES)("$where is accepted with strict field validation", async ({ objects }) => {
    for (const object of objects) expect(await tried(object)).toEqual({ code: 201, message: "" });
  });

  test("an unknown field would be found", async () => {
    const pool = SOURCES.flatMap(({ objects }) => objects).find(({ kind }) => kind === "IPAddressPool")!;
    const { code, message } = await tried({ ...pool, spec: { adresses: ["192.0.2.0/24", "2001:db8::/64"] } });
    expect([code, message]).toEqual([400, expect.stringContaining('unknown field "spec.adresses"')]);
  });

  test("pools have addresses of both families", () => {
    const pools = SOURCES.flatMap(({ text }) => (text.includes("kind: IPAddressPool") ? [text] : []));
    const families = pools.map((text) => {
      const entries = [...text.matchAll(/^ +- "?([\da-f.:]+)[-/]/gm)].map(([, entry]) => parseAddress(entry!));
      return new Set(entries.flatMap((address) => (address === undefined ? [] : [familyOf(address)])));
    });
    expect(families.filter((each) => each.size === 2).length).toBeGreaterThan(5);
  });
});
