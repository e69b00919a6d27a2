import { formatPrefix } from "../ip/prefix.ts";
import { isExcluded } from "../layer2/links.ts";
import { subnetsOf } from "../layer2/subnets.ts";
import type { Link } from "../ports/links.ts";
import type { WorkerEvent } from "./protocol.ts";

/** Tells which interfaces there are, and which subnets they carry, whenever that changes. */
export class LinkNews {
  readonly #excluded: RegExp;
  readonly #emit: (event: WorkerEvent) => void;
  #names: string | undefined;
  #subnets = "";

  constructor(excluded: RegExp, emit: (event: WorkerEvent) => void) {
    this.#excluded = excluded;
    this.#emit = emit;
  }

  tell(links: readonly Link[]): void {
    const interfaces = links.filter((link) => !isExcluded(link, this.#excluded)).map(subnetsOf);
    const subnets = interfaces.map(({ name, subnets }) => [name, ...subnets.map(formatPrefix)].join(" ")).join("\n");
    if (subnets !== this.#subnets) {
      this.#subnets = subnets;
      this.#emit({ on: "subnets", interfaces });
    }
    const names = interfaces.map(({ name }) => name);
    if (names.join("\n") === this.#names) return;
    this.#names = names.join("\n");
    this.#emit({ on: "interfaces", names });
  }
}
