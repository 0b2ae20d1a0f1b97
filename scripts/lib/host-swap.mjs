/** What the host's kernel swaps to. */
import { readFileSync } from 'node:fs';

/** Whether it swaps, and to memory only: zram writes at once, as the emulated device does. */
export function swapsToMemory() {
  const devices = readFileSync('/proc/swaps', 'utf8').split('\n').slice(1);
  const used = devices.filter((line) => line !== '');
  return used.length > 0 && used.every((line) => line.startsWith('/dev/zram'));
}
