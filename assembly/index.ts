/** What TypeScript may call. Functions and numbers only. */
export { boot } from './kernel/boot';
export { cpuInit } from './lib/percpu';
export { wakeEverybody } from './lib/bug';
export { exit, spawn } from './kernel/fork';
export { sysMmap, sysMprotect, sysMunmap, userLoad, userStore, userTouch } from './kernel/syscall';
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
export {
  gupCall,
  gupCopyCall,
  gupPfnAt,
  gupReleaseCall,
  pinVector,
  unpinVector,
} from './kernel/gup_call';
export { pagePins, pageRmapCount, pfnAt } from './kernel/views';
export { reapOrphans } from './mm/inode';
export { vmstatRead } from './mm/vmstat';
