import { bytesOf, inRange, unsigned } from './check.js';
import { MmError } from './errors.js';
import type { Kernel } from './kernel.js';
import { hex } from './names.js';
import { PinnedPages } from './page-refs.js';
import { Process } from './process.js';
import { FOLL_PIN, FOLL_WRITE, PAGE_SIZE } from './wasm/generated/layout.js';

/** Bytes of a sector: addresses and lengths of direct I/O are whole numbers of them. */
const SECTOR = 512;
/** More pages than that are no sensible request. */
const TRANSFER_MAX = 2 ** 24 * PAGE_SIZE;
const EINVAL = -22;

/**
 * A device that reads and writes memory by DMA, as direct I/O lets it (Linux: block/fops.c,
 * __blkdev_direct_IO; block/bio.c). A request pins the pages of its range, by the machine's pin
 * policy, and then is in flight for as long as its caller likes: bytes move when
 * {@link Transfer.advance} says so, straight to or from the frames, whatever has become of the
 * mapping, the file or the process in the meantime.
 *
 * ```ts
 * const transfer = machine.device().submitRead(process, addr, 4096);
 * transfer.advance(1, new Uint8Array(512).fill(7)); // the first sector arrives
 * process.munmap(addr, 4096);
 * transfer.complete();                              // the rest too; the pages are let go
 * ```
 */
export class Device {
  readonly #kernel: Kernel;

  /** @internal */
  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /**
   * The process reads from the device: memory is written. The pages are pinned with FOLL_WRITE and
   * marked dirty at once, and again at the end (Linux: bio_set_pages_dirty, bio_check_pages_dirty).
   * @param addr a whole number of sectors, as `length`, in bytes
   * @returns the request; shorter than asked for where only the first pages could be pinned
   * @throws MmError EINVAL for what is not aligned, EFAULT where the first page cannot be pinned
   */
  submitRead(process: Process, addr: number, length: number): Transfer {
    return this.#submit('read', process, addr, length);
  }

  /**
   * The process writes to the device: memory is read. The pages are pinned without FOLL_WRITE.
   * @param addr a whole number of sectors, as `length`, in bytes
   * @returns the request; shorter than asked for where only the first pages could be pinned
   * @throws MmError EINVAL for what is not aligned, EFAULT where the first page cannot be pinned
   */
  submitWrite(process: Process, addr: number, length: number): Transfer {
    return this.#submit('write', process, addr, length);
  }

  #submit(
    direction: Transfer['direction'],
    process: Process,
    addr: number,
    length: number,
  ): Transfer {
    const kernel = this.#kernel;
    kernel.check();
    if (!(process instanceof Process) || !process.runsOn(kernel)) {
      throw new TypeError('process: expected a process of this machine');
    }
    const { task } = process;
    unsigned(addr, 'addr');
    inRange(length, 0, TRANSFER_MAX, 'length');
    const call = direction === 'read' ? 'submitRead' : 'submitWrite';
    const shown = `${call}(pid ${process.pid}, ${hex(addr)}, ${length})`;
    if (length === 0 || addr % SECTOR !== 0 || length % SECTOR !== 0) {
      const reason = `addresses and lengths are whole numbers of sectors of ${SECTOR} bytes`;
      throw new MmError({ call: shown, syscall: direction, errno: EINVAL, reason });
    }
    const offset = addr % PAGE_SIZE;
    const pages = Math.ceil((offset + length) / PAGE_SIZE);
    const flags = direction === 'read' ? FOLL_PIN | FOLL_WRITE : FOLL_PIN;
    const vec = kernel.run((core) => core.gupCall(task, addr - offset, pages, flags, true));
    if (vec < 0) throw new MmError({ call: shown, syscall: direction, errno: vec });
    if (direction === 'read') kernel.run((core) => core.gupDirtyCall(vec));
    return new Transfer(direction, new PinnedPages(kernel, vec), offset, length);
  }
}

/** A request of a {@link Device} that is in flight until it is completed or cancelled. */
export class Transfer {
  /** `read`: from the device to memory; `write`: from memory to the device. */
  readonly direction: 'read' | 'write';
  /** Bytes in all. */
  readonly length: number;
  /**
   * The device's side, `length` bytes: what it delivers (zeros, until somebody has filled it in),
   * or what it has received so far, that is up to `done`.
   */
  readonly data: Uint8Array;
  readonly #pages: PinnedPages;
  readonly #offset: number;
  readonly #pfns: readonly number[];
  #done = 0;

  /** @internal */
  constructor(direction: 'read' | 'write', pages: PinnedPages, offset: number, requested: number) {
    this.direction = direction;
    this.length = Math.min(requested, pages.length * PAGE_SIZE - offset);
    this.data = new Uint8Array(this.length);
    this.#pages = pages;
    this.#offset = offset;
    this.#pfns = pages.pfns;
  }

  /** The page frame numbers, in the order of the addresses. */
  get pfns(): number[] {
    return [...this.#pfns];
  }

  /** Bytes that have moved. */
  get done(): number {
    return this.#done;
  }

  /** True until the request is completed or cancelled: it holds its pages. */
  get inFlight(): boolean {
    return !this.#pages.released;
  }

  /**
   * Moves the next sectors.
   * @param bytes of a read: what the device delivers, instead of what `data` holds there
   * @returns bytes that have moved in all
   * @throws RangeError beyond the end of the request; TypeError when it is not in flight
   */
  advance(sectors: number, bytes?: Uint8Array | readonly number[]): number {
    this.#checkInFlight();
    inRange(sectors, 0, (this.length - this.#done) / SECTOR, 'sectors');
    const size = sectors * SECTOR;
    if (bytes !== undefined) this.#fill(bytesOf(bytes, 'bytes'), size);
    this.#move(size);
    return this.#done;
  }

  /**
   * Moves what is left, and gives the pages back.
   * @returns bytes that have moved in all: `length`
   * @throws TypeError when it is not in flight
   */
  complete(): number {
    this.#checkInFlight();
    this.#move(this.length - this.#done);
    this.#release();
    return this.#done;
  }

  /**
   * Gives the pages back without moving what is left, as after an error of the device.
   * @returns bytes that have moved in all
   * @throws TypeError when it is not in flight
   */
  cancel(): number {
    this.#checkInFlight();
    this.#release();
    return this.#done;
  }

  #checkInFlight(): void {
    if (!this.inFlight) throw new TypeError('the transfer is not in flight any more');
  }

  #fill(bytes: Uint8Array, size: number): void {
    if (this.direction === 'write') {
      throw new TypeError('bytes: the device receives what is in memory');
    }
    if (bytes.length !== size) {
      throw new RangeError(`bytes: expected ${size} bytes, got ${bytes.length}`);
    }
    this.data.set(bytes, this.#done);
  }

  #move(size: number): void {
    const end = this.#done + size;
    const at = this.#offset + this.#done;
    if (this.direction === 'read') this.#pages.write(at, this.data.subarray(this.#done, end));
    else this.data.set(this.#pages.read(at, size), this.#done);
    this.#done = end;
  }

  /** Somebody may have cleaned the pages meanwhile: they are marked dirty once more. */
  #release(): void {
    this.#pages.release({ dirty: this.direction === 'read' });
  }
}
