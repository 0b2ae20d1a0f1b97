import {
  FOLL_PIN,
  MEM_MAP,
  PAGE_MAPPING_ANON,
  PAGE_SIZE,
  PAGE_STRUCT_SIZE,
  SchedNote,
} from '../../../wasm/generated/layout.js';
import { pfnsOf } from '../../../stats/vectors.js';
import { ExploreError } from '../../explore-error.js';
import { hashBytes, mix } from '../../hash.js';
import type { ContentWrites } from './content-writes.js';
import { Contents, type Place } from './contents.js';
import { cpuName, inBrackets, type Oracle, type OracleContext } from './oracle.js';

/** A private page that somebody has taken, at the address where it was mapped. */
interface Taken {
  readonly mm: number;
  readonly address: number;
  readonly pfn: number;
  /** False for a plain reference, which promises less. */
  readonly isPin: boolean;
  readonly cpu: number;
  readonly step: number;
  readonly place: string | undefined;
}

/** What a device had written into such a page when it was given back. */
interface Written extends Taken {
  readonly bytes: Uint8Array;
  /** The step of the write. */
  readonly write: number;
}

/** Processes give addresses up in ranges. */
interface Range {
  readonly mm: number;
  readonly start: number;
  readonly end: number;
}

/**
 * A pinned page of private memory stays the page that is mapped where it was pinned, until its
 * process unmaps it (munmap, MADV_DONTNEED, mremap, exit); and what a device writes into a page,
 * marked dirty when it is given back, is what its process reads there afterwards.
 *
 * Looked at is the end: which page is mapped, or lies in the swap cache, where a page was pinned;
 * and what a process would read where a device has written, unless somebody has written to the page
 * since, or the process has given the contents up (MADV_FREE). A plain reference (FOLL_GET) does
 * not keep its page from being replaced, by copy-on-write, but its data from being dropped. Of
 * pages of files see file-writes.ts.
 */
export class PinnedPages implements Oracle {
  readonly #context: OracleContext;
  readonly #contents: Contents;
  readonly #writes: ContentWrites;
  /** By the address of the vector. */
  readonly #taken = new Map<number, readonly Taken[]>();
  #written: Written[] = [];
  #kept: { taken: [number, readonly Taken[]][]; written: Written[] } = { taken: [], written: [] };

  constructor(context: OracleContext, writes: ContentWrites) {
    this.#context = context;
    this.#contents = new Contents(context);
    this.#writes = writes;
  }

  keep(): void {
    this.#kept = { taken: [...this.#taken], written: this.#written };
    this.begin();
  }

