import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The YAML blocks of a document in test/golden/seeds, in order, as written. Fails when there are none. */
export function yamlBlocks(document: string): readonly string[] {
  const text = readFileSync(join(import.meta.dirname, "../golden/seeds", document), "utf8");
  const blocks = [...text.matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1]!);
  if (blocks.length === 0) throw new Error(`${document} has no YAML blocks`);
  return blocks;
}

/**
 * The Services of a block whose text ends in `# ... rest of config`: what a reader has to add is added, ports and a
 * selector. `firstPort` counts up so that Services that share an address don't collide.
 */
export function withRestOfConfig(block: string, firstPort: number): string {
  let port = firstPort;
  return block.replaceAll(
    /^ {2}# \.\.\. rest of config$/gm,
    () => `  ports:\n    - port: ${port++}\n      targetPort: 8080\n  selector:\n    app: web-frontend`,
  );
}
