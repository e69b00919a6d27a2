import { expect, test } from "vitest";
import { byVersionPriority } from "./registry.ts";

test("versions are preferred as Kubernetes orders them", () => {
  const versions = ["v1alpha1", "foo", "v1beta1", "v2", "v11", "v1beta2", "v10beta3", "v1"];
  expect(versions.sort(byVersionPriority)).toEqual([
    "v11",
    "v2",
    "v1",
    "v10beta3",
    "v1beta2",
    "v1beta1",
    "v1alpha1",
    "foo",
  ]);
});
