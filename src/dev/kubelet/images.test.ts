import { expect, test } from "vitest";
import { IMAGE_TARGETS, imageConfig } from "../../../test/support/dockerfile.ts";
import { imageOf, IMAGES } from "./images.ts";

test.each(IMAGE_TARGETS)("what the lab runs for the image %s is what the Dockerfile says", (target) => {
  const { entrypoint, user, env } = imageConfig(target);
  const image = IMAGES.get(`ghcr.io/metallb-ts/${target}`);
  expect({ PATH: image?.path }).toEqual(env);
  expect(image).toMatchObject({ entrypoint, user: Number(user.split(":")[0]) });
});

test("the product has no other image", () => {
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
  { reference: "busybox", known: true },
  { reference: "docker.io/library/busybox:1.36", known: true },
])("$reference is known: $known", ({ reference, known }) => {
  expect(imageOf(reference) !== undefined).toBe(known);
});
