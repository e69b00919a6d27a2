import { customResourceDefinitions } from "../../src/config/crds.ts";
import type { ApiServer, ApiServerOptions } from "../../src/dev/api-server/server.ts";
import { startApiServer } from "../../src/dev/api-server/server.ts";
import { RawApiClient } from "./raw-api-client.ts";

export interface ApiServerLab {
  readonly server: ApiServer;
  readonly api: RawApiClient;
  close(): Promise<void>;
}

/** An embedded API server with the load balancer's own kinds and a client without any library. */
export async function startApiServerLab(options: ApiServerOptions = {}): Promise<ApiServerLab> {
  const server = await startApiServer({ crds: customResourceDefinitions(), ...options });
  const api = new RawApiClient(server);
  await api.post("/api/v1/namespaces", { metadata: { name: "metallb-system" } });
  return {
    server,
    api,
    close: async () => {
      api.close();
      await server.close();
    },
  };
}

/** Asks until `accept` is satisfied; throws when that takes too long. For what the server's controllers do in their own time. */
export async function eventually<T>(
  ask: () => Promise<T>,
  accept: (answer: T) => boolean,
  timeoutMs = 5000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (accept(answer)) return answer;
    if (performance.now() > deadline) throw new Error(`not in time; the last answer was ${JSON.stringify(answer)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
