/**
 * Build switches, set by a target's `use` in asconfig.json and undefined otherwise: test them with
 * `isDefined`, which drops the code of the other builds at compile time.
 */

/** Every access to a cell calls the host first (target `sched`). */
declare const SCHED: bool;

/** SCHED as coroutines of one thread, with plain accesses watched as well (target `explore`). */
declare const EXPLORE: bool;

/** Expensive checks, VM_BUG_ON among them, are compiled in (target `debug`). */
declare const DEBUG_VM: bool;
