/** Durations are branded so that seconds and milliseconds cannot be confused. */
export type Millis = number & { readonly unit: "ms" };

export function millis(n: number): Millis {
  return n as Millis;
}

export function seconds(n: number): Millis {
  return (n * 1000) as Millis;
}
