import {
  BUG_FORK_HAS_PINNED_LATE,
  BUG_GUP_NO_PTE_RECHECK,
  BUG_SEAL_GUP_COUNT_WRONG_MAPPING,
  FOLL_LONGTERM,
  FOLL_PIN,
  FOLL_WRITE,
  SEAL_DONTPIN,
} from '../abi';
import {
  PAGE_PRESENT,
  PTRS_PER_TABLE,
  entryOf,
  pteAccessPermitted,
  ptePfn,
  pteSpecial,
  pteWrite,
  tableOf,
} from '../arch/pgtable';
import { reenacts } from '../lib/machine';
import { thisCpu } from '../lib/percpu';
import { localIrqRestore, localIrqSave } from '../lib/rcu';
import { PAGE_SHIFT } from '../memlayout';
import { AS_DONTPIN, AddressSpace } from '../types/address_space';
import { GUP_ENTRY_SIZE, GupEntry } from '../types/gup_vec';
import { MMF_HAS_PINNED, MmStruct } from '../types/mm_struct';
import { PAGE_MAPPING_ANON, PG_ANON_EXCLUSIVE, PG_REFERENCED, Page } from '../types/page';
import { keepsExclusive } from './policy/cow';
import { FILE_REFUSES } from './policy/pin';

/**
 * GUP-fast: pages by address, without a lock and without a look at any VMA
 * (Linux: gup_fast in mm/gup.c).
 *
 *   F1  interrupts off: page tables that this walk can reach are not freed
 *   F2  read the entry; it must allow the access
 *   F3  take the page by the pin policy; a free page refuses
 *   F4  count the pin in the file, if the policy does so
 *   F5  read the entry again; if it has changed, undo F4 and F3 and stop here
 *   F6  interrupts on
 *
 * Between F2 and F3 the page may have been unmapped, freed and given to somebody else, so what F3
 * took may be a stranger's page. F5 finds that out: whoever unmaps clears the entry before the
 * entry's reference is dropped, so an entry that still stands proves that the page was never freed
 * in between. And whoever wants to know whether a page is pinned clears the entry first and reads
 * the count then: of the two at least one sees the other, because F3 and F4 are full barriers.
 *
 * Fork marks its passage in write_protect_seq; a pin that overlaps it is given back (Linux:
 * gup_fast_fallback). What this path does not get is left to the slow one.
 */

/** Takes up to `nr` pages from `start` into `entries`; returns how many. */
export function gupFast<P>(mm: MmStruct, start: u64, nr: u32, flags: u32, entries: usize): u32 {
  const writes = changetype<P>(0).countsWriters && (flags & FOLL_WRITE) != 0;
  const pin = (flags & FOLL_PIN) != 0 || writes;
  let sequence: u32 = 0;
  if (pin) {
    if (!reenacts(BUG_FORK_HAS_PINNED_LATE)) setHasPinned(mm);
    sequence = mm.writeProtectSeq.read();
    if ((sequence & 1) != 0) return 0;
  }
  const cpu = thisCpu();
  localIrqSave();
  if (changetype<P>(0).countsFiles) cpu.gupCounted.init(0);
  const got = gupPgdRange<P>(mm, start, nr, flags, entries);
  localIrqRestore();
  if (pin && mm.writeProtectSeq.retry(sequence)) {
    releaseEntries<P>(entries, got, (flags & FOLL_WRITE) != 0);
    return 0;
  }
  // Too late: a fork that came in between has not looked for pins.
  if (pin && reenacts(BUG_FORK_HAS_PINNED_LATE)) setHasPinned(mm);
  return got;
}

/** From now on forks look for pins; written once (Linux: mm_set_has_pinned_flag). */
function setHasPinned(mm: MmStruct): void {
  if ((mm.flags.load() & MMF_HAS_PINNED) == 0) mm.flags.fetchOr(MMF_HAS_PINNED);
}

/** Gives pages back by the policy that took them; the loop of every release. */
export function releaseEntries<P>(entries: usize, nr: u32, write: bool): void {
  const policy = changetype<P>(0);
  for (let i: u32 = 0; i < nr; i++) {
    const entry = GupEntry.at(entries, i);
    const page = Page.fromPfn(entry.pfn.load());
    const mapping = policy.countsFiles ? countedMapping(page, entry) : 0;
    policy.release(page, write);
    if (policy.countsFiles && mapping != 0) policy.uncountFile(mapping);
  }
}

/** The file that an entry has counted in; the page may have left it meanwhile. */
function countedMapping(page: Page, entry: GupEntry): u32 {
  const counted = entry.mapping.load();
  // Who asks the page finds none once it was truncated, and the file is never lowered again.
  if (reenacts(BUG_SEAL_GUP_COUNT_WRONG_MAPPING) && counted != 0) return page.mapping.load();
  return counted;
}

