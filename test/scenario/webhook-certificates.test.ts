import { X509Certificate } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { KINDS } from "../../src/config/kinds.ts";
import { millis, seconds } from "../../src/lib/duration.ts";
import { certificatesOf } from "../../src/tls/pem.ts";
import { CertificateLab } from "../support/certificate-lab.ts";
import { kubeError } from "../support/recording-kube.ts";

const DAY = 24 * 3600 * 1000;
const YEAR = 365 * DAY;

let lab: CertificateLab;

beforeEach(() => {
  lab = new CertificateLab();
});

afterEach(() => lab.stop());

describe("a start", () => {
  test("fills the empty Secret, tells the API server whom to trust, and serves", async () => {
    lab.install();
    const replica = await lab.start();
    expect(replica.keeper.serving).toBe(false);
    await lab.quiet();
    expect(replica.served).toEqual([{ cert: lab.text("tls.crt"), key: lab.text("tls.key") }]);
    expect(lab.bundles).toEqual(Array(3).fill(lab.text("ca.crt")));
    expect(lab.isTrusted).toBe(true);
    expect(lab.secret?.metadata.labels).toEqual({ a: "b" });
    expect(lab.writes).toEqual([
      "patch Secret",
      "patch ValidatingWebhookConfiguration",
      "patch CustomResourceDefinition",
    ]);
  });

  test("makes the Secret when nobody did", async () => {
    await lab.start();
    await lab.quiet();
    expect(lab.writes).toEqual(["create Secret"]);
    expect(lab.secret).toMatchObject({ type: "Opaque" });
  });

  test("writes nothing when all is right", async () => {
    lab.install();
    await lab.start();
    await lab.quiet();
    await lab.stop();
    const { length } = lab.kube.requests;
    const replica = await lab.start();
    await lab.pass(seconds(24 * 3600));
    expect(replica.served).toHaveLength(1);
    expect(lab.kube.requests.slice(length)).toEqual([]);
  });

  test("without configuration objects says so once, and tells them when they appear", async () => {
    const { log } = await lab.start();
    await lab.quiet();
    await lab.pass(millis(10 * DAY));
    expect(log.messages("warn")).toEqual([
      expect.stringContaining("no ValidatingWebhookConfiguration metallb-webhook-configuration"),
      expect.stringContaining("no CustomResourceDefinition bgppeers.metallb.io"),
    ]);
    lab.configure();
    lab.define("None");
    await lab.quiet();
    expect(lab.bundles).toEqual(Array(2).fill(lab.text("ca.crt")));
    await lab.pass(seconds(1));
    lab.define("Webhook");
    await lab.quiet();
    expect(lab.bundles).toEqual(Array(3).fill(lab.text("ca.crt")));
  });

  test("of several replicas at once ends with one certificate for all", async () => {
    lab.install();
    const replicas = [await lab.start(), await lab.start(), await lab.start()];
    await lab.quiet();
    await lab.pass(seconds(60));
    for (const { served } of replicas) expect(served.at(-1)?.cert).toBe(lab.text("tls.crt"));
    expect(lab.writes.filter((write) => write.endsWith(" Secret"))).toEqual(["patch Secret"]);
    expect(lab.bundles).toEqual(Array(3).fill(lab.text("ca.crt")));
  });
});

describe("what others do", () => {
  beforeEach(async () => {
    lab.install();
    await lab.start();
    await lab.quiet();
    await lab.pass(seconds(10));
  });

  test("a caBundle that somebody changes is put back", async () => {
    const before = lab.writes.length;
    lab.configure();
    await lab.quiet();
    expect(lab.isTrusted).toBe(true);
    expect(lab.writes.slice(before)).toEqual(["patch ValidatingWebhookConfiguration"]);
  });

  test("a Secret that is deleted is made anew, and the authority that is in use stays trusted meanwhile", async () => {
    const old = lab.text("ca.crt");
    lab.deleteSecret();
    await lab.quiet();
    expect(certificatesOf(lab.text("ca.crt"))).toHaveLength(2);
    expect(lab.bundles[0]).toContain(old);
    expect(lab.isTrusted).toBe(true);
  });

  test("garbage in the Secret is replaced", async () => {
    lab.kube.edit(KINDS.Secret, "metallb-system/metallb-webhook-cert", { data: { "ca.key": "!", "tls.crt": "AAAA" } });
    await lab.quiet();
    await lab.pass(seconds(60));
    expect(lab.replicas[0]!.served.at(-1)?.cert).toBe(lab.text("tls.crt"));
    expect(lab.isTrusted).toBe(true);
  });

  test("a replica whose news are late does not put an old authority back", async () => {
    const late = await lab.start();
    await lab.quiet();
    late.behind = true;
    lab.deleteSecret();
    await lab.quiet();
    const [bundle] = lab.bundles;
    expect(certificatesOf(bundle!).length).toBeGreaterThan(1);
    expect(lab.bundles).toEqual(Array(3).fill(lab.text("ca.crt")));
    expect(lab.isTrusted).toBe(true);
  });
});

