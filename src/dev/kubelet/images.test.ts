import { expect, test } from "vitest";
import { IMAGE_TARGETS, imageConfig } from "../../../test/support/dockerfile.ts";
import { environmentOf } from "./environment.ts";
import { imageOf, IMAGES } from "./images.ts";
import { projectPod } from "./pod-spec.ts";

test.each(IMAGE_TARGETS)("what the lab runs for the image %s is what the Dockerfile says", (target) => {
  const { entrypoint, user, env } = imageConfig(target);
  const image = IMAGES.get(`ghcr.io/metallb-ts/${target}`);
  expect(image).toEqual({ entrypoint, user: Number(user.split(":")[0]) });
  const pod = projectPod({ metadata: { name: "x" }, spec: { containers: [{}] } });
  const around = { hostAddresses: [], addresses: [], lookUp: () => undefined, apiServer: { host: "h", port: "1" } };
  expect(environmentOf(pod, pod.containers[0]!, around)).toMatchObject(env);
});

test("every image of the Dockerfile is known, and no other", () => {
  expect([...IMAGES.keys()]).toEqual(IMAGE_TARGETS.map((target) => `ghcr.io/metallb-ts/${target}`));
});

test.each([
  { reference: "ghcr.io/metallb-ts/speaker", known: true },
  { reference: "ghcr.io/metallb-ts/speaker:v0.1.0", known: true },
  { reference: "ghcr.io/metallb-ts/speaker:v0.1.0@sha256:0123", known: true },
  { reference: "ghcr.io/metallb-ts/speaker@sha256:0123", known: true },
  { reference: "ghcr.io:443/metallb-ts/speaker", known: false },
  { reference: "quay.io/metallb/speaker:v0.15.3", known: false },
  { reference: "nginx", known: false },
])("$reference is known: $known", ({ reference, known }) => {
  expect(imageOf(reference) !== undefined).toBe(known);
});
