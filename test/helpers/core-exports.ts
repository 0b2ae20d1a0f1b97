import type { CoreExports as ShippedExports } from '../../src/wasm/exports.js';

/** What it has in common with the core that is shipped. */
type Shipped = Pick<ShippedExports, 'boot' | 'cpuInit' | 'wakeEverybody' | 'vmstatRead'>;

/**
 * What build/testing.wasm exports (assembly/testing/index.ts). Addresses are numbers; a 64-bit
 * number is a bigint, and comes back as a signed one.
 */
export interface CoreExports extends CoreConstants, Shipped {
  allocKernelPage(kind: number): number;
  clearKernelPage(page: number): void;
  freeKernelPage(page: number): void;
  cacheAlloc(cache: number): number;
  cacheFree(cache: number, object: number): void;
  objectSize(cache: number): number;
  kmemAddress(): number;
  depotAddress(cache: number): number;
  magazineAddress(cache: number): number;

  allocPage(): number;
  allocPages(order: number): number;
  allocZeroedPage(): number;
  drainAllPages(): void;
  freePage(page: number): void;
  freePages(page: number, order: number): void;
  putPage(page: number): void;
  getPage(page: number): void;
  tryGetPage(page: number): number;
  tryAddPageRefs(page: number, count: number): number;
  lockPage(page: number): void;
  trylockPage(page: number): number;
  unlockPage(page: number): void;
  zoneAddress(): number;
  zoneFreeList(order: number): number;
  zoneNrFree(order: number): number;
  pcpAddress(cpu: number): number;
  pcpList(cpu: number): number;

  deactivatePage(page: number): void;
  folioAddLru(page: number): void;
  folioIsolateLru(page: number): number;
  folioPutbackLru(page: number): void;
  lazyfreePage(page: number): void;
  lruAddDrain(): void;
  lruAddDrainAll(): void;
  lruCacheDisable(): void;
  lruCacheEnable(): void;
  markPageAccessed(page: number): void;
  mlockNewPage(page: number): void;
  mlockPage(page: number): void;
  munlockPage(page: number): void;
  rotateReclaimable(page: number): void;

  addToSwap(page: number): number;
  addToSwapCache(page: number, entry: number): number;
  folioFreeSwap(page: number): number;
  removeMapping(page: number): number;
  swapCacheGet(entry: number): number;
  swapActivate(slots: number, pages: number): number;
  swapCount(entry: number): number;
  swapDeactivate(): void;
  swapDuplicate(entry: number): void;
  swapFree(entry: number): number;
  swapHasRoom(): number;
  swapSetWritable(write: number): number;
  vmSwapFull(): number;
  reclaim(pages: number): number;

  waitWhile(cell: number, value: number): void;
  pollWhile(cell: number, value: number): void;
  localIrqSave(): void;
  localIrqRestore(): void;
  synchronize(): void;
  spinLock(lock: number): void;
  spinTryLock(lock: number): number;
  spinUnlock(lock: number): void;
  spinIsLocked(lock: number): number;
  rwDownRead(sem: number): void;
  rwTryDownRead(sem: number): number;
  rwUpRead(sem: number): void;
  rwDownWrite(sem: number): void;
  rwTryDownWrite(sem: number): number;
  rwUpWrite(sem: number): void;
  rwDowngradeWrite(sem: number): void;
  rwIsLocked(sem: number): number;
  rwIsWriteLocked(sem: number): number;
  seqRead(seq: number): number;
  seqRetry(seq: number, start: number): number;
  seqWriteBegin(seq: number): void;
  seqWriteEnd(seq: number): void;

  listInit(link: number): void;
  listIsEmpty(head: number): number;
  listAdd(head: number, entry: number): void;
  listAddTail(head: number, entry: number): void;
  listDel(link: number): void;

