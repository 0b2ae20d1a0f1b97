/** What the tests of the public interface have in common. */
import { expect } from '@jest/globals';
import {
  MAP_SHARED,
  MFD_ALLOW_SEALING,
  Machine,
  PAGE_SIZE,
  PROT_READ,
  PROT_WRITE,
  policies,
  type PinPolicy,
  type Policy,
  type Process,
  type SealPolicy,
} from '../../../src/index.js';

/** What `action` throws; a test that expects an error fails when there is none. */
export function thrownBy(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error(`what was thrown is no Error: ${String(error)}`, { cause: error });
  }
  throw new Error('nothing was thrown');
}

/** What a promise is rejected with. */
export async function rejectionOf(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return error;
    throw new Error(`what it was rejected with is no Error: ${String(error)}`, { cause: error });
  }
  throw new Error('nothing was rejected');
}

/** `ok`, or the code of the error: what became of a system call. */
export function outcome(action: () => unknown): string {
  try {
    action();
    return 'ok';
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code);
    throw error;
  }
}

/** A value of a type that the compiler would not let through. */
export function wrong<T>(value: unknown): T {
  return value as T;
}

/** A memfd of so many pages, mapped shared for reading and writing. */
export interface Buffer {
  readonly fd: number;
  readonly addr: number;
  readonly length: number;
}

/** Makes and maps a memfd; its pages are not there yet. */
export function mapMemfd(process: Process, pages: number, flags = MFD_ALLOW_SEALING): Buffer {
  const fd = process.memfdCreate('buf', flags);
  const length = pages * PAGE_SIZE;
  process.ftruncate(fd, length);
  const addr = process.mmap(0, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return { fd, addr, length };
}

/** Nothing is wrong, nothing is pinned, and all memory but what is expected is free. */
export function expectSound(machine: Machine): void {
  expect(machine.verify()).toEqual([]);
}

/** No page is in use any more. */
export function expectAllFree(machine: Machine): void {
  const { MemTotal, MemFree, Cached, AnonPages } = machine.meminfo();
  expect({ MemFree, Cached, AnonPages }).toEqual({ MemFree: MemTotal, Cached: 0, AnonPages: 0 });
  expectSound(machine);
}

const namesOf = (axis: string): string[] =>
  policies()
    .find((entry) => entry.axis === axis)
    ?.values.map(({ name }) => name) ?? [];

/** A choice on the two axes that seals against pins depend on. */
export type PinAndSeal = Pick<Policy, 'pin' | 'seal'>;

/** Every pin policy. */
export const PIN_POLICIES = namesOf('pin') as PinPolicy[];
/** Every seal policy. */
export const SEAL_POLICIES = namesOf('seal') as SealPolicy[];

/** True for combinations that make sense. */
export function isValid({ pin, seal }: PinAndSeal): boolean {
  return !(pin === 'get-page' && seal === 'refuse-if-counted');
}

/** Every combination that makes sense. */
export const VALID_POLICIES: readonly PinAndSeal[] = PIN_POLICIES.flatMap((pin) =>
  SEAL_POLICIES.map((seal) => ({ pin, seal })),
).filter(isValid);
