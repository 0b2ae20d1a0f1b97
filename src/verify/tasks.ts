import { CACHE_TASK } from '../wasm/generated/layout.js';
import { Audit, type VerifyContext } from './audit.js';
import { KernelPages } from './kernel-pages.js';
import { Slabs } from './slabs.js';

/** Addresses of the struct task_struct of every process that lives. */
export function liveTasks(context: VerifyContext): number[] {
  const audit = new Audit(context);
  return [...new Slabs(audit, new KernelPages(audit)).live(CACHE_TASK)];
}
