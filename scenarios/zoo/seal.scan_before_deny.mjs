/**
 * A sealer that looks for pins first, and denies writable mappings then, misses a pin that is taken
 * and unmapped in between: the device writes to a sealed file.
 */
import { FOLL_WRITE, PAGE_SIZE, scenario } from 'mmemu';
import { mappedFile, mustStaySealed, seal } from '../lib/memfd.mjs';

export default scenario({
  name: 'seal.scan_before_deny',
  machine: { memory: '256KiB', contents: 'stamp', bugs: ['seal.scan_before_deny'] },
  setup: mappedFile,
  cpus: {
    *device({ process, addr }, cpu) {
      const pages = yield* cpu.on(process).pinUserPagesFast(addr, 1, FOLL_WRITE);
      yield* cpu.on(process).munmap(addr, PAGE_SIZE);
      yield* pages.write(0, Uint8Array.of(2));
      yield* pages.release();
    },
    sealer: seal,
  },
  check: mustStaySealed,
});
