import { type ChildProcess, execFileSync } from "node:child_process";
import { chmodSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { COMMON_DEFAULTS } from "../../src/lib/flags.ts";
import { type ApiServerLab, startApiServerLab } from "../support/api-server-lab.ts";
import { IMAGE_TARGETS, imageConfig, type ImageTarget } from "../support/dockerfile.ts";
import { CAP_NET_RAW, ImageRoot } from "../support/image-root.ts";
import { freePort } from "../support/metallb-process.ts";
import { requireOrSkip } from "../support/requirements.ts";

const ARM = process.arch === "arm64";
const TRIPLET = ARM ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
const LOADER = ARM ? "lib/ld-linux-aarch64.so.1" : "lib64/ld-linux-x86-64.so.2";
const LIBRARIES = ["libc.so.6", "libdl.so.2", "libgcc_s.so.1", "libm.so.6", "libpthread.so.0", "libstdc++.so.6"];
const PACKAGES = ["libc6", "libgcc-s1", "libstdc++6"];

/** All that is in the images; parts of the bundle are one line. */
const CONTENTS = [
  "etc/group",
  "etc/nsswitch.conf",
  "etc/os-release",
  "etc/passwd",
  LOADER,
  ...LIBRARIES.map((name) => `lib/${TRIPLET}/${name}`),
  "metallb/metallb-part-….mjs",
  "metallb/metallb.mjs",
  "metallb/metallb.node",
  "usr/local/bin/node",
  ...PACKAGES.map((name) => `usr/share/doc/${name}/copyright`),
  "usr/share/doc/metallb/LICENSE",
  "usr/share/doc/metallb/THIRD-PARTY-LICENSES",
  "usr/share/doc/metallb/sbom.cdx.json",
  "usr/share/doc/node/LICENSE",
  ...PACKAGES.map((name) => `var/lib/dpkg/status.d/${name}`),
];
const PROGRAMS = ["usr/local/bin/node", LOADER, ...LIBRARIES.map((name) => `lib/${TRIPLET}/${name}`)];

/** What the manifests leave to each. */
const CAPABILITIES: Readonly<Record<ImageTarget, readonly number[]>> = { controller: [], speaker: [CAP_NET_RAW] };

const needs = requireOrSkip(["root", "addon", "bin:capsh", `bin:${TRIPLET}-readelf`]);

describe.skipIf(needs.skip)("the images", () => {
  let root: ImageRoot;
  let lab: ApiServerLab;
  let account: string;

  beforeAll(async () => {
    root = new ImageRoot();
    lab = await startApiServerLab();
    await lab.api.post("/api/v1/nodes", { metadata: { name: "node-1" } });
    account = mkdtempSync(join(tmpdir(), "metallb-account-"));
    chmodSync(account, 0o755);
    writeFileSync(join(account, "token"), lab.server.adminToken);
    writeFileSync(join(account, "ca.crt"), lab.server.caCertificate);
    writeFileSync(join(account, "namespace"), "metallb-system");
  });

  afterAll(async () => {
    await lab?.close();
    root?.close();
    rmSync(account, { recursive: true, force: true });
  });

  function entries() {
    return readdirSync(root.path, { recursive: true, encoding: "utf8" })
      .filter((name) => !name.startsWith("var/run"))
      .map((name) => ({ name, stat: lstatSync(join(root.path, name)) }));
  }

  test("hold these files, and no other", () => {
    const files = entries().filter(({ stat }) => !stat.isDirectory());
    const names = files.map(({ name }) => name.replace(/^(metallb\/metallb-part-)[A-Z0-9]{8}\.mjs$/, "$1….mjs"));
    expect([...new Set(names)].sort()).toEqual(CONTENTS.toSorted());
    expect(files.length).toBeGreaterThan(CONTENTS.length);
  });

  test("nothing in them belongs to anybody but root, is writable by others, runs as somebody else, or has a time", () => {
    for (const { name, stat } of entries()) {
      const mode = stat.isDirectory() || PROGRAMS.includes(name) ? 0o755 : 0o644;
      const { uid, gid, mtimeMs } = stat;
      expect({ name, uid, gid, mtimeMs, mode: stat.mode & 0o7777 }).toEqual({ name, uid: 0, gid: 0, mtimeMs: 0, mode });
    }
  });

  test("are smaller than 135 MiB", () => {
    const bytes = entries().reduce((sum, { stat }) => sum + (stat.isFile() ? stat.size : 0), 0);
    expect(root.report).toContain(`${(bytes / 2 ** 20).toFixed(1)} MiB`);
    expect(bytes).toBeLessThan(135 * 2 ** 20);
  });

  test.each(["/usr/local/bin/node", "/metallb/metallb.node"])("%s finds its libraries in them", (program) => {
    const list = execFileSync("chroot", [root.path, `/${LOADER}`, "--list", program], { encoding: "utf8" });
    const found = [...list.matchAll(/(\S+) => (\S+)/g)].map(([, name, path]) => ({ name, path }));
    expect(list).not.toContain("not found");
    expect(found.map(({ name }) => name)).toContain("libc.so.6");
    for (const { name, path } of found.filter(({ name }) => !name!.startsWith("ld-")))
      expect(path).toBe(`/lib/${TRIPLET}/${name}`);
  });

  test("the SBOM is CycloneDX by its schema, and names what is in the licences", async () => {
    const text = root.read("usr/share/doc/metallb/sbom.cdx.json");
    expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)).toBeNull();
    const { components } = JSON.parse(text) as { components: { name: string; version: string; purl: string }[] };
    const licenses = root.read("usr/share/doc/metallb/THIRD-PARTY-LICENSES");
    const npm = components.filter(({ purl }) => purl.startsWith("pkg:npm/"));
    expect(npm.map(({ name }) => name)).toEqual(expect.arrayContaining(["zod", "undici", "@kubernetes/client-node"]));
    for (const { name, version } of npm) expect(licenses).toContain(`\n${name} ${version}\n`);
    const others = components.filter((component) => !npm.includes(component)).map(({ name }) => name);
    expect(others.sort()).toEqual([...PACKAGES, "node"]);
  });

  test.each(IMAGE_TARGETS)("the %s tells its flags", async (target) => {
    const image = imageConfig(target);
    const child = root.spawn({ image: { ...image, command: [...image.entrypoint, "--help"] } });
    expect(await finished(child)).toMatchObject({ code: 0, output: expect.stringContaining("--health-probe-port") });
  });

  test.each(IMAGE_TARGETS)("the %s runs as its manifest has it, is healthy, and stops when told", async (target) => {
    const image = imageConfig(target);
    const port = await freePort();
    const flags = ["--port=0", `--health-probe-port=${port}`, ...(target === "speaker" ? ["--node-name=node-1"] : [])];
    const env = {
      KUBERNETES_SERVICE_HOST: "127.0.0.1",
      KUBERNETES_SERVICE_PORT: String(lab.server.port),
    };
    const webhooks = target === "controller" ? ["--webhook-mode=disabled"] : [];
    const command = [...image.entrypoint, ...flags, ...webhooks];
    const capabilities = CAPABILITIES[target];
    const child = root.spawn({ image: { ...image, command }, capabilities, env, serviceAccount: account });
    const end = finished(child);
    try {
      await untilReady(port, end);
      expect(statusOf(child)).toEqual({
        user: image.user.split(":")[0],
        capabilities: capabilities.reduce((mask, capability) => mask | (1n << BigInt(capability)), 0n),
        noNewPrivileges: "1",
      });
      expect(await check(image.healthcheck, port)).toMatchObject({ code: 0 });
    } finally {
      child.kill("SIGTERM");
    }
    expect(await end).toMatchObject({ code: 0 });
    expect(await check(image.healthcheck, port)).toMatchObject({ code: 1 });
  });

  /** What a container engine would ask, of the port that the process has here. */
  function check(healthcheck: readonly string[], port: number) {
    const usual = String(COMMON_DEFAULTS.healthProbePort);
    expect(healthcheck.join(" ")).toContain(`:${usual}/healthz`);
    const command = healthcheck.map((word) => word.replace(usual, String(port)));
    return finished(root.spawn({ image: { ...imageConfig("controller"), command } }));
  }

  test.each([
    { what: "opens with NET_RAW", capabilities: [CAP_NET_RAW], prints: "object" },
    { what: "is refused without", capabilities: [], prints: "-1" },
  ])("a packet socket $what", async ({ capabilities, prints }) => {
    const [AF_PACKET, SOCK_RAW] = [17, 3];
    const script = `const s = require("/metallb/metallb.node").socket(${AF_PACKET}, ${SOCK_RAW}, 0);
      process.stdout.write(typeof s === "object" ? "object" : String(s))`;
    const image = imageConfig("speaker");
    const child = root.spawn({ image: { ...image, command: [image.entrypoint[0]!, "-e", script] }, capabilities });
    expect(await finished(child)).toEqual({ code: 0, output: prints });
  });

  test("nothing can be written", async () => {
    const image = imageConfig("speaker");
    const command = [image.entrypoint[0]!, "-e", `require("fs").writeFileSync("/metallb/x", "")`];
    const { code, output } = await finished(root.spawn({ image: { ...image, command } }));
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining("EROFS") });
  });
});

interface End {
  readonly code: number | null;
  /** Standard output and error. */
  readonly output: string;
}

function finished(child: ChildProcess): Promise<End> {
  let output = "";
  for (const stream of [child.stdout!, child.stderr!])
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((done) => child.once("close", (code) => done({ code, output })));
}

async function untilReady(port: number, end: Promise<End>): Promise<void> {
  const early = end.then(({ output }) => {
    throw new Error(`it ended:\n${output}`);
  });
  const asked = async () => {
    const deadline = performance.now() + 30_000;
    while (performance.now() < deadline) {
      const answer = await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined);
      if (answer?.ok) return;
      await new Promise((next) => setTimeout(next, 50));
    }
    throw new Error("it was not ready in half a minute");
  };
  await Promise.race([asked(), early]);
}

/** Who a process is to the kernel. */
function statusOf(child: ChildProcess) {
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  const field = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, "m").exec(status)![1]!;
  return { user: field("Uid"), capabilities: BigInt(`0x${field("CapEff")}`), noNewPrivileges: field("NoNewPrivs") };
}
