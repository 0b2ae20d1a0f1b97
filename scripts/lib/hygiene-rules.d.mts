/** The targets of the core and what each may have. */
export const RULES: Readonly<
  Record<
    'release' | 'debug' | 'bench' | 'sched' | 'explore',
    { start: boolean; imports: string[]; globals?: number }
  >
>;
/** What is wrong with a module as a build of this target; empty when nothing is. */
export function violations(target: keyof typeof RULES, bytes: Uint8Array): string[];
