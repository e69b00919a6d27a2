import fc from "fast-check";
import { expect, test } from "vitest";
import type { IpAddress } from "../ip/address.ts";
import { parseAddress } from "../ip/address.ts";
import { millis, seconds } from "../lib/duration.ts";
import { AddressBook } from "./address-book.ts";

const V4 = parseAddress("10.0.0.1")!;
const V6 = parseAddress("fd00::1")!;

test.each([V4, V6])("an address is announced with its first holder and withdrawn with its last", (address) => {
  const book = new AddressBook();
  book.hold("ns/a", address, { interfaces: ["e0"] });
  expect(book.commands()).toEqual([{ do: "announce", announcement: { address, interfaces: ["e0"] } }]);
  book.hold("ns/b", address, { interfaces: ["e1"] });
  expect(book.commands()).toEqual([{ do: "announce", announcement: { address, interfaces: ["e0", "e1"] } }]);
  book.hold("ns/c", address, { interfaces: "all" });
  expect(book.commands()).toEqual([{ do: "announce", announcement: { address, interfaces: "all" } }]);
  expect(book.holders(address)).toEqual(["ns/a", "ns/b", "ns/c"]);
  book.release("ns/c", address);
  book.release("ns/a", address);
  expect(book.commands()).toEqual([{ do: "announce", announcement: { address, interfaces: ["e1"] } }]);
  book.release("ns/b", address);
  expect(book.commands()).toEqual([{ do: "withdraw", address }]);
  expect(book.commands()).toEqual([]);
});

test.each([V4, V6])("an address moves as the Services do that hold it", (address) => {
  const book = new AddressBook();
  const terms = { interfaces: "all" } as const;
  const announcement = { address, ...terms };
  book.hold("ns/a", address, terms, true);
  book.hold("ns/b", address, terms);
  expect(book.commands()).toEqual([{ do: "announce", announcement, takesOver: true }]);
  book.hold("ns/c", address, { interfaces: ["e0"] }, true);
  expect(book.commands()).toEqual([]);
  book.release("ns/c", address, true);
  book.release("ns/b", address, true);
  expect(book.commands()).toEqual([]);
  // Another Service's move is none of the address, once that one has gone.
  book.release("ns/a", address);
  expect(book.commands()).toEqual([{ do: "withdraw", address }]);
  book.hold("ns/a", address, terms);
  expect(book.commands()).toEqual([{ do: "announce", announcement }]);
  book.release("ns/a", address, true);
  expect(book.commands()).toEqual([{ do: "withdraw", address, handover: true }]);
});

test("an address is repeated as often as any of its holders wants, and never only if none does", () => {
  const book = new AddressBook();
  const interfaces = "all";
  const told = (): unknown[] => book.commands().map((command) => command.do === "announce" && command.announcement);
  book.hold("ns/a", V4, { interfaces, repeatEvery: millis(0) });
  expect(told()).toEqual([{ address: V4, interfaces, repeatEvery: 0 }]);
  book.hold("ns/b", V4, { interfaces, repeatEvery: seconds(90) });
  expect(told()).toEqual([{ address: V4, interfaces, repeatEvery: 90_000 }]);
  book.hold("ns/c", V4, { interfaces });
  expect(told()).toEqual([{ address: V4, interfaces, repeatEvery: 60_000 }]);
  book.hold("ns/d", V4, { interfaces, repeatEvery: seconds(60) });
  expect(told()).toEqual([]);
});

test("a worker that follows the commands answers exactly for what is held, and hears nothing twice", () => {
  const step = fc.record({
    service: fc.constantFrom("ns/a", "ns/b", "ns/c"),
    address: fc.constantFrom(V4, V6),
    interfaces: fc.option(fc.oneof(fc.constant("all" as const), fc.subarray(["e0", "e1"], { minLength: 1 }))),
    flush: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const book = new AddressBook();
      const held = new Map<string, { address: IpAddress; interfaces: "all" | string[] }>();
      const worker = new Map<IpAddress, unknown>();
      for (const { service, address, interfaces, flush } of steps) {
        if (interfaces === null) book.release(service, address);
        else book.hold(service, address, { interfaces });
        if (interfaces === null) held.delete(`${service} ${address}`);
        else held.set(`${service} ${address}`, { address, interfaces });
        if (!flush) continue;
        for (const command of book.commands()) {
          if (command.do === "announce") {
            expect(worker.get(command.announcement.address)).not.toEqual(command.announcement.interfaces);
            worker.set(command.announcement.address, command.announcement.interfaces);
          } else if (command.do === "withdraw") expect(worker.delete(command.address)).toBe(true);
        }
        for (const candidate of [V4, V6]) {
          const lists = [...held.values()].filter((holding) => holding.address === candidate);
          const all = lists.some((holding) => holding.interfaces === "all");
          const union = [...new Set(lists.flatMap((holding) => holding.interfaces))].sort();
          expect(worker.get(candidate)).toEqual(lists.length === 0 ? undefined : all ? "all" : union);
        }
      }
    }),
  );
});
