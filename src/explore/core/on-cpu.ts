import { PageRefs } from '../../page-refs.js';
import { Process } from '../../process.js';
import type { Operation } from '../scenario.js';

/**
 * The calls of a process, or of pages that it took, as one CPU makes them: every method gives an
 * operation to `yield*`, with the method's own arguments, result and errors.
 */
export type OnCpu<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R
    ? (...args: A) => Operation<OnCpuResult<R>>
    : T[K];
};

/** What an operation gives: handles stay with the CPU, everything else is as it is. */
export type OnCpuResult<R> = R extends PageRefs | Process ? OnCpu<R> : R;

/** Runs a call of the facade as an operation; name, arguments and handle are for reports. */
export type RunCall = (
  call: () => unknown,
  name: string,
  args: readonly unknown[],
  target: object,
) => Operation<unknown>;

const TARGET = Symbol('target');

/** A handle whose methods are operations. */
export function onCpu<T extends object>(handle: T, run: RunCall): OnCpu<T> {
  const target = unwrapped(handle);
  const proxy = new Proxy(target, {
    get(_, name): unknown {
      if (name === TARGET) return target;
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) =>
        run(
          () => {
            const plain = args.map(unwrapped);
            return wrapped(Reflect.apply(value, target, plain), run);
          },
          String(name),
          args,
          target,
        );
    },
  });
  return proxy as unknown as OnCpu<T>;
}

function wrapped(result: unknown, run: RunCall): unknown {
  const isHandle = result instanceof PageRefs || result instanceof Process;
  return isHandle ? onCpu(result, run) : result;
}

/** True for a handle whose methods are operations. */
export function isWrapped(value: object): boolean {
  return (value as { [TARGET]?: object })[TARGET] !== undefined;
}

/** The handle behind a wrapped one. */
export function unwrapped<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  return (value as { [TARGET]?: T })[TARGET] ?? value;
}
