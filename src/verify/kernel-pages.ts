import {
  KDESC_BASE,
  KDESC_SIZE,
  KMEM_BASE,
  KPAGE_DATA,
  KPAGE_FREE,
  KPAGE_PGTABLE,
  KPAGE_SLAB,
  PAGE_SIZE,
} from '../wasm/generated/layout.js';
import type { Audit } from './audit.js';
import { hex, offsetsOf } from './core-memory.js';
import { KMEM_STATE } from '../wasm/generated/layout.js';
import { kernelPageAt, kernelPageOf } from './places.js';

const KDESC = offsetsOf('Kdesc');
const STATE = offsetsOf('Kmem');
const KINDS = [KPAGE_FREE, KPAGE_PGTABLE, KPAGE_SLAB, KPAGE_DATA];

/** The kernel's own pages: what each is used for, and which of them somebody has claimed. */
export class KernelPages {
  readonly #audit: Audit;
  readonly #kinds: Uint8Array;
  readonly #claimed: Uint8Array;

  constructor(audit: Audit) {
    this.#audit = audit;
    const { memory } = audit;
    const frontier = memory.u32(KMEM_STATE + STATE.frontier);
    const possible = Math.floor(
      (audit.context.views.memory.buffer.byteLength - KMEM_BASE) / PAGE_SIZE,
    );
    const count = Math.max(0, Math.min(frontier, possible));
    audit.findings.equal('kernel-pages', 'kmem', count, frontier, 'frontier');
    this.#kinds = Uint8Array.from({ length: count }, (_, page) =>
      memory.u32(KDESC_BASE + page * KDESC_SIZE + KDESC.kind),
    );
    this.#claimed = new Uint8Array(count);
    this.#checkKinds();
    this.#checkFree();
  }

  /** Pages below the frontier. */
  get count(): number {
    return this.#kinds.length;
  }

  /** KPAGE_* of the page that holds an address; undefined for an address in none. */
  kindAt(address: number): number | undefined {
    return this.#kinds[kernelPageOf(address)];
  }

  /** A field of a page's descriptor. */
  descriptor(page: number, field: keyof typeof KDESC): number {
    return this.#audit.memory.u32(KDESC_BASE + page * KDESC_SIZE + KDESC[field]);
  }

  /** Numbers of the pages of one kind. */
  *ofKind(kind: number): Generator<number> {
    for (let page = 0; page < this.count; page++) if (this.#kinds[page] === kind) yield page;
  }

  /**
   * Notes that something uses a page of a kind; false when it may not: it is no such page, or has
   * another owner already.
   */
  claim(address: number, kind: number, owner: string): boolean {
    const { findings } = this.#audit;
    const page = kernelPageOf(address);
    if (address % PAGE_SIZE !== 0 || this.#kinds[page] !== kind) {
      findings.report('kernel-page-owner', owner, `a page of kind ${kind}`, hex(address));
      return false;
    }
    const before = this.#claimed[page] ?? 0;
    this.#claimed[page] = 1;
    return findings.equal(
      'kernel-page-owner',
      nameOf(page),
      'one owner',
      before === 0 ? 'one owner' : `${owner} too`,
    );
  }

  /** Reports the pages that are used by nobody; called once all have claimed theirs. */
  checkClaims(): void {
    for (const kind of [KPAGE_PGTABLE, KPAGE_DATA]) {
      for (const page of this.ofKind(kind)) {
        if (this.#claimed[page] !== 0) continue;
        const detail = kind === KPAGE_PGTABLE ? 'a page table' : 'a page of data';
        this.#audit.findings.report('kernel-page-owner', nameOf(page), 'an owner', 'none', detail);
      }
    }
  }

  #checkKinds(): void {
    const { memory, findings } = this.#audit;
    let used = 0;
    for (let page = 0; page < this.count; page++) {
      const kind = this.descriptor(page, 'kind');
      if (!KINDS.includes(kind)) {
        findings.report('kernel-pages', nameOf(page), 'a kind of page', kind, 'kind');
      }
      if (kind !== KPAGE_FREE) used++;
    }
    findings.equal('kernel-pages', 'kmem', used, memory.u32(KMEM_STATE + STATE.nrUsed), 'nrUsed');
  }

  /** The list of free pages has each once, and they are as clean as their next user expects. */
  #checkFree(): void {
    const { memory, findings } = this.#audit;
    const listed = new Uint8Array(this.count);
    for (let at = memory.u32(KMEM_STATE + STATE.firstFree); at !== 0;) {
      const page = kernelPageOf(at);
      if (at % PAGE_SIZE !== 0 || this.#kinds[page] !== KPAGE_FREE || listed[page] !== 0) {
        findings.report('kernel-pages', 'kmem', 'a free page, once', hex(at), 'free list');
        break;
      }
      listed[page] = 1;
      at = this.descriptor(page, 'nextFree');
    }
    for (const page of this.ofKind(KPAGE_FREE)) {
      findings.equal(
        'kernel-pages',
        () => nameOf(page),
        1,
        listed[page] ?? 0,
        'times on the free list',
      );
      if (memory.isZero(kernelPageAt(page), PAGE_SIZE)) continue;
      findings.report('kernel-page-zero', nameOf(page), 'zeros', 'something else');
    }
  }
}

function nameOf(page: number): string {
  return `kernel page ${page}`;
}
