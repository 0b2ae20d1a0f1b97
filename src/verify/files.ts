import {
  CACHE_FILE,
  CACHE_INODE,
  CACHE_NAME,
  CACHE_TASK,
  DENTRY_LINKED,
  DENTRY_NONE,
  INODE_LIVE,
  INODE_ORPHAN,
  KPAGE_DATA,
  NR_OPEN,
} from '../wasm/generated/layout.js';
import type { Audit } from './audit.js';
import { hex, offsetsOf } from './core-memory.js';
import type { KernelPages } from './kernel-pages.js';
import { walkList } from './lists.js';
import { INODES, NAMES, NR_ORPHANS, ORPHANS } from './places.js';
import type { Slabs } from './slabs.js';

const TASK = offsetsOf('Task');
const FILE = offsetsOf('File');
const INODE = offsetsOf('Inode');

/** A file of tmpfs, as it was read once. */
export class Inode {
  readonly address: number;
  /** Its struct address_space. */
  readonly mapping: number;
  readonly seals: number;
  readonly isOrphan: boolean;
  /** Pages up to the end of the file: a part of one counts. */
  readonly pages: number;
  readonly #audit: Audit;
  #name: string | undefined;

  constructor(audit: Audit, address: number) {
    const { memory } = audit;
    this.#audit = audit;
    this.address = address;
    this.mapping = address + INODE.mapping0;
    this.seals = memory.u32(address + INODE.seals);
    this.isOrphan = memory.u32(address + INODE.state) === INODE_ORPHAN;
    const low = memory.u32(address + INODE.iSize);
    const high = memory.u32(address + INODE.iSize + 4);
    this.pages = high * 2 ** 20 + (low >>> 12) + ((low & 0xfff) !== 0 ? 1 : 0);
  }

  /** For messages: `inode 3 (memfd "buf")`. */
  get name(): string {
    return (this.#name ??= this.#readName());
  }

  #readName(): string {
    const { memory, context } = this.#audit;
    const ino = memory.u32(this.address + INODE.iIno);
    const text = memory.u32(this.address + INODE.name);
    if (memory.u32(this.address + INODE.pipe) !== 0) return `inode ${ino} (pipe)`;
    if (text === 0) return `inode ${ino}`;
    const kind = memory.u32(this.address + INODE.dentry) === DENTRY_NONE ? 'memfd' : 'file';
    return `inode ${ino} (${kind} "${context.views.text(text)}")`;
  }
}

/** An open file, and how many descriptors and VMAs were found to refer to it. */
export interface OpenFile {
  readonly address: number;
  readonly inode: Inode | undefined;
  users: number;
}

/** A process: its number and its address space. */
export interface Task {
  readonly pid: number;
  readonly mm: number;
}

/** All processes, open files and inodes. */
export class Files {
  readonly tasks: Task[] = [];
  /** By the address of the struct. */
  readonly files = new Map<number, OpenFile>();
  readonly inodes = new Map<number, Inode>();
  readonly #audit: Audit;
  readonly #slabs: Slabs;
  /** Those that a path finds. */
  readonly #named = new Set<Inode>();

  constructor(audit: Audit, slabs: Slabs, pages: KernelPages) {
    this.#audit = audit;
    this.#slabs = slabs;
    this.#readInodes(INODES, 'list of inodes', INODE_LIVE);
    const orphans = this.#readInodes(ORPHANS, 'list of orphans', INODE_ORPHAN);
    this.#readNames();
    const noted = audit.memory.u32(NR_ORPHANS);
    audit.findings.equal('inode-count', 'list of orphans', orphans, noted, 'nrOrphans');
    for (const address of slabs.live(CACHE_FILE)) {
      const inode = this.inodes.get(audit.memory.u32(address + FILE.inode));
      if (inode === undefined) audit.findings.report('object', nameOf(address), 'an inode', 'none');
      this.files.set(address, { address, inode, users: 0 });
    }
    for (const address of slabs.live(CACHE_TASK)) this.#readTask(address, pages);
  }

  /** Counts one more user of a file; undefined, and a violation, if it is no file. */
  use(address: number, user: string): OpenFile | undefined {
    if (!this.#slabs.use(CACHE_FILE, address, user)) return undefined;
    const file = this.files.get(address);
    if (file !== undefined) file.users++;
    return file;
  }

  /** Compares the counts; called once all users were counted. */
  checkCounts(): void {
    const { memory, findings } = this.#audit;
    const opened = new Map<Inode | undefined, number>();
    for (const { address, inode, users } of this.files.values()) {
      opened.set(inode, (opened.get(inode) ?? 0) + 1);
      const noted = memory.u32(address + FILE.fCount);
      findings.equal('file-count', () => nameOf(address, inode), users, noted);
    }
    for (const inode of this.inodes.values()) {
      const noted = memory.u32(inode.address + INODE.iCount);
      const users = (opened.get(inode) ?? 0) + (this.#named.has(inode) ? 1 : 0);
      findings.equal('inode-count', () => inode.name, users, noted);
    }
  }

  #readInodes(head: number, list: string, state: number): number {
    const { memory, findings } = this.#audit;
    const isLink = (link: number) => this.#slabs.isLive(CACHE_INODE, link - INODE.list);
    const links = walkList(this.#audit, head, list, isLink);
    for (const link of links) {
      const inode = new Inode(this.#audit, link - INODE.list);
      this.inodes.set(inode.address, inode);
      const noted = memory.u32(inode.address + INODE.state);
      const name = memory.u32(inode.address + INODE.name);
      this.#slabs.use(CACHE_INODE, inode.address, list);
      if (name !== 0) this.#slabs.use(CACHE_NAME, name, list);
      findings.equal('inode-count', () => inode.name, state, noted, 'state');
    }
    return links.length;
  }

  /** The names of the tmpfs: each once, and all that have one. */
  #readNames(): void {
    const { memory, findings, context } = this.#audit;
    const paths = new Set<string>();
    const isLink = (link: number) => this.inodes.has(link - INODE.named);
    for (const link of walkList(this.#audit, NAMES, 'list of names', isLink)) {
      const inode = this.inodes.get(link - INODE.named);
      if (inode === undefined) continue;
      const path = context.views.text(memory.u32(inode.address + INODE.name));
      if (paths.has(path)) findings.report('path', inode.name, 'a path of its own', path);
      paths.add(path);
      this.#named.add(inode);
    }
    for (const inode of this.inodes.values()) {
      const linked = memory.u32(inode.address + INODE.dentry) === DENTRY_LINKED ? 1 : 0;
      const found = this.#named.has(inode) ? 1 : 0;
      findings.equal('path', () => inode.name, linked, found, 'entries in the list of names');
    }
  }

  #readTask(address: number, pages: KernelPages): void {
    const { memory } = this.#audit;
    const pid = memory.u32(address + TASK.pid);
    const name = `process ${pid}`;
    const table = memory.u32(address + TASK.fdTable);
    this.tasks.push({ pid, mm: memory.u32(address + TASK.mm) });
    this.#slabs.use(CACHE_TASK, address, name);
    if (!pages.claim(table, KPAGE_DATA, name)) return;
    for (let fd = 0; fd < NR_OPEN; fd++) {
      const slot = memory.u32(table + fd * 4);
      if (slot !== 0) this.use(slot - (slot & 1), `descriptor ${fd} of pid ${pid}`);
    }
  }
}

function nameOf(address: number, inode?: Inode): string {
  return inode === undefined ? `file ${hex(address)}` : `file ${hex(address)} of ${inode.name}`;
}
