/**
 * An anon_vma that one process calls its own is adopted by two VMAs of another, because children
 * and VMAs are one count. VMAs with one anon_vma are taken for alike and merged, although they have
 * joined different families: the anon_vma of a page goes with its last VMA while the page is mapped.
 *
 *   root   owns R
 *     a    owns A, child of R; ends: nobody owns A, so whoever is forked from b adopts it
 *       b  owns B, child of A; it cuts its VMA in two, so both have B
 *     c    forked from b: adopts A, has B in its chain; it cuts its VMA in two as well
 *       d  forked from c: its VMAs get D1 and D2, children of A. b ends: nobody owns B
 *       e  forked from d: its first VMA adopts B. The second must not: its pages know D2 alone
 */
import { MAP_ANONYMOUS, MAP_PRIVATE, PAGE_SIZE, PROT_READ, PROT_WRITE, scenario } from 'mmemu';

const RW = PROT_READ | PROT_WRITE;

/** What e is forked from, with what e is to know: two VMAs side by side. */
function family(machine) {
  const root = machine.spawn();
  const addr = root.mmap(0, 2 * PAGE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  root.store(addr, Uint8Array.of(1));
  const a = root.fork();
  const b = a.fork();
  a.exit();
  const c = b.fork();
  b.mprotect(addr, PAGE_SIZE, PROT_READ);
  c.mprotect(addr, PAGE_SIZE, PROT_READ);
  const d = c.fork();
  b.exit();
  return { d, addr };
}

export default scenario({
  name: 'anon_vma.degree',
  machine: { memory: '256KiB', contents: 'stamp', bugs: ['anon_vma.degree'] },
  setup(machine) {
    const { d, addr } = family(machine);
    const second = addr + PAGE_SIZE;
    d.store(second, Uint8Array.of(2)); // a page of D2
    return { d, e: d.fork(), addr, second };
  },
  cpus: {
    *merger({ e, addr }, cpu) {
      yield* cpu.on(e).mprotect(addr, PAGE_SIZE, RW); // now e's VMAs look alike
    },
    *leaver({ d, second }, cpu) {
      yield* cpu.on(d).munmap(second, PAGE_SIZE); // D2 stays for the page in e, if e has joined it
    },
  },
});
