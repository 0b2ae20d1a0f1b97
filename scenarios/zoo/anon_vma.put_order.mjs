/**
 * Parent and child unmap what they have shared since a fork. The child's anon_vma holds the root,
 * whose lock is the family's; who drops the root first looks at a lock in freed memory.
 */
import { PAGE_SIZE, scenario } from 'mmemu';
import { onePage } from '../lib/private.mjs';

export default scenario({
  name: 'anon_vma.put_order',
  machine: { memory: '256KiB', contents: 'stamp', bugs: ['anon_vma.put_order'] },
  setup(machine) {
    const { process, addr } = onePage(machine);
    return { process, addr, child: process.fork() };
  },
  cpus: {
    *parent({ process, addr }, cpu) {
      yield* cpu.on(process).munmap(addr, PAGE_SIZE);
    },
    *child({ child, addr }, cpu) {
      yield* cpu.on(child).munmap(addr, PAGE_SIZE);
    },
  },
});
