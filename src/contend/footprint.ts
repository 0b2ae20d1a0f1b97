import { MAP_POPULATE, MAP_SHARED, PROT_READ, PROT_WRITE } from '../constants.js';
import { contentsCode, hostPagesFor, kernelPagesFor, resolveOptions } from '../options.js';
import { policyCodes, type PinPolicy } from '../policies.js';
import type { CoreExports } from '../wasm/exports.js';
import {
  FOLL_PIN,
  FOLL_WRITE,
  PAGE_SIZE,
  SCHED_OP_BITS,
  SchedOp,
} from '../wasm/generated/layout.js';
import { createMemory, instantiate, loadModule } from '../wasm/load.js';
import { CoreViews } from '../wasm/views.js';
import { LineNames } from './line-names.js';
import type { FootprintLine, FootprintRow } from './types.js';

/**
 * What one GUP-fast pin, and one unpin, touches: the `sched` build announces every access to shared
 * memory before it happens, so the count is exact and always the same.
 */

/** Lines of a large batch that are named one by one; the totals count all. */
const LINES_NAMED = 24;
const LINE_SHIFT = 6;

/** One announced access. */
interface Access {
  readonly address: number;
  readonly op: number;
}

/** The footprint of pin and unpin for each policy and batch. */
export async function measureFootprints(
  policies: readonly string[],
  batches: readonly number[],
): Promise<FootprintRow[]> {
  const module = await loadModule('sched');
  return policies.flatMap((policy) =>
    batches.flatMap((batch) => footprintOf(module, policy as PinPolicy, batch)),
  );
}

function footprintOf(module: WebAssembly.Module, pin: PinPolicy, batch: number): FootprintRow[] {
  const options = resolveOptions({
    memory: '8MiB',
    contents: 'none',
    policy: { pin, seal: 'wait-for-pins' },
  });
  const memory = createMemory(hostPagesFor(options));
  let log: Access[] = [];
  const note = (address: number, op: number) => {
    log.push({ address: address >>> 0, op: op & SCHED_OP_BITS });
  };
  const core = instantiate(module, memory, {
    schedPoint: note,
    // Nobody else runs, so a wait is over at once: an access like any other.
    schedAwait: (address, _mask, _value, _equal, op) => note(address, op),
  });
  const frames = options.memory / PAGE_SIZE;
  const codes = policyCodes(options.policy);
  const contents = contentsCode(options.contents);
  core.boot(frames, kernelPagesFor(frames), 1, contents, codes.pin, codes.seal, 65530);
  const { task, addr, mapping } = mapOnePage(core, new CoreViews(memory), batch);
  const record = (run: () => void): Access[] => {
    log = [];
    run();
    return log;
  };
  const flags = FOLL_PIN | FOLL_WRITE;
  const pinAndUnpin = () => [
    record(() => core.pinVector(task, addr, batch, flags)),
    record(() => core.unpinVector(batch, flags)),
  ];
  pinAndUnpin(); // the first pin of a process sets a flag that later ones find set
  const names = new LineNames(new CoreViews(memory), task, mapping, addr, core);
  const [pinned = [], unpinned = []] = pinAndUnpin();
  return [rowOf(pin, batch, 'pin', pinned, names), rowOf(pin, batch, 'unpin', unpinned, names)];
}

/** A process with `batch` present pages of one shared memfd mapping. */
function mapOnePage(
  core: CoreExports,
  views: CoreViews,
  batch: number,
): { task: number; addr: number; mapping: number } {
  const task = core.spawn();
  const fd = core.sysMemfdCreate(task, 0, 0);
  const length = batch * PAGE_SIZE;
  core.sysFtruncate(task, fd, length);
  const flags = MAP_SHARED | MAP_POPULATE;
  const addr = core.sysMmap(task, 0, length, PROT_READ | PROT_WRITE, flags, fd, 0);
  const file = core.sysHoldFile(task, fd);
  core.sysDropFile(file);
  const mapping = views.address('Inode', 'mapping0', views.read('File', 'inode', file));
  return { task, addr, mapping };
}

function rowOf(
  policy: string,
  batch: number,
  phase: 'pin' | 'unpin',
  log: readonly Access[],
  names: LineNames,
): FootprintRow {
  const isFence = (op: number) => op === SchedOp.Fence || op === SchedOp.ReadFence;
  const accesses = log.filter(({ op }) => !isFence(op));
  const lines = new Map<number, Access[]>();
  for (const access of accesses) {
    const line = access.address >>> LINE_SHIFT;
    const known = lines.get(line);
    if (known === undefined) lines.set(line, [access]);
    else known.push(access);
  }
  const totals = { cacheLines: lines.size, ...countKinds(accesses) };
  const named = [...lines.values()].slice(0, LINES_NAMED);
  return {
    policy,
    batch,
    phase,
    ...totals,
    perPage: {
      cacheLines: totals.cacheLines / batch,
      loads: totals.loads / batch,
      stores: totals.stores / batch,
      rmws: totals.rmws / batch,
    },
    lines: named.map((line) => lineOf(line, names)),
  };
}

function lineOf(accesses: readonly Access[], names: LineNames): FootprintLine {
  const places = accesses.map(({ address }) => names.nameOf(address));
  return {
    line: places[0]?.struct ?? 'unknown',
    fields: [...new Set(places.map(({ field }) => field))],
    scope: places[0]?.scope,
    ...countKinds(accesses),
  };
}

function countKinds(accesses: readonly Access[]): { loads: number; stores: number; rmws: number } {
  const isLoad = (op: number) =>
    op === SchedOp.Load || op === SchedOp.LoadAcquire || op === SchedOp.LoadBits;
  const isStore = (op: number) => op === SchedOp.Store || op === SchedOp.StoreRelease;
  const loads = accesses.filter(({ op }) => isLoad(op)).length;
  const stores = accesses.filter(({ op }) => isStore(op)).length;
  return { loads, stores, rmws: accesses.length - loads - stores };
}
