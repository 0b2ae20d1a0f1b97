/**
 * The real kernel's side: feeds sequences to the oracle of native/oracle through a pipe.
 */
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Answer } from '../syscalls/calls.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ORACLE = `${ROOT}build/native/oracle`;
/** The kernel that the emulator follows. */
const LINUX = [6, 18] as const;

/** A sequence of calls, one line each, in the language of native/oracle/README.md. */
export type Sequence = readonly string[];

/** What a kernel answers to a sequence: one answer a line, or the way the case came to its end. */
export type Answers = readonly Answer[] | { readonly died: number };

interface CaseOutput {
  lines?: (Answer & { call?: string })[];
  died?: number;
}

function isYoungEnough(release: string): boolean {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  return major > LINUX[0] || (major === LINUX[0] && minor >= LINUX[1]);
}

/** Why the kernel of this machine cannot be asked; undefined if it can. Builds the oracle. */
export function whyNoNativeKernel(): string | undefined {
  if (os.platform() !== 'linux' || os.arch() !== 'x64') return 'this is not Linux on x86-64';
  if (!isYoungEnough(os.release())) return `Linux ${os.release()} is older than ${LINUX.join('.')}`;
  if (process.getuid?.() !== 0) return 'pagemap shows frames to root only';
  try {
    execFileSync('make', ['--silent', '-C', `${ROOT}native/oracle`], { stdio: 'pipe' });
    const about = execFileSync(ORACLE, ['--about'], { encoding: 'utf8' });
    const { pin } = JSON.parse(about) as { pin: string };
    return pin === 'io_uring' ? undefined : 'io_uring is forbidden here';
  } catch {
    return 'native/oracle cannot be built or run here';
  }
}

function parse(line: string): Answers {
  const { died, lines } = JSON.parse(line) as CaseOutput;
  if (died !== undefined) return { died };
  return (lines ?? []).map((answer) => {
    delete answer.call;
    return answer;
  });
}

/** One running oracle. */
export class NativeKernel {
  readonly #oracle: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  constructor() {
    this.#oracle = spawn(ORACLE);
    this.#oracle.stderr.pipe(process.stderr);
    this.#lines = createInterface(this.#oracle.stdout)[Symbol.asyncIterator]();
  }

  /** The answers to each of the sequences, each run in processes of its own. */
  async run(sequences: readonly Sequence[]): Promise<Answers[]> {
    const script = sequences.map((lines) => ['case fuzz', ...lines, 'end', ''].join('\n')).join('');
    this.#oracle.stdin.write(script);
    const answers: Answers[] = [];
    while (answers.length < sequences.length) {
      const next = await this.#lines.next();
      if (next.done) throw new Error('the oracle has ended');
      answers.push(parse(next.value));
    }
    return answers;
  }

  /** Ends the oracle. */
  async close(): Promise<void> {
    this.#oracle.stdin.end();
    if (this.#oracle.exitCode === null) await once(this.#oracle, 'exit');
  }
}
