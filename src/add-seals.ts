import { MmError } from './errors.js';
import type { Kernel } from './kernel.js';
import { flagNames } from './names.js';
import { ESLEEP, F_ADD_SEALS } from './wasm/generated/layout.js';

/** Milliseconds before scan number 1 of a file whose pages are pinned; each later one doubles. */
const FIRST_SLEEP_MS = 10;
const EBUSY = -16;

/**
 * fcntl(F_ADD_SEALS), which may have to wait for pins to go: up to 150 ms of the machine's clock,
 * with i_rwsem held. What `machine.at` has set for that time runs meanwhile, and may release them.
 * An error that a callback throws is thrown once the call has ended.
 */
export function addSeals(kernel: Kernel, task: number, fd: number, seals: number): void {
  const file = kernel.run((core) => core.sysHoldFile(task, fd));
  if (file < 0) throw sealError(fd, seals, file, undefined);
  const callbackErrors: unknown[] = [];
  let result = kernel.run((core) => core.sysFcntl(task, fd, F_ADD_SEALS, seals));
  for (let scan = 1; result === ESLEEP; scan++) {
    callbackErrors.push(...kernel.sleep(FIRST_SLEEP_MS * 2 ** (scan - 1)));
    result = kernel.run((core) => core.sysContinueAddSeals(file, seals, scan));
  }
  const reason = result === EBUSY ? whyBusy(kernel, file) : undefined;
  kernel.run((core) => core.sysDropFile(file));
  if (callbackErrors.length > 0) throw callbackErrors[0];
  if (result < 0) throw sealError(fd, seals, result, reason);
}

/** What stands in the way: mappings, or pages that somebody holds. */
function whyBusy(kernel: Kernel, file: number): string | undefined {
  const { views } = kernel;
  const inode = views.read('File', 'inode', file);
  const mapping = views.address('Inode', 'mapping0', inode);
  const name = views.read('Inode', 'name', inode);
  const memfd = name === 0 ? 'the file' : `memfd ${JSON.stringify(views.text(name))}`;
  const writers = views.readSigned('AddressSpace', 'iMmapWritable', mapping);
  const pages = kernel.run((core) => core.sysBusyPages(file));
  if (writers > 0 && pages === 0) {
    const plural = writers === 1 ? 'shared mapping may' : 'shared mappings may';
    return `${writers} ${plural} write to ${memfd}`;
  }
  const counted = writers > 0 ? `, and i_mmap_writable is ${writers}` : '';
  const subject = pages === 1 ? `1 page of ${memfd} is` : `${pages} pages of ${memfd} are`;
  return `${subject} pinned${counted}`;
}

function sealError(fd: number, seals: number, errno: number, reason: string | undefined): MmError {
  const call = `fcntl(F_ADD_SEALS, ${flagNames('F_SEAL_', seals)})`;
  const why = errno === -9 ? `bad file descriptor ${fd}` : reason;
  return new MmError({ call, syscall: 'fcntl', errno, reason: why });
}
