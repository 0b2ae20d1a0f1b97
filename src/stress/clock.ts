/** A clock that all threads share, in milliseconds. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