describe("faults", () => {
  test("a tool that takes the caBundle out again and again gets it back once a second", async () => {
    lab.install();
    await lab.start();
    await lab.quiet();
    const before = lab.writes.length;
    for (let i = 0; i < 50; i++) {
      lab.configure();
      await lab.pass(millis(100));
    }
    expect(lab.writes.length - before).toBeGreaterThan(3);
    expect(lab.writes.length - before).toBeLessThan(7);
  });

  test("replicas whose clocks are years apart take turns at leisure", async () => {
    lab.install();
    await lab.start();
    await lab.start({ yearsAhead: 20 });
    await lab.quiet();
    for (let i = 0; i < 6; i++) await lab.pass(seconds(5));
    const renewals = lab.writes.filter((write) => write.endsWith(" Secret"));
    expect(renewals.length).toBeGreaterThan(2);
    expect(renewals.length).toBeLessThan(10);
  });

  test("writes that fail are tried again", async () => {
    lab.install();
    lab.kube.fail(kubeError(500, "InternalError"), 5, ({ verb }) => verb === "patch");
    const replica = await lab.start();
    await lab.quiet();
    for (let i = 0; i < 10; i++) await lab.pass(seconds(1));
    expect(replica.keeper.serving).toBe(true);
    expect(lab.isTrusted).toBe(true);
  });

  test("a restart that can't renew an old certificate serves with it", async () => {
    lab.install();
    await lab.start();
    await lab.quiet();
    await lab.stop();
    await lab.passUntil(YEAR - 30 * DAY);
    lab.kube.fail(kubeError(403, "Forbidden"), 1000, ({ verb }) => verb === "patch");
    const { keeper, log, served } = await lab.start();
    await lab.quiet();
    expect(keeper.serving).toBe(true);
    expect(served).toEqual([{ cert: lab.text("tls.crt"), key: lab.text("tls.key") }]);
    expect(log.messages("warn")).toEqual([expect.stringMatching(/Secret of the webhooks not written, will retry/)]);
    expect(JSON.stringify(log.lines)).not.toContain("PRIVATE KEY");
  });

  test("without the right to change configuration objects it serves all the same", async () => {
    lab.install();
    lab.kube.fail(kubeError(403, "Forbidden"), 1000, ({ resource }) => resource !== KINDS.Secret);
    const replica = await lab.start();
    await lab.quiet();
    expect(replica.keeper.serving).toBe(true);
    expect(replica.log.messages("warn")[0]).toMatch(/caBundle of .* not written, will retry: Forbidden/);
  });
});

describe("age", { timeout: 30_000 }, () => {
  beforeEach(async () => {
    lab.install();
    await lab.start();
    await lab.quiet();
  });

  test("a certificate is renewed by the same authority 90 days before its end, and served at once", async () => {
    const [before, authority, writes] = [lab.text("tls.crt"), lab.text("ca.crt"), lab.writes.length];
    await lab.passUntil(YEAR - 91 * DAY);
    expect(lab.text("tls.crt")).toBe(before);
    await lab.passUntil(YEAR - 89 * DAY);
    expect(lab.text("tls.crt")).not.toBe(before);
    const { validTo } = new X509Certificate(lab.text("tls.crt"));
    const metric = "metallb_controller_webhook_certificate_expiration_timestamp_seconds";
    expect(lab.replicas[0]!.metrics.values.get(metric)).toBe(Date.parse(validTo) / 1000);
    expect(lab.text("ca.crt")).toBe(authority);
    expect(lab.replicas[0]!.served.at(-1)?.cert).toBe(lab.text("tls.crt"));
    expect(lab.writes.slice(writes)).toEqual(["patch Secret"]);
  });

  test("over eleven years, at every step every API server trusts every replica", async () => {
    await lab.start();
    await lab.quiet();
    const authorities = new Set<string>();
    let mostTrusted = 0;
    for (let time = 0; time < 11 * YEAR; time += 90 * DAY) {
      await lab.passUntil(time);
      for (let i = 0; i < 3; i++) {
        expect(lab.isTrusted, `after ${time / DAY} days and ${i} times 20 s`).toBe(true);
        mostTrusted = Math.max(mostTrusted, certificatesOf(lab.bundles[0]!).length);
        authorities.add(certificatesOf(lab.bundles[0]!)[0]!);
        await lab.pass(seconds(20));
      }
    }
    expect(authorities.size).toBe(2);
    expect(mostTrusted).toBe(2);
    expect(certificatesOf(lab.bundles[0]!)).toHaveLength(1);
    expect(lab.replicas.map(({ served }) => served.at(-1)?.cert)).toEqual(Array(2).fill(lab.text("tls.crt")));
  });

  test("a new authority is introduced half a minute before it is used", async () => {
    const [{ served }] = lab.replicas as [(typeof lab.replicas)[0]];
    await lab.passUntil(10 * YEAR - 89 * DAY);
    const old = served.at(-1)!;
    expect(certificatesOf(lab.bundles[0]!)).toHaveLength(2);
    expect(lab.text("tls.crt")).not.toBe(old.cert);
    await lab.pass(seconds(29));
    expect(served.at(-1)).toBe(old);
    await lab.pass(seconds(1));
    expect(served.at(-1)?.cert).toBe(lab.text("tls.crt"));
  });
});
