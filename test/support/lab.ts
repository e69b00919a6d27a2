import { resolve } from "node:path";
import type { Lab } from "../../src/dev/lab/lab.ts";
import { createLabFolder, openLab } from "../../src/dev/lab/open-lab.ts";
import { Progress } from "../../src/dev/lab/progress.ts";

/** Where scripts/build.ts puts the bundles; `npm test` builds them first. */
export const DIST = resolve(import.meta.dirname, "../../dist");

/**
 * A lab with the real controller and speakers, up to where they are ready, or an empty one to install them in. The caller
 * closes it.
 */
export async function openTestLab({ install = true }: { readonly install?: boolean } = {}): Promise<Lab> {
  const said: string[] = [];
  const output = { write: (text: string): boolean => said.push(text) > 0 };
  const folder = createLabFolder();
  try {
    return await openLab({ dist: DIST, folder, progress: new Progress(output), install });
  } catch (error) {
    throw new Error(`the lab did not open:\n${said.join("")}`, { cause: error });
  }
}