  treeFirst(root: number): number;
  treeLast(root: number): number;
  treeNext(node: number): number;
  treePrev(node: number): number;
  intervalInsertOf(root: number, node: number): void;
  intervalRemoveOf(root: number, node: number): void;
  intervalFirstOf(root: number, first: bigint, last: bigint): number;
  intervalNextOf(node: number, first: bigint, last: bigint): number;

  xaLoad(xa: number, index: bigint): number;
  xaStoreLocked(xa: number, index: bigint, value: number): number;
  xaEraseLocked(xa: number, index: bigint): number;
  xaReapLocked(xa: number): void;
  xaSetMarkLocked(xa: number, index: bigint, mark: number): void;
  xaClearMarkLocked(xa: number, index: bigint, mark: number): void;
  xaMarkedLocked(xa: number, mark: number): number;
  xaNext(xa: number, from: bigint): bigint;
  xaNextMarkedLocked(xa: number, from: bigint, mark: number): bigint;

  findVma(mm: number, address: bigint): number;
  vmaLookup(mm: number, address: bigint): number;
  findVmaIntersection(mm: number, start: bigint, end: bigint): number;
  vmaTreeInsert(mm: number, vma: number): void;
  vmaTreeErase(mm: number, vma: number): void;
  vmaTreeChanged(mm: number, vma: number): void;
  highestGap(mm: number, low: bigint, high: bigint, length: bigint): bigint;
  lowestGap(mm: number, low: bigint, high: bigint, length: bigint): bigint;

  hammerSpin(shared: number, cpus: number, rounds: number): number;
  hammerWithoutLock(shared: number, cpus: number, rounds: number): number;
  hammerTryLock(shared: number, cpus: number, rounds: number): number;
  hammerPageLock(shared: number, cpus: number, rounds: number, page: number): number;
  hammerComeAndGo(shared: number, cpus: number, rounds: number): number;
  hammerSpinAsCpu0(shared: number, cpus: number): number;
  hammerReaders(shared: number, cpus: number, rounds: number): number;
  hammerReadersUntilStop(shared: number, cpus: number): number;
  hammerWriters(shared: number, cpus: number, rounds: number): number;
  hammerDowngraders(shared: number, cpus: number, rounds: number): number;
  hammerSeqReader(shared: number, cpus: number, writers: number): number;
  hammerSeqWriter(shared: number, cpus: number, rounds: number): number;
  hammerFreer(shared: number, cpus: number, rounds: number, objects: number): number;
  hammerHastyFreer(shared: number, cpus: number, rounds: number, objects: number): number;
  hammerWalker(shared: number, cpus: number): number;
  hammerXaReader(shared: number, cpus: number, xa: number, seed: number): number;
  hammerXaWriter(shared: number, cpus: number, rounds: number, xa: number): number;
  hammerPages(
    shared: number,
    cpus: number,
    rounds: number,
    owners: number,
    maxOrder: number,
  ): number;
  hammerObjects(
    shared: number,
    cpus: number,
    rounds: number,
    owners: number,
    cache: number,
  ): number;
  takeBack(owners: number, entry: number): number;
  giveBack(owners: number, cache: number, object: number): number;
}

/** Constants of the core come as WebAssembly globals. */
interface CoreConstants {
  readonly PAGE_TYPE_BUDDY: WebAssembly.Global<'i32'>;
  readonly PAGE_TYPE_PCP: WebAssembly.Global<'i32'>;
  readonly KPAGE_DATA: WebAssembly.Global<'i32'>;
  readonly KPAGE_PGTABLE: WebAssembly.Global<'i32'>;
  readonly CACHE_FILE: WebAssembly.Global<'i32'>;
  readonly CACHE_GUP_VEC: WebAssembly.Global<'i32'>;
  readonly CACHE_INODE: WebAssembly.Global<'i32'>;
  readonly CACHE_VMA: WebAssembly.Global<'i32'>;
  readonly CACHE_XA_NODE: WebAssembly.Global<'i32'>;
}

/** The functions among the exports: what a worker can be told to call. */
export type CoreFunction = Exclude<keyof CoreExports, keyof CoreConstants>;
