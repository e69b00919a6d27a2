import type { MalformedError } from "../../lib/errors.ts";
import type { AfiSafi } from "../address-family.ts";
import type { RevisedUpdate } from "../message.ts";

/** What is told of one UPDATE; what a hostile peer adds is only counted. */
const MOST_NOTES = 8;

/** Collects the errors of one UPDATE, each with what RFC 7606 has it cost. */
export class UpdateProblems {
  readonly #notes: string[] = [];
  readonly #disabled: AfiSafi[] = [];
  #untold = 0;
  #withdrawing: MalformedError | undefined;

  /** The first error that withdraws; it ends the session if no routes are there to be withdrawn (§5.2). */
  get withdrawing(): MalformedError | undefined {
    return this.#withdrawing;
  }

  /** Something is not used, and the rest of the UPDATE is as good as without it. */
  ignored(what: string): void {
    if (this.#notes.length < MOST_NOTES) this.#notes.push(what);
    else this.#untold++;
  }

  treatAsWithdraw(error: MalformedError): void {
    this.#withdrawing ??= error;
    this.ignored(`${error.message}: the routes are taken as withdrawn`);
  }

  disable(table: AfiSafi, why: string): void {
    this.#disabled.push(table);
    this.ignored(`${why}: routes of AFI ${table.afi} SAFI ${table.safi} are no longer read`);
  }

  /** Undefined if there were no problems. */
  revised(): RevisedUpdate | undefined {
    if (this.#notes.length === 0) return undefined;
    const notes = this.#untold === 0 ? this.#notes : [...this.#notes, `and ${this.#untold} more`];
    return { treatAsWithdraw: this.#withdrawing !== undefined, disabled: this.#disabled, notes };
  }
}
