import {
  MEM_MAP,
  PAGE_MAPPING_ANON,
  PAGE_SIZE,
  PAGE_STRUCT_SIZE,
  SchedNote,
  STRUCTS,
} from '../../../wasm/generated/layout.js';
import { pfnsOf } from '../../../stats/vectors.js';
import { ExploreError } from '../../explore-error.js';
import { hashBytes, mix } from '../../hash.js';
import type { ContentWrites } from './content-writes.js';
import { Contents, type Place } from './contents.js';
import { cpuName, inBrackets, type Oracle, type OracleContext } from './oracle.js';

const INODE_MAPPING = STRUCTS.Inode.fields.mapping0.offset;

/** A page of a file that somebody has taken, and which page of it that was. */
interface Taken {
  readonly inode: number;
  readonly index: number;
  readonly pfn: number;
  readonly cpu: number;
  readonly step: number;
  readonly place: string | undefined;
}

/** What a device had written into it when it was marked dirty. */
interface Written extends Taken {
  readonly bytes: Uint8Array;
  /** The step of the write. */
  readonly write: number;
}

/**
 * What a device writes into a page of a file, marked dirty when it is given back, is what whoever
 * reads the file finds there, in whatever frame the page is by then or in its slot of the swap
 * device.
 *
 * Looked at is the end. A page that was cut off or punched out is given up, whoever still holds it,
 * and so is a file that is gone; and if somebody has written to the page since, nobody can tell any
 * more. Of private memory pinned-pages.ts has the like.
 */
export class FileWrites implements Oracle {
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
    if (note === SchedNote.Take) this.#take(cpu, address);
    if (this.#taken.size === 0 && this.#written.length === 0) return;
    if (note === SchedNote.Dirty) this.#keepWritten(address);
    else if (note === SchedNote.SetSize) this.#forget(address, first / PAGE_SIZE, Infinity);
    else if (note === SchedNote.GiveUp) {
      this.#forget(address, first / PAGE_SIZE, behind / PAGE_SIZE);
    } else if (note === SchedNote.Free) {
      this.#taken.delete(address);
      this.#forget(address, 0, Infinity);
    }
  }

  eachPart(take: (part: number) => void): void {
    for (const [vector, pages] of this.#taken) {
      for (const { inode, index, pfn } of pages) take(mix(mix(mix(vector, pfn), inode), index));
    }
    for (const written of this.#written) {
      take(mix(mix(hashBytes(written.bytes), written.inode), written.index));
      take(this.#isWrittenSince(written, written.pfn) ? 1 : 0);
    }
  }

  end(): ExploreError | undefined {
    for (const written of this.#written) {
      const now = this.#contents.pagesOf(written.inode).get(written.index);
      if (this.#isLost(written, now)) return this.#lost(written, now);
    }
    return undefined;
  }

  #take(cpu: number, vector: number): void {
    const { views } = this.#context;
    const step = this.#context.step();
    const place = this.#context.place();
    const pages: Taken[] = [];
    for (const pfn of pfnsOf(views, vector)) {
      const page = MEM_MAP + pfn * PAGE_STRUCT_SIZE;
      const mapping = views.read('Page', 'mapping', page);
      // Private, or cut off already.
      if (mapping === 0 || (mapping & PAGE_MAPPING_ANON) !== 0) continue;
      const index = views.read('Page', 'index', page);
      pages.push({ cpu, step, place, inode: mapping - INODE_MAPPING, index, pfn });
    }
    if (pages.length > 0) this.#taken.set(vector, pages);
  }

  #keepWritten(vector: number): void {
    if (this.#contents.size === 0) return;
    for (const page of this.#taken.get(vector) ?? []) {
      const write = this.#writes.of(page.pfn);
      if (write === undefined) continue;
      const bytes = this.#contents.copyOf({ pfn: page.pfn, slot: 0 });
      this.#forget(page.inode, page.index, page.index + 1, 'written');
      this.#written.push({ ...page, bytes, write: write.step });
    }
  }

  /** Some pages of a file are not the file's any more; or what was written to them is replaced. */
  #forget(inode: number, first: number, behind: number, what: 'both' | 'written' = 'both'): void {
    const stays = (page: Taken) =>
      page.inode !== inode || page.index < first || page.index >= behind;
    this.#written = this.#written.filter(stays);
    if (what === 'written') return;
    for (const [vector, pages] of this.#taken) {
      if (!pages.every(stays)) this.#taken.set(vector, pages.filter(stays));
    }
  }

  #isLost(written: Written, now: Place | undefined): boolean {
    if (now === undefined) return true;
    if (this.#contents.isEqual(now, written.bytes)) return false;
    return !this.#isWrittenSince(written, now.pfn >= 0 ? now.pfn : written.pfn);
  }

  #isWrittenSince({ write }: Written, pfn: number): boolean {
    const last = this.#writes.of(pfn);
    return last !== undefined && last.step > write;
  }

  #lost(written: Written, now: Place | undefined): ExploreError {
    const { cpu, step, place, pfn, index, inode, write } = written;
    const text = this.#context.views.read('Inode', 'name', inode);
    const name = text === 0 ? '' : ` "${this.#context.views.text(text)}"`;
    const when = step < 0 ? '' : ` in step ${step + 1}${inBrackets(place)}`;
    const message =
      `a device's write is lost: ${cpuName(this.#context, cpu)} has taken page ${pfn}, which is ` +
      `page ${index} of the file${name}${when}, a device has written to it in step ` +
      `${write + 1}${inBrackets(this.#context.placeOfStep(write))}, and at the end ` +
      `${placeText(now)}, without what it wrote`;
    const object = `page ${index} of the file${name}`;
    return new ExploreError('lost-write', message, { step: write, other: step, object });
  }
}

function placeText(now: Place | undefined): string {
  if (now === undefined) return 'the file has no page there';
  if (now.pfn < 0) return `the file has slot ${now.slot} of the swap device there`;
  return `the file has page ${now.pfn} there`;
}
