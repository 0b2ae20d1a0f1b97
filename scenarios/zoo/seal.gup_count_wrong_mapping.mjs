/**
 * Pins count in their file, and a release looks for the file in the page. A page that was truncated
 * meanwhile has none: the count never falls, and the file can never be sealed.
 */
import { FOLL_WRITE, PAGE_SIZE, scenario } from 'mmemu';
import { mappedFile } from '../lib/memfd.mjs';

export default scenario({
  name: 'seal.gup_count_wrong_mapping',
  machine: {
    memory: '256KiB',
    contents: 'stamp',
    policy: { pin: 'i-mmap-writable', seal: 'refuse-if-counted' },
    bugs: ['seal.gup_count_wrong_mapping'],
  },
  setup(machine) {
    const { process, fd, addr } = mappedFile(machine);
    const pages = process.pinUserPages(addr, 1, FOLL_WRITE);
    process.munmap(addr, PAGE_SIZE);
    return { process, fd, pages };
  },
  cpus: {
    *device({ pages }, cpu) {
      yield* cpu.on(pages).release();
    },
    *truncator({ process, fd }, cpu) {
      yield* cpu.on(process).ftruncate(fd, 0);
    },
  },
});
