/**
 * A child puts a page that it shares with its parent into a pipe, and unmaps it. By the mapcount the
 * parent has the page for itself now, writes to it in place, and the child reads that from the pipe.
 */
import { PAGE_SIZE, scenario } from 'mmemu';
import { onePage } from '../lib/private.mjs';

export default scenario({
  name: 'cow.mapcount_only',
  machine: { memory: '256KiB', contents: 'stamp', bugs: ['cow.mapcount_only'] },
  setup(machine) {
    const { process, addr } = onePage(machine);
    const child = process.fork();
    const [output, input] = child.pipe();
    return { process, child, addr, output, input };
  },
  cpus: {
    *child({ child, addr, input }, cpu) {
      yield* cpu.on(child).vmsplice(input, addr, PAGE_SIZE);
      yield* cpu.on(child).munmap(addr, PAGE_SIZE);
    },
    *parent({ process, addr }, cpu) {
      yield* cpu.on(process).store(addr, Uint8Array.of(2));
    },
  },
  check(_, { child, output }) {
    const [seen] = child.read(output, 1);
    if (seen !== 1) throw new Error(`the child reads ${seen}, which the parent wrote after fork`);
  },
});
