import { isObject } from "../schema/json.ts";
import type { JsonObject } from "../schema/json.ts";

/** RFC 7396 §2. Shares with `current` what the patch leaves alone. */
export function mergePatch(current: JsonObject, patch: JsonObject): JsonObject {
  const merged: JsonObject = { ...current };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else if (isObject(value)) merged[key] = mergePatch(isObject(merged[key]) ? merged[key] : {}, value);
    else merged[key] = value;
  }
  return merged;
}
