import { expect, test } from "vitest";
import { RecordingLog } from "../../../test/support/recording-log.ts";
import { settle } from "../../../test/support/settle.ts";
import { NodeSockets, type SocketPlan } from "./node-sockets.ts";

/** A node whose doings are written down. */
function node(broken: ReadonlySet<string> = new Set()): { done: string[]; sockets: NodeSockets; plan: typeof plan } {
  const done: string[] = [];
  const act = async (what: string): Promise<void> => {
    done.push(what);
    if (broken.has(what)) throw new Error("no");
  };
  const sockets = new NodeSockets({
    loopback: { add: (address) => act(`+${address}`), remove: (address) => act(`-${address}`) },
    log: new RecordingLog(),
  });
  const plan = (addresses: readonly string[], listeners: readonly string[]): SocketPlan => ({
    addresses: new Set(addresses),
    listeners: new Map(
      listeners.map((name) => [
        name,
        async () => {
          await act(`open ${name}`);
          return { close: () => act(`close ${name}`) };
        },
      ]),
    ),
  });
  return { done, sockets, plan };
}

test("addresses come before their listeners and go after them; what stays is left alone", async () => {
  const { done, sockets, plan } = node();
  sockets.apply(plan(["a", "b"], ["a:1", "b:1"]));
  await settle();
  sockets.apply(plan(["b", "c"], ["b:1", "c:1"]));
  await settle();
  expect(done).toEqual(["+a", "+b", "open a:1", "open b:1", "close a:1", "-a", "+c", "open c:1"]);
});

test("of plans that come while one is applied only the last is done", async () => {
  const { done, sockets, plan } = node();
  sockets.apply(plan(["a"], []));
  sockets.apply(plan(["b"], []));
  sockets.apply(plan(["c"], []));
  await settle();
  expect(done).toEqual(["+a", "-a", "+c"]);
});

test("what fails does not stop the rest, and the next plan tries it again", async () => {
  const { done, sockets, plan } = node(new Set(["open a:1"]));
  sockets.apply(plan(["a"], ["a:1", "a:2"]));
  await settle();
  sockets.apply(plan(["a"], ["a:1", "a:2"]));
  await settle();
  expect(done).toEqual(["+a", "open a:1", "open a:2", "open a:1"]);
});
