import {
  FOLL_FORCE,
  FOLL_LONGTERM,
  FOLL_WRITE,
  F_ADD_SEALS,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  MLOCK_ONFAULT,
  MREMAP_DONTUNMAP,
  Machine,
  MmError,
  O_NONBLOCK,
  PAGE_SIZE,
  SPLICE_F_NONBLOCK,
  type MachineOptions,
  type PageRefs,
  type Process,
  type Transfer,
  type VmaInfo,
} from '../../src/index.js';
import type { Call } from './calls.js';

/** Calls that no process makes. */
interface OtherCall {
  readonly call: 'spawn' | 'reclaim' | 'swapon' | 'swapoff' | 'release' | 'dma' | 'transfer';
}

const PROCESSES_MAX = 4;

type PipeCall = Extract<Call, { call: 'vmsplice' | 'pipeWrite' | 'pipeRead' }>;
type MappingCall = Exclude<Extract<Call, { mapping: number }>, PipeCall>;
type FileCall = Exclude<Extract<Call, { fd: number }>, PipeCall>;

interface Member {
  readonly process: Process;
  readonly fds: number[];
  /** Pairs of ends: to read from, to write to. */
  readonly pipes: [number, number][];
}

interface Held {
  readonly refs: PageRefs;
  readonly write: boolean;
}

/** A machine on which a program runs: which processes, descriptors and page handles there are. */
export class ProgramWorld {
  readonly machine: Machine;
  #members: Member[];
  #held: Held[] = [];
  #transfers: Transfer[] = [];
  /** How often each kind of call has ended how: `mmapFile EPERM`, `mmapFile ok`. */
  readonly outcomes = new Map<string, number>();

  private constructor(machine: Machine) {
    this.machine = machine;
    this.#members = [newMember(machine)];
  }

  static async boot(options: MachineOptions): Promise<ProgramWorld> {
    return new ProgramWorld(await Machine.boot(options));
  }

