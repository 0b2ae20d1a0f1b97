import {
  CONTENTS_BASE,
  KDESC_BASE,
  KDESC_SIZE,
  KMEM_BASE,
  KPAGE_PGTABLE,
  KPAGE_SLAB,
  MEM_MAP,
  PAGE_SIZE,
  PAGE_STRUCT_SIZE,
  SchedNote,
  SchedOp,
  STRUCTS,
} from '../../../wasm/generated/layout.js';
import { ExploreError } from '../../explore-error.js';
import { FreedRegion } from './freed-region.js';
import { LastAccesses } from './last-accesses.js';
import { cpuName, inBrackets, type Oracle, type OracleContext } from './oracle.js';
import { Ordered, type StepPair } from './ordered.js';

/** Objects of slabs begin on so many bytes. */
const SLAB_GRAIN = 32;
/** Files whose functions free memory for others. */
const ALLOCATORS = /\/(lib\/(slab|kmem|poison)|mm\/(page_alloc|swap|page_ref))\//;

const PAGE = STRUCTS.Page.fields;
const KIND = STRUCTS.Kdesc.fields.kind.offset;
/** Fields of a struct page that only those change who have a reference. */
const OWNED_FIELDS: readonly number[] = [PAGE.refcount.offset, PAGE.mapcount.offset];

/** Who freed something. */
interface Freed {
  readonly cpu: number;
  readonly step: number;
  readonly address: number;
  /** What a kernel page was used for (KPAGE_*); -1 for a frame. */
  readonly kind: number;
  readonly place: string | undefined;
}

/** An access before a free: the execution is right if nothing could have turned them round. */
interface Use extends StepPair {
  readonly cpu: number;
  readonly freed: Freed;
}

/**
 * Use after free. The core notes what is allocated and freed; an access to an address that is free
 * at that time is a mistake, whatever comes of it.
 *
 * What is legal by design does not trip it. A struct page is never freed: who finds a page without
 * a lock may read the descriptor of a free one, and try to take a reference, which fails; only a
 * count that is changed on a free page is a mistake. Page tables, nodes of the page cache and
 * anon_vmas are read without a lock, with interrupts off; they are freed after `synchronize` has
 * seen all such readers leave, so a reader that finds them free has found a mistake of the freer.
 *
 * An access that came in time is one as well, if nothing kept it from coming later: a free is no
 * access that a strategy knows of, so none tries both orders for its sake. The last accesses of
 * other CPUs to what is freed are remembered, and at the end those that nothing orders before the
 * free are looked for.
 *
 * It sees accesses through cells. A plain field is read under a lock, whose cell mostly lies in the
 * same object; and it reads as poison.
 */
export class Lifetimes implements Oracle {
  readonly #context: OracleContext;
  readonly #kernel = new FreedRegion(KMEM_BASE, SLAB_GRAIN);
  readonly #frames = new FreedRegion(MEM_MAP, PAGE_STRUCT_SIZE);
  readonly #kernelUses: LastAccesses;
  readonly #frameUses: LastAccesses;
  readonly #uses: Use[] = [];
  readonly #ordered: Ordered;
  /** By event; there is no event 0. */
  readonly #freed: Freed[] = [{ cpu: -1, step: -1, address: 0, kind: -1, place: undefined }];
  #kept = 1;
  #error: ExploreError | undefined;
  /** Of the execution under way, so far. */
  #steps = 0;

  constructor(context: OracleContext) {
    this.#context = context;
    const cpus = context.cpuNames.length;
    this.#kernelUses = new LastAccesses(cpus, KMEM_BASE, SLAB_GRAIN);
    this.#frameUses = new LastAccesses(cpus, MEM_MAP, PAGE_STRUCT_SIZE);
    this.#ordered = new Ordered(cpus);
  }

  keep(): void {
    this.#kernel.keep();
    this.#frames.keep();
    this.#kept = this.#freed.length;
  }

