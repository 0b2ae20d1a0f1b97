/**
 * A promise: a file that was sealed against writing never changes, whatever a device still has. For
 * each pair of a pin policy and a seal policy that a machine can be booted with.
 */
import { FOLL_WRITE, PAGE_SIZE, attempt, policies, scenario } from 'mmemu';
import { mappedFile, mustStaySealed, seal } from '../lib/memfd.mjs';

/** The scenario for one pair. */
export function sealedFile(policy) {
  return scenario({
    name: 'a sealed file never changes',
    machine: { memory: '256KiB', contents: 'stamp', policy },
    setup: mappedFile,
    cpus: {
      *device({ process, addr }, cpu) {
        const pinned = yield* attempt(cpu.on(process).pinUserPagesFast(addr, 1, FOLL_WRITE));
        yield* cpu.on(process).munmap(addr, PAGE_SIZE);
        if (!pinned.ok) return;
        yield* pinned.value.write(0, Uint8Array.of(2));
        yield* pinned.value.release();
      },
      sealer: seal,
    },
    check: mustStaySealed,
  });
}

/** Every pair; a seal policy that asks for counts needs a pin policy that counts. */
export const pairs = namesOf('seal').flatMap((seal) =>
  namesOf('pin')
    .filter((pin) => seal !== 'refuse-if-counted' || pin !== 'get-page')
    .map((pin) => ({ pin, seal })),
);

export default sealedFile({});

function namesOf(wanted) {
  const { values } = policies().find(({ axis }) => axis === wanted);
  return values.map(({ name }) => name);
}