  /** Makes one call. That it fails as system calls do is fine; anything else is not. */
  run(call: Call): void {
    let outcome = 'ok';
    try {
      if (!this.#run(call)) outcome = 'nothing to do';
    } catch (error) {
      if (!(error instanceof MmError) || error.code === 'EDEADLK') throw error;
      outcome = error.code;
    }
    const name = `${call.call} ${outcome}`;
    this.outcomes.set(name, (this.outcomes.get(name) ?? 0) + 1);
  }

  /** Ends everything: then only the boot's own memory may be left in use. */
  end(): void {
    for (const { refs } of this.#held.splice(0)) refs.release();
    for (let path = 0; path < PATHS; path++) this.run({ call: 'unlink', process: 0, path });
    for (const { process } of this.#members.splice(0)) process.exit();
    for (const transfer of this.#transfers.splice(0)) transfer.complete();
  }

  #run(call: Call): boolean {
    switch (call.call) {
      case 'spawn':
        if (this.#members.length === PROCESSES_MAX) return false;
        this.#members.push(newMember(this.machine));
        return true;
      case 'reclaim':
        this.machine.reclaim(call.pages);
        return true;
      case 'swapon':
        this.machine.swapon(call.pages * PAGE_SIZE);
        return true;
      case 'swapoff':
        this.machine.swapoff();
        return true;
      case 'release':
        return this.#release(call.held, call.dirty);
      case 'dma':
        return this.#dma(call);
      case 'transfer':
        return this.#transfer(call);
      default:
        return this.#runIn(pick(this.#members, call.process), call);
    }
  }

  #runIn(member: Member | undefined, call: Exclude<Call, OtherCall>): boolean {
    if (member === undefined) return false;
    const { process } = member;
    switch (call.call) {
      case 'fork':
        if (this.#members.length === PROCESSES_MAX) return false;
        this.#members.push({
          process: process.fork(),
          fds: [...member.fds],
          pipes: [...member.pipes],
        });
        return true;
      case 'exit':
        if (this.#members.length === 1) return false;
        this.#members = this.#members.filter((other) => other !== member);
        process.exit();
        return true;
      case 'mmapAnon': {
        const type = (call.shared ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS;
        process.mmap(0, call.pages * PAGE_SIZE, call.prot, type | call.flags, -1, 0);
        return true;
      }
      case 'mlockall':
        if (call.flags === 0) process.munlockall();
        else process.mlockall(call.flags);
        return true;
      case 'brk':
        process.brk(process.brk(0) + (call.down ? -1 : 1) * call.pages * PAGE_SIZE);
        return true;
      case 'memfd':
        member.fds.push(process.memfdCreate('buf', call.flags));
        return true;
      case 'pipe':
        member.pipes.push(process.pipe(O_NONBLOCK));
        return true;
      case 'open':
        member.fds.push(process.open(pathOf(call), call.flags, 0o600));
        return true;
      case 'unlink':
        process.unlink(pathOf(call));
        return true;
      case 'vmsplice':
      case 'pipeWrite':
      case 'pipeRead':
        return onPipe(member, call);
      case 'mmapOver':
      case 'mremap':
      case 'munmap':
      case 'mprotect':
      case 'madvise':
      case 'mlock':
      case 'munlock':
      case 'mseal':
      case 'msync':
      case 'mincore':
      case 'store':
      case 'load':
      case 'peek':
      case 'poke':
      case 'submit':
      case 'gup':
        return this.#inMapping(process, call);
      default:
        return this.#onFile(member, call);
    }
  }

  #inMapping(process: Process, call: MappingCall): boolean {
    const mapping = pick(process.maps(), call.mapping);
    if (mapping === undefined) return false;
    const at = mapping.start + (call.skip % pagesOf(mapping)) * PAGE_SIZE;
    switch (call.call) {
      case 'mmapOver': {
        const type = MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS;
        process.mmap(at, call.pages * PAGE_SIZE, call.prot, type, -1, 0);
        return true;
      }
      case 'mremap':
        remap(process, at, call);
        return true;
      case 'munmap':
        process.munmap(at, call.pages * PAGE_SIZE);
        return true;
      case 'mprotect':
        process.mprotect(at, call.pages * PAGE_SIZE, call.prot);
        return true;
      case 'madvise':
        process.madvise(at, call.pages * PAGE_SIZE, call.advice);
        return true;
      case 'mlock':
        process.mlock2(at, call.pages * PAGE_SIZE, call.onFault ? MLOCK_ONFAULT : 0);
        return true;
      case 'munlock':
        process.munlock(at, call.pages * PAGE_SIZE);
        return true;
      case 'mseal':
        process.mseal(at, call.pages * PAGE_SIZE, 0);
        return true;
      case 'msync':
        process.msync(at, call.pages * PAGE_SIZE, call.flags);
        return true;
      case 'mincore':
        process.mincore(at, call.pages * PAGE_SIZE);
        return true;
      case 'store':
        process.store(at + (call.bytes % 100), new Uint8Array(call.bytes % 9000).fill(call.skip));
        return true;
      case 'load':
        process.load(at + (call.bytes % 100), call.bytes % 9000);
        return true;
      case 'peek':
        process.peek(at + (call.bytes % 100), call.bytes % 9000);
        return true;
      case 'poke':
        process.poke(at + (call.bytes % 100), new Uint8Array(call.bytes % 9000).fill(call.skip));
        return true;
      case 'submit': {
        const device = this.machine.device();
        const length = call.pages * PAGE_SIZE - 512;
        this.#transfers.push(
          call.write
            ? device.submitWrite(process, at + 512, length)
            : device.submitRead(process, at + 512, length),
        );
        return true;
      }
      case 'gup':
        this.#held.push({
          refs: takePages(process, at, call),
          write: (call.flags & FOLL_WRITE) !== 0,
        });
        return true;
    }
  }

