import { expect, test } from "vitest";
import type { Decision } from "./announce-plan.ts";
import { ownerChanges } from "./owner-changes.ts";

const HERE: Decision = { announce: true, addresses: [], interfaces: "all" };
const THERE: Decision = { announce: false, reason: "notOwner", owner: "b" };
const ALSO_THERE: Decision = { announce: false, reason: "nodeNotAlive", owner: "c" };
const NOWHERE: Decision = { announce: false, reason: "noEndpoints" };

test.each<{ name: string; before: Decision | undefined; after: Decision; gained?: number; lost?: number }>([
  { name: "taken over", before: THERE, after: HERE, gained: 1 },
  { name: "taken over by another", before: HERE, after: THERE, lost: 1 },
  { name: "excluded, and so taken over", before: HERE, after: ALSO_THERE, lost: 1 },
  { name: "new, and ours", before: undefined, after: HERE },
  { name: "announced again", before: NOWHERE, after: HERE },
  { name: "no longer announced by anybody", before: HERE, after: NOWHERE },
  { name: "on other interfaces", before: HERE, after: { ...HERE, interfaces: ["eth0"] } },
  { name: "moved between others", before: THERE, after: ALSO_THERE },
])("$name", ({ before, after, gained = 0, lost = 0 }) => {
  expect(ownerChanges([{ before, after }])).toEqual({ gained, lost });
});

test("all changes of a plan are counted", () => {
  const moved = (before: Decision, after: Decision) => ({ before, after });
  const changes = [moved(THERE, HERE), moved(ALSO_THERE, HERE), moved(HERE, THERE)];
  expect(ownerChanges(changes)).toEqual({ gained: 2, lost: 1 });
});
