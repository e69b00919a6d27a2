import type { Millis } from "../lib/duration.ts";
import type { MemberChange } from "./change.ts";
import type { Endpoint, PacketMessage, Ping, PushPull } from "./message.ts";
import type { Standing } from "./self-doubt.ts";

/** What a member wants done. */
export type MembershipAction =
  /** All of it fits in one datagram. */
  | { readonly do: "send"; readonly to: Endpoint; readonly messages: readonly PacketMessage[] }
  /** Answered by `stream-ping-answered`, or by nothing. */
  | { readonly do: "stream-ping"; readonly to: Endpoint; readonly ping: Ping; readonly timeout: Millis }
  /** Sends our state over a stream and waits for theirs. Answered by `exchanged` or `exchange-failed`. */
  | { readonly do: "exchange"; readonly id: number; readonly to: Endpoint; readonly state: PushPull }
  | { readonly do: "tell"; readonly change: MemberChange }
  /** Whether others may have taken our place without our knowledge. Comes with every change of it. */
  | { readonly do: "stand"; readonly standing: Standing }
  /** The others know that we go. */
  | { readonly do: "left" };
