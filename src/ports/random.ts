export interface Random {
  /** Uniform in 0 <= r < 1. Not for secrets. */
  next(): number;
}
