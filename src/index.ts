/** The public interface of mmemu. */
export { Machine } from './machine.js';
export { Process } from './process.js';
export { PageRefs, PinnedPages } from './page-refs.js';
export { MachinePanicError, MmError } from './errors.js';
export { policies } from './policies.js';
export { contend } from './contend/contend.js';
export * from './constants.js';

export type { Contents, MachineOptions, ResolvedOptions } from './options.js';
export type { FileStatus } from './process.js';
export type { ReleaseOptions } from './page-refs.js';
export type { FaultSignal, TraceEvent } from './errors.js';
export type { PinPolicy, Policy, PolicyAxis, PolicyValue, SealPolicy } from './policies.js';
export type { VmaInfo } from './stats/maps.js';
export type { Violation } from './verify/verify.js';
export type { Vmstat } from './stats/vmstat.js';
export type { Meminfo } from './stats/meminfo.js';
export type { BuddyRow } from './stats/buddyinfo.js';
export type { PageInfo } from './stats/page-info.js';
export type { ContendOptions, ContendReport, ContendRow, Sharing } from './contend/types.js';
