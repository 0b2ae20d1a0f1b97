import { readAddressSpaces, type Mm, type Vma } from './address-spaces.js';
import { AnonVmas } from './anon-vmas.js';
import { Audit, type VerifyContext } from './audit.js';
import { checkCounters } from './counters.js';
import { entryChecker } from './entries.js';
import { Files, type Inode } from './files.js';
import { Frames } from './frames.js';
import { checkFreeLists, checkFreePages } from './free-lists.js';
import { KernelPages } from './kernel-pages.js';
import { checkLru, readBatches } from './lru.js';
import { checkIMmap, checkPageCache, checkWritable } from './page-caches.js';
import { walkPageTables } from './page-tables.js';
import { checkCoreAgrees, checkPagesInUse } from './pages-in-use.js';
import { checkDontpin, checkPinCounters, checkSealedPages, isSealed } from './pins.js';
import { checkPipes } from './pipes.js';
import { PIN_I_MMAP_WRITABLE } from '../wasm/generated/layout.js';
import { checkMachineLocks, checkObjectLocks, checkQuiet } from './quiet.js';
import { Slabs } from './slabs.js';
import { SwapDevice } from './swap.js';
import { readVectors, type Held } from './vectors.js';
import type { Violation } from './violation.js';

export type { VerifyContext } from './audit.js';
export type { Violation } from './violation.js';

/** Everything that was found, for the checks that compare. */
interface Survey {
  readonly audit: Audit;
  readonly pages: KernelPages;
  readonly slabs: Slabs;
  readonly files: Files;
  readonly mms: readonly Mm[];
  readonly frames: Frames;
  readonly swap: SwapDevice;
  readonly held: Held;
}

/**
 * Checks everything in a machine's memory that must agree with something else
 * (Linux: CONFIG_DEBUG_VM's validate_mm, page_owner and their like, in one).
 *
 * The walks of lists, trees and page tables here are its own, so that a mistake of the core's
 * cannot hide itself, and they end whatever the memory holds. The order: what things exist (kernel
 * pages, objects, files, address spaces, vectors); what refers to which page; then each count
 * against what was counted; last the answers of the core's own walks, if all that they trust was
 * sound.
 *
 * Only at a quiet moment, with no call under way on any CPU. Pins that a measuring loop holds in
 * its CPU's own vector are in no list, so they show as references without an owner.
 *
 * @returns what does not agree: at most a thousand violations, none when the machine is sound
 */
export function verifyMachine(context: VerifyContext): Violation[] {
  const audit = new Audit(context);
  checkQuiet(audit);
  checkMachineLocks(audit);
  const survey = surveyOf(audit);
  const { pages, slabs, files, frames, held, swap } = survey;
  checkObjectLocks(audit, slabs, files, survey.mms);
  const free = checkFreeLists(audit, frames);
  readBatches(audit, frames);
  const cached = checkFiles(survey);
  const tables = checkTables(survey);
  checkPipes(audit, slabs, files, frames);
  const swapCached = swap.checkCache(frames);
  swap.checkCounts();
  checkFreePages(audit, frames);
  const mapped = checkPagesInUse(audit, frames);
  checkLru(audit, frames);
  const inodes = [...files.inodes.values()];
  checkSealedPages(audit, frames, inodes.filter(isSealed));
  checkDontpin(audit, frames, inodes);
  const { pins } = held;
  checkCounters(audit, { ...mapped, free, cached, swapCached, tables, pins });
  files.checkCounts();
  pages.checkClaims();
  slabs.checkUse();
  if (audit.findings.sound) checkCoreAgrees(audit, frames);
  return audit.findings.violations;
}

function surveyOf(audit: Audit): Survey {
  const pages = new KernelPages(audit);
  const slabs = new Slabs(audit, pages);
  const files = new Files(audit, slabs, pages);
  const mms = readAddressSpaces(audit, slabs, files);
  const frames = new Frames(audit);
  const swap = new SwapDevice(audit);
  const held = readVectors(audit, slabs, pages, frames, files.inodes);
  return { audit, pages, slabs, files, mms, frames, held, swap };
}

/** Files: who maps them, who may write to them, and their pages; returns the number of pages. */
function checkFiles({ audit, pages, slabs, files, mms, frames, held, swap }: Survey): number {
  const vmas = vmasByInode(mms);
  let cached = 0;
  for (const inode of files.inodes.values()) {
    const mappings = vmas.get(inode) ?? [];
    const counted = held.counted.get(inode.mapping) ?? 0;
    cached += checkPageCache(audit, slabs, frames, swap, inode);
    checkIMmap(audit, inode, mappings);
    checkWritable(audit, inode, mappings, audit.pinPolicy === PIN_I_MMAP_WRITABLE ? counted : 0);
    checkPinCounters(audit, pages, inode, counted);
  }
  return cached;
}

/** Page tables: each entry against its VMA and its page; returns the number of tables. */
function checkTables({ audit, pages, slabs, mms, frames, swap }: Survey): number {
  const anonVmas = new AnonVmas(audit, slabs, mms);
  let tables = 0;
  for (const mm of mms) {
    const check = entryChecker(audit, frames, anonVmas, swap, mm);
    tables += walkPageTables(audit, pages, mm, check);
  }
  return tables;
}

function vmasByInode(mms: readonly Mm[]): Map<Inode, Vma[]> {
  const vmas = new Map<Inode, Vma[]>();
  for (const mm of mms) {
    for (const vma of mm.vmas) {
      if (vma.inode === undefined) continue;
      const list = vmas.get(vma.inode);
      if (list === undefined) vmas.set(vma.inode, [vma]);
      else list.push(vma);
    }
  }
  return vmas;
}
