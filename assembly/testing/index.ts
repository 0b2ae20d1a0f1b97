/**
 * The core for its unit tests: what the shipped builds keep to themselves is exported here, and the
 * loops that workers run against one another. Addresses and page descriptors pass as numbers.
 */
export { boot } from '../kernel/boot';
export { wakeEverybody } from '../lib/bug';
export { KPAGE_DATA, KPAGE_PGTABLE } from '../lib/kdesc';
export { allocKernelPage, clearKernelPage, freeKernelPage } from '../lib/kmem';
export { cpuInit } from '../lib/percpu';
export { localIrqRestore, localIrqSave, synchronize } from '../lib/rcu';
export {
  CACHE_FILE,
  CACHE_GUP_VEC,
  CACHE_INODE,
  CACHE_VMA,
  CACHE_XA_NODE,
  cacheAlloc,
  cacheFree,
  objectSize,
} from '../lib/slab';
export { pollWhile, waitWhile } from '../lib/wait';
export {
  xaClearMarkLocked,
  xaEraseLocked,
  xaLoad,
  xaMarkedLocked,
  xaNext,
  xaNextMarkedLocked,
  xaReapLocked,
  xaSetMarkLocked,
  xaStoreLocked,
} from '../lib/xarray';
export {
  allocPage,
  allocPages,
  allocZeroedPage,
  drainAllPages,
  freePage,
  freePages,
  putPage,
} from '../mm/page_alloc';
export { lockPage, trylockPage, unlockPage } from '../mm/page_lock';
export { getPage, tryAddPageRefs, tryGetPage } from '../mm/page_ref';
export {
  deactivatePage,
  folioAddLru,
  folioIsolateLru,
  folioPutbackLru,
  lazyfreePage,
  lruAddDrain,
  lruAddDrainAll,
  lruCacheDisable,
  lruCacheEnable,
  markPageAccessed,
  mlockNewPage,
  mlockPage,
  munlockPage,
  rotateReclaimable,
} from '../mm/swap';
export {
  addToSwap,
  addToSwapCache,
  folioFreeSwap,
  removeMapping,
  swapCacheGet,
} from '../mm/swap_state';
export {
  swapActivate,
  swapCount,
  swapDeactivate,
  swapDuplicate,
  swapFree,
  swapHasRoom,
  swapSetWritable,
  vmSwapFull,
} from '../mm/swapfile';
export { reclaim } from '../mm/vmscan';
export {
  findVma,
  findVmaIntersection,
  highestGap,
  lowestGap,
  vmaLookup,
  vmaTreeChanged,
  vmaTreeErase,
  vmaTreeInsert,
} from '../mm/vma_tree';
export { vmstatRead } from '../mm/vmstat';
export { PAGE_TYPE_BUDDY, PAGE_TYPE_PCP } from '../types/page';
export { depotAddress, kmemAddress, magazineAddress } from './slab_view';
export { pcpAddress, pcpList, zoneAddress, zoneFreeList, zoneNrFree } from './zone_view';
export { giveBack, hammerObjects, hammerPages, takeBack } from './hammer_alloc';
export {
  hammerComeAndGo,
  hammerPageLock,
  hammerSpin,
  hammerSpinAsCpu0,
  hammerTryLock,
  hammerWithoutLock,
} from './hammer_lock';
export { hammerFreer, hammerHastyFreer, hammerWalker } from './hammer_rcu';
export {
  hammerDowngraders,
  hammerReaders,
  hammerReadersUntilStop,
  hammerWriters,
} from './hammer_rwsem';
export { hammerSeqReader, hammerSeqWriter } from './hammer_seqlock';
export { hammerXaReader, hammerXaWriter } from './hammer_xarray';
export {
  intervalFirstOf,
  intervalInsertOf,
  intervalNextOf,
  intervalRemoveOf,
  treeFirst,
  treeLast,
  treeNext,
  treePrev,
} from './item';
export { listAdd, listAddTail, listDel, listInit, listIsEmpty } from './list_view';
export {
  rwDowngradeWrite,
  rwDownRead,
  rwDownWrite,
  rwIsLocked,
  rwIsWriteLocked,
  rwTryDownRead,
  rwTryDownWrite,
  rwUpRead,
  rwUpWrite,
  seqRead,
  seqRetry,
  seqWriteBegin,
  seqWriteEnd,
  spinIsLocked,
  spinLock,
  spinTryLock,
  spinUnlock,
} from './locks';
