/** Wall-clock milliseconds as the API prints times: whole seconds in UTC. */
export function rfc3339(wallTime: number): string {
  return new Date(wallTime).toISOString().replace(/\.\d+Z$/, "Z");
}
