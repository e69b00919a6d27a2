import type { Users } from "../auth.ts";
import type { Gate } from "../authorization/gate.ts";
import { methodNotAllowed } from "../errors.ts";
import type { ResourceRequest } from "../http/resource-request.ts";
import type { Kernel } from "../kernel.ts";
import { evict } from "./eviction.ts";
import { serveLog } from "./log.ts";
import { type DialPod, proxyToPod } from "./pod-proxy.ts";
import { review } from "./reviews.ts";
import { serveScale } from "./scale.ts";
import { requestToken } from "./token.ts";

export type Handler = (call: ResourceRequest) => Promise<void>;

/** Requests that are not plain reads and writes of a stored object. */
export class SubresourceHandlers {
  readonly #bySubresource: Readonly<Record<string, Handler>>;
  readonly #review: Handler;

  constructor(
    kernel: Kernel,
    { users, gate }: { readonly users: Users; readonly gate: Gate },
    { logDir, dialPod }: { readonly logDir?: string; readonly dialPod?: DialPod },
  ) {
    this.#bySubresource = {
      eviction: (call) => evict(kernel, call),
      log: (call) => serveLog(kernel, logDir, call),
      proxy: (call) => proxyToPod(kernel, call, dialPod),
      scale: (call) => serveScale(kernel, call),
      token: (call) => requestToken(kernel, users, call),
    };
    this.#review = (call) => review(users, gate, call);
  }

  /** The handler of a request that has one of its own. Throws 405 for a method that it doesn't have. */
  find(call: ResourceRequest): Handler | undefined {
    const { group } = call.definition.served;
    if (group === "authentication.k8s.io" || group === "authorization.k8s.io") {
      if (call.verb !== "create") throw methodNotAllowed();
      return this.#review;
    }
    return Object.hasOwn(this.#bySubresource, call.subresource) ? this.#bySubresource[call.subresource] : undefined;
  }
}
