import {
  DENTRY_LINKED,
  DENTRY_NONE,
  MAP_PRIVATE,
  MAP_SHARED,
  PAGE_SIZE,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  START_BRK,
  VM_EXEC,
  VM_MAYSHARE,
  VM_READ,
  VM_WRITE,
} from '../wasm/generated/layout.js';
import { offsetOf, type CoreViews } from '../wasm/views.js';

/** One mapping of a process. */
export interface VmaInfo {
  /** First address. */
  readonly start: number;
  /** First address behind it. */
  readonly end: number;
  /** PROT_READ, PROT_WRITE, PROT_EXEC. */
  readonly prot: number;
  /** MAP_SHARED or MAP_PRIVATE. */
  readonly flags: number;
  /** Bytes into the file; 0 for anonymous memory. */
  readonly offset: number;
  /**
   * As in /proc/PID/maps: `/memfd:buf (deleted)`, `/tmp/x`, `/dev/zero (deleted)`, `[heap]`, or
   * empty.
   */
  readonly name: string;
}

/** The mappings of a task, by address (Linux: fs/proc/task_mmu.c, show_map_vma). */
export function mapsOf(views: CoreViews, task: number): VmaInfo[] {
  const mm = views.read('Task', 'mm', task);
  return [...vmasOf(views, mm)].map((vma) => describeVma(views, vma));
}

/** Addresses of the VMAs of an mm, in order. */
export function* vmasOf(views: CoreViews, mm: number): Generator<number> {
  const root = views.read('MmStruct', 'mmRoot', mm);
  for (const node of inOrder(views, root)) yield node - offsetOf('Vma', 'node0');
}

function* inOrder(views: CoreViews, root: number): Generator<number> {
  const path: number[] = [];
  let node = root;
  while (node !== 0 || path.length > 0) {
    for (; node !== 0; node = views.read('TreeNode', 'left', node)) path.push(node);
    const next = path.pop() ?? 0;
    yield next;
    node = views.read('TreeNode', 'right', next);
  }
}

/** One mapping. */
export function describeVma(views: CoreViews, vma: number): VmaInfo {
  const flags = views.read('Vma', 'vmFlags', vma);
  const file = views.read('Vma', 'vmFile', vma);
  const pick = (bit: number, prot: number) => ((flags & bit) !== 0 ? prot : 0);
  return {
    start: views.read('Vma', 'vmStart', vma),
    end: views.read('Vma', 'vmEnd', vma),
    prot: pick(VM_READ, PROT_READ) | pick(VM_WRITE, PROT_WRITE) | pick(VM_EXEC, PROT_EXEC),
    flags: (flags & VM_MAYSHARE) !== 0 ? MAP_SHARED : MAP_PRIVATE,
    offset: file === 0 ? 0 : views.read('Vma', 'vmPgoff', vma) * PAGE_SIZE,
    name: file === 0 ? heapName(views, vma) : fileName(views, views.read('File', 'inode', file)),
  };
}

/** `[heap]` for what lies below the break (Linux: vma_is_initial_heap). */
function heapName(views: CoreViews, vma: number): string {
  const end = views.read('MmStruct', 'brk', views.read('Vma', 'vmMm', vma));
  const [first, behind] = [views.read('Vma', 'vmStart', vma), views.read('Vma', 'vmEnd', vma)];
  return first < end && behind > START_BRK ? '[heap]' : '';
}

/** A file as /proc/PID/maps names it. */
export function fileName(views: CoreViews, inode: number): string {
  const name = views.read('Inode', 'name', inode);
  if (name === 0) return '/dev/zero (deleted)';
  const dentry = views.read('Inode', 'dentry', inode);
  if (dentry === DENTRY_NONE) return `/memfd:${views.text(name)} (deleted)`;
  return dentry === DENTRY_LINKED ? views.text(name) : `${views.text(name)} (deleted)`;
}