/** Table by table (Linux: gup_fast_pgd_range and below). */
function gupPgdRange<P>(mm: MmStruct, start: u64, nr: u32, flags: u32, entries: usize): u32 {
  let got: u32 = 0;
  while (got < nr) {
    const address = start + ((<u64>got) << PAGE_SHIFT);
    const table = walkToTable(mm, address);
    if (table == 0) break;
    const inTable = PTRS_PER_TABLE - ((<u32>(address >> PAGE_SHIFT)) & (PTRS_PER_TABLE - 1));
    const want = min(nr - got, inTable);
    const here = gupPteRange<P>(table, address, want, flags, entries + <usize>got * GUP_ENTRY_SIZE);
    got += here;
    if (here < want) break;
  }
  return got;
}

/**
 * The table of PTEs for an address, or 0; with interrupts off. As `findPteTable`, but without its
 * loop: this path is the one that is measured.
 */
function walkToTable(mm: MmStruct, address: u64): usize {
  const pgd = entryOf(<usize>mm.pgd.load(), address, 3).dereference();
  if ((pgd & PAGE_PRESENT) == 0) return 0;
  const pud = entryOf(tableOf(pgd), address, 2).dereference();
  if ((pud & PAGE_PRESENT) == 0) return 0;
  const pmd = entryOf(tableOf(pud), address, 1).dereference();
  return (pmd & PAGE_PRESENT) == 0 ? 0 : tableOf(pmd);
}

/** Steps F2 to F5 for the entries of one table (Linux: gup_fast_pte_range). */
function gupPteRange<P>(table: usize, start: u64, nr: u32, flags: u32, entries: usize): u32 {
  const policy = changetype<P>(0);
  const write = (flags & FOLL_WRITE) != 0;
  const careful = mustLookAtMapping(flags);
  for (let i: u32 = 0; i < nr; i++) {
    const ptep = entryOf(table, start + ((<u64>i) << PAGE_SHIFT), 0);
    const pte = ptep.dereference();
    if (!pteAccessPermitted(pte, write) || pteSpecial(pte)) return i;
    const page = Page.fromPfn(ptePfn(pte));
    if (!policy.grab(page, write)) return i;
    let counted: u32 = 0;
    if (policy.countsFiles && write) {
      counted = policy.countFile(page, thisCpu().gupCounted.load());
      if (counted == FILE_REFUSES) {
        policy.release(page, write);
        return i;
      }
      if (counted != 0) thisCpu().gupCounted.init(counted);
    }
    // PG_anon_exclusive may be read only after the entry: whoever clears it clears the entry first.
    const simple = pteWrite(pte) && !careful;
    // Without F5 the page may be unmapped, and its counts read, before this CPU has raised them.
    const stands = reenacts(BUG_GUP_NO_PTE_RECHECK) || ptep.load() == pte;
    if (!stands || !(simple || pageAllowed(page, pte, flags))) {
      if (counted != 0) policy.uncountFile(counted);
      policy.release(page, write);
      return i;
    }
    page.flags.orMostlySet(PG_REFERENCED);
    const entry = GupEntry.at(entries, i);
    entry.pfn.init(page.pfn);
    entry.mapping.init(counted);
  }
  return nr;
}

/** True where only some kinds of pages are allowed, whatever the entry says. */
function mustLookAtMapping(flags: u32): bool {
  const writeLongterm = FOLL_WRITE | FOLL_LONGTERM;
  return thisCpu().sealPolicy == SEAL_DONTPIN || (flags & writeLongterm) == writeLongterm;
}

/** What Linux checks of a page that it may have no VMA for (Linux: gup_fast_folio_allowed). */
function pageAllowed(page: Page, pte: u64, flags: u32): bool {
  if (mustLookAtMapping(flags) && !mappingAllowed(page.mapping.dereference())) return false;
  return (flags & FOLL_PIN) == 0 || pteWrite(pte) || !mustUnshareFast(page, flags);
}

function mappingAllowed(mapping: u32): bool {
  if (mapping == 0) return false; // truncated: the slow path decides
  if (thisCpu().sealPolicy != SEAL_DONTPIN || (mapping & PAGE_MAPPING_ANON) != 0) return true;
  return (changetype<AddressSpace>(<usize>mapping).flags.load() & AS_DONTPIN) == 0;
}

/** A read pin of a page that a write of this process would replace (Linux: gup_must_unshare). */
function mustUnshareFast(page: Page, flags: u32): bool {
  if ((flags & FOLL_WRITE) != 0) return false;
  if (!page.isAnon) return (flags & FOLL_LONGTERM) != 0; // no VMA here to tell a private mapping
  return keepsExclusive() && page.flags.test(PG_ANON_EXCLUSIVE) == 0;
}
