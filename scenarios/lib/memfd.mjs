/** What scenarios on sealed files share. */
import {
  F_ADD_SEALS,
  F_SEAL_WRITE,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  attempt,
} from 'mmemu';

/** A process with a file of one page, which it has written to and mapped. */
export function mappedFile(machine) {
  const process = machine.spawn();
  const fd = process.memfdCreate('buf', MFD_ALLOW_SEALING);
  process.ftruncate(fd, PAGE_SIZE);
  const addr = process.mmap(0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  process.store(addr, Uint8Array.of(1));
  return { process, fd, addr, sealed: undefined };
}

/** Seals the file; a success is noted with what the file holds then. */
export function* seal(context, cpu) {
  const { process, fd } = context;
  const result = yield* attempt(cpu.on(process).fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
  cpu.outcome(result.ok ? 'sealed' : result.error.code);
  if (result.ok) context.sealed = (yield* cpu.on(process).pread(fd, 1, 0))[0];
}

/** Of `check`: a sealed file holds what it held when it was sealed. */
export function mustStaySealed(_, { process, fd, sealed }) {
  if (sealed === undefined) return;
  const [now] = process.pread(fd, 1, 0);
  if (now !== sealed) throw new Error(`the sealed file held ${sealed}, and holds ${now}`);
}
