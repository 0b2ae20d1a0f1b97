/**
 * Carries what CPUs write to their context from one thread to another. Each thread has a context
 * of its own, equal to the others' before a round. After it, a thread describes what it has by
 * then as plain data, compares that with the description from before, and sends what has changed.
 * Handles are numbers, and travel as such.
 */
import { MmError } from '../errors.js';
import { isWrapped, onCpu, unwrapped, type RunCall } from '../explore/core/on-cpu.js';
import { ScenarioError } from '../explore/scenario.js';
import type { Kernel } from '../kernel.js';
import { PageRefs, PinnedPages } from '../page-refs.js';
import { Process } from '../process.js';

/** A value as plain data. What JSON has not is an object with its kind in `is`. */
export type Described = string | number | boolean | null | readonly Described[] | Labelled;

type Labelled =
  | { readonly is: 'undefined' }
  | { readonly is: 'number' | 'bigint'; readonly text: string }
  | { readonly is: 'bytes'; readonly bytes: readonly number[] }
  | { readonly is: 'map' | 'set'; readonly entries: readonly Described[] }
  | Fields
  | ErrorParts
  | Handle
  | Unknown;

/** A part of the context that has another value now. */
export interface Change {
  readonly path: readonly (string | number)[];
  /** Undefined: it is gone. */
  readonly value?: Described;
}

interface Fields {
  readonly is: 'object';
  readonly fields: Readonly<Record<string, Described>>;
}

interface ErrorParts {
  readonly is: 'error';
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  /** An MmError. */
  readonly isOurs: boolean;
  readonly fields: Readonly<Record<string, Described>>;
}

/** What cannot be carried; equal numbers are the same thing. */
interface Unknown {
  readonly is: 'unknown';
  readonly number: number;
  readonly kind: string;
}

interface Handle {
  readonly is: 'process' | 'pages' | 'pins';
  /** Task or vector; 0 when it has gone. */
  readonly number: number;
  /** Pid or length. */
  readonly known: number;
  readonly wrapped: boolean;
}

/** What cannot be described stands for itself, by a number. */
const opaque = new WeakMap<object, number>();
let opaqueCount = 0;

/** A value as plain data. */
export function describe(value: unknown, above: readonly object[] = []): Described {
  if (typeof value === 'number') {
    const isPlain = Number.isFinite(value) && !Object.is(value, -0);
    return isPlain ? value : { is: 'number', text: Object.is(value, -0) ? '-0' : String(value) };
  }
  if (value === undefined) return { is: 'undefined' };
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return { is: 'bigint', text: String(value) };
  if (typeof value !== 'object' || above.includes(value)) return unknownThing(value);
  const inner = (part: unknown) => describe(part, [...above, value]);
  if (Array.isArray(value)) return value.map(inner);
  if (value instanceof Uint8Array) return { is: 'bytes', bytes: [...value] };
  const handle = unwrapped(value);
  if (handle instanceof Process) {
    return { is: 'process', number: handle.number, known: handle.pid, wrapped: isWrapped(value) };
  }
  if (handle instanceof PageRefs) {
    const is = handle instanceof PinnedPages ? 'pins' : 'pages';
    return { is, number: handle.vector, known: handle.length, wrapped: isWrapped(value) };
  }
  if (value instanceof Map) return { is: 'map', entries: Array.from(value, inner) };
  if (value instanceof Set) return { is: 'set', entries: Array.from(value, inner) };
  if (value instanceof Error) return describeError(value, inner);
  if (!isPlain(value)) return unknownThing(value);
  return { is: 'object', fields: mapValues(value as Record<string, unknown>, inner) };
}

/** What has changed between two descriptions, outermost first. */
export function changesBetween(
  before: Described,
  after: Described,
  path: Change['path'] = [],
): Change[] {
  if (isFields(before) && isFields(after)) {
    const names = new Set([...Object.keys(before.fields), ...Object.keys(after.fields)]);
    return [...names].flatMap((name) => {
      const [old, now] = [before.fields[name], after.fields[name]];
      const there = [...path, name];
      if (now === undefined) return [{ path: there }];
      return old === undefined ? [{ path: there, value: now }] : changesBetween(old, now, there);
    });
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    const now = after as Described[];
    return (before as Described[]).flatMap((old, at) =>
      changesBetween(old, now[at]!, [...path, at]),
    );
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, value: after }];
}

/**
 * Refuses what cannot be carried.
 * @throws ScenarioError that names the place
 */
