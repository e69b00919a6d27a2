/** RFC 4271 §8.2.2. */
export type SessionState = "Idle" | "Connect" | "Active" | "OpenSent" | "OpenConfirm" | "Established";

/** How far from Established; a session with two connections is where the further one is. */
const PROGRESS: Readonly<Record<SessionState, number>> = {
  Idle: 0,
  Active: 1,
  Connect: 2,
  OpenSent: 3,
  OpenConfirm: 4,
  Established: 5,
};

export function furtherState(one: SessionState, other: SessionState): SessionState {
  return PROGRESS[other] > PROGRESS[one] ? other : one;
}
