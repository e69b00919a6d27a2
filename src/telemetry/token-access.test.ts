import { describe, expect, test } from "vitest";
import { err, ok } from "../lib/result.ts";
import type { KubeClient, KubeObject, KubeResult } from "../ports/kube.ts";
import { createTokenAccess } from "./token-access.ts";

/** An API server that knows one token, and lets one user read metrics. */
function reviewer(options: { readonly allowed?: boolean; readonly down?: boolean } = {}) {
  const reviews: Record<string, unknown>[] = [];
  const state = { ...options };
  const client: Pick<KubeClient, "create"> = {
    create: async (resource, body): Promise<KubeResult<KubeObject>> => {
      reviews.push(body as Record<string, unknown>);
      if (state.down) return err({ code: 503, reason: "ServiceUnavailable", message: "down", retryable: true });
      const { spec } = body as { readonly spec: { readonly token?: string } };
      const status =
        resource.kind === "TokenReview"
          ? { authenticated: spec.token === "good", user: { username: "prometheus", groups: ["g"], uid: "1" } }
          : { allowed: state.allowed ?? true };
      return ok({ metadata: { name: "" }, status });
    },
  };
  return { access: createTokenAccess(client, "/metrics"), reviews, state };
}

describe("access by token", () => {
  test("a token that the API server knows and allows may read", async () => {
    const { access, reviews } = reviewer();
    expect(await access("Bearer good")).toEqual({ allowed: true });
    expect(reviews).toMatchObject([
      { kind: "TokenReview", spec: { token: "good" } },
      {
        kind: "SubjectAccessReview",
        spec: { user: "prometheus", groups: ["g"], nonResourceAttributes: { path: "/metrics", verb: "get" } },
      },
    ]);
  });

  test.each([
    { name: "no header", header: undefined },
    { name: "another scheme", header: "Basic dTpw" },
    { name: "no token", header: "Bearer " },
    { name: "a token as long as a book", header: `Bearer ${"x".repeat(20_000)}` },
  ])("$name is 401 and asks nobody", async ({ header }) => {
    const { access, reviews } = reviewer();
    expect(await access(header)).toMatchObject({ allowed: false, status: 401 });
    expect(reviews).toEqual([]);
  });

  test.each([
    { name: "an unknown token", header: "Bearer bad", options: {}, status: 401, reason: /not valid/ },
    {
      name: "a user without the right",
      header: "Bearer good",
      options: { allowed: false },
      status: 403,
      reason: /prometheus may not get \/metrics/,
    },
    { name: "an API server that is down", header: "Bearer good", options: { down: true }, status: 503, reason: /down/ },
  ])("$name is $status", async ({ header, options, status, reason }) => {
    expect(await reviewer(options).access(header)).toEqual({
      allowed: false,
      status,
      reason: expect.stringMatching(reason),
    });
  });

  test("a token may be for an audience, else it has to be for the API server", async () => {
    const seen: unknown[] = [];
    const client: Pick<KubeClient, "create"> = {
      create: async (_, body): Promise<KubeResult<KubeObject>> => {
        const { spec } = body as { readonly spec: { readonly token?: string; readonly audiences?: readonly string[] } };
        if (spec.token !== undefined) seen.push([spec.token, spec.audiences]);
        const authenticated = spec.token === (spec.audiences === undefined ? "general" : "special");
        return ok({ metadata: { name: "" }, status: { authenticated, allowed: true } });
      },
    };
    const access = createTokenAccess(client, "/state", "metallb");
    expect(await access("Bearer special")).toEqual({ allowed: true });
    expect(await access("Bearer general")).toEqual({ allowed: true });
    expect(await access("Bearer bad")).toMatchObject({ status: 401 });
    expect(seen).toEqual([
      ["special", ["metallb"]],
      ["general", ["metallb"]],
      ["general", undefined],
      ["bad", ["metallb"]],
      ["bad", undefined],
    ]);
    expect(await createTokenAccess(client, "/metrics")("Bearer special")).toMatchObject({ status: 401 });
  });

  test("one token is reviewed once for a while, also when many ask together", async () => {
    const { access, reviews } = reviewer();
    await Promise.all([access("Bearer good"), access("Bearer good")]);
    await access("bearer good");
    expect(reviews).toHaveLength(2);
    await access("Bearer bad");
    expect(reviews).toHaveLength(3);
  });

  test("an outage is not remembered", async () => {
    const { access, state } = reviewer({ down: true });
    await access("Bearer good");
    state.down = false;
    expect(await access("Bearer good")).toEqual({ allowed: true });
  });
});
