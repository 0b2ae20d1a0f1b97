/**
 * Numbers at the border. 64-bit integers would cross it as BigInt, at many times the price of a
 * call, so addresses, lengths and offsets come as f64: whole numbers that TypeScript has checked.
 * Negative ones wrap around, as they do in C.
 */
export function toU64(value: f64): u64 {
  return value < 0 ? <u64>(<i64>value) : <u64>value;
}

/** A result as TypeScript takes it: an address or count, or a negative error. */
export function toF64(value: i64): f64 {
  return <f64>value;
}
