import { descriptor, flagWord, unsigned } from './check.js';
import { MmError } from './errors.js';
import type { Kernel } from './kernel.js';
import { flagNames, hex } from './names.js';

/** pipe2(2): the descriptor to read from, and that to write to. */
export function makePipe(kernel: Kernel, task: number, flags: number): [number, number] {
  const how = flagWord(flags, 'flags');
  const { scratch, views } = kernel;
  const result = kernel.run((core) => core.sysPipe(task, scratch, how));
  if (result < 0) {
    const call = `pipe(${flagNames('O_', how)})`;
    throw new MmError({ call, syscall: 'pipe', errno: result });
  }
  return [views.u32At(scratch), views.u32At(scratch + 4)];
}

/** vmsplice(2) of one range: bytes moved. */
export function vmsplice(
  kernel: Kernel,
  task: number,
  fd: number,
  addr: number,
  length: number,
  flags: number,
): number {
  descriptor(fd, 'fd');
  unsigned(addr, 'addr');
  unsigned(length, 'length');
  const how = flagWord(flags, 'flags');
  const result = kernel.run((core) => core.sysVmsplice(task, fd, addr, length, how));
  if (result >= 0) return result;
  const call = `vmsplice(${fd}, ${hex(addr)}, ${length}, ${flagNames('SPLICE_F_', how)})`;
  throw new MmError({ call, syscall: 'vmsplice', errno: result });
}
