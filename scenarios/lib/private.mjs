/** What scenarios on private memory share. */
import { MAP_ANONYMOUS, MAP_PRIVATE, PAGE_SIZE, PROT_READ, PROT_WRITE } from 'mmemu';

/** A process with one page of its own. */
export function onePage(machine) {
  const process = machine.spawn();
  const prot = PROT_READ | PROT_WRITE;
  const addr = process.mmap(0, PAGE_SIZE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  process.store(addr, Uint8Array.of(1));
  return { process, addr };
}

/** Of `check`: what the process writes, the device sees, as long as it has the page. */
export function mustStayPinned(_, { process, addr, pages }) {
  if (pages === undefined) return;
  process.store(addr, Uint8Array.of(7));
  const [{ pfn }] = process.pagemap(addr, 1);
  const [pinned] = pages.pfns;
  if (pfn !== pinned) throw new Error(`page ${pfn} is mapped, but page ${pinned} is pinned`);
}
