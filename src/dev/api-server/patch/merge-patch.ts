import type { Json } from "../objects.ts";
import { isRecord } from "../objects.ts";

/** RFC 7396 §2. Shares with `current` what the patch leaves alone. */
export function mergePatch(current: Json, patch: Json): Json {
  const merged: Json = { ...current };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else if (isRecord(value)) merged[key] = mergePatch(isRecord(merged[key]) ? merged[key] : {}, value);
    else merged[key] = value;
  }
  return merged;
}