  begin(): void {
    this.#kernel.undo();
    this.#frames.undo();
    if (this.#freed.length > this.#kept) this.#freed.length = this.#kept;
    if (this.#uses.length > 0) this.#uses.length = 0;
    this.#error = undefined;
    this.#kernelUses.begin(this.#steps);
    this.#frameUses.begin(this.#steps);
    this.#steps = 0;
  }

  note(cpu: number, note: number, address: number, size: number): void {
    const region = this.#regionOf(address);
    if (note === SchedNote.Alloc) region.mark(address, size, 0);
    if (note !== SchedNote.Free) return;
    const before = region.eventAt(address);
    const place = this.#context.place(ALLOCATORS);
    const step = this.#context.step();
    const event: Freed = { cpu, step, address, kind: this.#kindOf(address), place };
    if (before !== 0) this.#error ??= this.#freedTwice(event, this.#freed[before]!);
    this.#freed.push(event);
    region.mark(address, size, this.#freed.length - 1);
    if (cpu >= 0) this.#noteUses(event, address, size);
  }

  access(cpu: number, address: number, op: number, size: number): ExploreError | undefined {
    if (this.#error !== undefined) return this.#error;
    if (address < MEM_MAP) return undefined;
    const event = this.#eventAt(address, op, size);
    if (event !== 0) return this.#usedAfterFree(cpu, address, op, this.#freed[event]!);
    const step = this.#context.step();
    this.#steps = step + 1;
    if (isFrame(size)) this.#frameUses.set(cpu, pageOf(address), step);
    else if (isKernel(address)) this.#kernelUses.set(cpu, address, step);
    return undefined;
  }

  end(): ExploreError | undefined {
    if (this.#error !== undefined || this.#uses.length === 0) return this.#error;
    const use = this.#ordered.findUnordered(this.#context.log, this.#uses);
    return use === undefined ? undefined : this.#mayComeLater(use);
  }

  #noteUses(freed: Freed, address: number, size: number): void {
    const uses = address >= KMEM_BASE ? this.#kernelUses : this.#frameUses;
    for (let cpu = 0; cpu < this.#context.cpuNames.length; cpu++) {
      const first = cpu === freed.cpu ? -1 : uses.of(cpu, address, size);
      if (first >= 0) this.#uses.push({ first, second: freed.step, cpu, freed });
    }
  }

  #eventAt(address: number, op: number, size: number): number {
    if (isFrame(size)) return this.#frames.eventAt(pageOf(address));
    if (isKernel(address)) return this.#kernel.eventAt(address);
    if (address >= KMEM_BASE || (op !== SchedOp.Rmw && op !== SchedOp.RmwRelaxed)) return 0;
    const field = (address - MEM_MAP) % PAGE_STRUCT_SIZE;
    return OWNED_FIELDS.includes(field) ? this.#frames.eventAt(address) : 0;
  }

  #usedAfterFree(cpu: number, address: number, op: number, freed: Freed): ExploreError {
    const context = this.#context;
    const user = cpuName(context, cpu);
    const use = `${verbOf(op)} ${this.#partName(address, freed)}`;
    const place = inBrackets(context.placeOf(cpu));
    const message = `use after free: ${user} ${use}${place}, but ${this.#freedText(freed)}`;
    const object = `${kindOfObject(this.#nameOf(freed))} by ${user}`;
    return new ExploreError('use-after-free', message, {
      ...{ cpu, step: context.step(), other: freed.step, object },
    });
  }

  #mayComeLater({ cpu, first, second, freed }: Use): ExploreError {
    const context = this.#context;
    const user = cpuName(context, cpu);
    const use = `${user} uses ${this.#nameOf(freed)}${inBrackets(context.placeOfStep(first))}`;
    const message =
      `use after free: ${use} in step ${first + 1}, and nothing makes that come before ` +
      `${cpuName(context, freed.cpu)} frees it${inBrackets(freed.place)} in step ${second + 1}`;
    return new ExploreError('use-after-free', message, {
      ...{
        cpu,
        step: first,
        other: second,
        object: `${kindOfObject(this.#nameOf(freed))} before ${user}`,
      },
    });
  }

  #freedTwice(second: Freed, first: Freed): ExploreError {
    const who = cpuName(this.#context, second.cpu);
    const what = this.#nameOf(second);
    const message = `double free: ${who} frees ${what}, but ${this.#freedText(first)}`;
    return new ExploreError('use-after-free', message, {
      ...{ cpu: second.cpu, step: second.step, other: first.step },
      object: `double free of ${kindOfObject(this.#nameOf(first))}`,
    });
  }

  #freedText(freed: Freed): string {
    const { cpu, step, place } = freed;
    const what = this.#nameOf(freed);
    const when = step < 0 ? '' : ` in step ${step + 1}`;
    return `${cpuName(this.#context, cpu)} has freed ${what}${when}${inBrackets(place)}`;
  }

  #regionOf(address: number): FreedRegion {
    return address >= KMEM_BASE ? this.#kernel : this.#frames;
  }

  /** What is about to be freed: its descriptor is still right. */
  #kindOf(address: number): number {
    if (address < KMEM_BASE) return -1;
    const page = Math.floor((address - KMEM_BASE) / PAGE_SIZE);
    return this.#context.views.u32At(KDESC_BASE + page * KDESC_SIZE + KIND);
  }

  /** A freed object in words. Slabs stay what they are. */
  #nameOf({ address, kind }: Freed): string {
    if (kind < 0) return `page ${Math.floor((address - MEM_MAP) / PAGE_STRUCT_SIZE)}`;
    const at = `at 0x${address.toString(16)}`;
    if (kind === KPAGE_PGTABLE) return `the page table ${at}`;
    if (kind !== KPAGE_SLAB) return `the kernel page ${at}`;
    return `the ${this.#context.nameOf(address).split(/[@[]/)[0]} ${at}`;
  }

  /** The part of a freed object that is used. */
  #partName(address: number, freed: Freed): string {
    if (freed.kind === KPAGE_PGTABLE) return `entry ${(address % PAGE_SIZE) >> 3} of it`;
    if (address >= CONTENTS_BASE) return `contents of ${this.#nameOf(freed)}`;
    return this.#context.nameOf(address);
  }
}

/** True for accesses to contents, which are announced frame by frame. */
function isFrame(size: number): boolean {
  return size === PAGE_SIZE;
}

/** True for slabs and page tables; behind the contents of frames lies the swap device. */
function isKernel(address: number): boolean {
  return address >= KMEM_BASE && address < CONTENTS_BASE;
}

/** The struct page of a frame whose contents lie at an address. */
function pageOf(address: number): number {
  return MEM_MAP + Math.floor((address - CONTENTS_BASE) / PAGE_SIZE) * PAGE_STRUCT_SIZE;
}

function kindOfObject(name: string): string {
  return name.replace(/ at .*| \d+$/, '');
}

function verbOf(op: number): string {
  const isLoad = op === SchedOp.Load || op === SchedOp.LoadAcquire || op === SchedOp.LoadBits;
  if (isLoad) return 'reads';
  return op === SchedOp.Store || op === SchedOp.StoreRelease ? 'writes' : 'changes';
}
