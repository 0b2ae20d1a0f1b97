/** What TypeScript may call. Functions and numbers only. */
export { boot, setBugs } from './kernel/boot';
export { cpuInit, cpuSwitch } from './lib/percpu';
export { blocksThatDiffer, copyNoted, fillNoted, noteWritten, putBack } from './lib/written';
export { racesAtomic, racesRead, racesRead8, racesWrite, racesWrite8 } from './lib/races';
export { wakeEverybody } from './lib/bug';
export { exit, spawn, sysFork } from './kernel/fork';
export {
  setRlimitMemlock,
  sysMadvise,
  sysMincore,
  sysMlock2,
  sysMlockall,
  sysMseal,
  sysMsync,
  sysMunlock,
  sysMunlockall,
} from './kernel/advise';
export {
  sysBrk,
  sysMmap,
  sysMprotect,
  sysMremap,
  sysMunmap,
  userLoad,
  userStore,
  userTouch,
} from './kernel/syscall';
export {
  sysBusyPages,
  sysClose,
  sysContinueAddSeals,
  sysDropFile,
  sysDup,
  sysFchmod,
  sysFcntl,
  sysHoldFile,
  sysMemfdCreate,
  sysReopen,
} from './kernel/file';
export {
  sysFallocate,
  sysFstat,
  sysFtruncate,
  sysGetPos,
  sysLseek,
  sysRead,
  sysReadBegin,
  sysReadEnd,
  sysSetPos,
  sysWrite,
  sysWriteBegin,
  sysWriteEnd,
  sysWritePosition,
} from './kernel/read_write';
export { sysWriteUser } from './kernel/write_user';
export {
  gupCall,
  gupCopyCall,
  gupDirtyCall,
  gupPfnAt,
  gupReleaseCall,
  pinVector,
  unpinVector,
} from './kernel/gup_call';
export { sysOpen, sysUnlink } from './kernel/namei';
export { sysPipe, sysVmsplice } from './kernel/pipe';
export { pagePins, pageRmapCount, pfnAt, smapsFileSwap } from './kernel/views';
export { reapOrphans } from './mm/inode';
export { lruAddDrainAll } from './mm/swap';
export { reclaim } from './mm/vmscan';
export { vmstatRead } from './mm/vmstat';
export { sysSwapoff, sysSwapon } from './kernel/swapon';
