/**
 * GUP-fast reads an entry, and takes the page it names; meanwhile the entry is cleared, the last
 * writable mapping is gone, and a sealer finds no pin. Who does not read the entry again has a page
 * of a sealed file to write to.
 */
import { FOLL_WRITE, PAGE_SIZE, attempt, scenario } from 'mmemu';
import { mappedFile, mustStaySealed, seal } from '../lib/memfd.mjs';

export default scenario({
  name: 'gup.no_pte_recheck',
  machine: {
    memory: '256KiB',
    contents: 'stamp',
    policy: { pin: 'pincount', seal: 'refuse-if-counted' },
    bugs: ['gup.no_pte_recheck'],
  },
  setup: mappedFile,
  cpus: {
    *device({ process, addr }, cpu) {
      const pinned = yield* attempt(cpu.on(process).pinUserPagesFast(addr, 1, FOLL_WRITE));
      if (!pinned.ok) return;
      yield* pinned.value.write(0, Uint8Array.of(2));
      yield* pinned.value.release();
    },
    *unmapper({ process, addr }, cpu) {
      yield* cpu.on(process).munmap(addr, PAGE_SIZE);
    },
    sealer: seal,
  },
  check: mustStaySealed,
});
