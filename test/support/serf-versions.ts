import type { Versions } from "../../src/membership/message.ts";

/** serf exchanges state only with members that speak its own protocol, which it calls the delegate's. */
export const SERF_VERSIONS: Versions = {
  protocolMin: 1,
  protocolMax: 5,
  protocol: 2,
  delegateMin: 2,
  delegateMax: 5,
  delegate: 5,
};
