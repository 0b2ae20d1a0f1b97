/** Whether the host swaps, and to memory only: zram writes at once, as the emulated device does. */
export function swapsToMemory(): boolean;
