import { bytesOf, signed } from './check.js';
import { MmError } from './errors.js';
import type { Kernel } from './kernel.js';
import { PAGE_SIZE, PERCPU_SCRATCH_SIZE } from './wasm/generated/layout.js';

/** How pages are given back. */
export interface ReleaseOptions {
  /**
   * Marks the pages dirty first, as a device's driver does after it has written to them
   * (Linux: unpin_user_pages_dirty_lock).
   * @defaultValue false
   */
  dirty?: boolean | undefined;
}

/** References to pages (FOLL_GET), as `getUserPages` gives them. */
export class PageRefs {
  /** How many pages. */
  readonly length: number;
  readonly #kernel: Kernel;
  #vector: number;

  /** @internal */
  constructor(
    kernel: Kernel,
    vector: number,
    length = kernel.views.read('GupVec', 'length', vector),
  ) {
    this.#kernel = kernel;
    this.#vector = vector;
    this.length = length;
  }

  /** @internal What the core knows them by; 0 once they were released. */
  get vector(): number {
    return this.#vector;
  }

  /** @internal They were released through another handle. */
  forget(): void {
    this.#vector = 0;
  }

  /** The page frame numbers, in the order of the addresses. */
  get pfns(): number[] {
    const vector = this.#held();
    return Array.from({ length: this.length }, (_, index) =>
      this.#kernel.run((core) => core.gupPfnAt(vector, index)),
    );
  }

  /**
   * What a device reads by DMA: straight from the frames, through no page table.
   * @param offset bytes from the start of the first page
   * @throws RangeError beyond the last page
   */
  read(offset: number, length: number): Uint8Array {
    const vector = this.#held();
    this.#checkRange(offset, length);
    const bytes = new Uint8Array(length);
    this.#inChunks(offset, length, (at, done, size) => {
      const { scratch, views } = this.#kernel;
      this.#kernel.run((core) => core.gupCopyCall(vector, at, scratch, size, false));
      bytes.set(views.u8.subarray(scratch, scratch + size), done);
    });
    return bytes;
  }

  /**
   * What a device writes by DMA: straight to the frames, whatever the page tables say by now.
   * @throws RangeError beyond the last page; MmError EFAULT for the zero page, which a read of
   * untouched memory may have given
   */
  write(offset: number, bytes: Uint8Array | readonly number[]): void {
    const vector = this.#held();
    const data = bytesOf(bytes, 'bytes');
    this.#checkRange(offset, data.length);
    this.#inChunks(offset, data.length, (at, done, size) => {
      const { scratch, views } = this.#kernel;
      views.u8.set(data.subarray(done, done + size), scratch);
      const result = this.#kernel.run((core) => core.gupCopyCall(vector, at, scratch, size, true));
      if (result < 0) throw dmaError(offset, data.length, result);
    });
  }

  /**
   * Gives the pages back.
   * @throws TypeError when they were released before
   */
  release(options: ReleaseOptions = {}): void {
    const vector = this.#held();
    if (typeof options !== 'object' || options === null) {
      throw new TypeError('options: expected an object such as { dirty: true }');
    }
    this.#kernel.run((core) => core.gupReleaseCall(vector, options.dirty === true));
    this.#vector = 0;
  }

  /** True once the pages were released. */
  get released(): boolean {
    return this.#vector === 0;
  }

  #held(): number {
    this.#kernel.check();
    if (this.#vector === 0) throw new TypeError('the pages were released already');
    return this.#vector;
  }

  #checkRange(offset: number, length: number): void {
    signed(offset, 'offset');
    signed(length, 'length');
    const bytes = this.length * PAGE_SIZE;
    if (offset < 0 || length < 0 || offset + length > bytes) {
      throw new RangeError(
        `offset: bytes ${offset} to ${offset + length} are not all within the ${bytes} bytes held`,
      );
    }
  }

  #inChunks(
    offset: number,
    length: number,
    move: (at: number, done: number, size: number) => void,
  ): void {
    for (let done = 0; done < length; done += PERCPU_SCRATCH_SIZE) {
      move(offset + done, done, Math.min(length - done, PERCPU_SCRATCH_SIZE));
    }
  }
}

function dmaError(offset: number, length: number, errno: number): MmError {
  return new MmError({
    call: `write(${offset}, ${length} bytes)`,
    syscall: 'dma',
    errno,
    reason: 'the zero page belongs to everybody: take the pages with FOLL_WRITE',
  });
}

/** Pins of pages (FOLL_PIN), counted as the machine's pin policy says. */
export class PinnedPages extends PageRefs {}
