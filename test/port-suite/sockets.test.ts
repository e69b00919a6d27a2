import { describe, expect, test } from "vitest";
import { parseAddress } from "../../src/ip/address.ts";
import { tcpStreams } from "../../src/platform/tcp.ts";
import { udpDatagrams } from "../../src/platform/udp.ts";
import { MemoryInternet } from "../support/memory-internet.ts";
import { requireOrSkip } from "../support/requirements.ts";
import { SOCKETS_CASES } from "./sockets-cases.ts";
import { STREAM_OPTIONS_CASES } from "./stream-options-cases.ts";

describe.each(["10.0.0.1", "fd00::1"])("sockets in memory, %s", (text) => {
  const address = parseAddress(text)!;

  test.concurrent.each([...SOCKETS_CASES, ...STREAM_OPTIONS_CASES])("$name", async ({ run }) => {
    await expect(run({ ...new MemoryInternet().host(address), address })).resolves.toBeUndefined();
  });
});

describe.each(["127.0.0.1", "::1"])("sockets of the kernel, %s", (text) => {
  const address = parseAddress(text)!;

  test.each(SOCKETS_CASES)("$name", async ({ run }) => {
    await expect(run({ datagrams: udpDatagrams, streams: tcpStreams, address })).resolves.toBeUndefined();
  });

  describe.skipIf(requireOrSkip(["addon"]).skip)("options", () => {
    test.concurrent.each(STREAM_OPTIONS_CASES)("$name", async ({ run }) => {
      await expect(run({ datagrams: udpDatagrams, streams: tcpStreams, address })).resolves.toBeUndefined();
    });
  });
});
