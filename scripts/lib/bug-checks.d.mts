/** A BUG_ON, VM_BUG_ON or BUG of the core, or a call of one that is wrong. */
export interface BugCheck {
  file: string;
  line: number;
  id?: number;
  text?: string;
  mistake?: string;
}
export function checksIn(file: string, text: string): BugCheck[];
export function mistakesOf(checks: readonly BugCheck[]): string[];
