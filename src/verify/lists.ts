import type { Audit } from './audit.js';
import { hex, offsetsOf } from './core-memory.js';

const LINK = offsetsOf('ListHead');

/**
 * The links of a list, without its head. Stops at the first link that does not point back: so it
 * ends whatever the memory holds, since no two links that both point to a third can pass.
 * @param isLink whether an address can be a link of this list
 */
export function walkList(
  audit: Audit,
  head: number,
  list: string,
  isLink: (address: number) => boolean,
): number[] {
  const { memory, findings } = audit;
  const links: number[] = [];
  let at = head;
  while (true) {
    const next = memory.u32(at + LINK.next);
    if (next !== head && !isLink(next)) {
      findings.report('list', list, 'a link', hex(next), `next of ${hex(at)}`);
      return links;
    }
    const back = memory.u32(next + LINK.prev);
    if (back !== at) {
      findings.report('list', list, hex(at), hex(back), `prev of ${hex(next)}`);
      return links;
    }
    if (next === head) return links;
    links.push(next);
    at = next;
  }
}
