import { cellAt } from '../lib/atomic';
import { machine } from '../lib/machine';
import { now } from './clock';
import { waitAtGate } from './contend';
import { PERCPU_BASE } from '../memlayout';
import { PERCPU_SCRATCH } from '../lib/percpu';

/** The word that goes to and fro lies in CPU 0's scratch, alone in its cache line. */
const BALL: usize = PERCPU_BASE + PERCPU_SCRATCH;

/**
 * Two CPUs pass one cache line to and fro: each waits, without sleeping, for the word to have its
 * parity and adds one. Returns nanoseconds for a round trip, or 0 if the other one stopped.
 */
export function pingPong(parity: u32, rounds: u32): f64 {
  const ball = cellAt<u32>(BALL);
  if (parity == 0) ball.store(0);
  waitAtGate();
  const start = now();
  for (let i: u32 = 0; i < rounds; i++) {
    const mine = 2 * i + parity;
    while (ball.load() != mine) {
      if (machine().stop.load() != 0) return 0;
    }
    ball.store(mine + 1);
  }
  return ((now() - start) * 1e6) / <f64>rounds;
}
