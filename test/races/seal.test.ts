// A device on one CPU pins and writes while another CPU unmaps and seals: once the file is sealed,
// it never changes.
import { expect, test } from '@jest/globals';
import {
  F_ADD_SEALS,
  F_SEAL_WRITE,
  FOLL_PIN,
  FOLL_WRITE,
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  Machine,
  MmError,
  PAGE_SIZE,
  policies,
  PROT_READ,
  PROT_WRITE,
  type PinPolicy,
  type Process,
  type SealPolicy,
} from '../../src/index.js';
import { PERCPU_SCRATCH } from '../../src/wasm/generated/layout.js';

const PINS = policies()[0]?.values.map(({ name }) => name) as PinPolicy[];
const SEALS: SealPolicy[] = ['wait-for-pins', 'refuse-if-counted', 'dontpin'];
const POLICIES = PINS.flatMap((pin) => SEALS.map((seal) => ({ pin, seal }))).filter(
  ({ pin, seal }) => !(pin === 'get-page' && seal === 'refuse-if-counted'),
);
const ROUNDS = 150;
const PAGES = 4;
const LENGTH = PAGES * PAGE_SIZE;
/** Spreads the moment of unmapping over the time that a message takes to the other CPU. */
const SPREAD_US = 60;

test.each(POLICIES)('pin $pin, seal $seal', async (policy) => {
  await using machine = await Machine.boot({ memory: '4MiB', cpus: 3, policy, build: 'bench' });
  const process = machine.spawn();
  const outcomes = { sealed: 0, refused: 0, pinned: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const { fd, addr } = mapFile(process);
    const devices = [1, 2].map((cpu) => pinOn(machine, cpu, process.task, addr));
    // Now and then at once, before the message can have arrived: then the seal wins.
    spin(round % 4 === 0 ? 0 : (round * 7919) % SPREAD_US);
    process.munmap(addr, LENGTH);
    const sealed = seals(process, fd);
    const before = process.pread(fd, LENGTH, 0);
    const vectors = await Promise.all(devices);
    for (const [index, vector] of vectors.entries()) await write(machine, index + 1, vector);
    const same = Buffer.compare(process.pread(fd, LENGTH, 0), before) === 0;
    if (sealed) expect(same).toBe(true);
    else expect(same).toBe(vectors.every((vector) => vector <= 0));
    for (const [index, vector] of vectors.entries()) await release(machine, index + 1, vector);
    outcomes[sealed ? 'sealed' : 'refused']++;
    outcomes.pinned += vectors.filter((vector) => vector > 0).length;
    process.close(fd);
  }
  expect(outcomes.sealed + outcomes.refused).toBe(ROUNDS);
  if (policy.seal === 'dontpin') expect([outcomes.refused, outcomes.pinned]).toEqual([0, 0]);
  expect(machine.verify()).toEqual([]);
  process.exit();
  const { MemFree, MemTotal } = machine.meminfo();
  expect(MemFree).toBe(MemTotal);
});

function mapFile(process: Process): { fd: number; addr: number } {
  const fd = process.memfdCreate('sealed', MFD_ALLOW_SEALING);
  process.ftruncate(fd, LENGTH);
  const addr = process.mmap(0, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  process.store(addr, new Uint8Array(LENGTH).fill(1));
  return { fd, addr };
}

/** Starts a pin on another CPU; a vector, or a negative error. */
function pinOn({ kernel }: Machine, cpu: number, task: number, addr: number): Promise<number> {
  return kernel.call(cpu, 'gupCall', task, addr, PAGES, FOLL_PIN | FOLL_WRITE, true);
}

/** Writes by DMA from the CPU's scratch page: what lies there differs from what the file holds. */
async function write({ kernel }: Machine, cpu: number, vector: number): Promise<void> {
  if (vector <= 0) return;
  const scratch = kernel.views.perCpu(cpu) + PERCPU_SCRATCH;
  kernel.views.u8.fill(0xee, scratch, scratch + 64);
  expect(await kernel.call(cpu, 'gupCopyCall', vector, 0, scratch, 64, true)).toBe(0);
}

async function release({ kernel }: Machine, cpu: number, vector: number): Promise<void> {
  if (vector > 0) await kernel.call(cpu, 'gupReleaseCall', vector, false);
}

/** Seals the file if nothing stands in the way. */
function seals(process: Process, fd: number): boolean {
  try {
    process.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE);
    return true;
  } catch (error) {
    if (error instanceof MmError && error.code === 'EBUSY') return false;
    throw error;
  }
}

function spin(microseconds: number): void {
  const end = performance.now() + microseconds / 1000;
  while (performance.now() < end);
}
