import { describe, expect, test } from "vitest";
import { Progress, StepError } from "./progress.ts";

function setUp(isTTY: boolean): { progress: Progress; said: () => string } {
  let said = "";
  const write = (text: string): boolean => ((said += text), true);
  // Times differ from run to run.
  return { progress: new Progress({ write, isTTY }), said: () => said.replace(/\d+\.\d s/g, "N s") };
}

describe("Progress", () => {
  test("a file gets a line per step, without colours", async () => {
    const { progress, said } = setUp(false);
    await progress.step(
      "one",
      async () => 1,
      (n) => `got ${n}`,
    );
    await progress.step("two", async () => undefined);
    expect(said()).toBe("✓ one: got 1  N s\n✓ two  N s\n");
  });

  test("a terminal sees a step while it runs", async () => {
    const { progress, said } = setUp(true);
    const { promise, resolve } = Promise.withResolvers<void>();
    const step = progress.step("one", () => promise);
    expect(said()).toMatch(/….* one$/);
    resolve();
    await step;
    expect(said()).toMatch(/one.*\n$/);
  });

  test("a failure names the step and the reason", async () => {
    const { progress, said } = setUp(false);
    const failed = progress.step("one", () => Promise.reject(new Error("no luck")));
    await expect(failed).rejects.toThrow(StepError);
    await expect(failed).rejects.toMatchObject({ step: "one", message: "no luck" });
    expect(said()).toBe("✗ one: no luck  N s\n");
  });

  test("trouble elsewhere ends the step that runs", async () => {
    const { progress } = setUp(false);
    const { promise, reject } = Promise.withResolvers<never>();
    progress.failWith(promise);
    const step = progress.step("one", () => new Promise(() => undefined));
    reject(new Error("a process died"));
    await expect(step).rejects.toMatchObject({ step: "one", message: "a process died" });
  });
});