export function checkChanges(cpu: string, changes: readonly Change[]): void {
  for (const { path, value } of changes) {
    const where = pathText(path);
    const what = unknownIn(value);
    if (what === undefined && path.length > 0) continue;
    throw new ScenarioError(
      `cpu "${cpu}" leaves ${what ?? 'something else'} in ${where}: from a thread come only ` +
        'numbers, strings, bytes, processes, page references, and arrays and objects of these',
    );
  }
}

/** A place in the context as JavaScript writes it. */
export function pathText(path: Change['path']): string {
  const keys = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`));
  return `context${keys.join('')}`;
}

/** Makes the changes of another thread in this thread's context. */
export function applyChanges(
  context: unknown,
  changes: readonly Change[],
  kernel: Kernel | undefined,
  run: RunCall,
): void {
  for (const { path, value } of changes) {
    let holder = context as Record<string | number, unknown>;
    for (const key of path.slice(0, -1)) holder = holder[key] as typeof holder;
    const last = path.at(-1)!;
    if (value === undefined) delete holder[last];
    else put(holder, last, revive(value, holder[last], kernel, run));
  }
}

/** As an assignment; also where the name is that of something inherited. */
function put(holder: object, name: string | number, value: unknown): void {
  Object.defineProperty(holder, name, {
    ...{ configurable: true, enumerable: true, writable: true },
    value,
  });
}

function revive(
  value: Described,
  before: unknown,
  kernel: Kernel | undefined,
  run: RunCall,
): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const inner = (part: Described) => revive(part, undefined, kernel, run);
  if (isList(value)) return value.map(inner);
  switch (value.is) {
    case 'undefined':
    case 'unknown':
      return undefined;
    case 'number':
      return Number(value.text);
    case 'bigint':
      return BigInt(value.text);
    case 'bytes':
      return Uint8Array.from(value.bytes);
    case 'map':
      return new Map(value.entries.map(inner) as [unknown, unknown][]);
    case 'set':
      return new Set(value.entries.map(inner));
    case 'error':
      return reviveError(value, inner);
    case 'object':
      return mapValues(value.fields, inner);
    default:
      return kernel === undefined ? undefined : reviveHandle(value, before, kernel, run);
  }
}

/** A handle that is gone by now stays the same object: others may know it. */
function reviveHandle(handle: Handle, before: unknown, kernel: Kernel, run: RunCall): unknown {
  const { is, number, known, wrapped } = handle;
  const old = unwrapped(before);
  if (number === 0 && (old instanceof Process || old instanceof PageRefs)) {
    old.forget();
    return before;
  }
  const made =
    is === 'process'
      ? new Process(kernel, number, known)
      : new (is === 'pins' ? PinnedPages : PageRefs)(kernel, number, known);
  return wrapped ? onCpu(made, run) : made;
}

function describeError(error: Error, inner: (part: unknown) => Described): ErrorParts {
  const { name, message, stack = '' } = error;
  const fields = mapValues(error as unknown as Record<string, unknown>, inner);
  return { is: 'error', name, message, stack, isOurs: error instanceof MmError, fields };
}

function reviveError(parts: ErrorParts, inner: (part: Described) => unknown): Error {
  const { name, message, stack, isOurs, fields } = parts;
  const made = Object.create((isOurs ? MmError : Error).prototype) as Error;
  for (const [key, text] of Object.entries({ message, stack, name })) {
    Object.defineProperty(made, key, { value: text, configurable: true, writable: true });
  }
  return Object.assign(made, mapValues(fields, inner));
}

function unknownThing(value: object): Unknown {
  if (typeof value === 'symbol') return { is: 'unknown', number: -1, kind: 'a symbol' };
  let number = opaque.get(value);
  if (number === undefined) opaque.set(value, (number = ++opaqueCount));
  const { name } = value.constructor ?? Object;
  const kind = typeof value === 'function' ? 'a function' : `a value of ${name}`;
  return { is: 'unknown', number, kind };
}

/** What in a description stands for something that cannot be carried. */
function unknownIn(value: Described | undefined): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!isList(value) && value.is === 'unknown') return value.kind;
  for (const part of partsOf(value)) {
    const found = unknownIn(part);
    if (found !== undefined) return found;
  }
  return undefined;
}

function partsOf(value: readonly Described[] | Labelled): readonly Described[] {
  if (isList(value)) return value;
  if (value.is === 'object' || value.is === 'error') return Object.values(value.fields);
  return value.is === 'map' || value.is === 'set' ? value.entries : [];
}

/** True for what `{}` makes, in whatever realm. */
function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function isFields(value: Described): value is Fields {
  return typeof value === 'object' && value !== null && !isList(value) && value.is === 'object';
}

function isList(value: Described): value is readonly Described[] {
  return Array.isArray(value);
}

function mapValues<From, To>(
  values: Readonly<Record<string, From>>,
  map: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
}