  begin(): void {
    if (this.#taken.size > 0) this.#taken.clear();
    for (const [vector, pages] of this.#kept.taken) this.#taken.set(vector, pages);
    this.#written = this.#kept.written.slice();
  }

  note(cpu: number, note: number, address: number, first: number, behind: number): void {
    if (note === SchedNote.Take) this.#take(cpu, address, first);
    if (this.#taken.size === 0 && this.#written.length === 0) return;
    const range = { mm: address, start: first, end: behind };
    if (note === SchedNote.Dirty) this.#keepWritten(address);
    else if (note === SchedNote.Free) this.#taken.delete(address);
    else if (note === SchedNote.Zap) this.#forget(range);
    else if (note === SchedNote.GiveUp) this.#forgetWritten(range);
  }

  eachPart(take: (part: number) => void): void {
    for (const [vector, pages] of this.#taken) {
      for (const { pfn, address } of pages) take(mix(mix(vector, pfn), address / PAGE_SIZE));
    }
    for (const written of this.#written) {
      take(mix(hashBytes(written.bytes), written.pfn));
      take(this.#isWrittenSince(written, written.pfn) ? 1 : 0);
    }
  }

  end(): ExploreError | undefined {
    for (const pages of this.#taken.values()) {
      for (const page of pages) {
        if (!page.isPin) continue;
        const now = this.#contents.mappedAt(page.mm, page.address);
        if (now?.pfn !== page.pfn) return this.#replaced(page, now);
      }
    }
    for (const written of this.#written) {
      const now = this.#contents.mappedAt(written.mm, written.address);
      if (this.#isLost(written, now)) return this.#lost(written, now);
    }
    return undefined;
  }

  #take(cpu: number, vector: number, start: number): void {
    const { views } = this.#context;
    const mm = views.read('GupVec', 'mm', vector);
    const isPin = (views.read('GupVec', 'gupFlags', vector) & FOLL_PIN) !== 0;
    const step = this.#context.step();
    const place = this.#context.place();
    const own: Taken[] = [];
    let address = start - (start % PAGE_SIZE);
    for (const pfn of pfnsOf(views, vector)) {
      // Somebody may have unmapped it since it was taken.
      if (this.#isAnon(pfn) && this.#contents.mappedAt(mm, address)?.pfn === pfn) {
        own.push({ mm, address, pfn, isPin, cpu, step, place });
      }
      address += PAGE_SIZE;
    }
    if (own.length > 0) this.#taken.set(vector, own);
  }

  #isAnon(pfn: number): boolean {
    const page = MEM_MAP + pfn * PAGE_STRUCT_SIZE;
    return (this.#context.views.read('Page', 'mapping', page) & PAGE_MAPPING_ANON) !== 0;
  }

  /** The pages are about to be given back, and somebody says that they were written to. */
  #keepWritten(vector: number): void {
    if (this.#contents.size === 0) return;
    for (const page of this.#taken.get(vector) ?? []) {
      const write = this.#writes.of(page.pfn);
      if (write === undefined) continue;
      const bytes = this.#contents.copyOf({ pfn: page.pfn, slot: 0 });
      this.#written.push({ ...page, bytes, write: write.step });
    }
  }

  #forget(range: Range): void {
    for (const [vector, pages] of this.#taken) {
      if (!pages.some((page) => isIn(page, range))) continue;
      this.#taken.set(
        vector,
        pages.filter((page) => !isIn(page, range)),
      );
    }
    this.#forgetWritten(range);
  }

  #forgetWritten(range: Range): void {
    this.#written = this.#written.filter((page) => !isIn(page, range));
  }

  #isLost(written: Written, now: Place | undefined): boolean {
    if (now === undefined) return true;
    if (this.#contents.isEqual(now, written.bytes)) return false;
    if (!written.isPin && now.pfn !== written.pfn) return false;
    // Others have written since: to the page, or before it went to the swap device.
    return !this.#isWrittenSince(written, now.pfn >= 0 ? now.pfn : written.pfn);
  }

  #isWrittenSince({ write }: Written, pfn: number): boolean {
    const last = this.#writes.of(pfn);
    return last !== undefined && last.step > write;
  }

  #replaced(page: Taken, now: Place | undefined): ExploreError {
    const message =
      `a pinned page is not the mapped page: ${this.#takenText(page)}, ` +
      `and ${placeText(now)}, though nobody has unmapped it`;
    const object = `pinned by ${cpuName(this.#context, page.cpu)}`;
    return new ExploreError('pin', message, { step: page.step, object });
  }

  #lost(written: Written, now: Place | undefined): ExploreError {
    const { write } = written;
    const where = inBrackets(this.#context.placeOfStep(write));
    const message =
      `a device's write is lost: ${this.#takenText(written)}, a device has written to it in step ` +
      `${write + 1}${where}, and ${placeText(now)}, without what it wrote`;
    const object = `taken by ${cpuName(this.#context, written.cpu)}`;
    return new ExploreError('lost-write', message, {
      ...{ step: write, other: written.step, object },
    });
  }

  #takenText({ cpu, step, place, pfn, address, isPin }: Taken): string {
    const when = step < 0 ? '' : ` in step ${step + 1}${inBrackets(place)}`;
    const verb = isPin ? 'pinned' : 'taken';
    const at = `page ${pfn} at 0x${address.toString(16)}`;
    return `${cpuName(this.#context, cpu)} has ${verb} ${at}${when}`;
  }
}

function isIn({ mm, address }: Taken, range: Range): boolean {
  return mm === range.mm && address >= range.start && address < range.end;
}

function placeText(now: Place | undefined): string {
  if (now === undefined) return 'nothing is mapped there at the end';
  if (now.pfn < 0) return `slot ${now.slot} of the swap device is there at the end`;
  return `page ${now.pfn} is there at the end`;
}
