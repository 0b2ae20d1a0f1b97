import { F_SEAL_WRITE, PAGE_SIZE, SchedNote } from '../../../wasm/generated/layout.js';
import { ExploreError } from '../../explore-error.js';
import { hashBytes, mix } from '../../hash.js';
import type { ContentWrites } from './content-writes.js';
import { Contents, type Place } from './contents.js';
import { cpuName, inBrackets, type Oracle, type OracleContext } from './oracle.js';

/** A file that was sealed against writing, as it was then. */
interface Sealed {
  readonly cpu: number;
  readonly step: number;
  readonly place: string | undefined;
  readonly pages: ReadonlyMap<number, Uint8Array>;
  /** Of all of that. */
  readonly hash: number;
  /** Pages from here on were cut off since, which a seal against writing allows. */
  end: number;
}

/**
 * A file that was sealed against writing does not change. What it holds is remembered when the seal
 * is set (F_SEAL_FUTURE_WRITE promises less: mappings that there are may go on writing), and
 * compared at the end. A page that is not there counts as zeros.
 */
export class SealedFiles implements Oracle {
  readonly #context: OracleContext;
  readonly #contents: Contents;
  readonly #writes: ContentWrites;
  /** By the address of the inode. */
  readonly #sealed = new Map<number, Sealed>();
  #kept: [number, Sealed][] = [];

  constructor(context: OracleContext, writes: ContentWrites) {
    this.#context = context;
    this.#contents = new Contents(context);
    this.#writes = writes;
  }

  keep(): void {
    this.#kept = [...this.#sealed];
    this.begin();
  }

  begin(): void {
    if (this.#sealed.size > 0) this.#sealed.clear();
    for (const [inode, sealed] of this.#kept) this.#sealed.set(inode, { ...sealed });
  }

  note(cpu: number, note: number, address: number, detail: number): void {
    if (note === SchedNote.Seal) {
      if ((detail & F_SEAL_WRITE) !== 0 && !this.#sealed.has(address)) this.#seal(cpu, address);
    } else if (this.#sealed.size === 0) {
      return;
    } else if (note === SchedNote.SetSize) {
      const sealed = this.#sealed.get(address);
      if (sealed !== undefined) sealed.end = Math.min(sealed.end, Math.floor(detail / PAGE_SIZE));
    } else if (note === SchedNote.Free) {
      this.#sealed.delete(address);
    }
  }

  eachPart(take: (part: number) => void): void {
    for (const { hash, end } of this.#sealed.values()) take(mix(hash, end));
  }

  end(): ExploreError | undefined {
    for (const [inode, sealed] of this.#sealed) {
      const pages = this.#contents.pagesOf(inode);
      for (const index of new Set([...sealed.pages.keys(), ...pages.keys()])) {
        if (index >= sealed.end) continue;
        const page = pages.get(index);
        const before = sealed.pages.get(index) ?? new Uint8Array(this.#contents.size);
        if (this.#holds(page, before)) continue;
        return this.#changed(inode, sealed, index, page);
      }
    }
    return undefined;
  }

  #seal(cpu: number, inode: number): void {
    const pages = new Map<number, Uint8Array>();
    let hash = inode;
    for (const [index, page] of this.#contents.pagesOf(inode)) {
      const bytes = this.#contents.copyOf(page);
      pages.set(index, bytes);
      hash = mix(mix(hash, index), hashBytes(bytes));
    }
    const place = this.#context.place();
    const step = this.#context.step();
    this.#sealed.set(inode, { cpu, step, place, pages, hash, end: Infinity });
  }

  #holds(page: Place | undefined, bytes: Uint8Array): boolean {
    if (page !== undefined) return this.#contents.isEqual(page, bytes);
    return bytes.every((byte) => byte === 0);
  }

  #changed(inode: number, sealed: Sealed, index: number, page: Place | undefined): ExploreError {
    const { views } = this.#context;
    const text = views.read('Inode', 'name', inode);
    const name = text === 0 ? '' : ` "${views.text(text)}"`;
    const { cpu, step, place } = sealed;
    const when = step < 0 ? '' : ` in step ${step + 1}${inBrackets(place)}`;
    const write = page === undefined ? undefined : this.#writes.of(page.pfn);
    const how =
      write === undefined
        ? `page ${index} of it is another one`
        : `${cpuName(this.#context, write.cpu)} has written to page ${index} of it in step ` +
          `${write.step + 1}${inBrackets(this.#context.placeOfStep(write.step))}`;
    const message =
      `a sealed file has changed: ${cpuName(this.#context, cpu)} has sealed the file${name} ` +
      `against writing${when}, and ${how}`;
    return new ExploreError('seal', message, {
      ...{ cpu: write?.cpu ?? -1, step: write?.step ?? -1, other: step },
      object: `the file${name}`,
    });
  }
}
