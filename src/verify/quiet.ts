import {
  MACHINE_BASE,
  NR_CACHES,
  PERCPU_GATHER,
  PERCPU_LRU,
  PERCPU_PCP,
  CACHE_TASK,
} from '../wasm/generated/layout.js';
import type { Mm } from './address-spaces.js';
import type { Audit } from './audit.js';
import { offsetsOf } from './core-memory.js';
import type { Files } from './files.js';
import {
  INODE_LISTS,
  KMEM_STATE,
  LRUVEC_BASE,
  MM_LISTS,
  SLAB_DEPOTS,
  SWAP_INFO,
  VEC_LIST,
  ZONE_BASE,
} from '../wasm/generated/layout.js';
import { DEPOT_SIZE } from './places.js';
import type { Slabs } from './slabs.js';

const MACHINE = offsetsOf('MachineState');
const CPU = offsetsOf('PerCpu');
const LRU = offsetsOf('CpuLru');
const MM = offsetsOf('MmStruct');
const INODE = offsetsOf('Inode');
const MAPPING = offsetsOf('AddressSpace');
const XARRAY = offsetsOf('XArray');
const TASK = offsetsOf('Task');

/** Checks that nothing is under way. */
export function checkQuiet(audit: Audit): void {
  const { memory, findings } = audit;
  const running = memory.u32(MACHINE_BASE + MACHINE.workersRunning);
  findings.equal('quiet', 'machine', 0, running, 'CPUs that are in a call');
  const disabled = memory.u32(MACHINE_BASE + MACHINE.lruDisabled);
  findings.equal('quiet', 'machine', 0, disabled, 'calls that keep LRU batches off');
  for (const cpu of audit.cpus()) {
    const area = audit.perCpu(cpu);
    const name = `CPU ${cpu}`;
    const odd = memory.u32(area + CPU.irqSeq) & 1;
    findings.equal('quiet', name, 0, odd, 'sections with interrupts off');
    findings.equal('quiet', name, 0, memory.u32(area + CPU.waitingOn), 'word that it waits for');
    const reclaiming = memory.u32(area + PERCPU_LRU + LRU.memalloc);
    findings.equal('quiet', name, 0, reclaiming, 'reclaim under way');
    findings.equal('gather-empty', name, 0, memory.u32(area + PERCPU_GATHER), 'pages');
    findings.equal('gather-empty', name, 0, memory.u32(area + PERCPU_GATHER + 4), 'page tables');
  }
}

/** Checks the locks of the machine as a whole: each is the first word of its struct. */
export function checkMachineLocks(audit: Audit): void {
  free(audit, 'zone', 'lock', ZONE_BASE);
  free(audit, 'kmem', 'lock', KMEM_STATE);
  free(audit, 'lists of inodes', 'lock', INODE_LISTS);
  free(audit, 'list of mms', 'lock', MM_LISTS);
  free(audit, 'list of vectors', 'lock', VEC_LIST);
  free(audit, 'swap device', 'lock', SWAP_INFO);
  for (let cache = 0; cache < NR_CACHES; cache++) {
    free(audit, `depot of cache ${cache}`, 'lock', SLAB_DEPOTS + cache * DEPOT_SIZE);
  }
  free(audit, 'LRU lists', 'lruLock', LRUVEC_BASE);
  for (const cpu of audit.cpus()) {
    free(audit, `LRU batches of CPU ${cpu}`, 'lock', audit.perCpu(cpu) + PERCPU_LRU);
    free(audit, `free list of CPU ${cpu}`, 'lock', audit.perCpu(cpu) + PERCPU_PCP);
  }
}

/** Checks the locks of processes, address spaces and files. */
export function checkObjectLocks(
  audit: Audit,
  slabs: Slabs,
  files: Files,
  mms: readonly Mm[],
): void {
  for (const task of slabs.live(CACHE_TASK)) {
    const name = `process ${audit.memory.u32(task + TASK.pid)}`;
    free(audit, name, 'filesLock', task + TASK.filesLock);
  }
  for (const mm of mms) {
    free(audit, mm.name, 'mmapLock', mm.address + MM.mmapLock);
    free(audit, mm.name, 'pageTableLock', mm.address + MM.pageTableLock);
    const odd = audit.memory.u32(mm.address + MM.writeProtectSeq) & 1;
    audit.findings.equal('lock-free', mm.name, 0, odd, 'writers in writeProtectSeq');
  }
  for (const inode of files.inodes.values()) {
    const name = () => inode.name;
    free(audit, name, 'iRwsem', inode.address + INODE.iRwsem);
    free(audit, name, 'iMmapRwsem', inode.mapping + MAPPING.iMmapRwsem);
    free(audit, name, 'lock of iPages', inode.mapping + MAPPING.iPages0 + XARRAY.lock);
  }
}

function free(audit: Audit, object: string | (() => string), lock: string, address: number): void {
  audit.findings.equal('lock-free', object, 0, audit.memory.u32(address), lock);
}
