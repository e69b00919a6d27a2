import { expect, test } from "vitest";
import { serviceView } from "../../../test/support/cluster-snapshot.ts";
import { findService, parseServiceName } from "./find-service.ts";

const NAMES = ["shop/web", "shop/api", "prod/web", "prod/cache-6379", "default/kubernetes"];
const SERVICES = NAMES.map((name, i) => serviceView({ name }, i));

test.each([
  { namespace: "shop", name: "wbe", says: "there is no Service shop/wbe; did you mean shop/web?" },
  { namespace: "shop", name: "cache-6379", says: "there is no Service shop/cache-6379; there is prod/cache-6379" },
  { namespace: "stage", name: "web", says: "there is no Service stage/web; there is prod/web, shop/web" },
  { namespace: "shop", name: "billing", says: "there is no Service shop/billing" },
  {
    namespace: "shpo",
    name: "x",
    says: "there is no Service shpo/x, nor any other in namespace shpo; did you mean namespace shop?",
  },
  { namespace: "stage", name: "x", says: "there is no Service stage/x, nor any other in namespace stage" },
])("$namespace/$name", ({ namespace, name, says }) => {
  expect(findService(SERVICES, namespace, name)).toEqual({ ok: false, error: says });
});

test("the one that is there", () => {
  expect(findService(SERVICES, "prod", "web")).toEqual({ ok: true, value: SERVICES[2] });
});

test("of many places some are named", () => {
  const many = Array.from({ length: 12 }, (_, i) => serviceView({ name: `team-${i + 10}/web` }, i));
  expect(findService(many, "shop", "web")).toMatchObject({
    error:
      "there is no Service shop/web; there is team-10/web, team-11/web, team-12/web, team-13/web, team-14/web and 7 more",
  });
});

test.each([
  { text: "web", named: undefined, is: "team/web" },
  { text: "web", named: "shop", is: "shop/web" },
  { text: "shop/web", named: undefined, is: "shop/web" },
  { text: "shop/web", named: "shop", is: "shop/web" },
])("$text with -n $named is $is", ({ text, named, is }) => {
  const [namespace, name] = is.split("/");
  expect(parseServiceName(text, named, "team")).toEqual({ ok: true, value: { namespace, name } });
});

test.each([
  { text: "", named: undefined, says: '"" is not NAMESPACE/NAME or NAME' },
  { text: "/web", named: undefined, says: '"/web" is not NAMESPACE/NAME or NAME' },
  { text: "shop/", named: undefined, says: '"shop/" is not NAMESPACE/NAME or NAME' },
  { text: "service/shop/web", named: undefined, says: '"service/shop/web" is not NAMESPACE/NAME or NAME' },
  { text: "shop/web", named: "prod", says: "shop/web is not in namespace prod: give one of the two" },
])("$text with -n $named: $says", ({ text, named, says }) => {
  expect(parseServiceName(text, named, "team")).toEqual({ ok: false, error: says });
});
