import { BUG_ON } from '../lib/bug';
import { MACHINE_RUNNING, machine } from '../lib/machine';
import { cpuInit } from '../lib/percpu';
import { MEM_MAP, NR_CPUS_MAX, NR_FRAMES_MAX, NR_KPAGES_MAX, PAGE_STRUCT_SIZE } from '../memlayout';
import { inodeInit } from '../mm/inode';
import { lruvecInit } from '../mm/mm_inline';
import { freeAreaInit } from '../mm/page_alloc';
import { PG_UPTODATE, Page, zeroPfn } from '../types/page';
import { mmLists } from '../types/machine_lists';
import { vectorInit } from './gup_vec';

/**
 * Makes a machine in zeroed memory; the caller becomes CPU 0. Its cost does not depend on the size
 * of the machine.
 * Preconditions:
 * - the memory is all zeros, and large enough for `contents` of `nrFrames` frames and the zero
 *   page.
 */
export function boot(
  nrFrames: u32,
  nrKpages: u32,
  nrCpus: u32,
  contents: u32,
  pinPolicy: u32,
  sealPolicy: u32,
  maxMapCount: u32,
  lruBatch: u32,
  faultAroundPages: u32,
  cowPolicy: u32,
  unmapPinned: u32,
  forkPinned: u32,
): void {
  const state = machine();
  BUG_ON(state.state.load() != MACHINE_RUNNING, 191);
  BUG_ON(nrFrames == 0 || nrFrames > NR_FRAMES_MAX || nrKpages > NR_KPAGES_MAX, 192);
  BUG_ON(nrCpus == 0 || nrCpus > NR_CPUS_MAX, 193);
  state.nrFrames = nrFrames;
  state.nrKpages = nrKpages;
  state.nrCpus = nrCpus;
  state.contents = contents;
  state.pinPolicy = pinPolicy;
  state.sealPolicy = sealPolicy;
  state.maxMapCount = maxMapCount;
  state.lruBatch = lruBatch;
  state.cowPolicy = cowPolicy;
  state.unmapPinned = unmapPinned;
  state.forkPinned = forkPinned;
  state.rlimitMemlock = u64.MAX_VALUE;
  state.faultAroundPages = faultAroundPages;
  state.nextPid.init(1);
  state.nextIno.init(1);
  cpuInit(0);
  freeAreaInit();
  lruvecInit();
  inodeInit();
  mmLists().mms.init();
  vectorInit();
  const zero = Page.fromPfn(zeroPfn());
  zero.refcount.init(1);
  zero.mapcount.init(-1);
  zero.flags.init(PG_UPTODATE);
}

/** Which historic bugs the machine re-enacts, a mask of BUG_*; once, right after the boot. */
export function setBugs(mask: u32): void {
  machine().bugs = mask;
}

if (MEM_MAP % PAGE_STRUCT_SIZE != 0) ERROR('struct pages begin on cache lines');
