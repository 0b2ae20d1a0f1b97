/**
 * A write from a mapping of the very page that is written. The buffer is touched first, so that no
 * fault happens once the page is locked; but another thread drops the entry in between, and the
 * writer faults, and waits for a lock that it has itself.
 */
import { MADV_DONTNEED, PAGE_SIZE, scenario } from 'mmemu';
import { mappedFile } from '../lib/memfd.mjs';

export default scenario({
  name: 'write.fault_under_page_lock',
  machine: { memory: '256KiB', contents: 'stamp', bugs: ['write.fault_under_page_lock'] },
  setup: mappedFile,
  cpus: {
    *writer({ process, fd, addr }, cpu) {
      yield* cpu.on(process).writeFrom(fd, addr, 1, 1);
    },
    *other({ process, addr }, cpu) {
      yield* cpu.on(process).madvise(addr, PAGE_SIZE, MADV_DONTNEED);
    },
  },
  check(_, { process, fd }) {
    const [first, second] = process.pread(fd, 2, 0);
    if (first !== second) throw new Error(`the file holds ${first}, and its copy is ${second}`);
  },
});
