import { expect, test } from "vitest";
import { privilegeOptions, securityOf } from "./security.ts";

const IMAGE = { image: 65_534, rootless: false };

test("the speaker: root with what it needs, and no way to more", () => {
  const container = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"], add: ["NET_RAW"] } };
  expect(privilegeOptions(securityOf({ runAsUser: 0 }, container), IMAGE)).toEqual([
    "--reuid=0",
    "--regid=0",
    "--clear-groups",
    "--bounding-set=-all,+net_raw",
    "--inh-caps=-all",
    "--no-new-privs",
  ]);
});

test("the image's user counts unless the Pod names one, and the container's word counts more than the Pod's", () => {
  expect(privilegeOptions(securityOf({}, {}), IMAGE)).toContain("--reuid=65534");
  expect(privilegeOptions(securityOf({ runAsUser: 1, fsGroup: 7 }, {}), IMAGE)).toEqual(
    expect.arrayContaining(["--reuid=1", "--groups=7"]),
  );
  expect(privilegeOptions(securityOf({ runAsUser: 1 }, { runAsUser: 2 }), IMAGE)).toContain("--reuid=2");
});

test.each([
  { asked: {}, has: ["net_raw", "setuid"], lacks: ["net_admin"] },
  { asked: { drop: ["NET_RAW"] }, has: ["setuid"], lacks: ["net_raw"] },
  { asked: { drop: ["all"], add: ["CAP_NET_ADMIN"] }, has: ["net_admin"], lacks: ["setuid"] },
])("capabilities $asked", ({ asked, has, lacks }) => {
  const { capabilities } = securityOf({}, { capabilities: asked });
  expect(capabilities).toEqual(expect.arrayContaining(has));
  for (const name of lacks) expect(capabilities).not.toContain(name);
});

test("in a user namespace there is only one user, and capabilities can be dropped all the same", () => {
  const options = privilegeOptions(securityOf({ runAsUser: 65_534 }, { capabilities: { drop: ["ALL"] } }), {
    ...IMAGE,
    rootless: true,
  });
  expect(options).toEqual(["--bounding-set=-all", "--inh-caps=-all"]);
});

test("a privileged container keeps everything", () => {
  expect(privilegeOptions(securityOf({}, { privileged: true }), { ...IMAGE, rootless: true })).toEqual([]);
});
