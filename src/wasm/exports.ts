/**
 * What the core exports (assembly/index.ts). Tasks, files and vectors are addresses in its memory;
 * virtual addresses, lengths and offsets are numbers; negative results are errors.
 */
export interface CoreExports {
  boot(
    nrFrames: number,
    nrKpages: number,
    nrCpus: number,
    contents: number,
    pinPolicy: number,
    sealPolicy: number,
    maxMapCount: number,
    lruBatch?: number,
    faultAroundPages?: number,
    cowPolicy?: number,
    unmapPinned?: number,
    forkPinned?: number,
  ): void;
  setBugs(mask: number): void;
  cpuInit(cpu: number): void;
  cpuSwitch(cpu: number): void;
  blocksThatDiffer(page: number, copy: number): number;
  putBack(page: number, copy: number): void;
  racesAtomic(address: number, size: number, write: boolean): void;
  wakeEverybody(): void;
  spawn(): number;
  exit(task: number): void;
  sysFork(task: number): number;
  sysSwapon(base: number, pages: number): number;
  sysSwapoff(): number;
  sysMmap(
    task: number,
    addr: number,
    length: number,
    prot: number,
    flags: number,
    fd: number,
    offset: number,
  ): number;
  sysMunmap(task: number, addr: number, length: number): number;
  sysMprotect(task: number, addr: number, length: number, prot: number): number;
  sysBrk(task: number, addr: number): number;
  sysMremap(
    task: number,
    addr: number,
    oldLength: number,
    newLength: number,
    flags: number,
    newAddr: number,
  ): number;
  sysMadvise(task: number, addr: number, length: number, advice: number): number;
  sysMlock2(task: number, addr: number, length: number, flags: number): number;
  sysMunlock(task: number, addr: number, length: number): number;
  sysMlockall(task: number, flags: number): number;
  sysMunlockall(task: number): void;
  sysMseal(task: number, addr: number, length: number, flags: number): number;
  sysMsync(task: number, addr: number, length: number, flags: number): number;
  sysMincore(task: number, addr: number, length: number, buffer: number): number;
  setRlimitMemlock(bytes: number): void;
  userLoad(task: number, addr: number, buffer: number, length: number): number;
  userStore(task: number, addr: number, buffer: number, length: number): number;
  userTouch(task: number, addr: number, length: number, write: boolean): number;
  sysMemfdCreate(task: number, nameLength: number, flags: number): number;
  sysReopen(task: number, fd: number, flags: number): number;
  sysClose(task: number, fd: number): number;
  sysDup(task: number, fd: number): number;
  sysFcntl(task: number, fd: number, cmd: number, arg: number): number;
  sysHoldFile(task: number, fd: number): number;
  sysDropFile(file: number): void;
  sysContinueAddSeals(file: number, seals: number, scan: number): number;
  sysBusyPages(file: number): number;
  sysFchmod(task: number, fd: number, mode: number): number;
  sysFstat(task: number, fd: number, buffer: number): number;
  sysFtruncate(task: number, fd: number, length: number): number;
  sysFallocate(task: number, fd: number, mode: number, offset: number, length: number): number;
  sysLseek(task: number, fd: number, offset: number, whence: number): number;
  sysReadBegin(task: number, fd: number, positioned: boolean): number;
  sysRead(file: number, position: number, buffer: number, length: number): number;
  sysReadEnd(file: number): void;
  sysWriteBegin(task: number, fd: number, positioned: boolean): number;
  sysWritePosition(file: number, position: number): number;
  sysWrite(file: number, position: number, buffer: number, length: number, left: number): number;
  sysWriteUser(
    task: number,
    file: number,
    position: number,
    source: number,
    buffer: number,
    left: number,
  ): number;
  sysWriteEnd(file: number): void;
  sysGetPos(file: number): number;
  sysSetPos(file: number, position: number): void;
  sysOpen(task: number, length: number, flags: number, mode: number): number;
  sysUnlink(directory: boolean): number;
  sysPipe(task: number, buffer: number, flags: number): number;
  sysVmsplice(task: number, fd: number, addr: number, length: number, flags: number): number;
  gupCall(task: number, addr: number, nr: number, flags: number, fast: boolean): number;
  gupDirtyCall(vec: number): void;
  gupReleaseCall(vec: number, dirty: boolean): void;
  gupPfnAt(vec: number, index: number): number;
  gupCopyCall(vec: number, offset: number, buffer: number, length: number, write: boolean): number;
  pinVector(task: number, addr: number, nr: number, flags: number): number;
  unpinVector(nr: number, flags: number): void;
  pagePins(pfn: number): number;
  pageRmapCount(pfn: number): number;
  smapsFileSwap(vma: number): number;
  pfnAt(task: number, addr: number): number;
  lruAddDrainAll(): void;
  reclaim(pages: number): number;
  reapOrphans(): void;
  vmstatRead(item: number): number;
}

/** The loops of the bench build (assembly/bench), by what they take and give. */
export interface BenchExports extends CoreExports {
  contendLoop(
    task: number,
    addr: number,
    batch: number,
    flags: number,
    sampleEvery: number,
    clockCostNs: number,
  ): number;
  clockCost(calls: number): number;
  pingPong(parity: number, rounds: number): number;
  getSealsLoop(task: number, fd: number, calls: number): number;
  munmapLoop(task: number, addr: number, length: number, calls: number): number;
  pageOutLoop(first: number, behind: number): number;
  pageOutRange(first: number, behind: number): number;
  swapLoop(pages: number): number;
  pinLoop(task: number, addr: number, nr: number): number;
  pinWriteLoop(task: number, addr: number, nr: number): number;
  storeLoop(task: number, addr: number, nr: number): number;
  forkLoop(task: number, addr: number, nr: number): number;
  moveLoop(task: number, addr: number, length: number, to: number, flags: number): number;
  remapLoop(task: number, addr: number, length: number, fd: number): number;
  freeLoop(task: number, addr: number, length: number): number;
  reclaimLoop(pages: number): number;
  punchLoop(task: number, fd: number, length: number): number;
  touchLoop(task: number, addr: number, length: number, write: boolean): number;
}