  #onFile({ process, fds }: Member, call: FileCall): boolean {
    const fd = pick(fds, call.fd);
    if (fd === undefined) return false;
    switch (call.call) {
      case 'mmapFile': {
        const type = (call.shared ? MAP_SHARED : MAP_PRIVATE) | call.flags;
        const length = call.pages * PAGE_SIZE;
        process.mmap(0, length, call.prot, type, fd, call.offset * PAGE_SIZE);
        return true;
      }
      case 'reopen':
        fds.push(process.open(`/proc/self/fd/${fd}`, call.flags));
        return true;
      case 'dup':
        fds.push(process.dup(fd));
        return true;
      case 'close':
        fds.splice(fds.indexOf(fd), 1);
        process.close(fd);
        return true;
      case 'ftruncate':
        process.ftruncate(fd, call.size);
        return true;
      case 'fallocate':
        process.fallocate(fd, call.mode, call.offset, call.size);
        return true;
      case 'pwrite':
        process.pwrite(fd, new Uint8Array(call.size).fill(7), call.offset);
        return true;
      case 'pread':
        process.pread(fd, call.size, call.offset);
        return true;
      case 'addSeals':
        this.#releaseLater(call.releaseAfter);
        process.fcntl(fd, F_ADD_SEALS, call.seals);
        return true;
    }
  }

  /** Lets go of a page handle while a seal waits, or whenever the clock gets there. */
  #releaseLater(ms: number): void {
    const { machine } = this;
    if (ms > 0) machine.at(machine.now() + ms, () => this.#release(0, false));
  }

  #release(index: number, dirty: boolean): boolean {
    const held = pick(this.#held, index);
    if (held === undefined) return false;
    this.#held = this.#held.filter((other) => other !== held);
    held.refs.release({ dirty });
    return true;
  }

  /** Some sectors of a request arrive, or all of it. */
  #transfer({ held, sectors, end }: Extract<Call, { call: 'transfer' }>): boolean {
    const transfer = pick(this.#transfers, held);
    if (transfer === undefined) return false;
    if (!end) transfer.advance(Math.min(sectors, (transfer.length - transfer.done) / 512));
    else {
      this.#transfers = this.#transfers.filter((other) => other !== transfer);
      transfer.complete();
    }
    return true;
  }

  /** A device reads, and writes where the pages were taken for that. */
  #dma({ held: index, offset }: Extract<Call, { call: 'dma' }>): boolean {
    const held = pick(this.#held, index);
    if (held === undefined) return false;
    const at = offset % (held.refs.length * PAGE_SIZE - 10);
    const bytes = held.refs.read(at, 10);
    if (held.write) held.refs.write(at, bytes);
    return true;
  }
}

const PATHS = 3;

function pathOf({ path }: { readonly path: number }): string {
  return `/tmp/${path % PATHS}`;
}

/** Moves bytes through a pipe: by vmsplice into it, and now and then out of it. */
function onPipe({ process, pipes }: Member, call: PipeCall): boolean {
  const pipe = pick(pipes, call.fd);
  if (pipe === undefined) return false;
  const [readEnd, writeEnd] = pipe;
  if (call.call === 'pipeWrite') process.write(writeEnd, new Uint8Array(call.size).fill(5));
  if (call.call === 'pipeRead') process.read(readEnd, call.size);
  if (call.call !== 'vmsplice') return true;
  const mapping = pick(process.maps(), call.mapping);
  if (mapping === undefined) return false;
  const at = mapping.start + (call.skip % pagesOf(mapping)) * PAGE_SIZE + (call.bytes % 100);
  const end = call.skip % 5 === 0 ? readEnd : writeEnd;
  process.vmsplice(end, at, call.bytes, SPLICE_F_NONBLOCK);
  return true;
}

/** A process with a file and a pipe, so that calls find something to work on. */
function newMember(machine: Machine): Member {
  const process = machine.spawn();
  const fd = process.memfdCreate('buf', MFD_ALLOW_SEALING);
  process.ftruncate(fd, 40_000);
  return { process, fds: [fd], pipes: [process.pipe(O_NONBLOCK)] };
}

function takePages(
  process: Process,
  at: number,
  { pages, flags, pin, fast }: Extract<Call, { call: 'gup' }>,
): PageRefs {
  const known = flags & (FOLL_WRITE | FOLL_FORCE | (pin ? FOLL_LONGTERM : 0));
  if (pin) {
    return fast
      ? process.pinUserPagesFast(at, pages, known)
      : process.pinUserPages(at, pages, known);
  }
  return fast ? process.getUserPagesFast(at, pages, known) : process.getUserPages(at, pages, known);
}

/** Resizes or moves: with MREMAP_FIXED to a place near the lowest mapping, or over it. */
function remap(process: Process, at: number, call: Extract<Call, { call: 'mremap' }>): void {
  const { pages, newPages, flags, to } = call;
  const lowest = process.maps()[0]?.start ?? at;
  const same = (flags & MREMAP_DONTUNMAP) !== 0 || to % 2 === 0;
  const length = (same ? pages : newPages) * PAGE_SIZE;
  process.mremap(at, pages * PAGE_SIZE, length, flags, lowest + (to - 40) * PAGE_SIZE);
}

function pagesOf(mapping: VmaInfo): number {
  return (mapping.end - mapping.start) / PAGE_SIZE;
}

function pick<T>(list: readonly T[], index: number): T | undefined {
  return list.length === 0 ? undefined : list[index % list.length];
}
