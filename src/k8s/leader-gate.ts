import { err } from "../lib/result.ts";
import type { KubeClient, KubeError, KubeResult, RequestLimits } from "../ports/kube.ts";
import type { WritePermit } from "../ports/leadership.ts";

/** `client`, except that it writes only with `permit`. Reads are free. */
export function withPermit(client: KubeClient, permit: WritePermit): KubeClient {
  async function guarded<T>(write: (limits: RequestLimits) => Promise<KubeResult<T>>): Promise<KubeResult<T>> {
    if (permit.remaining() === 0) return err(notLeader("not written: another replica leads, or none"));
    const { signal } = permit;
    const answer = await write({ permit });
    if (answer.ok || answer.error.code !== 0 || !signal.aborted) return answer;
    return err(notLeader("given up: the Lease ran out before there was an answer"));
  }
  return {
    get: (...read) => client.get(...read),
    list: (...read) => client.list(...read),
    create: (resource, body, options) => guarded((limits) => client.create(resource, body, { ...options, ...limits })),
    replace: (resource, name, body, options) =>
      guarded((limits) => client.replace(resource, name, body, { ...options, ...limits })),
    patch: (resource, name, patch, options) =>
      guarded((limits) => client.patch(resource, name, patch, { ...options, ...limits })),
    delete: (resource, name, options) => guarded((limits) => client.delete(resource, name, { ...options, ...limits })),
  };
}

function notLeader(message: string): KubeError {
  return { code: 0, reason: "NotLeader", message, retryable: true };
}
