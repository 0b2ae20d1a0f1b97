/** How much the heap grows while the explorer runs. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { explore, type ExploreOptions, type Scenario } from '../dist/index.js';

/** Bytes that the heap has more at the end of an exploration than after its first tenth. */
export async function heapGrowth<Context>(
  given: Scenario<Context>,
  options: ExploreOptions & { readonly maxExecutions: number },
): Promise<number> {
  let start: number | undefined;
  const onProgress = ({ executions }: { readonly executions: number }) => {
    if (executions >= options.maxExecutions / 10) start ??= heapInUse();
  };
  await explore(given, { ...options, onProgress });
  return start === undefined ? 0 : heapInUse() - start;
}

function heapInUse(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
